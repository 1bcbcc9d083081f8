"""What a response must be, and the words for what it is instead. Pure."""

from __future__ import annotations

import json as json_text
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kilobar import _native
from kilobar.errors import InputError
from kilobar.users.statuses import Statuses, ranges_of

if TYPE_CHECKING:
    from kilobar.users.response import Response

MAX_SHOWN = 100
"""Characters of a value that is shown in words."""


def status_problem(response: Response, statuses: Statuses) -> str | None:
    """What is wrong with the status, in words; None when it is expected. Raises InputError, as all of these do."""
    got = response.status
    # By far the most frequent form, and it is on the hot path.
    if got == statuses:
        return None
    if any(low <= got <= high for low, high in ranges_of(statuses)):
        return None
    return f"status is {got}, not {statuses}"


def contains_problem(response: Response, texts: str | bytes | Sequence[str | bytes]) -> str | None:
    """Each of the texts must be in the body."""
    for text in (texts,) if isinstance(texts, str | bytes) else texts:
        if (text not in response.text) if isinstance(text, str) else (text not in response.content):
            return f"the body does not contain {shown(text)}"
    return None


def text_problem(response: Response, text: str | re.Pattern[str]) -> str | None:
    """The whole body must be this text, or the pattern must be found in it."""
    return _text_problem("the body", response.text, text)


def json_problem(response: Response, values: Mapping[str, Any]) -> str | None:
    """What is at each path must equal the value; with `...` anything will do."""
    if not isinstance(values, Mapping):
        raise InputError("`json` of a check is no mapping", hint='write json={"$.path": value}')
    for path, wanted in values.items():
        try:
            found = _native.json_path_value(path, response.content)
        except ValueError as error:
            if (wrong := _native.check_json_path(path)) is None:
                return f"the body is {shown(str(error), quoted=False)}"
            raise InputError(f"`{path}` is no JSON path: {wrong[1]}", hint='write json={"$.items[0].id": 7}') from error
        if found is None:
            return f"nothing is at {path} in the body"
        if wanted is not ... and not _same(json_text.loads(found), wanted):
            return f"{path} is {shown(found, quoted=False)}, not {shown(_json_form(wanted), quoted=False)}"
    return None


def header_problem(response: Response, values: Mapping[str, Any]) -> str | None:
    """Each header must be this text, match the pattern, or with `...` be there."""
    if not isinstance(values, Mapping):
        raise InputError("`header` of a check is no mapping", hint='write header={"content-type": "text/html"}')
    for name, wanted in values.items():
        found = response.headers.get(name)
        if found is None:
            return f"there is no header {name}"
        if wanted is not ... and (problem := _text_problem(f"header {name}", found, wanted)):
            return problem
    return None


def time_problem(response: Response, max_s: float) -> str | None:
    """The exchange may take so many seconds at most."""
    if response.took_ns <= max_s * 1e9:
        return None
    return f"it took {response.took_s:.3f} s, more than {max_s:g} s"


def predicate_problem(response: Response, predicate: Callable[[Response], object]) -> str | None:
    """The function must return something true; what it raises are the words."""
    try:
        if predicate(response):
            return None
    except Exception as error:  # user code: whatever it raises says that the response is not as it should be
        return f"{type(error).__name__}: {shown(str(error), quoted=False)}"
    return f"{getattr(predicate, '__name__', 'the predicate')} says no"


def shown(value: object, *, quoted: bool = True) -> str:
    """A value as words show it: one line, cut off."""
    text = repr(value) if quoted else str(value)
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _json_form(value: object) -> str:
    try:
        return json_text.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def _text_problem(what: str, found: str, wanted: object) -> str | None:
    if isinstance(wanted, re.Pattern):
        return None if wanted.search(found) else f"{what} is {shown(found)}, without {shown(wanted.pattern)}"
    return None if found == wanted else f"{what} is {shown(found)}, not {shown(wanted)}"


def _same(found: object, wanted: object) -> bool:
    """As JSON means it: true is not 1, at any depth; 1 is 1.0, and a tuple is an array."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, dict) and isinstance(wanted, Mapping):
        return found.keys() == wanted.keys() and all(_same(value, wanted[key]) for key, value in found.items())
    if isinstance(found, list) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    return found == wanted
