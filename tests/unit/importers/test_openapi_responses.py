from typing import Any

import pytest

from kilobar.model.scenario import Check

from .descriptions import one

JSON = {"content": {"text/html": {}, "application/json": {}}}


@pytest.mark.parametrize(
    ("responses", "status"),
    [
        ({"404": {}, "201": {}, "default": {}}, 201),
        ({"200": {}, "204": {}}, [200, 204]),
        ({"2XX": {}}, "2xx"),
        ({"302": {}, "400": {}}, 302),
    ],
)
def test_documented_success_is_checked(responses: dict[str, Any], status: Any) -> None:
    step, notes = one({"responses": responses})
    assert step.check == Check(status=status)
    assert notes == []


def test_without_documented_success_it_is_not_checked() -> None:
    step, notes = one({"responses": {"400": {}, "default": {}}})
    assert step.check is None
    assert notes == ["operations document no successful status: any below 400 is taken for one (1)"]
    assert one({"responses": {}})[1] == []


def test_the_type_of_the_response_is_accepted() -> None:
    assert one({"responses": {"200": JSON}})[0].headers == {"accept": "application/json"}
    assert one({"responses": {"default": {"content": {"image/png": {}}}}})[0].headers == {"accept": "image/png"}
    assert one({"responses": {"200": {"content": {"*/*": {}}}}})[0].headers == {}


def test_links_are_counted() -> None:
    assert one({"responses": {"200": {"links": {"a": {}, "b": {}}}}})[1] == ["links of responses are left out (2)"]
