import pytest

from kilobar.model.scenario import Bounds, Check, Matcher

from .jmx import Value, element, http, in_group, notes_of, request_of


def response(field: str, kind: int, *patterns: str, **values: Value) -> str:
    given: dict[str, Value] = {"Asserion.test_strings": list(patterns), "Assertion.test_field": f"Assertion.{field}",
                               "Assertion.test_type": kind, **values}  # fmt: skip
    return element("ResponseAssertion", **given)


IGNORE: dict[str, Value] = {"Assertion.assume_success": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (response("response_code", 8, "201"), Check(status=201)),
        (response("response_code", 2, "2.."), Check(status="2xx")),
        (response("response_code", 40, "200", "204"), Check(status=[200, 204])),
        (response("response_code", 8, "404", **IGNORE), Check(status=404)),
        (response("response_code", 12, "500", **IGNORE), Check(status=["100-499", "501-599"])),
        (response("response_message", 8, "Created"), Check(status=201)),
        (response("response_data", 16, "a ${x}"), Check(contains="a ${x}")),
        (response("response_data", 2, "a+"), Check(regex="a+")),
        (response("response_data", 1, "a+"), Check(regex=r"\A(?:a+)\z")),
        (response("response_data", 8, "a."), Check(regex=r"\Aa\.\z")),
        (response("response_data", 20, "a", "b"), Check(not_=[Check(contains="a"), Check(contains="b")])),
        (response("response_data", 34, "a", "b"), Check(regex="(?:a)|(?:b)")),
        (response("response_data", 16, "a", **{"Assertion.custom_message": "is a"}), Check(name="is a", contains="a")),
        (response("response_headers", 16, "Vary: a/b"), Check(header={"vary": Matcher(contains="a/b")})),
        (response("response_headers", 6, "X-Y: .*"), Check(not_=Check(header={"x-y": Matcher(exists=True)}))),
        (element("DurationAssertion", **{"DurationAssertion.duration": "200"}), Check(time=Bounds(le="200ms"))),
        (element("SizeAssertion", **{"SizeAssertion.size": "5", "SizeAssertion.operator": "3",
                 "Assertion.test_field": "SizeAssertion.response_data"}), Check(size=Bounds(gt="5B"))),
        (element("JSONPathAssertion", JSON_PATH="$.a", EXPECTED_VALUE="b", JSONVALIDATION=True),
         Check(json={"$.a": "b"})),
        (element("JSONPathAssertion", JSON_PATH="$.a", INVERT=True),
         Check(not_=Check(json={"$.a": Matcher(exists=True)}))),
        (element("XPathAssertion", **{"XPath.xpath": "//a"}), Check(xpath={"//a": Matcher(exists=True)})),
        (response("response_data", 48, "a.", "b"), Check(regex=r"(?:a\.)|(?:b)")),
        (response("response_data", 16), None),
    ],
)  # fmt: skip
def test_assertions(text: str, expected: Check | None) -> None:
    assert request_of(in_group(http(text))).check == expected


def test_assertions_about_the_status_hold_together() -> None:
    outer = response("response_code", 2, "20.")
    assert request_of(in_group(outer, http(response("response_code", 12, "204")))).check == Check(
        status=["200-203", "205-209"]
    )


def test_an_error_status_that_is_asserted_is_a_success_and_noted() -> None:
    result = in_group(http(response("response_code", 8, "404")))
    assert request_of(result).check == Check(status=404)
    assert any("fails on this status too" in note for note in notes_of(result))


@pytest.mark.parametrize(
    "text",
    [response("request_data", 16, "a"), response("response_data", 2, "(?=a)"),
     response("response_headers", 16, "a"),
     response("response_code", 8, "999"), response("response_data", 54, "a", "b"),
     response("response_data", 2, "${x}")],
)  # fmt: skip
def test_what_cannot_be_checked_is_noted(text: str) -> None:
    assert any("ResponseAssertion" in note for note in notes_of(in_group(http(text))))
