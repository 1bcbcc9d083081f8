"""`self.measure(name)`: times anything and counts it as a step."""

from __future__ import annotations

from time import monotonic_ns
from types import TracebackType

from kilobar.users.actor import Present, StepFailed, StopRun, StopUser, Turn
from kilobar.users.failure import Told, encodable, told_in_a_line

KIND = "measure"
MAX_NAME = 200
MAX_REASON = 500


class Measure:
    """A step that user code times: `with` in plain code, `with` or `async with` in coroutines.

    An exception that leaves it makes the step a failed one (class `script`) and goes on; several may be open at a time.
    """

    __slots__ = ("_began_ns", "_name", "_present", "_reason", "_turn", "bytes_in", "bytes_out")

    def __init__(self, present: Present, name: str) -> None:
        self._present = present
        self._name = encodable(str(name)[:MAX_NAME])
        self._reason: str | None = None
        self._turn: Turn | None = None
        self._began_ns = 0
        self.bytes_in = 0
        """Bytes received in it, for the report."""
        self.bytes_out = 0
        """Bytes sent in it, for the report."""

    def fail(self, reason: object) -> None:
        """The step has failed, and with it the turn, although nothing was raised. The first reason is kept."""
        if self._reason is None:
            self._reason = encodable(str(reason) or "failed")[:MAX_REASON]

    def __enter__(self) -> Measure:
        turn = self._present.turn
        if turn is None:
            raise Told(
                f"self.measure({self._name!r}) was used between two turns: nothing can be counted there; "
                "use it in press(), a task, on_start() or on_stop()"
            )
        self._turn = turn
        self._began_ns = monotonic_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended_ns = monotonic_ns()
        turn = self._turn
        if turn is None:
            return
        failed, message = self._failure(turn, error)
        turn.count(
            self._name,
            KIND,
            self._began_ns,
            ended_ns,
            bytes_in=int(self.bytes_in),
            bytes_out=int(self.bytes_out),
            error=failed,
            message=message,
        )

    async def __aenter__(self) -> Measure:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _failure(self, turn: Turn, error: BaseException | None) -> tuple[str | None, str | None]:
        """The class of its error, and words."""
        if self._reason is not None:
            turn.failed = turn.failed or self._reason
            return "check", self._reason
        if error is None or isinstance(error, StopUser | StopRun):
            return None, None
        return error.error if isinstance(error, StepFailed) else "script", told_in_a_line(error)
