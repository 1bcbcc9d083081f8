"""What came back for a request of `self.http`."""

from __future__ import annotations

import json as json_text
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from kilobar import _native
from kilobar.errors import InputError
from kilobar.users import checks
from kilobar.users.actor import StepFailed
from kilobar.users.headers import Headers
from kilobar.users.statuses import Statuses

if TYPE_CHECKING:
    from kilobar._native import Order

KIND = "http"
"""Of the steps of `self.http`."""

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)


class Expectations(TypedDict, total=False):
    """What `check` can look at."""

    status: Statuses
    """200, "2xx", "200..299", a list of those, "any"."""
    contains: str | bytes | Sequence[str | bytes]
    """Each of these is in the body."""
    text: str | re.Pattern[str]
    """The whole body, or a pattern that is found in it."""
    json: Mapping[str, Any]
    """JSON path -> the value there; `...` when any will do."""
    header: Mapping[str, Any]
    """Name -> text, pattern, or `...` when any will do."""
    max_s: float
    """The exchange takes so many seconds at most."""
    predicate: Callable[[Response], object]
    """A function of the response that returns something true."""


class Response:
    """A response; what is not asked for is not decoded.

    `error` is the error class of the step, None when it went well; `message` says it in words.
    """

    __slots__ = ("_flow", "_headers", "_name", "_order", "_text", "error", "message")

    def __init__(self, order: Order, flow: int, name: str) -> None:
        self._order = order
        self._flow = flow
        self._name = name
        self.error: str | None = order[6]
        self.message: str | None = order[7]
        # The cached forms, `_headers` and `_text`, are set when they are first asked for: this runs for every request.

    @property
    def status(self) -> int:
        """The status code; 0 when there was no response."""
        status: int = self._order[2]
        return status

    @property
    def ok(self) -> bool:
        """Whether the step went well: the response came, its status was expected and no check has failed."""
        return self.error is None

    @property
    def headers(self) -> Headers:
        """By name, in any case."""
        try:
            return self._headers
        except AttributeError:
            self._headers: Headers = Headers(self._order[3] or b"")
            return self._headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this response sets. The engine keeps them for the user by itself."""
        cookies = {}
        for line in self.headers.get_all("set-cookie"):
            name, equals, value = line.partition(";")[0].partition("=")
            if equals:
                cookies[name.strip()] = value.strip()
        return cookies

    @property
    def content(self) -> bytes:
        """The body, content encodings removed."""
        body: bytes | None = self._order[4]
        return body or b""

    @property
    def text(self) -> str:
        """The body in the charset of the content type, or UTF-8; what is invalid in it is replaced."""
        try:
            return self._text
        except AttributeError:
            charset = _CHARSET.search(self.headers.get("content-type", ""))
            try:
                self._text: str = self.content.decode(charset[1] if charset else "utf-8", "replace")
            except LookupError:  # a charset that nobody knows
                self._text = self.content.decode("utf-8", "replace")
            return self._text

    def json(self) -> Any:
        """The body as JSON. Raises ValueError, with the place, when it is none."""
        return json_text.loads(self.content)

    @property
    def url(self) -> str:
        """Where the response came from, after redirects."""
        url: str = self._order[8]
        return url

    @property
    def took_ns(self) -> int:
        """From the first byte sent to the last one received, redirects included."""
        took_ns: int = self._order[5]
        return took_ns

    @property
    def took_s(self) -> float:
        """`took_ns` in seconds."""
        return self.took_ns / 1e9

    def check(
        self,
        *,
        status: Statuses | None = None,
        contains: str | bytes | Sequence[str | bytes] | None = None,
        text: str | re.Pattern[str] | None = None,
        json: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        max_s: float | None = None,
        predicate: Callable[[Response], object] | None = None,
    ) -> Response:
        """Returns itself when it is as it should be; otherwise the step, counted as good before, is counted as failed.

        Raises StepFailed with class `check`, or with the class of the step when that had failed already (which is not
        counted twice); InputError when the check itself makes no sense.
        """
        if self.error is not None:
            raise self.failure()
        problem = None
        checked = False
        looks: tuple[tuple[Callable[[Response, Any], str | None], Any], ...] = (
            (checks.status_problem, status),
            (checks.contains_problem, contains),
            (checks.text_problem, text),
            (checks.json_problem, json),
            (checks.header_problem, header),
            (checks.time_problem, max_s),
            (checks.predicate_problem, predicate),
        )
        for look, wanted in looks:
            if wanted is not None:
                checked = True
                problem = look(self, wanted)
                if problem is not None:
                    break
        if problem is not None:
            self.fail(problem)
        if not checked:
            raise InputError("`check()` checks nothing", hint="say what must be: check(status=200), check(max_s=0.5)")
        return self

    def fail(self, message: str) -> None:
        """Counts the step as failed, for a reason that user code has found. Raises StepFailed."""
        if self.error is None:
            self.error, self.message = "check", message
            _native.fail_step(self._flow, self._name, KIND, "check", message)
        raise self.failure()

    def failure(self) -> StepFailed:
        """The error of a step that has failed."""
        words = self.message or self.error or "failed"
        return StepFailed(self.error or "check", f"{self._name}: {words}")

    def __repr__(self) -> str:
        return f"<Response {self.status or self.error} of {self._name}>"
