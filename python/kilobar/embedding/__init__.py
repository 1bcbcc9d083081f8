"""Runs in processes of their own, for programs that want to go on meanwhile. Public names are in `kilobar.embedded`."""
