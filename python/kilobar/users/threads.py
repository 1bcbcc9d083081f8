"""The host of plain users: a thread each, which waits in the engine for the orders of its user."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from threading import Lock, Thread, stack_size
from time import monotonic_ns

from kilobar import _native
from kilobar.users.actor import Actor, GivenUp, Role, Turn
from kilobar.users.failure import Told, told_in_a_line
from kilobar.users.forked import leave_if_forked
from kilobar.users.turns import end, method_of
from kilobar.users.watchdog import TurnUnderWay, Watchdog

STACK_BYTES = 2 << 20
"""The stack of a thread, of those that user code starts too. Only what is touched costs memory, but 8 MiB, the default,
would exhaust an address space that is limited. With 1 MiB a thousand calls through C code, which is where Python raises
RecursionError, end the process instead (measured with `sorted` and `re.sub`)."""
MAX_THREADS = 8_192
"""Threads of users in one worker, stuck ones that were given up included."""
PAUSE_NS = 1_000_000_000
"""How long a user waits who could not get a thread."""


class ThreadHost:
    """Starts a thread for every user that is hired.

    When none can be started, one thread that was there from the beginning stands in: it takes the turns of all such
    users, fails them with the reason, and tries again. So the load goes on, and the report says what is missing.
    """

    def __init__(self, roles: Sequence[Role], limits_ns: Sequence[int], watchdog: Watchdog) -> None:
        self._roles = roles
        self._limits_ns = limits_ns
        self._watchdog = watchdog
        self._orphans: SimpleQueue[tuple[int, int, int, str] | None] = SimpleQueue()
        self._count = 0
        self._lock = Lock()
        stack_size(STACK_BYTES)
        self._stand_in = Thread(target=self._stand_in_for_orphans, name="stand-in", daemon=True)
        self._stand_in.start()

    def hire(self, mailbox: int, user: int, class_: int) -> None:
        """Starts the thread of a user, which takes the orders in this mailbox. Does not fail."""
        problem = self._start(mailbox, user, class_)
        if problem is not None:
            self._orphans.put((mailbox, user, class_, problem))

    def close(self) -> None:
        """No more users will come. Threads that are stuck are left alone: the process ends without them."""
        self._orphans.put(None)

    def _start(self, mailbox: int, user: int, class_: int) -> str | None:
        """Why not, in words."""
        with self._lock:
            count = self._count
            if count >= MAX_THREADS:
                return f"no thread for this user: this worker has {count} already, which is its limit"
            self._count += 1
        try:
            Thread(target=self._live, args=(mailbox, class_), name=f"user {user}", daemon=True).start()
        except BaseException as error:  # user code too, which may have put something in the place of `Thread.start`
            with self._lock:
                self._count -= 1
            if not isinstance(error, RuntimeError | MemoryError):
                return f"no thread for this user: {told_in_a_line(error)}"
            return (
                f"no thread for this user: {error}; this worker has {count}: use `async def`, fewer users, or a higher "
                "limit of processes (ulimit -u, pids of the container)"
            )
        return None

    def _live(self, mailbox: int, class_: int) -> None:
        under_way = TurnUnderWay(self._limits_ns[class_])
        self._watchdog.watch(under_way)
        try:
            live(mailbox, self._roles[class_], under_way)
        except GivenUp:
            leave_if_forked()
        finally:
            self._watchdog.forget(under_way)
            with self._lock:
                self._count -= 1

    def _stand_in_for_orphans(self) -> None:
        while (orphan := self._orphans.get()) is not None:
            mailbox, user, class_, problem = orphan
            order = _native.next_order(mailbox)
            if order[0] != "turn":
                continue
            turn = Turn(order[2], user, class_, order[5], order[6])
            turn.name = self._roles[class_].name
            turn.pause_ns = PAUSE_NS
            end(turn, monotonic_ns(), Told(problem))
            self.hire(mailbox, user, class_)


def live(mailbox: int, role: Role, under_way: TurnUnderWay) -> None:
    """The life of a user, in its thread: its turns, until the engine lets it go. Raises GivenUp."""
    next_order = _native.next_order
    actor: Actor | None = None
    while True:
        order = next_order(mailbox)
        if order[0] == "gone":
            return
        if order[0] != "turn":
            continue  # what came back to a request that nobody waits for any more
        under_way.since_ns = began_ns = monotonic_ns()
        _, user, number, class_, act, row, intended_ns = order
        turn = Turn(number, user, class_, row, intended_ns, mailbox)
        failure: BaseException | None = None
        try:
            if actor is None:
                turn.name = role.name
                actor = role.actor(user)
            method_of(actor, act)(turn)
        except GivenUp:
            raise
        except BaseException as error:  # user code, which may even call sys.exit
            failure = error
        end(turn, began_ns, failure)
        under_way.since_ns = 0
