"""Conditions of Postman scripts on a response -> checks of a scenario."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

from kilobar.importers.javascript_regex import exactly
from kilobar.importers.postman_values import (
    Known,
    Length,
    Made,
    NotCarriedOverError,
    Place,
    Undefined,
    Value,
    number_text,
)
from kilobar.importers.templates import literal, translate_json
from kilobar.model.scenario import Bounds, Check, JsonValue, Matcher

_REASONS = {status.phrase.lower(): status.value for status in HTTPStatus}
_BOUND_OF = {"<": "lt", "<=": "le", "==": "eq", ">=": "ge", ">": "gt"}
_TYPES = {
    "array": r"^\[",
    "object": r"^\{",
    "boolean": "^(true|false)$",
    "number": r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$",
    "integer": "^-?[0-9]+$",
    "null": "^null$",
}
_T = TypeVar("_T")
_EMPTY = r"^(\[\s*\]|\{\s*\})?$"


def compare(place: Place | Length, operator: str, other: Value) -> Check:
    """`==`, `!=`, `<`, `<=`, `>` or `>=` between something in the response and a value. Raises NotCarriedOverError."""
    if isinstance(other, Undefined):
        if operator not in ("==", "!=") or isinstance(place, Length):
            raise NotCarriedOverError("a comparison with `undefined`")
        return exists(place, operator == "!=")
    if not isinstance(other, Known | Made):
        raise NotCarriedOverError("two values of the response are compared")
    if isinstance(place, Length):
        return length(place.of, operator, other)
    match place.kind:
        case "status":
            return _status(operator, _whole(other))
        case "reason":
            return _status(operator, reason(other))
        case "time" | "size":
            return _measure(place, operator, other)
        case "body":
            return _body(operator, other)
        case "header" | "json":
            return _value(place, operator, other)
    raise NotCarriedOverError(f"a comparison with a {place.kind}")


def negated(check: Check) -> Check:
    """The opposite of a check that says one thing."""
    inner = check.not_
    if isinstance(inner, Check) and check == Check(not_=inner):
        return inner
    for values in (check.json, check.header):
        (only, *others) = values.values() or (None,)
        if not others and isinstance(only, Matcher) and only == Matcher(exists=only.exists) and _says_one(check):
            name = next(iter(values))
            flipped = {name: Matcher(exists=not only.exists)}
            return Check(json=flipped) if values is check.json else Check(header=flipped)  # type: ignore[arg-type]  # invariance of dict
    return Check(not_=check)


def exists(place: Place, wanted: bool = True) -> Check:
    """There is a value at this place, or there is none."""
    match place.kind:
        case "json":
            return Check(json={place.path: Matcher(exists=wanted)})
        case "header":
            return Check(header={place.path: Matcher(exists=wanted)})
        case "cookie":
            found = Check(header={"set-cookie": Matcher(matches=rf"(^|[,;\s]){exactly(place.path)}=")})
            return found if wanted else Check(not_=found)
        case "body":
            return Check(size=Bounds(gt="0B") if wanted else Bounds(eq="0B"))
    raise NotCarriedOverError(f"whether there is a {place.kind}")


def truthy(place: Place) -> list[Check]:
    """The value is there and neither empty, null nor false."""
    if place.kind != "json":
        return [exists(place)]
    unwanted: list[JsonValue] = ["", None, False, 0]
    return [exists(place), Check(not_=[Check(json={place.path: value}) for value in unwanted])]


def contains(place: Place, other: Value) -> Check:
    """The text at this place contains another one; an array contains it as text."""
    text = other.text() if isinstance(other, Made) else literal(_scalar_text(other))
    match place.kind:
        case "body":
            return Check(contains=text)
        case "json":
            return Check(json={place.path: Matcher(contains=text)})
        case "header":
            return Check(header={place.path: Matcher(contains=text)})
    raise NotCarriedOverError(f"what a {place.kind} contains")


def matches(place: Place, pattern: str | None) -> Check:
    """A regular expression matches; None is one that the engine does not have."""
    if pattern is None:
        raise NotCarriedOverError("a regular expression with look-around or backreferences")
    match place.kind:
        case "body":
            return Check(regex=pattern)
        case "json":
            return Check(json={place.path: Matcher(matches=pattern)})
        case "header":
            return Check(header={place.path: Matcher(matches=pattern)})
    raise NotCarriedOverError(f"a regular expression on a {place.kind}")


def of_type(place: Place, name: str) -> Check:
    """The JSON value is an array, object, boolean, number, integer, text or null."""
    kind = name.lower()
    if place.kind != "json":
        if kind == "string":
            return exists(place)
        raise NotCarriedOverError(f"the type of a {place.kind}")
    if kind == "string":
        return Check(json={place.path: Matcher(matches=r"^([^\[{]|$)")})
    if kind == "undefined":
        return exists(place, False)
    if kind not in _TYPES:
        raise NotCarriedOverError(f"the type {name!r}")
    return Check(json={place.path: Matcher(matches=_TYPES[kind])})


def empty(place: Place) -> Check:
    """An empty text, array or object."""
    if place.kind == "body":
        return exists(place, False)
    return matches(place, _EMPTY)


def length(place: Place, operator: str, other: Value) -> Check:
    """How many entries an array has: whether there is one at the last index, and none behind it."""
    count = _whole(other)
    if place.kind == "body":
        return _measure(Place("size"), operator, other)
    if place.kind != "json":
        raise NotCarriedOverError(f"the length of a {place.kind}")
    if operator == "!=":
        if count == 0:
            return Check(json={f"{place.path}[0]": Matcher(exists=True)})
        return Check(not_=length(place, "==", other))
    least = {"==": count, ">=": count, ">": count + 1}.get(operator, 0)
    most = {"==": count, "<=": count, "<": count - 1}.get(operator)
    if least < 0 or (most is not None and most < 0) or count > 100_000:
        raise NotCarriedOverError(f"a length {operator} {count}")
    found: dict[str, JsonValue | Matcher] = {}
    if least > 0:
        found[f"{place.path}[{least - 1}]"] = Matcher(exists=True)
    if most is not None:
        found[f"{place.path}[{most}]"] = Matcher(exists=False)
    if not found:
        found[place.path] = Matcher(exists=True)
    return Check(json=found)


def reason(other: Value) -> int:
    """The status code that a reason phrase belongs to."""
    code = _REASONS.get(str(other.value).lower()) if isinstance(other, Known) else None
    if code is None:
        raise NotCarriedOverError("a reason phrase that is not a standard one")
    return code


def merged(checks: list[Check]) -> list[Check]:
    """The same checks in fewer mappings: neighbours of one name that say different things become one."""
    result: list[Check] = []
    for check in checks:
        if check in result:
            continue
        if result and result[-1].name == check.name:
            _drop_implied(result[-1], check)
        if result and result[-1].name == check.name and not _overlap(result[-1], check):
            result[-1] = _together(result[-1], check)
        else:
            result.append(check)
    return [check for check in result if check != Check(name=check.name)]


def _drop_implied(before: Check, check: Check) -> None:
    """That a value exists need not be said when the next thing said is what it is."""
    for path in check.json.keys() & before.json.keys():
        if before.json[path] == Matcher(exists=True) and check.json[path] != Matcher(exists=False):
            before.json = {name: wanted for name, wanted in before.json.items() if name != path}


def _status(operator: str, code: int) -> Check:
    if not 100 <= code <= 600:
        raise NotCarriedOverError(f"the status {code}")
    match operator:
        case "==":
            return Check(status=code)
        case "!=":
            return Check(not_=Check(status=code))
    low = {">": code + 1, ">=": code}.get(operator, 100)
    high = {"<": code - 1, "<=": code}.get(operator, 599)
    if low > high:
        raise NotCarriedOverError(f"a status {operator} {code}")
    return Check(status=f"{low}-{high}")


def _measure(place: Place, operator: str, other: Value) -> Check:
    if not isinstance(other, Known) or isinstance(other.value, bool) or not isinstance(other.value, int | float):
        raise NotCarriedOverError(f"a {place.kind} that is not compared with a number")
    number = number_text(other.value)
    if not number.replace(".", "", 1).isdigit():
        raise NotCarriedOverError(f"a {place.kind} of {number}")
    bound = f"{number}ms" if place.kind == "time" else f"{number}B"
    if operator == "!=":
        return negated(_measure(place, "==", other))
    bounds = Bounds(**{_BOUND_OF[operator]: bound})
    return Check(time=bounds) if place.kind == "time" else Check(size=bounds)


def _body(operator: str, other: Known | Made) -> Check:
    text = other.value if isinstance(other, Known) else None
    if not isinstance(text, str) or operator not in ("==", "!="):
        raise NotCarriedOverError("a comparison with the whole body")
    if text == "":
        return exists(Place("body"), operator == "!=")
    if "${" in text:
        raise NotCarriedOverError("a body that contains `${`")
    same = Check(regex=rf"\A{exactly(text)}\z")
    return same if operator == "==" else Check(not_=same)


def _value(place: Place, operator: str, other: Known | Made) -> Check:
    value: JsonValue = other.text() if isinstance(other, Made) else translate_json(other.value, literal)
    if operator in ("==", "!="):
        if place.kind == "header":
            value = value if isinstance(value, str) else _scalar_text(other)
        # A mapping in this place would be read as a matcher.
        expected = Matcher(equals=value) if isinstance(value, dict | list) else value
        same = Check(header={place.path: expected}) if place.kind == "header" else Check(json={place.path: expected})
        return same if operator == "==" else Check(not_=same)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotCarriedOverError("a comparison with something that is not a number")
    bounds = Matcher(**{_BOUND_OF[operator]: value})  # type: ignore[arg-type]  # names of bounds only
    return Check(header={place.path: bounds}) if place.kind == "header" else Check(json={place.path: bounds})


def _whole(value: Value) -> int:
    if isinstance(value, Known) and not isinstance(value.value, bool):
        if isinstance(value.value, int):
            return value.value
        if isinstance(value.value, float) and value.value.is_integer():
            return int(value.value)
        if isinstance(value.value, str) and value.value.isdecimal() and len(value.value) < 10:
            return int(value.value)
    raise NotCarriedOverError("a comparison with something that is not a whole number")


def _scalar_text(value: Value) -> str:
    match value:
        case Known(value=str(text)):
            return text
        case Known(value=bool(truth)):
            return "true" if truth else "false"
        case Known(value=int() | float() as number):
            return number_text(number)
    raise NotCarriedOverError("a comparison with something that is not a text")


def _says_one(check: Check) -> bool:
    return check in (Check(json=check.json), Check(header=check.header))


def _overlap(one: Check, other: Check) -> bool:
    both = ((one.status, other.status), (one.size, other.size), (one.time, other.time))
    if any(a is not None and b is not None for a, b in both):
        return True
    if one.warn is not None or other.warn is not None:
        return True
    return bool(one.json.keys() & other.json.keys() or one.header.keys() & other.header.keys())


def _together(one: Check, other: Check) -> Check:
    return Check(
        name=one.name,
        status=one.status if one.status is not None else other.status,
        size=one.size or other.size,
        time=one.time or other.time,
        header={**one.header, **other.header},
        json={**one.json, **other.json},
        regex=_one_or_list([*_listed(one.regex), *_listed(other.regex)]),
        contains=_one_or_list([*_listed(one.contains), *_listed(other.contains)]),
        not_=_one_or_list([*_listed(one.not_), *_listed(other.not_)]),
    )


def _listed(value: _T | list[_T] | None) -> list[_T]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _one_or_list(values: list[_T]) -> _T | list[_T] | None:
    return values if len(values) > 1 else values[0] if values else None
