"""Whatever the file: a scenario that can be written and read, or a diagnostic with a position; nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kilobar.errors import Diagnostic
from kilobar.importers import Imported, ImportFailed, Options, import_bytes
from kilobar.importers.formats import FORMATS
from kilobar.scenario.document import from_yaml

HAZARD_KEYS = st.sampled_from(
    ["MainTask", "PreTask", "TestWork", "PreWork", "UrlPath", "Method", "Headers", "Params", "DictData", "RawData",
     "JsonData", "AssertChain", "SaveParamChain", "AssertType", "SaveType", "RuleValue", "ParamName", "TaskName",
     "TaskWeight", "HttpProxy", "isSession"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 600), st.floats(), st.text(max_size=6),
    st.sampled_from(["{@a@}", "http://a.example/{@a@}", "${", "Post", "|a|b", "1-5", "$['", "\ud800", "//a", "a=1"]),
)  # fmt: skip
HAZARD_LIKE = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(HAZARD_KEYS, inner, max_size=8)),
    max_leaves=40,
)
CURL_PIECES = st.sampled_from(
    ["curl ", "http://a.example/", " -d ", " -F ", " -H ", " -b ", " -u ", " -X ", " -x ", " -G ", " -L ", " --json ",
     " --resolve ", " -m ", " -T ", " --data-urlencode ", " --next ", " -", " --", "@", "=", ":", ";", "'", '"', "$'",
     "\\", "\n", " ", "${A}", "$(", ")", "`", "^", '^"', "%zz", "{a,b}", "[1-3]", "{}", "a", "\ue000", "é", "\x00", "#",
     "http://[", "http://%/", "type=", "a=b&a=c"]
)  # fmt: skip

HAR_KEYS = st.sampled_from(
    ["log", "entries", "pages", "id", "title", "pageref", "startedDateTime", "time", "request", "response", "method",
     "url", "headers", "cookies", "queryString", "postData", "mimeType", "text", "params", "name", "value", "fileName",
     "contentType", "encoding", "status", "content", "redirectURL", "bodySize", "_fromCache", "_resourceType"]
)  # fmt: skip
HAR_LEAVES = st.one_of(
    LEAVES, st.integers(200, 400), st.floats(0, 2e9),
    st.sampled_from(
        ["http://a.example/u-10001?t=u-10001", "http://a.example/", "https://b.example/x#y", "/u-10001", "//",
         "u-10001", "GET", "POST", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.5+02:00", "base64", "aHR0cA==",
         "text/html",
         "application/json", '{"id": "u-10001"}', "a=u-10001&b", "application/x-www-form-urlencoded",
         "Cookie", "Location",
         "multipart/form-data; boundary=X", '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--X--',
         '<input type=hidden name=a value="u-10001"', "<!--", "Set-Cookie", "authorization", "%", "http://[", "HTTP/3"]
    ),
)  # fmt: skip
HAR_LIKE = st.recursive(
    HAR_LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(HAR_KEYS, inner, max_size=8)),
    max_leaves=30,
)
PAIRS = st.lists(st.fixed_dictionaries({"name": HAR_LEAVES, "value": HAR_LEAVES}), max_size=4)
MESSAGE = {
    "headers": st.one_of(PAIRS, HAR_LIKE),
    "cookies": st.one_of(PAIRS, HAR_LIKE),
    "url": HAR_LEAVES,
    "method": HAR_LEAVES,
    "status": HAR_LEAVES,
    "queryString": st.one_of(PAIRS, HAR_LIKE),
    "postData": st.fixed_dictionaries({}, optional={"mimeType": HAR_LEAVES, "text": HAR_LEAVES, "params": PAIRS}),
    "content": st.fixed_dictionaries({}, optional={"mimeType": HAR_LEAVES, "text": HAR_LEAVES, "encoding": HAR_LEAVES}),
}
HAR_ENTRY = st.fixed_dictionaries(
    {"request": st.fixed_dictionaries({}, optional=MESSAGE), "response": st.fixed_dictionaries({}, optional=MESSAGE)},
    optional={"startedDateTime": HAR_LEAVES, "time": HAR_LEAVES, "pageref": HAR_LEAVES, "_fromCache": HAR_LEAVES},
)


def assert_imported(data: bytes, format_name: str | None) -> None:
    result = outcome(data, format_name)
    if isinstance(result, Imported):
        assert from_yaml(result.to_yaml("source")) == result.scenario
        return
    assert result.place is not None
    assert result.place.line >= 1
    # A defect that the last guard caught would say so.
    assert "Error:" not in result.message


def outcome(data: bytes, format_name: str | None) -> Imported | Diagnostic:
    try:
        return import_bytes(data, "source", Path("nowhere"), Options(format=format_name))
    except ImportFailed as failed:
        return failed.diagnostic


@given(st.binary(max_size=200), st.sampled_from([None, "curl", "hazard", "har"]))
@example(b"", None)
@example(b"\xff\xfea", None)
@example(b"[" * 100_000, None)
@example(b'{"a":' * 500 + b"1" + b"}" * 500, None)
@example(b"<a>" * 5000, None)
@example(b"openapi: [", None)
@example(b'{"MainTask": NaN}', None)
@example(b'{"MainTask": [' + b"9" * 5000 + b"]}", "hazard")
def test_any_bytes(data: bytes, format_name: str | None) -> None:
    assert_imported(data, format_name)


@given(st.dictionaries(HAZARD_KEYS, HAZARD_LIKE, max_size=4), st.lists(HAZARD_LIKE, max_size=3))
def test_any_json_with_the_keys_of_hazard(content: dict[str, Any], tasks: list[Any]) -> None:
    assert_imported(json.dumps({**content, "MainTask": tasks}).encode(), "hazard")


@given(HAZARD_LIKE, HAZARD_LIKE)
def test_any_step_of_hazard(work: Any, before: Any) -> None:
    content = {"MainTask": [{"TaskName": "t", "PreWork": [before, {"UrlPath": "http://a.example/"}], "TestWork": work}]}
    assert_imported(json.dumps(content).encode(), "hazard")


@given(st.lists(st.one_of(HAR_ENTRY, HAR_LIKE), max_size=5), HAR_LIKE)
def test_any_json_with_the_keys_of_a_recording(entries: list[Any], pages: Any) -> None:
    sent = {
        "startedDateTime": "2026-03-01T12:00:01Z",
        "request": {"method": "GET", "url": "http://a.example/u-10001"},
        "response": {"status": 200},
    }
    assert_imported(json.dumps({"log": {"pages": pages, "entries": [*entries, sent]}}).encode(), "har")


@given(st.lists(CURL_PIECES, max_size=25).map("".join))
def test_any_curl_command(text: str) -> None:
    assert_imported(f"curl http://a.example/ {text}".encode(), "curl")


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_recognises_what_it_cannot_read(name: str) -> None:
    for data in (b"", b"\xff", b"{", b"<", b"- a", b"{}", b"[]", b"null"):
        with pytest.raises(ImportFailed):
            import_bytes(data, "source", Path("nowhere"))
