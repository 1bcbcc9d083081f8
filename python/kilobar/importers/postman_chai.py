"""The sentences of `pm.expect(...)` and `pm.response.to...`: chains of words that end in conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from kilobar.importers import postman_checks as checks
from kilobar.importers.javascript_regex import engine_regex, exactly
from kilobar.importers.javascript_tree import Call, Expression, Literal, Member, Name, Pattern
from kilobar.importers.postman_values import Claim, Known, Length, Made, NotCarriedOverError, Place, Undefined, Value
from kilobar.model.scenario import Bounds, Check

_SILENT_WORDS = (
    "to be been is that which and has have with at of same but does still also deep own ordered all a an include"
    " includes contain contains expect should it"
)
_SILENT = frozenset(_SILENT_WORDS.split())
_COMPARING = {
    "above": ">", "gt": ">", "greaterThan": ">", "least": ">=", "gte": ">=", "greaterThanOrEqual": ">=",
    "below": "<", "lt": "<", "lessThan": "<", "most": "<=", "lte": "<=", "lessThanOrEqual": "<=",
    "equal": "==", "equals": "==", "eq": "==", "eql": "==", "eqls": "==",
}  # fmt: skip
_STATUS_WORDS: dict[str, int | str] = {
    "ok": 200, "accepted": 202, "badRequest": 400, "unauthorized": 401, "unauthorised": 401, "forbidden": 403,
    "notFound": 404, "notAcceptable": 406, "rateLimited": 429, "info": "1xx", "success": "2xx", "redirection": "3xx",
    "clientError": "4xx", "serverError": "5xx", "error": "400-599",
}  # fmt: skip


class Link(NamedTuple):
    """One word of a sentence, with its arguments if it is called."""

    word: str
    arguments: tuple[Expression, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class Response:
    """The subject of `pm.response.to...`."""


@dataclass(slots=True)
class _Sentence:
    subject: Value | Response
    negative: bool = False
    nested: bool = False
    any_key: bool = False
    length: bool = False
    """`lengthOf` stood before, so that a comparison is one of lengths."""
    found: bool = False
    """Whether it says anything."""


def links_of(expression: Expression) -> tuple[Expression, list[Link]]:
    """The words behind the first call or name of a chain: `f(x).to.eql(1)` -> `f(x)`, [to, eql(1)]."""
    links: list[Link] = []
    while True:
        match expression:
            case Call(function=Member(of=of, name=word), arguments=arguments, line=line):
                links.append(Link(word, arguments, line))
                expression = of
            case Member(of=of, name=word, line=line):
                links.append(Link(word, None, line))
                expression = of
            case _:
                return expression, links[::-1]


def dotted(expression: Expression) -> str | None:
    """`pm.response.code` for such an expression; None for any other."""
    words: list[str] = []
    while isinstance(expression, Member):
        words.append(expression.name)
        expression = expression.of
    return ".".join([expression.name, *reversed(words)]) if isinstance(expression, Name) else None


class Sentences:
    """Reads sentences; `evaluate` gives the values of their arguments."""

    def __init__(self, evaluate: Callable[[Expression], Value]) -> None:
        self._evaluate = evaluate

    def read(self, subject: Value | Response, links: Iterable[Link]) -> list[Check]:
        """The checks that a sentence asks for. Raises NotCarriedOverError."""
        sentence = _Sentence(subject)
        found: list[Check] = []
        for link in links:
            if link.arguments is None and self._modify(sentence, link.word):
                continue
            said = self._assert(sentence, link)
            sentence.found = True
            found.extend(_opposite(said) if sentence.negative else said)
        if not sentence.found:
            raise NotCarriedOverError("an expectation that says nothing")
        return found

    def _modify(self, sentence: _Sentence, word: str) -> bool:
        """Words that only change what the next ones mean."""
        if word == "not":
            sentence.negative = True
        elif word == "nested":
            sentence.nested = True
        elif word == "any":
            sentence.any_key = True
        elif word in ("length", "lengthOf"):
            sentence.length = True
        elif word == "responseTime" and isinstance(sentence.subject, Response):
            sentence.subject = Place("time")
        elif word == "responseSize" and isinstance(sentence.subject, Response):
            sentence.subject = Place("size")
        else:
            return word in _SILENT
        return True

    def _assert(self, sentence: _Sentence, link: Link) -> list[Check]:
        arguments = link.arguments or ()
        if isinstance(sentence.subject, Response):
            return self._of_response(link.word, arguments)
        if isinstance(sentence.subject, Claim):
            return self._of_claim(sentence.subject, link.word, arguments)
        subject = sentence.subject
        if link.word in _COMPARING:
            if sentence.length and isinstance(subject, Place):
                subject = Length(subject)
            return [checks.compare(_in_response(subject), _COMPARING[link.word], self._one(arguments))]
        if isinstance(subject, Length):
            return [_of_length(subject, link.word, [self._evaluate(argument) for argument in arguments])]
        place = _in_response(subject)
        if isinstance(place, Length):
            raise NotCarriedOverError(f"`{link.word}` of a length")
        return self._of_place(sentence, place, link.word, arguments)

    def _of_place(  # noqa: C901  # one arm for each word
        self, sentence: _Sentence, place: Place, word: str, arguments: tuple[Expression, ...]
    ) -> list[Check]:
        match word:
            case "ok":
                return checks.truthy(place)
            case "true" | "True":
                return [checks.compare(place, "==", Known(True))]
            case "false" | "False":
                return [checks.compare(place, "==", Known(False))]
            case "null":
                return [checks.compare(place, "==", Known(None))]
            case "undefined":
                return [checks.exists(place, False)]
            case "exist" | "exists":
                return _there(place)
            case "empty":
                return [checks.empty(place)]
            case "a" | "an":
                return [checks.of_type(place, self._text(arguments))]
            case "instanceof" | "instanceOf":
                return [checks.of_type(place, _class_name(arguments))]
            case "property" | "ownProperty" | "haveOwnProperty":
                return self._property(sentence, place, arguments)
            case "lengthOf" | "length":
                return [checks.compare(Length(place), "==", self._one(arguments))]
            case "match" | "matches":
                return [checks.matches(place, _regex(arguments))]
            case "string" | "include" | "includes" | "contain" | "contains":
                return self._include(place, self._one(arguments))
            case "keys" | "key":
                return self._keys(sentence, place, arguments)
            case "oneOf":
                return [self._one_of(place, self._one(arguments))]
            case "within":
                low, high = (self._evaluate(argument) for argument in arguments[:2])
                return _within(place, low, high)
        raise NotCarriedOverError(f"`{word}`")

    def _of_response(  # noqa: C901  # one arm for each word
        self, word: str, arguments: tuple[Expression, ...]
    ) -> list[Check]:
        values = [] if word == "body" else [self._evaluate(argument) for argument in arguments]
        match word, values:
            case "status", [value]:
                is_reason = isinstance(value, Known) and isinstance(value.value, str) and not value.value.isdecimal()
                return [checks.compare(Place("reason" if is_reason else "status"), "==", value)]
            case "status", [Known(value=int() as code), _]:
                return [Check(status=code)]
            case "header", [Known(value=str(name))]:
                return [checks.exists(Place("header", name))]
            case "header", [Known(value=str(name)), value]:
                return [checks.compare(Place("header", name), "==", value)]
            case "jsonBody", []:
                return [checks.exists(Place("json", "$"))]
            case "jsonBody", [Known(value=str(path))]:
                return [checks.exists(nested(Place("json", "$"), path))]
            case "jsonBody", [Known(value=str(path)), value]:
                return [checks.compare(nested(Place("json", "$"), path), "==", value)]
            case "jsonBody", [value]:
                return [checks.compare(Place("json", "$"), "==", value)]
            case "json", []:
                return [checks.exists(Place("json", "$"))]
            case "withBody", []:
                return [checks.exists(Place("body"))]
            case "body", _:
                return self._body(arguments)
        if word in _STATUS_WORDS and not arguments:
            return [Check(status=_STATUS_WORDS[word])]
        raise NotCarriedOverError(f"`{word}` of a response")

    def _body(self, arguments: tuple[Expression, ...]) -> list[Check]:
        if not arguments:
            return [checks.exists(Place("body"))]
        if isinstance(arguments[0], Pattern):
            return [checks.matches(Place("body"), _regex(arguments))]
        value = self._one(arguments)
        is_json = isinstance(value, Known) and isinstance(value.value, dict | list)
        return [checks.compare(Place("json", "$") if is_json else Place("body"), "==", value)]

    def _of_claim(self, claim: Claim, word: str, arguments: tuple[Expression, ...]) -> list[Check]:
        if word in ("true", "ok", "True"):
            return list(claim.checks)
        if word in ("false", "False"):
            return _opposite(list(claim.checks))
        if word in _COMPARING and _COMPARING[word] == "==" and isinstance(value := self._one(arguments), Known):
            if value.value is True:
                return list(claim.checks)
            if value.value is False:
                return _opposite(list(claim.checks))
        raise NotCarriedOverError(f"`{word}` of a condition")

    def _property(self, sentence: _Sentence, place: Place, arguments: tuple[Expression, ...]) -> list[Check]:
        if place.kind != "json" or not arguments:
            raise NotCarriedOverError(f"a property of a {place.kind}")
        name = plain_text(self._evaluate(arguments[0]))
        inner = nested(place, name) if sentence.nested else place.member(name)
        if not sentence.negative:
            sentence.subject = inner
        if len(arguments) > 1:
            return [checks.compare(inner, "==", self._evaluate(arguments[1]))]
        return [checks.exists(inner)]

    def _keys(self, sentence: _Sentence, place: Place, arguments: tuple[Expression, ...]) -> list[Check]:
        if place.kind != "json" or (sentence.any_key and len(arguments) > 1):
            raise NotCarriedOverError("any of several keys")
        names: list[str] = []
        for argument in arguments:
            value = self._evaluate(argument)
            if isinstance(value, Known) and isinstance(value.value, list):
                names.extend(plain_text(Known(item)) for item in value.value)
            else:
                names.append(plain_text(value))
        return [checks.exists(place.member(name)) for name in names]

    def _include(self, place: Place, value: Value) -> list[Check]:
        if isinstance(value, Known) and isinstance(value.value, dict) and place.kind == "json":
            return [checks.compare(place.member(name), "==", Known(inner)) for name, inner in value.value.items()]
        return [checks.contains(place, value)]

    def _one_of(self, place: Place, value: Value) -> Check:
        if not isinstance(value, Known) or not isinstance(value.value, list) or not value.value:
            raise NotCarriedOverError("one of values that are not listed")
        if place.kind == "status" and all(type(code) is int and 100 <= code < 600 for code in value.value):
            return Check(status=[code for code in value.value if isinstance(code, int)])
        if len(value.value) == 1:
            return checks.compare(place, "==", Known(value.value[0]))
        if not all(isinstance(item, str | int | float) for item in value.value):
            raise NotCarriedOverError("one of values that are not plain")
        options = "|".join(exactly(_plain(item)) for item in value.value)
        return checks.matches(place, f"^({options})$")

    def _one(self, arguments: tuple[Expression, ...]) -> Value:
        if not arguments:
            raise NotCarriedOverError("an expectation without a value")
        return self._evaluate(arguments[0])

    def _text(self, arguments: tuple[Expression, ...]) -> str:
        return plain_text(self._one(arguments))


def nested(place: Place, path: str) -> Place:
    """The place below at a path as `a.b[0].c`."""
    for part in path.replace("[", ".[").split("."):
        if part.startswith("[") and part.endswith("]"):
            inner = part[1:-1].strip("'\"")
            place = replace(place, path=f"{place.path}[{inner}]") if inner.isdecimal() else place.member(inner)
        elif part:
            place = place.member(part)
    return place


def plain_text(value: Value) -> str:
    """A text that stands in the script. Raises NotCarriedOverError."""
    if isinstance(value, Known) and isinstance(value.value, str | int) and not isinstance(value.value, bool):
        return str(value.value)
    raise NotCarriedOverError("a name that is not a plain text")


def _there(place: Place) -> list[Check]:
    if place.kind != "json":
        return [checks.exists(place)]
    return [checks.exists(place), Check(not_=Check(json={place.path: None}))]


def _opposite(said: list[Check]) -> list[Check]:
    """That not all of these hold."""
    if len(said) == 1:
        return [checks.negated(said[0])]
    raise NotCarriedOverError("the opposite of several conditions")


def _of_length(subject: Length, word: str, values: list[Value]) -> Check:
    if word == "within" and len(values) == 2:
        low = checks.length(subject.of, ">=", values[0])
        return checks.merged([low, checks.length(subject.of, "<=", values[1])])[0]
    if word == "ok":
        return checks.length(subject.of, ">", Known(0))
    raise NotCarriedOverError(f"`{word}` of a length")


def _within(place: Place, low: Value, high: Value) -> list[Check]:
    if place.kind == "status" and isinstance(low, Known) and isinstance(high, Known):
        checks.compare(place, ">=", low)
        checks.compare(place, "<=", high)
        return [Check(status=f"{low.value}-{high.value}")]
    if place.kind in ("time", "size"):
        least, most = checks.compare(place, ">=", low), checks.compare(place, "<=", high)
        if least.time and most.time:
            return [Check(time=Bounds(ge=least.time.ge, le=most.time.le))]
    return [checks.compare(place, ">=", low), checks.compare(place, "<=", high)]


def _in_response(subject: Value) -> Place | Length:
    if isinstance(subject, Place | Length):
        return subject
    if isinstance(subject, Known | Made | Undefined):
        raise NotCarriedOverError("an expectation about something that is not in the response")
    raise NotCarriedOverError("an expectation about a value that is computed")


def _regex(arguments: tuple[Expression, ...]) -> str | None:
    match arguments:
        case (Pattern(pattern=pattern, flags=flags), *_):
            return engine_regex(pattern, flags)
        case (Literal(value=str(text)), *_):
            return engine_regex(text)
    raise NotCarriedOverError("a regular expression that is computed")


def _class_name(arguments: tuple[Expression, ...]) -> str:
    return arguments[0].name if arguments and isinstance(arguments[0], Name) else "?"


def _plain(item: object) -> str:
    return ("true" if item else "false") if isinstance(item, bool) else str(item)
