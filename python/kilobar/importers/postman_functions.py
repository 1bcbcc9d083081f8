"""Functions that scripts call to make values: time, random numbers, digests -> functions of the language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from kilobar.importers.postman_values import Known, Made, Moment, NotCarriedOverError, Place, RandomReal, Value, as_text

_PLAIN = {
    "String": "",
    "Number": "",
    "parseInt": "",
    "parseFloat": "",
    "_.parseInt": "",
    "_.toString": "",
    "btoa": "base64",
    "atob": "base64.decode",
    "encodeURIComponent": "url.encode",
    "encodeURI": "url.encode",
    "decodeURIComponent": "url.decode",
    "CryptoJS.MD5": "md5",
    "CryptoJS.SHA1": "sha1",
    "CryptoJS.SHA256": "sha256",
    ".toLowerCase": "lower",
    ".toUpperCase": "upper",
    ".trim": "trim",
}
"""Functions of one value; "" is one that leaves it as it is."""
_KEYED = {"CryptoJS.HmacMD5": "hmac.md5", "CryptoJS.HmacSHA1": "hmac.sha1", "CryptoJS.HmacSHA256": "hmac.sha256"}
_TO_NUMBER = frozenset(("Number", "parseInt", "parseFloat", "_.parseInt"))
_UUIDS = frozenset(("uuid", "uuid.v4", "uuidv4", "crypto.randomUUID", "pm.uuid"))
_NOW = frozenset(("Date.now", "moment.now", "_.now"))
_DIGEST = re.compile(r"\$\{(hmac\.\w+)\((.*)\)\}", re.DOTALL)


def call(  # noqa: C901  # one arm for each kind of function
    path: str, arguments: Callable[[], list[Value]], *, of: Value | None = None, new: bool = False
) -> Value | None:
    """The value of a call; None for a function that is not known. `of` is what a method is called on."""
    if path == "Math.random":
        return RandomReal(1.0, 0.0)
    if path == "Date" and new and not arguments():
        return Moment()
    if path in _NOW:
        return Made(("${now('unix_ms')}",), is_number=True)
    if path in _UUIDS:
        return Made(("${uuid()}",))
    if isinstance(of, Moment):
        return _of_moment(path)
    if path in ("Math.floor", "Math.ceil", "Math.round", "Math.trunc"):
        return _rounded(path, arguments())
    if path == "_.random":
        return _between(arguments())
    if path == "JSON.stringify":
        return _stringified(arguments())
    if path == ".toString":
        return _encoded(of, arguments())
    if path in _KEYED:
        text, key, *_ = [*arguments(), None, None]
        if text is None or key is None:
            raise NotCarriedOverError(f"`{path}` without a key")
        return Made((f"${{{_KEYED[path]}({quoted(as_text(key))}, {quoted(as_text(text))})}}",))
    if path in _PLAIN:
        given = [of] if of is not None else arguments()
        if given and path in _TO_NUMBER and isinstance(given[0], Made):
            return replace(given[0], is_number=True)
        return _applied(_PLAIN[path], given[0]) if given else None
    return None


def random_whole(one: Value, operator: str, other: Value) -> Value:
    """Arithmetic around `Math.random()`. Raises NotCarriedOverError."""
    if isinstance(other, RandomReal) and operator in ("+", "*"):
        one, other = other, one
    number = other.value if isinstance(other, Known) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise NotCarriedOverError("arithmetic")
    if isinstance(one, RandomReal):
        if operator == "*":
            return RandomReal(one.scale * number, one.offset * number)
        if operator in ("+", "-"):
            return RandomReal(one.scale, one.offset + (number if operator == "+" else -number))
    if isinstance(one, Made) and operator in ("+", "-") and isinstance(number, int):
        return Made((f"${{add({_inner(one)}, {number if operator == '+' else -number})}}",), is_number=True)
    if isinstance(one, Known) and isinstance(one.value, int | float) and not isinstance(one.value, bool):
        return _calculated(one.value, operator, number)
    raise NotCarriedOverError("arithmetic")


def quoted(text: str) -> str:
    """Scenario text as an argument of a function; its holes work inside of the quotes."""
    for quote in ("'", '"'):
        if quote not in text and "\\" not in text:
            return f"{quote}{text}{quote}"
    raise NotCarriedOverError("a text with both kinds of quotes in a function")


def _applied(function: str, value: Value) -> Value:
    if not function:
        return value if isinstance(value, Made | Place | Known) else Made((as_text(value),))
    return Made((f"${{{function}({quoted(as_text(value))})}}",))


def _of_moment(path: str) -> Value | None:
    match path:
        case ".toISOString" | ".toJSON" | ".format":
            return Made(("${now()}",))
        case ".getTime" | ".valueOf":
            return Made(("${now('unix_ms')}",), is_number=True)
        case ".toUTCString":
            return Made(("${now('http')}",))
        case ".getFullYear":
            return Made(("${now('%Y')}",))
    return None


def _rounded(path: str, values: list[Value]) -> Value:
    match values:
        case [RandomReal(scale=scale, offset=offset)] if scale >= 1 and offset == int(offset) and scale == int(scale):
            low, high = int(offset), int(offset + scale)
            if path in ("Math.floor", "Math.trunc"):
                high -= 1
            elif path == "Math.ceil":
                low += 1
            return Made((f"${{random.int({low}, {high})}}",), is_number=True)
        case [Made(parts=("${now('unix_ms')}",))]:
            return values[0]
        case [Known(value=int())]:
            return values[0]
    raise NotCarriedOverError(f"`{path}`")


def _between(values: list[Value]) -> Value:
    bounds = [value.value for value in values if isinstance(value, Known) and isinstance(value.value, int)]
    if len(bounds) == len(values) == 1:
        bounds = [0, *bounds]
    if len(bounds) != 2:
        raise NotCarriedOverError("`_.random` with bounds that are computed")
    return Made((f"${{random.int({min(bounds)}, {max(bounds)})}}",), is_number=True)


def _stringified(values: list[Value]) -> Value:
    match values:
        case [Known(value=value), *_]:
            return Known(json.dumps(value, ensure_ascii=False))
        case [Place(kind="json") as place, *_]:
            return place
    raise NotCarriedOverError("`JSON.stringify` of a value that is computed")


def _encoded(of: Value | None, values: list[Value]) -> Value | None:
    """`.toString(CryptoJS.enc.Base64)` of a digest."""
    match of, values:
        case Made(parts=(str(text),)), [Known(value="CryptoJS.enc.Base64")]:
            digest = _DIGEST.fullmatch(text)
            if digest:
                return Made((f"${{{digest[1]}({digest[2]}, 'base64')}}",))
            raise NotCarriedOverError("a digest as base64")
        case Made(), [Known(value="CryptoJS.enc.Hex")]:
            return of
    return None


def _inner(value: Made) -> str:
    """A single hole without its braces, as an argument."""
    match value.parts:
        case (str(text),) if text.startswith("${") and text.endswith("}") and text.count("${") == 1:
            return text[2:-1]
    raise NotCarriedOverError("arithmetic with a text")


def _calculated(one: int | float, operator: str, other: int | float) -> Value:
    match operator:
        case "+":
            return Known(one + other)
        case "-":
            return Known(one - other)
        case "*" if abs(one) < 1e15 and abs(other) < 1e15:
            return Known(one * other)
        case "/" if other:
            return Known(one / other)
    raise NotCarriedOverError("arithmetic")
