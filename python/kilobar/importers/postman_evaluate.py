"""Expressions of Postman scripts -> what they stand for, without executing anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from kilobar.importers import postman_checks as checks
from kilobar.importers.javascript_regex import engine_regex, exactly
from kilobar.importers.javascript_tree import (
    Array,
    Binary,
    Call,
    Composed,
    Conditional,
    Expression,
    Index,
    Literal,
    Member,
    Name,
    Object,
    Pattern,
    Unary,
)
from kilobar.importers.postman_chai import dotted, plain_text
from kilobar.importers.postman_functions import call, random_whole
from kilobar.importers.postman_values import (
    Claim,
    Known,
    Length,
    Made,
    Moment,
    NotCarriedOverError,
    Place,
    RandomReal,
    TypeOf,
    Undefined,
    Value,
    as_parts,
)
from kilobar.importers.postman_variables import Variables
from kilobar.model.scenario import JsonValue

_READ = frozenset(
    [f"pm.{scope}.get" for scope in ("environment", "globals", "collectionVariables", "variables", "iterationData")]
    + ["postman.getEnvironmentVariable", "postman.getGlobalVariable"]
)
_PLACES = {
    "pm.response.code": Place("status"),
    "responseCode.code": Place("status"),
    "pm.response.status": Place("reason"),
    "responseCode.name": Place("reason"),
    "pm.response.responseTime": Place("time"),
    "responseTime": Place("time"),
    "pm.response.responseSize": Place("size"),
    "responseBody": Place("body"),
}
_OLD_SCOPES = ("environment.", "globals.", "data.")
_COMPARISONS = {"===": "==", "==": "==", "!==": "!=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_IDENTITIES = frozenset(("toString", "valueOf", "trim", "toFixed"))


class Evaluator:
    """Gives the meaning of expressions where some names have a meaning already."""

    def __init__(
        self, variables: Variables, values: dict[str, Value], written: dict[str, Value], *, has_response: bool
    ) -> None:
        self.values = values
        """Local variables of the script."""
        self.told: dict[str, Value] = {}
        """`tests[...]`, as far as they were given."""
        self._variables = variables
        self._written = written
        self._has_response = has_response

    def value(self, expression: Expression) -> Value:  # noqa: C901  # one arm for each kind of expression
        """What an expression stands for. Raises NotCarriedOverError."""
        match expression:
            case Literal(value=value):
                return Known(value)
            case Name(name="undefined"):
                return Undefined()
            case Name(name=name) if name in self.values:
                return self.values[name]
            case Member() | Name():
                return self._member(expression)
            case Index(of=of, position=position):
                return self._index(self.value(of), self.value(position))
            case Call():
                return self._call(expression)
            case Composed(pieces=pieces):
                return self._composed(pieces)
            case Unary(operator=operator, of=of):
                return self._unary(operator, of)
            case Binary(left=left, operator=operator, right=right):
                return self._binary(left, operator, right)
            case Array(items=items):
                return Known([self._known(item) for item in items])
            case Object(entries=entries):
                return Known({key: self._known(inner) for key, inner in entries})
            case Conditional(test=test, yes=yes, no=no):
                known = self.value(test)
                if isinstance(known, Known):
                    return self.value(yes if known.value else no)
        raise NotCarriedOverError("an expression that is computed", expression.line)

    def subject(self, expression: Expression) -> Value:
        """What an expectation is about. Raises NotCarriedOverError when it is only about a variable."""
        if isinstance(expression, Call) and dotted(expression.function) in _READ:
            name = self._text(expression.arguments)
            if name not in self._written:
                raise NotCarriedOverError(f"an expectation about the variable `{name}`", expression.line)
        return self.value(expression)

    def claim(self, value: Value) -> Claim:
        """The value as a condition. Raises NotCarriedOverError."""
        match value:
            case Claim():
                return value
            case Place():
                return Claim(tuple(checks.truthy(value)))
            case Length(of=of):
                return Claim((checks.length(of, ">", Known(0)),))
        raise NotCarriedOverError("a condition that is not about the response")

    def _known(self, expression: Expression) -> JsonValue:
        value = self.value(expression)
        if isinstance(value, Known):
            return value.value
        raise NotCarriedOverError("a list or object with values that are computed", expression.line)

    def _composed(self, pieces: tuple[str | Expression, ...]) -> Value:
        values: list[Value] = [Known(piece) if isinstance(piece, str) else self.value(piece) for piece in pieces]
        if all(isinstance(value, Known) and isinstance(value.value, str) for value in values):
            return Known("".join(str(value.value) for value in values if isinstance(value, Known)))
        return Made(tuple(part for value in values for part in as_parts(value)))

    def _member(self, expression: Member | Name) -> Value:  # noqa: C901  # one arm for each kind of value
        path = dotted(expression)
        if path is not None and path.partition(".")[0] not in self.values:
            found = self._provided(path)
            if found is not None:
                return found
        if isinstance(expression, Name) or (path is not None and path.startswith("pm.")):
            raise NotCarriedOverError(f"`{path}`", expression.line)
        if dotted(expression.of) == "tests" and expression.name in self.told:
            return self.told[expression.name]
        if dotted(expression.of) == "responseHeaders":
            return self._of_response(Place("header", expression.name))
        of = self.value(expression.of)
        match of:
            case Place(kind="cookie") if expression.name == "value":
                return of
            case Place(kind="json" | "body") if expression.name == "length":
                return Length(of)
            case Place(kind="json"):
                return of.member(expression.name)
            case Known(value=dict(entries)) if expression.name in entries:
                return Known(entries[expression.name])
            case Known(value=str() | list() as sized) if expression.name == "length":
                return Known(len(sized))
        raise NotCarriedOverError(f"`.{expression.name}`", expression.line)

    def _provided(self, path: str) -> Value | None:
        """What Postman provides under a name."""
        if path in _PLACES:
            return self._of_response(_PLACES[path])
        for scope in _OLD_SCOPES:
            if path.startswith(scope):
                return Made((self._variables.hole(path.removeprefix(scope)),))
        return None

    def _of_response(self, place: Place) -> Place:
        if not self._has_response:
            raise NotCarriedOverError("a response before the request is sent")
        return place

    def _index(self, of: Value, index: Value) -> Value:
        if isinstance(index, Known) and isinstance(index.value, str) and isinstance(of, Place) and of.kind == "json":
            return of.member(index.value)
        if not isinstance(index, Known) or type(index.value) is not int:
            raise NotCarriedOverError("an index that is computed")
        if isinstance(of, Place) and of.kind == "json":
            return Place("json", f"{of.path}[{index.value}]")
        if isinstance(of, Known) and isinstance(of.value, list | str) and 0 <= index.value < len(of.value):
            return Known(of.value[index.value])
        raise NotCarriedOverError("an entry of something that is not in the response")

    def _call(self, expression: Call) -> Value:
        path = dotted(expression.function)
        arguments = expression.arguments
        if path is not None and path.partition(".")[0] not in self.values:
            if path in _READ:
                name = self._text(arguments)
                # What this script wrote is in the flow only after its request.
                return self._written.get(name) or Made((self._variables.hole(name),))
            found = self._of_postman(path, arguments)
            if found is not None:
                return found
            found = call(path, self._arguments(arguments), new=expression.new)
            if found is not None:
                return found
        if isinstance(expression.function, Member):
            of = expression.function.of
            if isinstance(of, Pattern) and expression.function.name == "test" and arguments:
                return Claim((checks.matches(self._place(arguments[0]), engine_regex(of.pattern, of.flags)),))
            return self._method(self.value(of), expression.function.name, arguments, expression.line)
        raise NotCarriedOverError(f"the function `{path or '...'}`", expression.line)

    def _arguments(self, arguments: tuple[Expression, ...]) -> Callable[[], list[Value]]:
        """Evaluates only what a known function asks for."""
        return lambda: [self._argument(argument) for argument in arguments]

    def _argument(self, expression: Expression) -> Value:
        """Of a function; a name such as `CryptoJS.enc.Base64` stands for itself."""
        path = dotted(expression)
        if path is not None and path.startswith("CryptoJS."):
            return Known(path)
        return self.value(expression)

    def _of_postman(  # noqa: C901  # one arm for each function
        self, path: str, arguments: tuple[Expression, ...]
    ) -> Value | None:
        match path:
            case "pm.response.json":
                return self._of_response(Place("json", "$"))
            case "pm.response.text":
                return self._of_response(Place("body"))
            case "pm.response.headers.get" | "postman.getResponseHeader":
                return self._of_response(Place("header", self._text(arguments)))
            case "pm.response.headers.has":
                return Claim((checks.exists(self._of_response(Place("header", self._text(arguments)))),))
            case "pm.cookies.get" | "pm.response.cookies.get" | "postman.getResponseCookie":
                return self._of_response(Place("cookie", self._text(arguments)))
            case "pm.cookies.has" | "pm.response.cookies.has":
                return Claim((checks.exists(self._of_response(Place("cookie", self._text(arguments)))),))
            case "pm.variables.replaceIn":
                return Made((self._variables.text(self._text(arguments)),))
            case "JSON.parse":
                return self._parsed(self.value(arguments[0])) if arguments else None
            case "Array.isArray" | "_.isArray" if arguments:
                return Claim((checks.of_type(self._place(arguments[0]), "array"),))
            case "Number.isInteger" | "_.isInteger" if arguments:
                return Claim((checks.of_type(self._place(arguments[0]), "integer"),))
            case "_.isString" | "_.isNumber" | "_.isBoolean" | "_.isNull" if arguments:
                return Claim((checks.of_type(self._place(arguments[0]), path[4:]),))
            case "Boolean" if arguments:
                return self.claim(self.value(arguments[0]))
        return None

    def _parsed(self, value: Value) -> Value:
        match value:
            case Place(kind="body"):
                return Place("json", "$")
            case Place(kind="json"):
                return value
            case Known(value=str(text)):
                try:
                    return Known(json.loads(text))
                except (ValueError, RecursionError):
                    raise NotCarriedOverError("a text that is not JSON") from None
        raise NotCarriedOverError("JSON that is computed")

    def _method(self, of: Value, name: str, arguments: tuple[Expression, ...], line: int) -> Value:
        if name in _IDENTITIES and not arguments and isinstance(of, Place | Made | Known):
            if name == "toString" and isinstance(of, Known):
                return Known(plain_text(of)) if isinstance(of.value, str | int) and of.value is not True else of
            if name != "trim" or isinstance(of, Made):
                return of
        if isinstance(of, Place):
            return self._method_of_place(of, name, arguments, line)
        found = call(f".{name}", self._arguments(arguments), of=of)
        if found is None:
            raise NotCarriedOverError(f"the function `.{name}`", line)
        return found

    def _method_of_place(self, of: Place, name: str, arguments: tuple[Expression, ...], line: int) -> Value:
        match name:
            case "hasOwnProperty" if of.kind == "json":
                return Claim((checks.exists(of.member(self._text(arguments))),))
            case "includes" | "has" | "contains" if arguments:
                return Claim((checks.contains(of, self.value(arguments[0])),))
            case "startsWith":
                return Claim((checks.matches(of, f"^{exactly(self._text(arguments))}"),))
            case "endsWith":
                return Claim((checks.matches(of, f"{exactly(self._text(arguments))}$"),))
            case "match" if arguments and isinstance(arguments[0], Pattern):
                return Claim((checks.matches(of, engine_regex(arguments[0].pattern, arguments[0].flags)),))
            case "at" if len(arguments) == 1 and of.kind == "json":
                return self._index(of, self.value(arguments[0]))
        raise NotCarriedOverError(f"the function `.{name}` on a value of the response", line)

    def _place(self, expression: Expression) -> Place:
        value = self.value(expression)
        if isinstance(value, Place):
            return value
        raise NotCarriedOverError("a condition on something that is not in the response", expression.line)

    def _text(self, arguments: tuple[Expression, ...]) -> str:
        if not arguments:
            raise NotCarriedOverError("a call without arguments")
        return plain_text(self.value(arguments[0]))

    def _unary(self, operator: str, of: Expression) -> Value:
        if operator == "typeof":
            return TypeOf(self._place(of))
        name = self._variable_of(of) if operator == "!" else None
        if name is not None and not self._variables.is_defined(name):
            return Known(True)
        value = self.value(of)
        if operator == "+" and isinstance(value, Place | Made | Moment):
            return value
        if operator == "!":
            if isinstance(value, Known):
                return Known(not value.value)
            claim = self.claim(value)
            if len(claim.checks) == 1:
                return Claim((checks.negated(claim.checks[0]),))
            if isinstance(value, Place):
                raise NotCarriedOverError("a condition that a value is empty or missing")
        raise NotCarriedOverError(f"the operator `{operator}`", of.line)

    def _variable_of(self, expression: Expression) -> str | None:
        """The name when the expression reads a variable of Postman."""
        if isinstance(expression, Call) and dotted(expression.function) in _READ:
            return self._text(expression.arguments)
        path = dotted(expression) or ""
        scope = next((scope for scope in _OLD_SCOPES if path.startswith(scope)), None)
        return path.removeprefix(scope) if scope and scope[:-1] not in self.values else None

    def _binary(self, left: Expression, operator: str, right: Expression) -> Value:
        one, other = self.value(left), self.value(right)
        if operator == "&&":
            return Claim(self.claim(one).checks + self.claim(other).checks)
        if operator in ("||", "??"):
            return _or(one, other)
        if operator in _COMPARISONS:
            return self._compared(one, _COMPARISONS[operator], other)
        if operator == "+" and (_is_text(one) or _is_text(other) or not (_is_number(one) or _is_number(other))):
            return _added(one, other)
        if operator in ("+", "*", "-", "/"):
            return random_whole(one, operator, other)
        raise NotCarriedOverError(f"the operator `{operator}`", left.line)

    def _compared(self, one: Value, operator: str, other: Value) -> Value:
        if one == other and isinstance(one, Place) and operator in ("==", "!="):
            return Known(operator == "==")
        if isinstance(one, Known) and isinstance(other, Known) and operator in ("==", "!="):
            return Known((one.value == other.value) == (operator == "=="))
        if isinstance(one, TypeOf) and isinstance(other, Known) and operator in ("==", "!="):
            check = checks.of_type(one.of, plain_text(other))
            return Claim((check if operator == "==" else checks.negated(check),))
        if isinstance(one, Place | Length):
            return Claim((checks.compare(one, operator, other),))
        if isinstance(other, Place | Length):
            return Claim((checks.compare(other, _MIRRORED.get(operator, operator), one),))
        if isinstance(one, Claim) and isinstance(other, Known) and isinstance(other.value, bool):
            if other.value == (operator == "=="):
                return one
            if len(one.checks) == 1:
                return Claim((checks.negated(one.checks[0]),))
        raise NotCarriedOverError("a comparison that is not about the response")


def _or(one: Value, other: Value) -> Value:
    """`one || other`."""
    if isinstance(one, Place):
        if isinstance(other, Known) and isinstance(other.value, dict | list) and not other.value:
            return one
        if isinstance(other, Made | Known) and one.kind in ("json", "header", "cookie"):
            parts = as_parts(other)
            return replace(one, default=Made(parts).text())
    if isinstance(one, Known):
        return one if one.value else other
    raise NotCarriedOverError("one of two values")


def _is_text(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.value, str)


def _is_number(value: Value) -> bool:
    """Whether it is a number that is made during the run."""
    return isinstance(value, RandomReal | Moment) or (isinstance(value, Made) and value.is_number)


def _added(one: Value, other: Value) -> Value:
    if isinstance(one, Known) and isinstance(other, Known):
        pair = (one.value, other.value)
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in pair):
            return Known(pair[0] + pair[1])  # type: ignore[operator]  # numbers, as was just looked at
        if all(isinstance(value, str) for value in pair):
            return Known(f"{pair[0]}{pair[1]}")
    return Made(as_parts(one) + as_parts(other))
