"""The whole Python side of a worker process.

It imports nothing but the native module, because its start is part of the time until the first request.
"""

from __future__ import annotations

import _thread
import resource
import sys

from kilobar import _native


def _answer_calls() -> None:
    """Sleeps until the scenario calls a Python function, if it ever does; only then is more imported."""
    first = _native.next_calls()
    if first is not None:
        from kilobar.fleet.python_calls import serve

        serve(first)


def main() -> None:
    """Runs a worker on the file descriptor that the first argument names."""
    # Sockets are what a worker needs most, and the soft limit is only there for programs that use select().
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _thread.start_new_thread(_answer_calls, ())
    try:
        _native.run_worker(int(sys.argv[1]))
    except ValueError:
        sys.exit(2)  # the plan was refused, and the controller has been told why
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
