"""Users of a genuine Locust file, hosted as guests: Kilobar says when they come and leave, they drive themselves."""
