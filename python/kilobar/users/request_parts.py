"""Turns the arguments of a call of `self.http` into what goes to the engine. Pure, except that `files` are read."""

from __future__ import annotations

import json as json_text
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypedDict
from urllib.parse import quote, urlencode, urlsplit

from kilobar.errors import InputError
from kilobar.model.units import MAX_DURATION_NS, UnitError, parse_duration
from kilobar.users.multipart import File, multipart
from kilobar.users.statuses import Statuses, ranges_of

Scalar: TypeAlias = str | int | float | bool | None
Pairs: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]] | Iterable[tuple[str, Scalar]]
"""Names and values; in a mapping, a list is a repeated name. None leaves a name out."""

DEFAULT_TIMEOUT_NS = 30_000_000_000
TRUE_REDIRECTS = 10
"""What `redirects=True` means."""
MAX_REDIRECTS = 100
MAX_NAME = 200
"""Characters of the name of a series, as in scenarios."""
MAX_KNOWN_ADDRESSES = 10_000
"""Addresses that are kept in their ready form; then all of them are forgotten."""

_base_path = ""

_FORM_TYPE = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_BREAK = re.compile(r"[\r\n\0]")
# What RFC 3986 allows in a path with a query; `%` stays, so what is encoded already is left as it is.
_URL_SAFE = "/?:@!$&'()*+,;=-._~%[]"
_PLAIN_URL = re.compile(r"[A-Za-z0-9/?:@!$&'()*+,;=\-._~%\[\]]*")
_URL_HINT = "write a path of the target that begins with `/`, or a whole address: http://host/path"


class RequestOptions(TypedDict, total=False):
    """What may be said of a request beside its method and its address. None is as good as nothing, everywhere."""

    name: str | None
    """The series under which it is counted; "GET /path" without it. To be given when the path holds identifiers."""
    params: Pairs | None
    """Added to the query of the address."""
    headers: Mapping[str, str | int | None] | None
    """Over those of `self.http.headers`; None leaves one of those out."""
    json: Any
    """The body, as JSON; for `null`, give `data="null"` and the content type."""
    data: Pairs | bytes | str | None
    """The body: as a form, or as it stands."""
    files: Mapping[str, File] | None
    """A multipart body: name -> path, bytes or (filename, content[, type]); `data` are fields beside them."""
    auth: tuple[str, str] | None
    """User and password, sent as Basic authorization."""
    timeout: float | str | None
    """Limit from the start of the request to the end of its response: seconds, or "500ms"."""
    redirects: int | None
    """How many redirects are followed; True is 10, one more fails the step."""
    status: Statuses | None
    """The expected status: 200, "2xx", "200..299", a list of those, "any". Without it, 400 and above fail."""
    raises: bool
    """False: a failed step does not raise StepFailed; the response has `error`."""


_OPTIONS = RequestOptions.__annotations__.keys()


class Address(NamedTuple):
    """An address in its ready form."""

    name: str
    """Of the series, when the call gives none."""
    url: str


class Parts(NamedTuple):
    """What goes to the engine, beside turn, name and method."""

    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    timeout_ns: int
    redirects: int
    statuses: list[tuple[int, int]] | None


known_addresses: dict[tuple[str, str], Address] = {}
"""By method and address as written: asked before `address_of`, for nothing may be parsed in a hot loop."""


def set_target(target: str | None) -> None:
    """Paths are below the path of this address, that of the plan's target. Of a whole process: it executes one plan."""
    global _base_path
    _base_path = urlsplit(target).path.rstrip("/") if target else ""
    known_addresses.clear()


def address_of(method: str, url: str) -> Address:
    """The ready form of an address, kept in `known_addresses`. Raises InputError."""
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        raise InputError(f"{method!r} is no method of HTTP", hint='write "GET", "POST", ...')
    if not isinstance(url, str):
        raise InputError(f"an address is a text, not {type(url).__name__}", hint=_URL_HINT)
    if url.startswith("/"):
        path = url
    elif url[:8].lower().startswith(("http://", "https://")):
        rest = url.partition("://")[2]
        cut = re.search(r"[/?#]", rest)
        path = rest[cut.start() :] if cut else "/"
        if not rest or (cut and cut.start() == 0):
            raise InputError(f"`{_short(url)}` names no host", hint=_URL_HINT)
    else:
        raise InputError(f"`{_short(url)}` is no address", hint=_URL_HINT)
    ready = url.partition("#")[0]
    if url.startswith("/"):
        ready = _base_path + ready
    if not _PLAIN_URL.fullmatch(ready):
        ready = quote(ready, safe=_URL_SAFE)
    bare = re.split(r"[?#]", path, maxsplit=1)[0] or "/"
    address = Address(name_of(f"{method} {bare}"), ready)
    if len(known_addresses) >= MAX_KNOWN_ADDRESSES:
        known_addresses.clear()
    known_addresses[method, url] = address
    return address


def parts_of(url: str, options: RequestOptions, base_headers: Mapping[str, str]) -> Parts:
    """What a call means; `url` is the ready form of its address. Raises InputError."""
    if not options.keys() <= _OPTIONS:
        unknown = min(options.keys() - _OPTIONS)
        hint = f"there are {', '.join(RequestOptions.__annotations__)}"
        raise InputError(f"a request has no option `{unknown}`", hint=hint)
    if params := options.get("params"):
        query = urlencode(pairs_of("params", params))
        if query:
            url += ("&" if "?" in url else "?") + query
    content_type, body = _body_of(options)
    headers = headers_of(base_headers, options.get("headers"))
    given = {name.lower() for name, _ in headers}
    if content_type is not None and "content-type" not in given:
        headers.append(("content-type", content_type))
    if (auth := options.get("auth")) is not None:
        headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
        headers.append(("authorization", _basic(auth)))
    status = options.get("status")
    return Parts(
        url,
        headers,
        body,
        timeout_ns_of(options.get("timeout")),
        redirects_of(options.get("redirects") or 0),
        None if status is None else list(ranges_of(status)),
    )


def headers_of(base: Mapping[str, str], own: Mapping[str, str | int | None] | None = None) -> list[tuple[str, str]]:
    """The headers of a request: those of the call lie over those of the user. Raises InputError."""
    if own is None:
        return [_header(name, value) for name, value in base.items()]
    if not isinstance(own, Mapping):
        raise InputError(f"`headers` is no mapping but {type(own).__name__}", hint='write {"name": "value"}')
    hidden = {str(name).lower() for name in own}
    headers = [_header(name, value) for name, value in base.items() if str(name).lower() not in hidden]
    headers += [_header(name, value) for name, value in own.items() if value is not None]
    return headers


def pairs_of(what: str, values: object) -> list[tuple[str, str]]:
    """Names and values, as texts. Raises InputError."""
    if isinstance(values, Mapping):
        items = [
            (name, value)
            for name, given in values.items()
            for value in (given if isinstance(given, list | tuple | set | frozenset) else (given,))
        ]
    else:
        hint = 'write {"name": "value"}, {"name": ["a", "b"]} or [("name", "value")]'
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise InputError(f"`{what}` holds no names and values but {type(values).__name__}", hint=hint)
        items = list(values)
        if not all(isinstance(item, tuple | list) and len(item) == 2 for item in items):
            raise InputError(f"`{what}` holds something that is no pair of a name and a value", hint=hint)
    return [(str(name), _text(value)) for name, value in items if value is not None]


def timeout_ns_of(timeout: object) -> int:
    """Nanoseconds of a limit in seconds or as `"500ms"`. Raises InputError."""
    if timeout is None:
        return DEFAULT_TIMEOUT_NS
    hint = 'write seconds, or a text with a unit: 2.5, "500ms"'
    if isinstance(timeout, str):
        try:
            timeout_ns = parse_duration(timeout)
        except UnitError as error:
            raise InputError(f"`timeout={timeout!r}`: {error.problem}", hint=error.hint) from error
    elif isinstance(timeout, int | float) and not isinstance(timeout, bool) and 0 < timeout <= MAX_DURATION_NS / 1e9:
        timeout_ns = round(timeout * 1e9)
    else:
        timeout_ns = 0
    if timeout_ns <= 0:
        raise InputError(f"`timeout={timeout!r}` is no limit", hint=hint)
    return timeout_ns


def redirects_of(redirects: object) -> int:
    """How many redirects are followed. Raises InputError."""
    if redirects is True:
        return TRUE_REDIRECTS
    if not isinstance(redirects, int) or not 0 <= redirects <= MAX_REDIRECTS:
        hint = f"write a whole number up to {MAX_REDIRECTS}, or True for {TRUE_REDIRECTS}"
        raise InputError(f"`redirects={redirects!r}` is no number of redirects", hint=hint)
    return int(redirects)


def name_of(name: object) -> str:
    """The name of a series, as a call gives it. Raises InputError."""
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"`name={name!r}` is no name of a series", hint='write a text: name="show item"')
    return _short(" ".join(name.split()), MAX_NAME)


def _body_of(options: RequestOptions) -> tuple[str | None, bytes | None]:
    data = options.get("data")
    files = options.get("files")
    if options.get("json") is not None:
        if data is not None or files is not None:
            raise InputError("a request has one body: `json` or `data` and `files`", hint="give one of them")
        try:
            text = json_text.dumps(options["json"], ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            return "application/json", text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"`json` has no JSON form: {error}", hint="give plain lists, dicts and values") from error
    if files is not None:
        if not isinstance(files, Mapping):
            raise InputError(f"`files` is no mapping but {type(files).__name__}", hint='write {"name": file}')
        return multipart([] if data is None else pairs_of("data", data), files)
    if data is None:
        return None, None
    if isinstance(data, bytes | bytearray | memoryview):
        return None, bytes(data)
    if isinstance(data, str):
        return None, data.encode()
    return _FORM_TYPE, urlencode(pairs_of("data", data)).encode()


def _header(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise InputError(f"{name!r} is no name of a header", hint="letters, digits and hyphens")
    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        # The value itself is not told: it may be a secret.
        raise InputError(f"the header `{name}` is no text but {type(value).__name__}", hint="give a str")
    if _HEADER_BREAK.search(value):
        raise InputError(f"the header `{name}` holds a line break or a zero byte", hint="strip() what was read")
    return name, value


def _basic(auth: object) -> str:
    if not isinstance(auth, tuple | list) or len(auth) != 2 or not all(isinstance(text, str) for text in auth):
        raise InputError("`auth` is no pair of texts", hint='write ("user", "password")')
    return f"Basic {b64encode(f'{auth[0]}:{auth[1]}'.encode()).decode()}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode() if isinstance(value, bytes) else str(value)


def _short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
