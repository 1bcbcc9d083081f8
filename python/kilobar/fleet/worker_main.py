"""The whole Python side of a worker process.

It imports nothing but the native module, because its start is part of the time until the first request.
"""

from __future__ import annotations

import resource
import sys

from kilobar import _native


def main() -> None:
    """Runs a worker on the file descriptor that the first argument names."""
    # Sockets are what a worker needs most, and the soft limit is only there for programs that use select().
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        _native.run_worker(int(sys.argv[1]))
    except ValueError:
        sys.exit(2)  # the plan was refused, and the controller has been told why
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
