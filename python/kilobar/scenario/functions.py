"""The functions of the scenario language: their arguments, an example and the meaning of each.

The twin of `Function` in `crates/core/src/plan/template.rs`, which computes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Literal, NamedTuple

from kilobar.model.units import UnitError, parse_duration
from kilobar.scenario.findings import shorten

TIME_PATTERNS = ("rfc3339", "http", "unix", "unix_ms")
TIME_LETTERS = "YymdHIMSLfpjaAbBszZFT%"
"""May stand after `%` in a pattern of a time."""

Kind = Literal[
    "text", "int", "number", "count", "decimals", "duration", "time", "pattern", "encoding", "algorithm", "base64",
    "claims",
]  # fmt: skip

_INT = re.compile(r"-?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_BASE64_URL = re.compile(r"[A-Za-z0-9_-]*")
_SECONDS = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")


class Parameter(NamedTuple):
    """What a function takes at one place."""

    name: str
    kind: Kind = "text"
    default: str | None = None
    """As a person would write it; None when it must be given."""
    constant: bool = False
    """It must be known before the run."""


class Function(NamedTuple):
    """A function of the language."""

    parameters: tuple[Parameter, ...]
    example: str
    """As it stands in a scenario."""
    meaning: str
    repeats: bool = False
    """The last parameter may be given several times."""

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(parameter.default is None for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """How many arguments it takes; None when there is no limit of its own."""
        return None if self.repeats else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """What the argument with this index is."""
        return self.parameters[min(index, len(self.parameters) - 1)]


_TEXT = Parameter("text")
_PATTERN = Parameter("pattern", "pattern", "rfc3339")
_TIME = Parameter("time", "time")
_KEYED = (Parameter("key"), _TEXT, Parameter("encoding", "encoding", "hex"))

FUNCTIONS: Mapping[str, Function] = {
    "uuid": Function((), "${uuid()}", "a random UUID (version 4)"),
    "random.int": Function(
        (Parameter("min", "int"), Parameter("max", "int")),
        "${random.int(1, 20)}",
        "a random whole number, both bounds included, drawn for each request",
    ),
    "random.float": Function(
        (Parameter("min", "number"), Parameter("max", "number"), Parameter("decimals", "decimals", "2")),
        "${random.float(0.5, 9.99)}",
        "a random decimal number, both bounds included",
    ),
    "random.choice": Function(
        (Parameter("value"),), "${random.choice('red', 'green', 'blue')}", "one of the values, any type", repeats=True
    ),
    "random.string": Function(
        (Parameter("length", "count"), Parameter("alphabet", "text", "letters and digits")),
        "${random.string(12)}",
        "a random text of so many characters",
    ),
    "random.email": Function(
        (Parameter("domain", "text", "example.com"),), "${random.email()}", "a random e-mail address"
    ),
    "counter": Function(
        (Parameter("start", "int", "1"), Parameter("step", "int", "1")),
        "${counter(1000)}",
        "the number of the iteration; no other iteration of the run has the same, on no worker",
    ),
    "now": Function(
        (_PATTERN, Parameter("offset", "duration", "0s")),
        "${now('%Y-%m-%d', '-1d')}",
        "the time of day, UTC, moved by the offset; the pattern is rfc3339, http, unix, unix_ms or as in strftime",
    ),
    "time.format": Function(
        (_TIME, Parameter("pattern", "pattern")),
        "${time.format('2026-11-20', '%d.%m.%Y')}",
        "a time (RFC 3339 or seconds since 1970) written another way",
    ),
    "time.add": Function(
        (_TIME, Parameter("duration", "duration")),
        "${time.add('2026-11-20T12:00:00Z', '90m')}",
        "a later time, or an earlier one for a negative duration, as RFC 3339",
    ),
    "add": Function((Parameter("number", "number"),), "${add(0.1, 0.2)}", "the exact sum", repeats=True),
    "base64": Function((_TEXT,), "${base64('user:password')}", "the text in base64"),
    "base64.url": Function((_TEXT,), "${base64.url('user')}", "base64 with the URL alphabet and without padding"),
    "base64.decode": Function(
        (Parameter("text", "base64"),), "${base64.decode('dXNlcg==')}", "the text of base64 of either alphabet"
    ),
    "url.encode": Function((_TEXT,), "${url.encode('a b/c')}", "the text percent-encoded"),
    "url.decode": Function((_TEXT,), "${url.decode('a%20b')}", "the text percent-decoded"),
    "md5": Function((_TEXT,), "${md5('text')}", "the MD5 digest in hexadecimal"),
    "sha1": Function((_TEXT,), "${sha1('text')}", "the SHA-1 digest in hexadecimal"),
    "sha256": Function((_TEXT,), "${sha256('text')}", "the SHA-256 digest in hexadecimal"),
    "hmac.md5": Function(_KEYED, "${hmac.md5('key', 'text')}", "the keyed digest, as hex or base64"),
    "hmac.sha1": Function(_KEYED, "${hmac.sha1('key', 'text', 'base64')}", "the keyed digest, as hex or base64"),
    "hmac.sha256": Function(_KEYED, "${hmac.sha256('key', 'text')}", "the keyed digest, as hex or base64"),
    "jwt": Function(
        (Parameter("algorithm", "algorithm", constant=True), Parameter("claims", "claims"), Parameter("key")),
        """${jwt('HS256', '{"sub": "1"}', 'key')}""",
        "a signed JSON Web Token: HS256, HS384, HS512, or RS256 with a key in PEM; the claims are JSON",
    ),
    "json": Function((Parameter("value"),), "${json('text')}", "the JSON text of the value, texts in quotes"),
    "json.escape": Function((_TEXT,), "${json.escape('text')}", "as it stands between the quotes of a JSON text"),
    "lower": Function((_TEXT,), "${lower('ABC')}", "the text in lower case"),
    "upper": Function((_TEXT,), "${upper('abc')}", "the text in upper case"),
    "trim": Function((_TEXT,), "${trim(' abc ')}", "the text without white space at its ends"),
    "length": Function(
        (Parameter("value"),), "${length('abc')}", "how many entries a JSON array or object has, or characters a text"
    ),
}
"""Name -> what it is."""


def count_problem(function: Function, given: int) -> str | None:
    """What is wrong with so many arguments, continuing "random.int takes ..."."""
    least, most = function.least, function.most
    if given >= least and (most is None or given <= most):
        return None
    names = ", ".join(parameter.name for parameter in function.parameters) + (", ..." if function.repeats else "")
    if most is None:
        return f"at least {least} argument{'s' * (least != 1)}: {names}"
    if most == 0:
        return "no arguments"
    count = str(most) if least == most else f"{least} to {most}"
    return f"{count} argument{'s' * (count != '1')}: {names}"


def argument_problem(kind: Kind, text: str) -> str | None:
    """What a constant argument is not, continuing "`x` is ..."; None when nothing is wrong with it."""
    return _CHECKS[kind](text)


def bounds_problem(name: str, texts: Sequence[str | None]) -> str | None:
    """What is wrong with the bounds of a random number; texts are None when they are not known yet."""
    low, high = texts[0], texts[1]
    if name in ("random.int", "random.float") and low is not None and high is not None and float(low) > float(high):
        return "the first bound is above the second"
    return None


def _int_problem(text: str) -> str | None:
    if not _INT.fullmatch(text):
        return "no whole number"
    return None if -(2**63) <= int(text) < 2**63 else "too large: it does not fit in 64 bits"


def _number_problem(text: str) -> str | None:
    if not _NUMBER.fullmatch(text) or text.endswith("."):
        return "no number"
    return None if sum(character.isdigit() for character in text) <= 34 else "a number of too many digits"


def _range_problem(largest: int) -> Callable[[str], str | None]:
    def problem(text: str) -> str | None:
        if re.fullmatch(r"[0-9]{1,9}", text) and int(text) <= largest:
            return None
        return f"no whole number from 0 to {largest:,}"

    return problem


def _duration_problem(text: str) -> str | None:
    unsigned = text.strip()
    try:
        parse_duration(unsigned[1:] if unsigned[:1] in ("+", "-") else unsigned)
    except UnitError as error:
        return f"no duration: {error.problem}"
    return None


def _time_problem(text: str) -> str | None:
    text = text.strip()
    if _SECONDS.fullmatch(text) or (_DATE.fullmatch(text) and _is_date(text)):
        return None
    return "no time: write RFC 3339 such as 2026-11-20T12:00:00Z, or seconds since 1970"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
        time.fromisoformat(text[11:19] or "00:00:00")
    except ValueError:
        return False
    return True


def _base64_problem(text: str) -> str | None:
    body = text.strip().rstrip("=")
    alphabet = _BASE64_URL if "-" in body or "_" in body else _BASE64
    return None if alphabet.fullmatch(body) and len(body) % 4 != 1 else "no base64"


def _claims_problem(text: str) -> str | None:
    try:
        is_object = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_object = False
    return None if is_object else "no JSON object"


def _pattern_problem(text: str) -> str | None:
    if text in TIME_PATTERNS:
        return None
    letters = re.findall(r"%(.?)", text, re.DOTALL)
    for letter in letters:
        if not letter or letter not in TIME_LETTERS:
            return f"no pattern of a time: `%{shorten(letter)}` stands for nothing"
    if not letters:
        return f"no pattern of a time: it is none of {', '.join(TIME_PATTERNS)} and has no % in it"
    return None


def _one_of(*words: str) -> Callable[[str], str | None]:
    def problem(text: str) -> str | None:
        return None if text in words else f"none of {', '.join(words)}"

    return problem


def _no_problem(_: str) -> None:
    return None


_CHECKS: Mapping[Kind, Callable[[str], str | None]] = {
    "text": _no_problem,
    "int": _int_problem,
    "number": _number_problem,
    "count": _range_problem(1_000_000),
    "decimals": _range_problem(15),
    "duration": _duration_problem,
    "time": _time_problem,
    "pattern": _pattern_problem,
    "encoding": _one_of("hex", "base64"),
    "base64": _base64_problem,
    "claims": _claims_problem,
    "algorithm": _one_of("HS256", "HS384", "HS512", "RS256"),
}
