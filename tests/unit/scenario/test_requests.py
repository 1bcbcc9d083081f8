"""How request steps are lowered: addresses, names, encodings, bodies."""

from __future__ import annotations

import pytest

from kilobar.scenario import from_url

from .checking import check, codes, plan, random_int, request, variable


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/items", "/base/items"),
        ("/a b/ü?q=ä&r=[1]%20%zz", "/base/a%20b/%C3%BC?q=%C3%A4&r=[1]%20%25zz"),
        ("/items#top", "/base/items"),
        ("http://h:81/x", "/x"),
        ("http://h:81", "/"),
        ("HTTP://H:81?q=1", "/?q=1"),
        ("/", "/base/"),
    ],
)
def test_addresses_become_paths(url: str, path: str) -> None:
    assert request(f"get: '{url}'")["path"] == path


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://a.b/", ("http", "a.b", 80)),
        ("https://A.B/", ("https", "a.b", 443)),
        ("https://a:8443", ("https", "a", 8443)),
        ("http://[::1]:8700/", ("http", "::1", 8700)),
        ("http://[2001:0db8::0]/", ("http", "2001:db8::", 80)),
        ("http://127.0.0.1:80/", ("http", "127.0.0.1", 80)),
        ("http://bücher.example/", ("http", "xn--bcher-kva.example", 80)),
    ],
)
def test_origins_have_default_ports_and_no_brackets(url: str, origin: tuple[str, str, int]) -> None:
    (found,) = plan(f"load: {{users: 1, for: 1s}}\nsteps: [{{get: '{url}'}}]")["origins"]
    assert (found["scheme"], found["host"], found["port"]) == origin


@pytest.mark.parametrize("host", ["256.1.1.1", "1.2.3", "-a", "a..b", "a_.b-", "x" * 64, "[::1", "[fe80::1%25eth0]"])
def test_bad_hosts_are_refused(host: str) -> None:
    checked = check(f"load: {{users: 1, for: 1s}}\nsteps: [{{get: 'http://{host}/'}}]")
    assert codes(checked) in (["bad-host"], ["bad-url"])


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("{get: '/items/${id}?page=${id}'}", "GET /items/{id}"),
        ("{post: '/items'}", "POST /items"),
        ("{get: '/${tenant}/x/${random.int(1, 2)}'}", "GET /{tenant}/x/{random.int}"),
        ("{get: '/${env.X:-y}'}", "GET /{X}"),
        ("{get: 'http://h:81/x'}", "GET /x"),
        ("{get: 'http://other:82/x?y'}", "GET other:82/x"),
        ("{get: 'https://other'}", "GET other/"),
        ("{get: '${api}/x'}", "GET other/{api}/x"),
        ("{request: {method: propfind, url: /x}}", "PROPFIND /x"),
        ("{get: /x, name: 'my ${tenant}'}", "my acme"),
    ],
)
def test_series_are_named_by_method_and_path_template(step: str, name: str) -> None:
    text = "target: http://h:81/base\nvariables: {tenant: acme, api: 'http://other/v1'}\nload: {users: 1, for: 1s}\n"
    text += f"steps: [{{get: /, name: first, save: {{id: {{json: $.id}}}}}}, {step}]"
    assert plan(text)["series"][-1] == {"name": name, "kind": "http"}


def test_steps_with_one_name_share_a_series() -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\n"
    text += "steps: [{get: /a}, {get: '/a?b'}, {post: /a}, {get: /c, name: GET /a}]"
    lowered = plan(text)
    assert [series["name"] for series in lowered["series"]] == ["GET /a", "POST /a"]
    assert [step["series"] for step in lowered["flows"][0]["steps"]] == [0, 0, 1, 0]


def test_each_place_has_its_encoding() -> None:
    step = request(
        '{post: "/x/${id}", params: {"a b": "${id}", c: [1, "é&"]}, headers: {X-Id: "<${id}>"}, '
        'json: {whole: "${id}", inside: "a\\"${id}"}}'
    )
    assert step["path"] == [
        {"text": "/base/x/"},
        variable(0, "url"),
        {"text": "?a%20b="},
        variable(0, "form"),
        {"text": "&c=1&c=%C3%A9%26"},
    ]
    assert step["headers"] == [
        ["X-Id", [{"text": "<"}, variable(0, "raw"), {"text": ">"}]],
        ["content-type", "application/json"],
    ]
    assert step["body"]["text"] == [
        {"text": '{"whole":'},
        variable(0, "json_value"),
        {"text": ',"inside":"a\\"'},
        variable(0, "json_string"),
        {"text": '"}'},
    ]


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("{price: 1.10, big: 12345678901234567890123, e: 1e400}",
         '{"price":1.10,"big":12345678901234567890123,"e":1e400}'),
        ("[true, False, null, ~, on, no]", '[true,false,null,null,"on","no"]'),
        ("[0x1F, 0o17, +5, .5, -.5, 5., 5.e3]", "[31,15,5,0.5,-0.5,5.0,5.0e3]"),
        ('["5", "true", "", "é\\n\\u0001"]', '["5","true","","é\\n\\u0001"]'),
        ("{200: a, on: b}", '{"200":"a","on":"b"}'),
        ("[]", "[]"),
        ("{}", "{}"),
        ("'${n}'", "5"),
        ("'${s}'", '"5"'),
        ("'${t}'", "true"),
        ("'n=${n}'", '"n=5"'),
        ("['$${n}', '$$${n}', '$x']", '["${n}","$${n}","$x"]'),
        ("'${quote}'", '"a\\"b"'),
        ("{'k${n}': 1}", '{"k5":1}'),
        ("2026-01-01", '"2026-01-01"'),
    ],
)  # fmt: skip
def test_json_bodies_keep_types_and_digits(value: str, body: str) -> None:
    top = "variables: {n: 5, s: '5', t: true, quote: 'a\"b'}"
    assert request(f"{{post: /, json: {value}}}", top=top)["body"] == {"text": body}


def test_a_random_number_in_json_is_a_number() -> None:
    assert request("{post: /, json: ['${random.int(-3, 7)}', 'x${random.int(1, 2)}']}")["body"]["text"] == [
        {"text": "["},
        random_int(-3, 7, "json_value"),
        {"text": ',"x'},
        random_int(1, 2, "json_string"),
        {"text": '"]'},
    ]


def test_forms_are_encoded_and_plain_bodies_are_not() -> None:
    form = request("{post: /, form: {a b: c+d, list: [1, 2], id: '${id}'}}")
    assert form["headers"] == [["content-type", "application/x-www-form-urlencoded"]]
    assert form["body"]["text"] == [{"text": "a%20b=c%2Bd&list=1&list=2&id="}, variable(0, "form")]
    body = request("{put: /, body: 'a b+${id}'}")
    assert body["headers"] == []
    assert body["body"]["text"] == [{"text": "a b+"}, variable(0, "raw")]
    assert request("{delete: /}")["body"] is None


def test_a_step_replaces_headers_of_the_scenario_whatever_their_case() -> None:
    step = request("{post: /, json: 1, headers: {X-A: step, Content-Type: a/b}}", top="headers: {x-a: top, x-b: top}")
    assert step["headers"] == [["X-A", "step"], ["x-b", "top"], ["Content-Type", "a/b"]]


def test_values_from_the_environment_are_secret_and_defaults_are_not() -> None:
    step = "{post: '/${env.A}', headers: {k: 'x ${env.A}${env.B:-b}'}, json: {a: '${c}', b: '${env.B:-b}'}}"
    lowered = request(step, env={"A": 'p"q', "B": ""}, top="variables: {c: '<${env.A}>'}")
    assert lowered["path"] == [{"text": "/base/"}, {"secret": "p%22q"}]
    assert lowered["headers"][0] == ["k", [{"text": "x "}, {"secret": 'p"q'}, {"text": "b"}]]
    assert lowered["body"]["text"] == [{"text": '{"a":"<'}, {"secret": 'p\\"q'}, {"text": '>","b":"b"}'}]


def test_an_empty_value_of_the_environment_leaves_no_part() -> None:
    assert request("{post: /, body: '${env.A}'}", env={"A": ""})["body"] == {"text": ""}


def test_the_target_may_come_from_the_environment() -> None:
    lowered = plan("target: ${env.T}\nload: {users: 1, for: 1s}\nsteps: [{get: /x}]", {"T": "https://h/v1/"})
    assert lowered["origins"] == [{"scheme": "https", "host": "h", "port": 443}]
    assert lowered["flows"][0]["steps"][0]["path"] == "/v1/x"


def test_an_absolute_address_from_the_environment_keeps_its_path_secret() -> None:
    lowered = plan("load: {users: 1, for: 1s}\nsteps: [{get: '${env.T}/x'}]", {"T": "https://h/key"})
    assert lowered["flows"][0]["steps"][0]["path"] == [{"secret": "/key"}, {"text": "/x"}]
    assert lowered["series"][0]["name"] == "GET h/{T}/x"


@pytest.mark.parametrize(
    ("status", "ranges"),
    [("200", [[200, 200]]), ("2xx", [[200, 299]]), ("200-204", [[200, 204]]), ("[201, 4xx]", [[201, 201], [400, 499]])],
)
def test_status_checks_are_ranges(status: str, ranges: list[list[int]]) -> None:
    step = request(f"{{get: /, check: {{status: {status}}}}}")
    assert step["expect_status"] == []
    assert step["checks"] == [{"name": 0, "rule": {"status": ranges}}]


def test_what_is_not_given_has_its_default() -> None:
    step = request("get: /")
    assert step["expect_status"] == [[200, 399]]
    assert step["timeout_ns"] == 30_000_000_000
    assert request("{get: /, timeout: 5s}", top="timeout: 7s")["timeout_ns"] == 5_000_000_000
    assert request("get: /", top="timeout: 7s")["timeout_ns"] == 7_000_000_000


def test_a_saved_value_may_be_saved_again_and_used_in_between() -> None:
    text = "target: http://h\nload: {users: 1, for: 1s}\nflows:\n"
    text += "- steps: [{get: /, save: {id: {json: $.a}}}, {get: '/${id}', save: {id: {json: $.b}}}, {get: '/${id}'}]\n"
    text += "- steps: [{get: /, save: {x: {json: $.a}, id: {json: $.b}}}]"
    lowered = plan(text)
    assert lowered["variables"] == ["id", "x"]
    saves = [step["saves"] for flow in lowered["flows"] for step in flow["steps"]]
    assert saves == [
        [{"variable": 0, "from": {"json": "$.a"}}], [{"variable": 0, "from": {"json": "$.b"}}], [],
        [{"variable": 1, "from": {"json": "$.a"}}, {"variable": 0, "from": {"json": "$.b"}}],
    ]  # fmt: skip


def test_a_bad_save_rule_does_not_make_its_variable_unknown() -> None:
    checked = check(
        "target: http://h\nload: {users: 1, for: 1s}\n"
        "steps: [{get: /, save: {id: [$.a]}}, {get: '/${id}'}, {get: '/${id}'}]"
    )
    assert codes(checked) == ["wrong-type"]


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    checked = from_url("http://user:hunter2@shop.example/items")
    assert not checked.ok
    assert all("hunter2" not in str(diagnostic) for diagnostic in checked.diagnostics)
    assert "http://***@shop.example/items" in str(checked.diagnostics[0])
