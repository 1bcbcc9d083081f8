from pathlib import Path
from typing import Any

import pytest

from kilobar.model.scenario import Part

from .importing import given, imported, notes_of, only


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("-d a=1 -d b=2", {"form": {"a": "1", "b": "2"}}),
        ("-d 'a=1&a=2'", {"form": {"a": ["1", "2"]}}),
        ("-d a=%20b+c", {"form": {"a": " b c"}}),
        ("-d text", {"body": "text", "headers": {"content-type": "application/x-www-form-urlencoded"}}),
        ("-d 'a=1&b=2&a=3'",
         {"body": "a=1&b=2&a=3", "headers": {"content-type": "application/x-www-form-urlencoded"}}),
        ("-d 'password=x'", {"form": {"password": "${env.PASSWORD:-not-set}"}}),
        ("-d '${x}' -H 'content-type: text/plain'", {"body": "$${x}", "headers": {"content-type": "text/plain"}}),
        ("--data-urlencode 'a=b c' --data-urlencode '=x&y'",
         {"body": "a=b+c&x%26y", "headers": {"content-type": "application/x-www-form-urlencoded"}}),
        ("--data-urlencode 'a=b c'", {"form": {"a": "b c"}}),
        ("-H 'content-type: application/json' -d '{\"a\": [1, 2.5, null], \"token\": \"x\"}'",
         {"json": {"a": [1, 2.5, None], "token": "${env.TOKEN:-not-set}"}}),
        ("-H 'content-type: application/json' -d '{\"a\": 1.10}'",
         {"body": '{"a": 1.10}', "headers": {"content-type": "application/json"}}),
        ("-H 'content-type: application/vnd.x+json' -d '{}'",
         {"json": {}, "headers": {"content-type": "application/vnd.x+json"}}),
        ("--json '{\"a\":' --json '1}'", {"json": {"a": 1}, "headers": {"accept": "application/json"}}),
        ("-H 'content-type: application/json' -d \"{\\\"a\\\": $N, \\\"b\\\": \\\"$S\\\"}\"",
         {"body": '{"a": ${env.N:-not-set}, "b": "${env.S:-not-set}"}',
          "headers": {"content-type": "application/json"}}),
        ("-G -d q=red -d 'name=a b'", {}),
        ("-G -d q=red --data-urlencode 'name=a b'", {"params": {"q": "red", "name": "a b"}}),
        ("--url-query q=1", {"params": {"q": "1"}}),
        ("-F a=1 -F 'a=2;type=text/plain' --form-string 'b=@x'",
         {"multipart": {"a": ["1", Part(text="2", content_type="text/plain")], "b": "@x"}}),
    ],
)  # fmt: skip
def test_data_becomes_the_body_that_curl_would_send(options: str, expected: dict[str, Any]) -> None:
    assert given(only(imported(f"curl {options} http://a.example/", "curl"))) == expected


def test_files_beside_the_source_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b")
    result = imported("curl -F 'f=@x.csv;type=text/csv;filename=\"y.csv\"' http://a.example/", "curl", tmp_path)
    assert only(result).multipart == {"f": Part(file="x.csv", filename="y.csv", content_type="text/csv")}
    assert only(imported("curl -T x.csv http://a.example/", "curl", tmp_path)).body_file == "x.csv"
    assert only(imported("curl --data-binary @x.csv http://a.example/", "curl", tmp_path)).body_file == "x.csv"
    assert notes_of(result) == []


def test_a_text_stands_in_for_a_missing_file() -> None:
    result = imported("curl -F f=@dir/x.csv http://a.example/", "curl")
    assert only(result).multipart == {"f": Part(text="content of dir/x.csv", filename="x.csv")}
    assert notes_of(result) == [
        "line 1.--form.f: the file dir/x.csv is not beside the source; a short text stands in for its content"
    ]


def test_a_boundary_of_the_source_is_not_kept() -> None:
    request = only(imported("curl -H 'Content-Type: multipart/form-data; boundary=x' -F a=1 http://a.example/", "curl"))
    assert request.headers == {}
