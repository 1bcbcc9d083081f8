"""What a recording becomes: requests, groups, pauses; one construct a test."""

import base64
import json
from typing import Any

import pytest
from tests.unit.importers.har import entry, played, recording, sent
from tests.unit.importers.importing import imported, notes_of

from kilobar.importers import Imported, ImportFailed
from kilobar.model.scenario import Auth, Basic, Check, Group, Parallel, Part, Request, Think

SHOP = "https://shop.example"
FORM = "application/x-www-form-urlencoded"


def only(result: Imported) -> Request:
    (request,) = sent(result)
    return request


def posted(text: str, mime: str, **more: Any) -> Imported:
    data = {"mimeType": mime, "text": text, **more}
    return played(entry(f"{SHOP}/x", method="POST", headers={"Content-Type": mime}, post=data))


# Which entries


def test_entries_are_sent_in_the_order_of_time() -> None:
    result = played(entry(f"{SHOP}/2", at_ms=20), entry(f"{SHOP}/3", at_ms=20), entry(f"{SHOP}/1"))
    assert [request.url for request in sent(result)] == ["/1", "/2", "/3"]


def test_static_files_are_left_out_with_their_count_unless_they_are_asked_for() -> None:
    entries = [
        entry(f"{SHOP}/a", mime="application/json"),
        entry(f"{SHOP}/b.png?x=1", at_ms=1, mime="image/png"),
        entry(f"{SHOP}/c.js", at_ms=2),
        entry(f"{SHOP}/d", at_ms=3, _resourceType="font"),
        entry(f"{SHOP}/e.css", at_ms=4, method="POST", mime="text/css"),
        entry(f"{SHOP}/page.js", at_ms=5, mime="text/html"),
    ]
    result = played(*entries)
    assert [request.url for request in sent(result)] == ["/a", "/e.css", "/page.js"]
    (note,) = notes_of(result)
    assert note.startswith("log.entries: 3 requests (1, 2, 3): images, scripts")
    assert len(sent(played(*entries, static=True))) == 6


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("data:image/png;base64,AAAA", {}, "`data:` is not HTTP"),
        ("blob:https://a.example/1", {}, "`blob:` is not HTTP"),
        ("chrome-extension://abc/x.html", {}, "`chrome-extension:` is not HTTP"),
        ("wss://a.example/live", {"status": 101}, "WebSocket"),
        ("https://a.example/live", {"status": 101}, "WebSocket"),
        ("https://a.example/live", {"status": 0}, "blocked or aborted"),
        ("https://a.example/live", {"status": -1}, "blocked or aborted"),
        ("a.example:443", {"method": "CONNECT"}, "is not HTTP"),
        ("https://a.example/", {"method": "CONNECT"}, "tunnels"),
        ("https://a.example/", {"method": "G T"}, "no valid method"),
        ("http:///x", {}, "no valid host"),
        ("http://[::1/x", {}, "no valid address"),
        ("", {}, "no address"),
        (
            "https://a.example/",
            {"method": "OPTIONS", "headers": {"Access-Control-Request-Method": "PUT"}},
            "preflights",
        ),
    ],
)
def test_what_is_no_request_of_a_user_is_left_out_and_noted(url: str, more: dict[str, Any], words: str) -> None:
    result = played(entry(f"{SHOP}/a"), entry(url, at_ms=1, **more))
    assert only(result).url == "/a"
    (note,) = notes_of(result)
    assert words in note
    assert "(1)" in note


def test_a_recording_in_which_nothing_can_be_sent_is_refused_with_the_reason() -> None:
    with pytest.raises(ImportFailed) as failed:
        played(entry(f"{SHOP}/a.png", mime="image/png"))
    assert "--static" in (failed.value.diagnostic.hint or "")


def test_answers_of_the_cache_are_asked_for_as_a_new_user_would() -> None:
    condition = {"If-None-Match": '"1"', "If-Modified-Since": "Sat, 04 Mar 2023 18:02:08 GMT"}
    result = played(
        entry(f"{SHOP}/a", status=304, headers=condition),
        entry(f"{SHOP}/b", at_ms=20, _fromCache="disk"),
        entry(f"{SHOP}/b", at_ms=40, _fromCache="memory"),
    )
    first, second = sent(result)
    assert first.headers == {}
    assert first.check == second.check == Check(status=200)
    assert len(notes_of(result)) == 3


# Address, headers, cookies


def test_the_most_used_host_is_the_target() -> None:
    result = played(entry("https://b.example/x"), entry(f"{SHOP}/a", at_ms=1), entry(f"{SHOP}/b?c=d&c=e#f", at_ms=2))
    assert result.scenario.target == SHOP
    assert [request.url for request in sent(result)] == ["https://b.example/x", "/a", "/b?c=d&c=e"]


def test_a_query_that_stands_only_in_its_list_is_kept() -> None:
    query = {"queryString": [{"name": "q", "value": "a b"}, {"name": "n", "value": "1"}]}
    made = entry(f"{SHOP}/s")
    made["request"] |= query
    assert only(played(made)).params == {"q": "a b", "n": "1"}


def test_credentials_come_from_the_environment() -> None:
    made = only(played(entry("https://joe:s3cret@shop.example/?api_key=k-12345&page=2")))
    assert made.auth == Auth(basic=Basic(user="joe", password="${env.JOE_PASSWORD:-not-set}"))
    assert made.url == "/?api_key=${env.API_KEY:-not-set}&page=2"
    headers = only(played(entry(SHOP, headers={"Authorization": "Bearer abc", "X-Api-Key": "k"}))).headers
    assert headers == {
        "Authorization": "Bearer ${env.AUTHORIZATION_BEARER:-not-set}",
        "X-Api-Key": "${env.X_API_KEY:-not-set}",
    }


def test_headers_of_all_requests_are_those_of_the_scenario_and_the_user_agent_stands_there_once() -> None:
    result = played(
        entry(f"{SHOP}/a", headers={"User-Agent": "A", "Accept": "x", "X-Own": "1", "Host": "shop.example"}),
        entry(f"{SHOP}/b", at_ms=1, headers={"user-agent": "A", "accept": "x", ":path": "/b", "Content-Length": "3"}),
        entry(f"{SHOP}/c", at_ms=2, headers={"User-Agent": "B", "Accept": "x", "Connection": "close"}),
    )
    assert result.scenario.headers == {"User-Agent": "A", "Accept": "x"}
    assert [request.headers for request in sent(result)] == [{"X-Own": "1"}, {}, {"User-Agent": "B"}]


def test_cookies_that_no_response_set_are_secrets_and_the_jar_sends_the_others() -> None:
    first, second = sent(
        played(
            entry(f"{SHOP}/a", headers={"Cookie": "_ga=1.2; bad name=x"}, answer={"Set-Cookie": "sid=1; Path=/"}),
            entry(f"{SHOP}/b", at_ms=1, headers={"Cookie": "_ga=1.2; sid=1"}),
        )
    )
    assert first.cookies == second.cookies == {"_ga": "${env.COOKIE_GA:-not-set}"}


def test_the_version_of_http_is_that_of_most_requests() -> None:
    def version(text: str) -> str | None:
        made = entry(SHOP)
        made["response"]["httpVersion"] = text
        return played(made).scenario.http

    assert [version(text) for text in ("HTTP/1.1", "h2", "HTTP/2.0", "http/2", "h3", "", "unknown")] == [
        None, "2", "2", "2", "2", None, None,
    ]  # fmt: skip


# Bodies


def test_a_json_body_keeps_its_numbers() -> None:
    made = only(posted('{"a": [1, 2.5, null, true], "password": "x", "t": "${b}"}', "application/json"))
    assert made.json == {"a": [1, 2.5, None, True], "password": "${env.PASSWORD:-not-set}", "t": "$${b}"}
    assert made.headers == {}
    kept = only(posted('{"price": 1.10}', "application/json; charset=utf-8"))
    assert (kept.json, kept.body) == (None, '{"price": 1.10}')
    assert kept.headers == {"Content-Type": "application/json; charset=utf-8"}


def test_requests_of_graphql_are_named_by_their_operation() -> None:
    made = only(posted('{"operationName": "Cart", "query": "query Cart { n }", "variables": {}}', "application/json"))
    assert made.name == "POST Cart"


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ({"text": "a=1&a=2&b=c+d%21&e="}, {"a": ["1", "2"], "b": "c d!", "e": ""}),
        ({"params": [{"name": "a", "value": "1"}, {"name": "b"}]}, {"a": "1", "b": ""}),
        ({"text": "a=1", "params": [{"name": "ignored", "value": "2"}]}, {"a": "1"}),
        ({"text": f"Content-Type: {FORM}\r\nContent-Length: 3\r\n\r\na=1"}, {"a": "1"}),
        ({"text": base64.b64encode(b"a=1").decode(), "encoding": "base64"}, {"a": "1"}),
    ],
)
def test_forms(data: dict[str, Any], form: dict[str, Any]) -> None:
    made = only(posted(**{"text": "", "mime": FORM, **data}))
    assert made.form == form
    assert made.headers == {}


def test_a_form_that_a_mapping_would_reorder_is_sent_as_text() -> None:
    made = only(posted("a=1&b=2&a=3", FORM))
    assert (made.form, made.body) == ({}, "a=1&b=2&a=3")
    assert made.headers == {"Content-Type": FORM}


def test_parts_of_multipart_forms_with_stand_ins_for_files() -> None:
    text = (
        "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\nthere\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.gif\"\r\nContent-Type: image/gif\r\n\r\n\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.csv\"\r\nContent-Type: text/csv"
        "\r\n\r\n1,2\r\n"
        "--XX--\r\n"
    )  # fmt: skip
    result = posted(text, "multipart/form-data; boundary=XX")
    assert only(result).multipart == {
        "note": "hi\nthere",
        "f": [
            Part(text="content of a.gif", filename="a.gif", content_type="image/gif"),
            Part(text="1,2", filename="b.csv", content_type="text/csv"),
        ],
    }
    assert only(result).headers == {}
    assert "a.gif is not beside the source" in notes_of(result)[0]


def test_parts_that_stand_in_a_list() -> None:
    params = [{"name": "a", "value": "1"}, {"name": "f", "fileName": "x.bin", "contentType": "a/b"}]
    made = only(posted("", "multipart/form-data", params=params))
    assert made.multipart == {"a": "1", "f": Part(text="content of x.bin", filename="x.bin", content_type="a/b")}


def test_other_bodies_are_text_and_binary_ones_are_noted() -> None:
    assert only(posted("<a>${b}</a>", "text/xml")).body == "<a>$${b}</a>"
    result = posted(base64.b64encode(b"\x00\xff").decode(), "application/octet-stream", encoding="base64")
    assert only(result).body is None
    assert "binary" in notes_of(result)[0]


def test_a_body_that_was_not_recorded_is_noted() -> None:
    made = entry(SHOP, method="POST")
    made["request"]["bodySize"] = 12
    assert "was not recorded" in notes_of(played(made))[0]


# Redirects


def test_a_chain_of_redirects_is_one_step() -> None:
    result = played(
        entry(f"{SHOP}/a", method="POST", status=302, answer={"Location": "b"}),
        entry(f"{SHOP}/x", at_ms=11),
        entry(f"{SHOP}/b", at_ms=12, status=301, answer={"Location": "https://other.example/c"}),
        entry("https://other.example/c", at_ms=30, status=404),
    )
    first, between = sent(result)
    assert (first.method, first.url, first.redirects) == ("POST", "/a", 2)
    assert first.check == Check(status=404)
    assert (between.url, between.redirects) == ("/x", None)


@pytest.mark.parametrize(
    ("status", "method", "followed"),
    [(302, "GET", True), (303, "GET", True), (307, "POST", True), (302, "POST", False), (308, "GET", False)],
)
def test_only_the_request_that_a_redirect_leads_to_belongs_to_it(status: int, method: str, followed: bool) -> None:
    result = played(
        entry(f"{SHOP}/a", method="POST", status=status, answer={"Location": "/b"}),
        entry(f"{SHOP}/b", at_ms=12, method=method),
    )
    assert len(sent(result)) == (1 if followed else 2)


def test_redirects_that_nobody_followed_and_endless_ones_stay_as_they_are() -> None:
    loop = [
        entry(f"{SHOP}/{number % 2}", at_ms=20 * number, status=302, answer={"Location": f"/{(number + 1) % 2}"})
        for number in range(6)
    ]
    result = played(*loop)
    assert [(request.redirects, request.check) for request in sent(result)] == [(None, Check(status=302))] * 6
    assert notes_of(result) == [
        "log.entries[0]: redirects without an end in the recording; each of these requests is a step of its own"
    ]


# Pages and pauses


def test_pages_are_groups_with_the_pauses_between_them() -> None:
    result = played(
        entry(f"{SHOP}/1", page="p1", took_ms=100),
        entry(f"{SHOP}/2", page="p2", at_ms=1350),
        entry(f"{SHOP}/3", at_ms=61_360),
        entry(f"{SHOP}/4", page="p3", at_ms=61_372),
        pages={"p1": "Start", "p2": "https://shop.example/cart?sid=1"},
    )
    one, first, two, second, plain, three = result.scenario.steps
    assert [group.group for group in (one, two, three) if isinstance(group, Group)] == [
        "Start",
        "shop.example/cart",
        "p3",
    ]
    assert (first, second) == (Think(think="1.2s"), Think(think="10s"))
    assert isinstance(plain, Request)
    assert notes_of(result) == ["log.entries: 1 pause of up to 60s became 10s (`--max-think`)"]


def test_the_longest_pause_can_be_chosen() -> None:
    entries = [entry(f"{SHOP}/1"), entry(f"{SHOP}/2", at_ms=2010)]
    assert played(*entries, max_think_s=0.5).scenario.steps[1] == Think(think="500ms")
    assert len(played(*entries, max_think_s=0).scenario.steps) == 2


def test_a_static_file_that_is_left_out_is_no_pause() -> None:
    result = played(
        entry(f"{SHOP}/1"), entry(f"{SHOP}/2.png", at_ms=10, took_ms=500), entry(f"{SHOP}/3", at_ms=520)
    )  # fmt: skip
    assert [type(step) for step in result.scenario.steps] == [Request, Request]


def test_a_page_loads_its_document_first_and_then_what_overlapped_at_the_same_time() -> None:
    result = played(
        entry(f"{SHOP}/", page="p", took_ms=100, html="<p>"),
        entry(f"{SHOP}/a", page="p", at_ms=50, took_ms=60),
        entry(f"{SHOP}/b", page="p", at_ms=60, took_ms=20),
        entry(f"{SHOP}/c", page="p", at_ms=105, took_ms=20),
        entry(f"{SHOP}/d", page="p", at_ms=330),
    )
    (group,) = result.scenario.steps
    assert isinstance(group, Group)
    document, together, think, last = group.steps
    assert isinstance(document, Request)
    assert isinstance(together, Parallel)
    assert [step.url for step in together.parallel if isinstance(step, Request)] == ["/a", "/b", "/c"]
    assert think == Think(think="200ms")
    assert isinstance(last, Request)


def test_a_request_that_uses_a_value_of_another_one_waits_for_it() -> None:
    result = played(
        entry(f"{SHOP}/long", page="p", took_ms=400),
        entry(f"{SHOP}/a", page="p", at_ms=10, json_answer={"id": "u-10001"}),
        entry(f"{SHOP}/b/u-10001", page="p", at_ms=30),
    )
    (group,) = result.scenario.steps
    assert isinstance(group, Group)
    assert [type(step) for step in group.steps] == [Parallel, Request]


def test_a_request_of_a_page_that_came_after_the_next_page_stays_with_its_own() -> None:
    result = played(
        entry(f"{SHOP}/1", page="p1"), entry(f"{SHOP}/2", page="p2", at_ms=20), entry(f"{SHOP}/1b", page="p1", at_ms=30)
    )
    assert [request.url for request in sent(result)] == ["/1", "/1b", "/2"]
    assert "1 came after the start of a later page" in notes_of(result)[0]


# Odd files


def test_a_byte_order_mark_and_nulls_are_no_problem() -> None:
    content = json.loads(recording(entry(f"{SHOP}/a")))
    content["log"]["pages"] = None
    content["log"]["entries"][0]["response"]["content"] = None
    content["log"]["entries"][0]["request"] |= {"cookies": None, "queryString": None, "postData": None}
    result = imported(b"\xef\xbb\xbf" + json.dumps(content).encode(), "har")
    assert only(result).url == "/a"
    assert notes_of(result) == []


@pytest.mark.parametrize("start", ["yesterday", None, 7e30, {}, "0001-01-01T00:00:00+14:00"])
def test_an_entry_without_a_valid_time_stays_where_it_is(start: Any) -> None:
    result = played(entry(f"{SHOP}/a"), entry(f"{SHOP}/b", startedDateTime=start), entry(f"{SHOP}/c", at_ms=1))
    assert [request.url for request in sent(result)] == ["/a", "/b", "/c"]


def test_a_file_without_a_log_is_refused() -> None:
    for text in ("[]", "{}", '{"log": []}', '{"log": {"entries": 3}}'):
        with pytest.raises(ImportFailed):
            imported(text, "har")
