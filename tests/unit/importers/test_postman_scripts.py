"""What pre-request and test scripts become."""

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from kilobar.importers.names import VariableNames
from kilobar.importers.outcome import Notes
from kilobar.importers.postman_scripts import Effects, Script, ScriptReader, request_checks, written_names
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets
from kilobar.model.scenario import Bounds, Check, Matcher, Save


def read(test: str = "", before: str = "", given: dict[str, str] | None = None) -> tuple[Effects, list[str]]:
    notes = Notes()
    secrets = Secrets(notes)
    variables = Variables(written_names((test, before)), VariableNames(), secrets, notes)
    for name, value in (given or {}).items():
        variables.give(name, value)
    reader = ScriptReader(variables, secrets)
    scripts = [Script(before, before_request=True, event=0), Script(test, before_request=False, event=1)]
    for script in scripts:
        reader.read(script)
    return reader.effects, [problem for script in scripts for problem in script.problems]


def check_of(test: str) -> Check | list[Check] | None:
    effects, problems = read(test)
    assert problems == []
    return request_checks(effects)


J = "const json = pm.response.json();\n"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("pm.response.to.have.status(201)", Check(status=201)),
        ("pm.response.to.have.status('Not Found')", Check(status=404)),
        ("pm.response.to.be.ok", Check(status=200)),
        ("pm.response.to.be.success", Check(status="2xx")),
        ("pm.response.to.not.be.error", Check(not_=Check(status="400-599"))),
        ("pm.expect(pm.response.code).to.equal(204)", Check(status=204)),
        ("pm.expect(pm.response.code).to.be.oneOf([200, 201])", Check(status=[200, 201])),
        ("pm.expect(pm.response.code).to.be.below(400)", Check(status="100-399")),
        ("pm.expect(pm.response.code).to.be.within(200, 299)", Check(status="200-299")),
        ("pm.expect(pm.response.responseTime).to.be.below(200)", Check(time=Bounds(lt="200ms"))),
        ("pm.response.to.have.header('X-A')", Check(header={"X-A": Matcher(exists=True)})),
        ("pm.response.to.have.header('X-A', 'b')", Check(header={"X-A": "b"})),
        ("pm.expect(pm.response.headers.get('X-A')).to.include('b')", Check(header={"X-A": Matcher(contains="b")})),
        ("pm.response.to.have.jsonBody('a.b[0]', 1)", Check(json={"$.a.b[0]": 1})),
        ("pm.response.to.be.json", Check(json={"$": Matcher(exists=True)})),
        ("pm.response.to.have.body('ok')", Check(regex=r"\Aok\z")),
        ("pm.expect(pm.response.text()).to.include('a${b')", Check(contains="a$${b")),
        ("pm.expect(json.a.b).to.eql('x')", Check(json={"$.a.b": "x"})),
        ("pm.expect(json.a).to.eql({b: [1, null]})", Check(json={"$.a": Matcher(equals={"b": [1, None]})})),
        ("pm.expect(json['a b'][2]).to.not.equal(1.5)", Check(not_=Check(json={"$['a b'][2]": 1.5}))),
        ("pm.expect(json.a).to.be.above(3)", Check(json={"$.a": Matcher(gt=3)})),
        ("pm.expect(json.a).to.be.at.most(3)", Check(json={"$.a": Matcher(le=3)})),
        ("pm.expect(json.a).to.be.true", Check(json={"$.a": True})),
        ("pm.expect(json.a).to.be.null", Check(json={"$.a": None})),
        ("pm.expect(json.a).to.be.an('array')", Check(json={"$.a": Matcher(matches=r"^\[")})),
        ("pm.expect(json.a).to.match(/^x/i)", Check(json={"$.a": Matcher(matches="(?i)^x")})),
        ("pm.expect(json).to.have.property('a')", Check(json={"$.a": Matcher(exists=True)})),
        ("pm.expect(json).to.have.property('a').that.equals(3)", Check(json={"$.a": 3})),
        ("pm.expect(json).to.not.have.property('a')", Check(json={"$.a": Matcher(exists=False)})),
        ("pm.expect(json).to.have.nested.property('a.b', 1)", Check(json={"$.a.b": 1})),
        ("pm.expect(json).to.include.keys('a', 'b')",
         Check(json={"$.a": Matcher(exists=True), "$.b": Matcher(exists=True)})),
        ("pm.expect(json.a).to.have.lengthOf(2)",
         Check(json={"$.a[1]": Matcher(exists=True), "$.a[2]": Matcher(exists=False)})),
        ("pm.expect(json.a.length).to.be.greaterThan(0)", Check(json={"$.a[0]": Matcher(exists=True)})),
        ("pm.expect(json.a.length > 0).to.be.true", Check(json={"$.a[0]": Matcher(exists=True)})),
        ("pm.expect(json.a === 1).to.equal(true)", Check(json={"$.a": 1})),
        ("pm.expect(json.a).to.exist", Check(json={"$.a": Matcher(exists=True)}, not_=Check(json={"$.a": None}))),
        ("pm.expect(json.a).to.be.undefined", Check(json={"$.a": Matcher(exists=False)})),
        ("pm.expect(Array.isArray(json.a)).to.be.true", Check(json={"$.a": Matcher(matches=r"^\[")})),
    ],
)  # fmt: skip
def test_a_sentence_becomes_a_check(sentence: str, expected: Check) -> None:
    assert check_of(J + sentence) == expected


def test_tests_give_their_names_and_neighbours_are_merged() -> None:
    script = (
        J
        + """pm.test("it works", () => {
        pm.response.to.have.status(200);
        pm.expect(json.a).to.eql(1);
        pm.expect(json.a).to.be.above(0);
    });"""
    )
    assert check_of(script) == [
        Check(name="it works", status=200, json={"$.a": 1}),
        Check(name="it works", json={"$.a": Matcher(gt=0)}),
    ]


def test_old_style_tests_are_understood() -> None:
    script = """var data = JSON.parse(responseBody);
    tests["ok"] = responseCode.code === 200;
    tests["has a"] = data.hasOwnProperty("a");
    tests["body"] = responseBody.has("x");
    tests["fast"] = responseTime < 100;
    tests["date"] = /^2/.test(data.date);"""
    assert check_of(script) == [
        Check(name="ok", status=200),
        Check(name="has a", json={"$.a": Matcher(exists=True)}),
        Check(name="body", contains="x"),
        Check(name="fast", time=Bounds(lt="100ms")),
        Check(name="date", json={"$.date": Matcher(matches="^2")}),
    ]


def test_values_of_the_response_are_saved() -> None:
    effects, problems = read(
        J
        + """pm.environment.set("id", json.items[0].id);
        pm.globals.set("etag", pm.response.headers.get("ETag"));
        pm.collectionVariables.set("name", json.name || "nobody");
        postman.setEnvironmentVariable("page", 2);
        pm.variables.set("session", pm.cookies.get("sid"));"""
    )
    assert problems == []
    assert effects.saves == {
        "id": Save(json="$.items[0].id"),
        "etag": Save(header="ETag"),
        "name": Save(json="$.name", default="nobody"),
        "page": Save(value="2"),
        "session": Save(cookie="sid"),
    }


def test_a_text_made_of_the_response_is_set_after_the_request() -> None:
    effects, problems = read(J + "pm.environment.set('auth', `Bearer ${json.token}`);")
    assert problems == []
    assert effects.saves == {"auth_part_1": Save(json="$.token")}
    assert effects.after == {"auth": "Bearer ${auth_part_1}"}


def test_what_a_script_wrote_itself_is_read_as_that() -> None:
    script = J + "pm.globals.set('t', json.t); tests['set'] = pm.globals.get('t') === json.t;"
    effects, problems = read(script)
    assert (effects.checks, problems) == ([], [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'a' + 'b'", "ab"),
        ("Date.now()", "${now('unix_ms')}"),
        ("new Date().toISOString()", "${now()}"),
        ("Math.floor(Math.random() * 10) + 1", "${add(random.int(0, 9), 1)}"),
        ("Math.floor(Math.random() * 10 + 1)", "${random.int(1, 10)}"),
        ("_.random(1, 6)", "${random.int(1, 6)}"),
        ("'user-' + _.random(1, 6)", "user-${random.int(1, 6)}"),
        ("pm.variables.replaceIn('{{$guid}}')", "${uuid()}"),
        ("require('uuid').v4 && 'x'", None),
        ("btoa('a:b')", "${base64('a:b')}"),
        ("CryptoJS.HmacSHA256('text', pm.environment.get('key')).toString(CryptoJS.enc.Base64)",
         "${hmac.sha256('${key}', 'text', 'base64')}"),
        ("JSON.stringify({a: 1})", '{"a": 1}'),
        ("pm.environment.get('key').toUpperCase()", "${upper('${key}')}"),
    ],
)  # fmt: skip
def test_pre_request_values_become_functions(value: str, expected: str | None) -> None:
    effects, problems = read(before=f"pm.environment.set('x', {value});", given={"key": "k"})
    if expected is None:
        assert len(problems) == 1
    else:
        assert (effects.before, problems) == ({"x": expected}, [])


def test_a_literal_password_that_a_script_sets_comes_from_the_environment() -> None:
    effects, _ = read(before="pm.environment.set('password', 'hunter2');")
    assert effects.before == {"password": "${env.PASSWORD:-not-set}"}


def test_headers_that_a_pre_request_script_adds_are_sent() -> None:
    effects, problems = read(before="pm.request.headers.add({key: 'X-A', value: 'b'});")
    assert (effects.headers, problems) == ({"X-A": "b"}, [])


def test_a_condition_that_a_check_asserts_holds() -> None:
    script = """tests["ok"] = responseCode.code === 200;
    if (responseCode.code === 200) { tests["a"] = JSON.parse(responseBody).a === 1; }"""
    assert check_of(script) == [Check(name="ok", status=200), Check(name="a", json={"$.a": 1})]


def test_checks_under_another_condition_only_warn_and_that_is_said() -> None:
    effects, problems = read(J + "if (json.a) {\n pm.expect(json.b).to.eql(1)\n} else { x() }")
    assert effects.checks == [Check(warn=Check(json={"$.b": 1}))]
    assert [problem.partition(":")[0] for problem in problems] == ["test script, line 2", "test script, line 4"]


def test_a_condition_on_an_undefined_variable_is_decided() -> None:
    effects, problems = read("if (!environment.inner) { tests['a'] = responseCode.code === 200 }")
    assert (effects.checks, problems) == ([Check(name="a", status=200)], [])


@pytest.mark.parametrize(
    "script",
    [
        "for (const a of json) { pm.expect(a).to.eql(1) }",
        "pm.setNextRequest('x')",
        "postman.setNextRequest(null)",
        "pm.sendRequest('http://x', () => {})",
        "pm.expect(json.a).to.eql(json.b)",
        "pm.expect(json.list.find(x => x.id)).to.be.ok",
        "pm.expect(json.a).to.match(/(?=x)/)",
        "pm.expect(json.a)",
        "pm.response.to.have.jsonSchema({})",
        "unknown()",
        "pm.environment.set('x', json.list.map(x => x.id))",
        "pm.expect(pm.environment.get('x')).to.eql(1)",
        "const a = 'open",
        "eval('1')",
    ],
)
def test_what_is_not_understood_is_said_with_its_line(script: str) -> None:
    effects, problems = read(J + script)
    assert effects == Effects()
    assert [problem.split(":")[0] for problem in problems] == ["test script, line 2"]


def test_logging_is_no_loss() -> None:
    assert read("console.log('a', pm.response)")[1] == []


_RESPONSE = ["pm.response", "pm.response.code", "pm.response.text()", "pm.response.responseTime"]
_SUBJECTS = ["json.a", "json", *_RESPONSE, "1"]
_LINKS = [
    "to", "not", "be", "have", "a('array')", "eql(1)", "eql(json.b)", "property('a')", "property('a', 2)", "ok", "true",
    "above(1)", "within(1, 5)", "lengthOf(2)", "keys('a')", "oneOf([1, 'a'])", "match(/a/)", "include('a')", "empty",
    "status(200)", "header('a', 'b')", "jsonBody('a')", "exist", "null", "undefined", "length", "nested", "true()",
    "odd",
]  # fmt: skip


@generated(st.sampled_from(_SUBJECTS), st.lists(st.sampled_from(_LINKS), min_size=1, max_size=6))
def test_any_sentence_becomes_checks_or_is_said(subject: str, links: list[str]) -> None:
    effects, problems = read(f"{J}pm.expect({subject}).{'.'.join(links)}")
    assert effects.checks or problems


_WORDS = [*_SUBJECTS, "+", "===", "||", "&&", "!", "(", ")", "Math.random()", "'a'", ",", "Date.now()", "btoa("]


@generated(st.lists(st.sampled_from(_WORDS), max_size=8))
def test_any_value_is_kept_or_said(words: list[str]) -> None:
    effects, problems = read(f"{J}pm.environment.set('x', {' '.join(words)})")
    assert effects.saves or effects.after or problems
