"""What becomes of holes when constants and the environment are filled in."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from kilobar.errors import Diagnostic, Place
from kilobar.model.template import Column, Hole, Template, Text, Variable
from kilobar.scenario.encode import DataColumns, encode_piece, encode_value
from kilobar.scenario.findings import Findings
from kilobar.scenario.functions import FUNCTIONS
from kilobar.scenario.pieces import FromPython, Known, Live, Named
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Scalar

from .checking import plan

ENV = {"USER": "ann", "KEY": "s3cret", "EMPTY": ""}
NAMES: dict[str, int | DataColumns] = {"id": 0, "item": 1, "people": DataColumns(0, {"name": 0, "first name": 1})}


def scalar(text: str) -> Scalar:
    return Scalar(Place("s.yaml", 1, 1), text, inner=0)


def resolver(findings: Findings | None = None) -> Resolver:
    resolver = Resolver(ENV, findings or Findings())
    resolver.define("n", Scalar(Place("s.yaml", 1, 1), "5", "int"))
    resolver.define("greeting", scalar("hello ${env.USER}"))
    return resolver


def lowered(text: str) -> list[Any]:
    findings = Findings()
    template = resolver(findings).template(scalar(text))
    assert findings.errors == 0, findings.sorted()
    return [encode_piece(piece, "raw", NAMES).to_json() for piece in template.pieces]


def problem(text: str) -> Diagnostic:
    findings = Findings()
    resolver(findings).template(scalar(text))
    assert findings.errors == 1
    return findings.sorted()[0]


def hole(value: Any) -> list[Any]:
    return [{"hole": {"value": value, "encode": "raw"}}]


def call(function: str, *arguments: Any) -> Any:
    return {"call": {"function": function, "arguments": list(arguments)}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${id}", hole({"variable": 0})),
        ("${item.price[0]}", hole({"member": {"of": {"variable": 1}, "path": '$["price"][0]'}})),
        ("${people.name}", hole({"column": {"data": 0, "column": 0}})),
        ("${people['first name']}", hole({"column": {"data": 0, "column": 1}})),
        ("${people.name.x}", hole({"member": {"of": {"column": {"data": 0, "column": 0}}, "path": '$["x"]'}})),
        ("${greeting}", [{"text": "hello "}, {"secret": "ann"}]),
        ("${env.NONE:-${id}/x}", [*hole({"variable": 0}), {"text": "/x"}]),
        ("${env.EMPTY:-${env.NONE:-z}}", [{"text": "z"}]),
        ("${base64('user:pässword')}", [{"text": "dXNlcjpww6Rzc3dvcmQ="}]),
        ('${base64("${env.USER}:x")}', [{"secret": "YW5uOng="}]),
        ("${base64(greeting)}", [{"secret": "aGVsbG8gYW5u"}]),
        ("${md5(upper('a'))}", hole(call("md5", call("upper", {"text": "a"})))),
        ("${sha1(base64.url('~~~?'))}", [{"text": hashlib.sha1(b"fn5-Pw").hexdigest()}]),
        ("${base64(id)}", hole(call("base64", {"variable": 0}))),
        (
            '${base64("${id}:${env.KEY}")}',
            hole(call("base64", {"join": [{"variable": 0}, {"text": ":"}, {"secret": "s3cret"}]})),
        ),
        ("${random.int(1, n)}", hole(call("random.int", {"json": "1"}, {"json": "5"}))),
        ("${now('unix')}", hole(call("now", {"text": "unix"}))),
        ("${now()}", hole(call("now"))),
        ("${upper('a')}", hole(call("upper", {"text": "a"}))),
        ("${random.choice(1.50, true, null, 'x')}", hole(
            call("random.choice", {"json": "1.50"}, {"json": "true"}, {"json": "null"}, {"text": "x"})
        )),
    ],
)  # fmt: skip
def test_a_hole_becomes_what_fills_it(text: str, expected: list[Any]) -> None:
    assert lowered(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "column", "words"),
    [
        ("x ${nofunction()}", "unknown-function", 3, "nofunction"),
        ("${base46('x')}", "unknown-function", 1, "did you mean `base64`?"),
        ("${uuid(1)}", "bad-hole", 1, "takes no arguments"),
        ("${random.int(1)}", "bad-hole", 1, "takes 2 arguments: min, max"),
        ("${random.float(1)}", "bad-hole", 1, "takes 2 to 3 arguments"),
        ("${add()}", "bad-hole", 1, "takes at least 1 argument"),
        ("${random.int('a', 2)}", "bad-hole", 1, "`a` is no whole number"),
        ("${random.int(1.5, 2)}", "bad-hole", 1, "`1.5` is no whole number"),
        ("${random.int(1, 99999999999999999999)}", "bad-hole", 1, "64 bits"),
        ("${random.float(2, 1)}", "bad-hole", 1, "first bound is above"),
        ("${random.string(2000000)}", "bad-hole", 1, "0 to 1,000,000"),
        ("${now('%Y-%Q')}", "bad-hole", 1, "`%Q` stands for nothing"),
        ("${now('yyyy')}", "bad-hole", 1, "no pattern of a time"),
        ("${now('%Y', '5')}", "bad-hole", 1, "no duration"),
        ("${time.add('tomorrow', '1h')}", "bad-hole", 1, "no time"),
        ("${hmac.sha256(env.KEY, 'x', 'hex64')}", "bad-hole", 1, "none of hex, base64"),
        ("${jwt('ES256', '{}', 'k')}", "bad-hole", 1, "none of HS256"),
        ("${jwt(id, '{}', 'k')}", "not-constant", 1, "`algorithm` must be known"),
        ("${random.int(1, env.KEY)}", "bad-hole", 1, "`max` is no whole number"),
        ("ab${base64(env.NONE)}", "missing-env", 12, "${env.NONE:-value}"),
        ("${n.x}", "unknown-variable", 1, "no members"),
        ("${env}", "bad-hole", 1, "${env.NAME}"),
        ("${random.integer}", "bad-hole", 1, "did you mean `random.int`?"),
        ("ab${x y}", "bad-hole", 3, "cannot be understood"),
    ],
)
def test_a_bad_hole_is_told_with_its_place(text: str, code: str, column: int, words: str) -> None:
    found = problem(text)
    assert (found.code, found.place) == (code, Place("s.yaml", 1, column))
    assert words in f"{found.message} {found.hint}"
    assert "s3cret" not in f"{found.message} {found.hint}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_every_function_is_one(name: str) -> None:
    findings = Findings()
    template = resolver(findings).template(scalar(FUNCTIONS[name].example))
    assert findings.errors == 0
    assert name in FUNCTIONS[name].example
    assert template.is_hole


def test_what_changes_during_the_run_tells_its_names_with_their_places() -> None:
    template = resolver().template(scalar('x ${base64("${id}:${people.name}")}'))
    assert [(named.label, named.place.column) for named in template.references] == [("id", 13), ("people.name", 19)]
    assert [piece.label for piece in template.pieces if isinstance(piece, Live)] == ["base64"]


def test_a_constant_may_not_change_during_the_run() -> None:
    for text in ["${uuid()}", "${upper(n)}"]:
        findings = Findings()
        resolver(findings).define("late", scalar(text))
        assert [diagnostic.code for diagnostic in findings.sorted()] == ["not-constant"]


def test_a_python_call_is_replaced_by_what_keeps_its_result() -> None:
    template = resolver().template(scalar("${base64(${py.shop.order(id, py.shop.now())})}"))
    calls: list[FromPython] = []

    def call(python: FromPython) -> Named:
        calls.append(python)
        return Named(f"call {len(calls)}", (), python.place)

    (piece,) = template.pieces
    assert isinstance(piece, Live)
    assert piece.has_python
    lowered = piece.without_python(call)
    assert [python.function for python in calls] == ["shop.now", "shop.order"]
    assert [named.label for named in calls[1].arguments if isinstance(named, Named)] == ["id", "call 1"]
    assert [named.label for named in lowered.references] == ["call 2"]
    assert not lowered.has_python


def test_a_value_to_keep_has_the_type_of_its_hole() -> None:
    def value(text: str) -> Template:
        return encode_value(resolver().template(scalar(text)), NAMES)

    assert value("${id}") == Template((Hole(Variable(0)),))
    assert value("${people.name}") == Template((Hole(Column(0, 0)),))
    assert value("${n}").to_json() == [{"hole": {"value": {"json": "5"}, "encode": "raw"}}]
    assert value("n=${n}").to_json() == "n=5"
    assert value("${env.KEY}") == Template((Text("s3cret", secret=True),))
    number = encode_value(resolver().template(Scalar(Place("s.yaml", 1, 1), "0x10", "int")), NAMES)
    assert number.to_json() == [{"hole": {"value": {"json": "16"}, "encode": "raw"}}]


def test_only_a_single_hole_is_one() -> None:
    holes = {text: resolver().template(scalar(text)).is_hole for text in ["${id}", "${n}", " ${id}", "${id}${id}", "x"]}
    assert holes == {"${id}": True, "${n}": True, " ${id}": False, "${id}${id}": False, "x": False}
    assert resolver().template(scalar("${n}")).pieces == (Known("5", hole="n", kind="int"),)


def test_the_plan_lists_what_came_from_the_environment_and_is_not_shown_on_purpose() -> None:
    text = """
target: ${env.TARGET}
variables: {unused: "${env.UNUSED}", half: "a${env.HALF}"}
load: {users: "${env.USERS}", for: 1s}
steps:
  - get: "/${half}"
    check: {regex: "${env.PATTERN}"}
    save: {x: "$.${env.PATH_OF_JSON}"}
    headers: {x-hash: "${md5(env.HASHED)}"}
"""
    names = ("UNUSED", "HALF", "PATTERN", "PATH_OF_JSON", "HASHED")
    env = {"TARGET": "http://h:81", "USERS": "1000", **{name: f"secret_{name}" for name in names}}
    hashed = hashlib.md5(b"secret_HASHED").hexdigest()
    listed = plan(text, env)["secrets"]
    assert set(listed) == {"secret_HALF", "secret_PATTERN", "secret_PATH_OF_JSON", hashed}
    assert "secrets" not in plan("target: http://h\nsteps: [get: /]\n")
