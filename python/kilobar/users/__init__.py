"""Users that Python executes: classes with `press()` or tasks, tests, locustfiles (docs/design/005)."""
