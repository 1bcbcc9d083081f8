"""Bad input: one row each, with code, position and hint. Every code of the catalogue occurs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from kilobar.errors import ScenarioError
from kilobar.scenario import EngineChecks, Overrides, check_text, from_url, load
from kilobar.scenario.codes import CODES

from .checking import ENGINE, check, codes, json_path_problem

TOP = "target: http://h\nload: {users: 1, for: 1s}\n"
"""Two lines, so that what follows starts at line 3."""


def row(name: str, text: str | bytes, code: str, line: int, column: int, hint: str, env: dict[str, str] | None = None):
    bad = SimpleNamespace(text=text, code=code, line=line, column=column, hint=hint, env=env or {})
    return pytest.param(bad, id=name)


def step(text: str) -> str:
    """A scenario whose only step stands at line 4, column 5."""
    return f"{TOP}steps:\n  - {text}\n"


BAD = [
    # The file and its YAML
    row("latin-1", b"name: caf\xe9\n", "not-utf8", 1, 10, "save the file as UTF-8"),
    row("latin-1 after a byte order mark", b"\xef\xbb\xbfa: 1\nb: \xff", "not-utf8", 2, 4, "UTF-8"),
    row("UTF-16", "a: 1".encode("utf-16"), "not-utf8", 1, 1, "UTF-8"),
    row("NUL", b"a: \x00", "yaml-syntax", 1, 4, "remove it"),
    row("bell after a byte order mark", b"\xef\xbb\xbfa: \x07", "yaml-syntax", 1, 4, "remove it"),
    row("tab as indentation", "a:\n\tb: 1\n", "yaml-syntax", 2, 1, "spaces"),
    row("open bracket", "steps: [\n", "yaml-syntax", 2, 1, "closed"),
    row("open quote", 'name: "x\n', "yaml-syntax", 2, 1, "quote"),
    row("colon in a text", "name: a: b\n", "yaml-syntax", 1, 8, "quotes"),
    row("too large", b"#" * (16 * 1024 * 1024 + 1), "too-large", 1, 1, "files of their own"),
    row("too deep", "a: " + "[" * 100, "too-deep", 1, 67, "flatten"),
    row("too deep by aliases", f"a: &a {'[' * 40}{']' * 40}\nb: {'[' * 40}*a", "too-deep", 2, 44, "flatten"),
    row("unknown alias", "a: *b\n", "yaml-alias", 1, 4, "quotes"),
    row("recursive alias", "a: &a [*a]\n", "yaml-alias", 1, 8, "itself"),
    row("second document", "a: 1\n---\nb: 2\n", "yaml-documents", 2, 1, "---"),
    row("tag", "name: !!str 5\n", "yaml-tag", 1, 7, "quotes"),
    row("tag that would execute", "name: !!python/object/apply:os.system [ls]\n", "yaml-tag", 1, 7, "remove"),
    row("list as a key", "[a]: 1\n", "yaml-key", 1, 1, "text"),
    row("merge key", "a: &a {b: 1}\n<<: *a\n", "yaml-key", 2, 1, "alias"),
    row("key twice", "name: a\nname: b\n", "duplicate-key", 2, 1, "line 1"),
    row("empty", "", "empty-scenario", 1, 1, "steps"),
    row("only a comment", "# nothing\n", "empty-scenario", 1, 1, "steps"),
    # Shape
    row("list as the whole", "- a\n", "wrong-type", 1, 1, ""),
    row("unknown key", TOP + "stepz: []\n", "unknown-key", 3, 1, "did you mean `steps`?"),
    row("unknown key in a step", step("{get: /, header: {a: b}}"), "unknown-key", 4, 14, "did you mean `headers`?"),
    row("unknown kind of step", step("{gett: /}"), "unknown-key", 4, 6, "did you mean `get`?"),
    row("unknown key in check", step("{get: /, check: {state: 200}}"), "unknown-key", 4, 22, "did you mean `status`?"),
    row("unknown key in a stage", "load: {rate: 1/s, form: 3s}\nsteps: []", "unknown-key", 1, 19,
        "did you mean `for`?"),
    row("no steps", TOP + "name: x\n", "missing-key", 1, 1, "steps"),
    row("step without a method", step("{name: x}"), "missing-key", 4, 5, "one of these"),
    row("stage without a length", "load: {rate: 1/s}\n", "missing-key", 1, 7, "`for: 1m`"),
    row("flows and steps", step("{get: /}") + "flows: [{steps: [{get: /}]}]", "conflicting-keys", 5, 1, "keep one"),
    row("two methods", step("{get: /, post: /}"), "conflicting-keys", 4, 14, "of its own"),
    row("think in a request", step("{get: /, think: 1s}"), "conflicting-keys", 4, 14, "of its own"),
    row("two bodies", step("{post: /, json: 1, body: x}"), "conflicting-keys", 4, 24, "keep one"),
    row("text for a list", TOP + "flows: browse\n", "wrong-type", 3, 8, ""),
    row("list for a text", "name: [a]\n", "wrong-type", 1, 7, ""),
    row("nothing for a text", "target:\nsteps: []", "wrong-type", 1, 8, "remove the key"),
    row("mapping for a text", step("{get: {a: b}}"), "wrong-type", 4, 11, ""),
    row("hole without quotes", step("{get: ${x}}"), "yaml-syntax", 4, 12, "quote texts"),
    row("empty flows", TOP + "flows: []\n", "empty-list", 3, 8, "add an entry"),
    row("empty steps", TOP + "flows: [{steps: []}]\n", "empty-list", 3, 17, "add an entry"),
    row("empty load", "load: []\n", "empty-list", 1, 7, "remove"),
    row("flow name twice", TOP + "flows:\n- {name: a, steps: [{get: /}]}\n- {name: a, steps: [{get: /}]}",
        "duplicate-name", 5, 10, "line 4"),
    row("header twice", step("{get: /, headers: {A: b, a: c}}"), "duplicate-name", 4, 30, "keep one"),
    # Values
    row("wrong word", "connections: reused\n", "bad-value", 1, 14, "did you mean `reuse`?"),
    row("YAML 1.1 truth", "tls: {insecure: yes}\n", "bad-value", 1, 17, "true or false"),
    row("empty name", "name: ''\n", "bad-name", 1, 7, "printable"),
    row("long name", f"name: {'x' * 201}\n", "bad-name", 1, 7, "200"),
    row("name of a constant", "variables: {a-b: 1}\n", "bad-name", 1, 13, "letters"),
    row("reserved name", "variables: {env: 1}\n", "bad-name", 1, 13, "taken"),
    row("name of a saved value", step("{get: /, save: {1x: {json: $.a}}}"), "bad-name", 4, 21, "letters"),
    row("save over a constant", step("{get: /, save: {a: {json: $.a}}}") + "variables: {a: 1}", "bad-name", 4, 21,
        "another"),
    row("duration without unit", "timeout: 10\n", "bad-duration", 1, 10, "10s"),
    row("duration with a word", "timeout: 10 sec\n", "bad-duration", 1, 10, "write 10s"),
    row("no time at all", "load: {rate: 1/s, for: 0s}\n", "bad-duration", 1, 24, "10s"),
    row("negative duration", "grace: -1s\n", "bad-duration", 1, 8, "200ms"),
    row("think backwards", step("think: 2s..1s"), "bad-duration", 4, 12, "shorter"),
    row("rate without unit", "load: {rate: 500, for: 1s}\n", "bad-rate", 1, 14, "500/s"),
    row("rate as a word", "load: {rate: 500 rps, for: 1s}\n", "bad-rate", 1, 14, "write 500/s"),
    row("rate above all", "load: {rate: 10000001/s, for: 1s}\n", "bad-rate", 1, 14, "lower"),
    row("negative rate", "load: {rate: -5/s, for: 1s}\n", "bad-rate", 1, 14, "500/s"),
    row("NaN rate", "load: {rate: .nan, for: 1s}\n", "bad-rate", 1, 14, "500/s"),
    row("size without unit", "limits: {body: 10}\n", "bad-size", 1, 16, "10MB"),
    row("size of nothing", "limits: {body: 0kB}\n", "bad-size", 1, 16, "64KiB"),
    row("half a user", "load: {users: 1.5, for: 1s}\n", "bad-number", 1, 15, "whole"),
    row("negative weight", TOP + "flows: [{weight: -1, steps: [{get: /}]}]", "bad-number", 3, 18, "0.5"),
    row("seed too large", "seed: 18446744073709551616\n", "bad-number", 1, 7, "7"),
    row("no room in flight", "max_in_flight: 0\n", "bad-number", 1, 16, "1 to"),
    row("infinity as JSON", step("{post: /, json: {a: .inf}}"), "bad-number", 4, 25, "quotes"),
    row("leading zero as JSON", step("{post: /, json: [0123]}"), "bad-number", 4, 22, '"0123"'),
    row("status", step("{get: /, check: {status: 999}}"), "bad-status", 4, 30, "2xx"),
    row("status in a list", step("{get: /, check: {status: [200, 2x]}}"), "bad-status", 4, 36, "2xx"),
    row("method", step("{request: {method: GE T, url: /}}"), "bad-method", 4, 24, "PROPFIND"),
    row("CONNECT", step("{request: {method: connect, url: /}}"), "bad-method", 4, 24, "another"),
    row("header name", step('{get: /, headers: {"a b": c}}'), "bad-header", 4, 24, "hyphens"),
    row("header injection", step('{get: /, headers: {a: "b\\r\\nc: d"}}'), "bad-header", 4, 27, "one line"),
    row("header from the environment", step("{get: /, headers: {a: '${env.X}'}}"), "bad-header", 4, 27, "one line",
        {"X": "a\nb"}),
    row("length", step("{post: /, body: x, headers: {Content-Length: 5}}"), "bad-header", 4, 34, "remove"),
    row("relative path", step("get: items"), "bad-url", 4, 10, "start with"),
    row("no scheme", step("get: //h/items"), "bad-url", 4, 10, "start with"),
    row("empty address", step("get: ''"), "bad-url", 4, 10, "path"),
    row("other scheme", step("get: ftp://h/x"), "bad-url", 4, 10, "http://"),
    row("password in the address", step("get: http://u:p@h/x"), "bad-url", 4, 10, "authorization"),
    row("port", step("get: http://h:99999/x"), "bad-url", 4, 10, "8080"),
    row("bare IPv6", step("get: http://::1/x"), "bad-url", 4, 10, "[::1]"),
    row("query in the target", "target: http://h/?a=1\n", "bad-url", 1, 9, "into the steps"),
    row("host", step("get: http://a_b!c/x"), "bad-host", 4, 10, "letters"),
    row("missing host", "target: http:///x\n", "bad-host", 1, 9, "http://host"),
    row("address to allow", "allow: [http://h/]\n", "bad-host", 1, 9, "only the host"),
    row("JSON path", step("{get: /, save: {a: {json: $.a b}}}"), "bad-json-path", 4, 34, "items[0]"),
    row("JSON path as a short", step("{get: /, save: {a: id}}"), "bad-json-path", 4, 24, "items[0]"),
    row("condition", step("{if: '${n} >', then: [{get: /}]}"), "bad-condition", 4, 17, "${n} > 3"),
    row("file that includes itself", step("include: s.yaml"), "bad-include", 4, 14, "third file"),
    row("XPath", step("{get: /, check: {xpath: {'//a[text(': x}}}"), "bad-xpath", 4, 39, "//title"),
    row("CSS selector", step("{get: /, save: {a: {css: 'a:not('}}}"), "bad-css", 4, 36, "a.next"),
    row("regular expression", step("{get: /, check: {regex: '(x'}}"), "bad-regex", 4, 30, "id="),
    row("status without its key", step("{get: /, check: 200}"), "wrong-type", 4, 21, "{status:"),
    row("threshold", "thresholds: [p99 << 250ms]\n", "bad-threshold", 1, 18, "<"),
    row("threshold's metric", "thresholds: ['avg < 250ms']\n", "bad-threshold", 1, 15, "`mean`"),
    row("threshold's window", "thresholds: [p99 < 250ms over 10s]\n", "not-supported", 1, 26, "whole run"),
    # Holes
    row("open hole", step('get: "/${x"'), "bad-hole", 4, 12, "$${"),
    row("odd hole", step("get: /${a b}"), "bad-hole", 4, 11, "${name}"),
    row("empty hole", step("get: /${}"), "bad-hole", 4, 11, "${name}"),
    row("random backwards", step("{get: '/${random.int(5, 1)}'}"), "bad-hole", 4, 13, "smaller"),
    row("random of texts", step("{get: \"/${random.int('a', 'b')}\"}"), "bad-hole", 4, 13, "(1, 20)"),
    row("random of unknown names", step("{get: '/${random.int(1, b)}'}"), "unknown-variable", 4, 29, "variables"),
    row("unset default", step("get: /${env.A:-${env.B}}"), "missing-env", 4, 20, "${env.B:-value}"),
    row("unknown variable", step("get: /${tenent}") + "variables: {tenant: a}", "unknown-variable", 4, 11,
        "did you mean `tenant`?"),
    row("unknown variable in JSON", step("{post: /, json: {a: ['x${b}']}}"), "unknown-variable", 4, 28, "variables"),
    row("constant defined later", "variables: {a: '${b}', b: 1}\n", "unknown-variable", 1, 17, "move it up"),
    row("data that is not there", step("get: /${accounts.user}"), "unknown-variable", 4, 11, "`data`"),
    row("used before saved", step("{get: '/${id}', save: {id: {json: $.id}}}"), "not-saved-yet", 4, 13, "line 4"),
    row("saved by another flow",
        TOP + "flows:\n- steps: [{get: /, save: {id: {json: $.id}}}]\n- steps: [{get: '/${id}'}]",
        "unknown-variable", 5, 19, "another flow saves it at line 4"),
    row("column", TOP + "data: {a: {rows: [{b: 1}]}}\nsteps: [{get: '/${a.c}'}]", "unknown-column", 4, 17, "`b`"),
    row("saved in one branch", TOP + "steps:\n- {if: '${random.int(0, 1)}', then: [{get: /, save: {x: $.x}}]}\n"
        "- get: /${x}", "maybe-unsaved", 5, 9, "is set"),
    row("unknown function", step("get: /${random.integer(1)}"), "unknown-function", 4, 11,
        "did you mean `random.int`?"),
    row("missing environment", "target: ${env.NOWHERE}\n", "missing-env", 1, 9, "${env.NOWHERE:-value}"),
    row("environment not UTF-8", "target: ${env.X}\n", "bad-value", 1, 9, "UTF-8", {"X": "http://\udcff"}),
    row("random name", "name: x${random.int(1, 2)}\n", "not-constant", 1, 7, "fixed"),
    row("random constant", "variables: {a: '${random.int(1, 2)}'}\n", "not-constant", 1, 16, "where the value"),
    row("saved value as a setting", "timeout: ${x}\n", "not-constant", 1, 10, "constants"),
    row("secret name", "name: ${env.X}\n", "secret-shown", 1, 7, "constant", {"X": "hunter2"}),
    # Meaning
    row("no target", "load: {users: 1, for: 1s}\nsteps: [{get: /}]\n", "no-target", 2, 15, "target:"),
    row("flow that only thinks", step("think: 1s"), "no-request", 1, 1, "get: /"),
    row("all flows off", TOP + "flows: [{weight: 0, steps: [{get: /}]}]", "no-request", 3, 9, "above 0"),
    row("nothing starts", "load: {rate: 0/s, for: 10s}\ntarget: http://h\nsteps: [{get: /}]",
        "impossible-load", 1, 7, "higher"),
    row("less than one arrival", "load: [{rate: 1/h, for: 10s}]\ntarget: http://h\nsteps: [{get: /}]",
        "impossible-load", 1, 8, "longer"),
    row("no users", "load: {users: 0 to 0, for: 10s}\ntarget: http://h\nsteps: [{get: /}]", "impossible-load", 1, 7,
        "users"),
    row("two laws of arrivals",
        "arrivals: uniform\nload: {rate: 9/s, for: 1s, arrivals: poisson}\nsteps: [{get: http://h}]",
        "impossible-load", 2, 7, "once"),
    row("threshold for no step", step("{get: /, name: show item}") + "thresholds: [p99(show itm) < 1s]",
        "unknown-series", 5, 18, "did you mean `show item`?"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_told_with_code_place_and_hint(bad: SimpleNamespace) -> None:
    checked = check(bad.text, bad.env)
    found = [diagnostic for diagnostic in checked.diagnostics if diagnostic.code == bad.code]
    assert found, f"no {bad.code} among {[str(diagnostic) for diagnostic in checked.diagnostics]}"
    places = [(found_one.place.line, found_one.place.column) for found_one in found if found_one.place]
    assert (bad.line, bad.column) in places, [str(diagnostic) for diagnostic in found]
    told = found[places.index((bad.line, bad.column))]
    assert told.severity == "error"
    assert bad.hint in (told.hint or "")
    assert told.place is not None
    assert told.place.file == "s.yaml"
    assert checked.plan is None
    assert not checked.ok


def test_every_code_of_the_catalogue_has_a_test() -> None:
    covered = {param.values[0].code for param in BAD}
    assert covered <= set(CODES)
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert {code for code in set(CODES) - covered if f'"{code}"' not in sources} == set()


def test_all_errors_of_a_file_are_told_in_order_of_position() -> None:
    checked = check("nmae: x\ntimeout: 5\nsteps:\n  - {get: /a, chek: 1}\n  - {gte: /}\nload: {rate: 5, for: x}\n")
    places = [
        (diagnostic.place.line, diagnostic.place.column) for diagnostic in checked.diagnostics if diagnostic.place
    ]
    assert codes(checked) == ["unknown-key", "bad-duration", "no-target", "unknown-key", "unknown-key",
                              "bad-rate", "bad-duration"]  # fmt: skip
    assert places == sorted(places)


def test_an_alias_bomb_is_refused_at_the_alias_that_is_too_much() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    checked = check("\n".join(lines))
    assert codes(checked) == ["too-large"]
    assert checked.diagnostics[0].place is not None
    assert checked.diagnostics[0].place.line == 5
    assert "aliases" in (checked.diagnostics[0].hint or "")


def test_an_alias_of_a_long_text_counts_by_its_length() -> None:
    bomb = f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 10)}]\n"
    assert "too-large" in codes(check(bomb))


def test_constants_that_double_each_other_are_refused() -> None:
    lines = ["variables:", "  v0: 0123456789012345678901234567890123456789"]
    lines += [f"  v{n}: ${{v{n - 1}}}${{v{n - 1}}}" for n in range(1, 40)]
    assert "too-large" in codes(check("\n".join(lines)))


def test_ordinary_aliases_are_fine() -> None:
    checked = check(f"{TOP}headers: &h {{a: b}}\nsteps:\n  - {{get: /, headers: *h}}\n  - {{get: /x, headers: *h}}\n")
    assert checked.ok


def test_more_errors_than_anyone_reads_are_counted() -> None:
    checked = check(TOP + "steps:\n" + "  - {get: /, x: 1}\n" * 600)
    assert len(checked.diagnostics) == 501
    assert checked.diagnostics[-1].code == "too-many-errors"
    assert "100 more" in checked.diagnostics[-1].message


def test_a_missing_file_is_a_diagnostic(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "directory"), ("a\0b", "null")):
        checked = load(path, {}, engine=ENGINE)
        assert codes(checked) == ["cannot-read"]
        assert reason in checked.diagnostics[0].message
        assert checked.diagnostics[0].hint


def test_a_file_gives_its_name_to_the_run(tmp_path: Path) -> None:
    path = tmp_path / "my shop.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (TOP + "steps: [{get: /}]").encode())
    assert load(path, {}, engine=ENGINE).require().name == "my shop"


def test_a_plan_that_the_engine_refuses_is_told() -> None:
    def refuse(plan_json: str) -> None:
        raise ValueError("no such thing")

    checked = check_text(step("get: /").encode(), "s.yaml", {}, None, EngineChecks(json_path_problem, refuse))
    assert codes(checked) == ["plan-refused"]
    assert "no such thing" in checked.diagnostics[0].message


def test_warnings_do_not_stop_a_run() -> None:
    checked = check("target: http://h\nsteps: [{get: /a#b}]\n")
    assert sorted(codes(checked)) == ["fragment-removed", "no-load"]
    assert all(diagnostic.severity == "warning" for diagnostic in checked.diagnostics)
    plan = checked.require()
    assert plan.flows[0].steps[0].to_json()["path"] == "/a"
    assert [stage.to_json() for stage in plan.load] == [
        {"kind": "users", "from": 1.0, "to": 1.0, "duration_ns": 10_000_000_000}
    ]


def test_require_raises_with_every_diagnostic() -> None:
    with pytest.raises(ScenarioError) as raised:
        check("nmae: x\nstpes: []\n").require()
    assert raised.value.exit_code == 2
    told = [diagnostic.code for diagnostic in raised.value.diagnostics]
    assert told == ["unknown-key", "missing-key", "no-load", "unknown-key"]
    assert "s.yaml:1:1" in str(raised.value)


def test_a_secret_is_in_no_message() -> None:
    secret = "hunter2"
    text = (
        "variables: {s: '${env.S}'}\ntarget: ${s}\ntimeout: ${s}\nconnections: ${s}\nload: {rate: '${s}', for: 1s}\n"
        "thresholds: ['${s}']\nallow: ['${s}/']\nlimits: {body: '${s}'}\nname: ${s}\n"
        "steps: [{get: '${s}', check: {status: '${s}'}, headers: {a: \"${s}\\n\"}, save: {x: {json: '${s}'}}}]\n"
    )
    checked = check(text, {"S": secret})
    assert len(checked.diagnostics) >= 10
    assert secret not in "\n".join(str(diagnostic) for diagnostic in checked.diagnostics)


def test_a_url_alone_is_a_scenario() -> None:
    plan = from_url("http://127.0.0.1:8700/items?page=1", engine=ENGINE).require()
    assert plan.name == "http://127.0.0.1:8700/items"
    assert plan.series == (("GET 127.0.0.1:8700/items", "http"),)
    assert [stage.to_json() for stage in plan.load] == [
        {"kind": "users", "from": 10.0, "to": 10.0, "duration_ns": 30_000_000_000}
    ]


def test_a_bad_url_is_told_without_a_line() -> None:
    checked = from_url("127.0.0.1:8700", Overrides(rate="5"), engine=ENGINE)
    assert sorted(codes(checked)) == ["bad-rate", "bad-url"]
    assert {str(diagnostic.place) for diagnostic in checked.diagnostics} == {"URL", "--rate"}
