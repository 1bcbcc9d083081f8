"""Functions of JMeter -> expressions of the scenario language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from kilobar.importers.jmx_times import engine_pattern, offset_of
from kilobar.importers.names import variable_name
from kilobar.importers.templates import literal
from kilobar.model.scenario import Text

_INT = re.compile(r"-?[0-9]{1,18}")
_OF_SHELLS = frozenset(
    ("PATH", "HOME", "USER", "USERNAME", "LOGNAME", "SHELL", "PWD", "LANG", "TERM", "HOST", "HOSTNAME", "TZ", "TMPDIR")
)
_DIGESTS = {"md5": "md5", "sha-1": "sha1", "sha1": "sha1", "sha": "sha1", "sha-256": "sha256", "sha256": "sha256"}


class Argument(Protocol):
    """An argument of a function."""

    @property
    def constant(self) -> str | None:
        """Its text when it has no holes."""
        ...

    @property
    def expression(self) -> str:
        """As an argument of a function of the scenario language."""
        ...

    @property
    def text(self) -> Text:
        """As text of a scenario."""
        ...


class Unsupported(Exception):  # noqa: N818  # what it says about the function
    """The function has no counterpart; the message says why."""


Arguments = Sequence[Argument]
Remark = Callable[[str], None]


def expression_of(name: str, arguments: Arguments, remark: Remark) -> str:
    """What stands between `${` and `}`. Raises Unsupported; `remark` is told what is another way here."""
    convert = _FUNCTIONS.get(name.lower())
    if convert is None:
        raise Unsupported("it has no counterpart")
    return convert(arguments, remark)


def environment(name: str, default: Text) -> str:
    """A property as a variable of the environment, with a default that may have holes."""
    if "}" in re.sub(r"\$\{[^{}]*\}", "", default):
        raise Unsupported("its default has a brace")
    return f"env.{environment_name(name)}:-{default}"


def environment_name(name: str) -> str:
    """An upper-case name, and none that every shell has: `path` -> `JMETER_PATH`."""
    wanted = variable_name(name).upper()
    return f"JMETER_{wanted}" if wanted in _OF_SHELLS else wanted


def quoted(text: Text) -> str:
    """Scenario text as an argument in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return "'" + escaped.replace("\t", "\\t") + "'"


def _at(arguments: Arguments, index: int) -> Argument | None:
    if index >= len(arguments) or arguments[index].constant == "":
        return None
    return arguments[index]


def _constant(arguments: Arguments, index: int, default: str = "") -> str:
    argument = _at(arguments, index)
    if argument is None:
        return default
    if argument.constant is None:
        raise Unsupported("an argument of it changes during the run")
    return argument.constant


def _required(arguments: Arguments, index: int) -> Argument:
    argument = _at(arguments, index)
    if argument is None:
        raise Unsupported("an argument is missing")
    return argument


def _int(arguments: Arguments, index: int) -> str:
    argument = _required(arguments, index)
    if argument.constant is None:
        return argument.expression
    if not _INT.fullmatch(argument.constant):
        raise Unsupported("an argument is no whole number")
    return str(int(argument.constant))


def _not_stored(arguments: Arguments, index: int, remark: Remark) -> None:
    if argument := _at(arguments, index):
        remark(f"the result is not stored in the variable `{argument.constant or argument.text}`")


def _property(arguments: Arguments, remark: Remark) -> str:
    """__P(name, default = 1)."""
    default = arguments[1].text if len(arguments) > 1 else "1"
    return environment(_constant(arguments, 0), default)


def _named_property(arguments: Arguments, remark: Remark) -> str:
    """__property(name, variable, default = name)."""
    _not_stored(arguments, 1, remark)
    name = _constant(arguments, 0)
    return environment(name, arguments[2].text if len(arguments) > 2 else literal(name))


def _environment(arguments: Arguments, remark: Remark) -> str:
    """__env(name, variable, default = name)."""
    name = _constant(arguments, 0)
    _not_stored(arguments, 1, remark)
    default = environment("x", arguments[2].text if len(arguments) > 2 else literal(name))
    return f"env.{variable_name(name)}{default.removeprefix('env.X')}"


def _random(arguments: Arguments, remark: Remark) -> str:
    _not_stored(arguments, 2, remark)
    low, high = _int(arguments, 0), _int(arguments, 1)
    if _INT.fullmatch(low) and _INT.fullmatch(high) and int(low) > int(high):
        raise Unsupported("the first bound is above the second")
    return f"random.int({low}, {high})"


def _random_string(arguments: Arguments, remark: Remark) -> str:
    _not_stored(arguments, 2, remark)
    length = _int(arguments, 0)
    if _INT.fullmatch(length) and not 0 <= int(length) <= 1_000_000:
        raise Unsupported("the length is out of range")
    alphabet = _at(arguments, 1)
    return f"random.string({length}{f', {alphabet.expression}' if alphabet else ''})"


def _uuid(arguments: Arguments, remark: Remark) -> str:
    return "uuid()"


def _time(arguments: Arguments, remark: Remark) -> str:
    _not_stored(arguments, 1, remark)
    return f"now({quoted(_pattern(_constant(arguments, 0), remark))})"


def _time_shift(arguments: Arguments, remark: Remark) -> str:
    """__timeShift(format, date, shift, locale, variable)."""
    _not_stored(arguments, 4, remark)
    if _at(arguments, 1) is not None:
        raise Unsupported("a given date is not shifted here")
    pattern = _pattern(_constant(arguments, 0), remark)
    shift = _constant(arguments, 2)
    offset = offset_of(shift) if shift else "0s"
    if offset is None:
        raise Unsupported(f"`{shift[:30]}` is no duration that is known here")
    return f"now({quoted(pattern)}, {quoted(offset)})"


def _pattern(java: str, remark: Remark) -> str:
    pattern = engine_pattern(java)
    if pattern is None:
        raise Unsupported(f"the pattern `{java[:40]}` has parts that are not known here")
    if pattern not in ("unix", "unix_ms"):
        remark("the time is that of UTC, not of the local zone")
    return pattern


def _counter(arguments: Arguments, remark: Remark) -> str:
    _not_stored(arguments, 1, remark)
    scope = "per user" if _constant(arguments, 0, "false").lower() == "true" else "over all users"
    remark(f"it counted calls, {scope}; here it is the number of the iteration, which no other one has")
    return "counter()"


def _digest(arguments: Arguments, remark: Remark) -> str:
    """__digest(algorithm, text, salt, upper, variable)."""
    _not_stored(arguments, 4, remark)
    function = _DIGESTS.get(_constant(arguments, 0).lower())
    if function is None or _at(arguments, 2) is not None:
        raise Unsupported("this digest is not known here")
    result = f"{function}({_required(arguments, 1).expression})"
    return f"upper({result})" if _constant(arguments, 3).lower() == "true" else result


def _change_case(arguments: Arguments, remark: Remark) -> str:
    _not_stored(arguments, 2, remark)
    function = {"UPPER": "upper", "LOWER": "lower"}.get(_constant(arguments, 1, "UPPER").upper())
    if function is None:
        raise Unsupported("only UPPER and LOWER are known here")
    return f"{function}({_required(arguments, 0).expression})"


def _sum(arguments: Arguments, remark: Remark) -> str:
    """__intSum(number, number, ..., variable); the variable may be absent."""
    given = list(arguments)
    last = given[-1].constant if given else None
    if last is not None and not _INT.fullmatch(last):
        _not_stored(arguments, len(given) - 1, remark)
        given.pop()
    if not given:
        raise Unsupported("there is nothing to add")
    return f"add({', '.join(_int(given, index) for index in range(len(given)))})"


def _choice(arguments: Arguments, remark: Remark) -> str:
    """__chooseRandom(value, ..., variable)."""
    if len(arguments) < 2:
        raise Unsupported("an argument is missing")
    _not_stored(arguments, len(arguments) - 1, remark)
    return f"random.choice({', '.join(argument.expression for argument in arguments[:-1])})"


def _of_text(function: str) -> Callable[[Arguments, Remark], str]:
    def convert(arguments: Arguments, remark: Remark) -> str:
        _not_stored(arguments, 1, remark)
        return f"{function}({_required(arguments, 0).expression})"

    return convert


_FUNCTIONS: Mapping[str, Callable[[Arguments, Remark], str]] = {
    "__p": _property,
    "__property": _named_property,
    "__env": _environment,
    "__random": _random,
    "__randomstring": _random_string,
    "__uuid": _uuid,
    "__time": _time,
    "__timeshift": _time_shift,
    "__counter": _counter,
    "__digest": _digest,
    "__md5": _of_text("md5"),
    "__changecase": _change_case,
    "__uppercase": _of_text("upper"),
    "__lowercase": _of_text("lower"),
    "__trim": _of_text("trim"),
    "__intsum": _sum,
    "__longsum": _sum,
    "__chooserandom": _choice,
    "__urlencode": _of_text("url.encode"),
    "__urldecode": _of_text("url.decode"),
    "__base64encode": _of_text("base64"),
    "__base64decode": _of_text("base64.decode"),
    "__strlen": _of_text("length"),
}
"""By name in lower case: plugins do not agree on theirs."""
