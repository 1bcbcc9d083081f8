"""`python -m kilobar` and the `kilobar` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; never returns."""
    from kilobar.cli.main import execute

    sys.exit(execute(sys.argv[1:]))


if __name__ == "__main__":
    main()
