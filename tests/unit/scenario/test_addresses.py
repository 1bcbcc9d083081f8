"""Addresses that are known only during the run."""

from __future__ import annotations

import pytest

from .checking import request, steps, variable


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("${id}", [variable(0, "url")]),
        ("${id}/more", [variable(0, "url"), {"text": "/more"}]),
        ("http://${id}/x", [{"text": "http://"}, variable(0, "url"), {"text": "/x"}]),
        ("http://h:81${id}", [{"text": "http://h:81"}, variable(0, "url")]),
    ],
)
def test_an_address_may_be_saved_whole(url: str, path: list[object]) -> None:
    step = request(f"get: '{url}'")
    assert step["origin"] is None
    assert step["path"] == path


def test_such_a_request_is_named_by_its_holes() -> None:
    text = "- {get: /first, save: {next: $.next}}\n- get: ${next}\n- get: http://${next}/x"
    from .checking import check, indented

    checked = check(f"target: http://h\nload: {{users: 1, for: 1s}}\nsteps:\n{indented(text)}")
    assert [name for name, _ in checked.require().series] == ["GET /first", "GET {next}", "GET {next}/x"]
    assert steps(text)[2]["origin"] is None
