"""Children that user code forks must not act as this worker: whoever comes back into our code ends at once."""

from __future__ import annotations

import os

_is_child = False


def _mark() -> None:
    global _is_child
    _is_child = True


os.register_at_fork(after_in_child=_mark)


def leave_if_forked() -> None:
    """Ends this process when it is a child that user code has forked and not ended itself.

    Such a child has copies of the queues to the engine but no engine: its turns are those of its parent.
    """
    if _is_child:
        os._exit(0)
