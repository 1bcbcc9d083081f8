"""Reports: pure functions from a `Summary` to text, a rich renderable, HTML, JSON or a picture."""
