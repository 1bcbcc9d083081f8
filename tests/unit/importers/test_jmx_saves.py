import pytest

from kilobar.model.scenario import Request, Save, Set

from .jmx import Value, element, http, in_group, notes_of, request_of, steps_of


def extractor(kind: str, prefix: str, **values: Value) -> str:
    return element(kind, **{f"{prefix}.{name}": value for name, value in values.items()})


def regex(**values: Value) -> str:
    given: dict[str, Value] = {"refname": "v", "regex": 'id="(.+?)"', "template": "$1$", "match_number": "1", **values}
    return extractor("RegexExtractor", "RegexExtractor", **given)


def json(**values: Value) -> str:
    given: dict[str, Value] = {"referenceNames": "v", "jsonPathExprs": "$.id", "match_numbers": "1", **values}
    return extractor("JSONPostProcessor", "JSONPostProcessor", **given)


FOUND = Save(regex='id="(.+?)"', group=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (regex(), FOUND),
        (regex(template="$0$", match_number="3"), Save(regex=FOUND.regex, group=0, pick=2)),
        (regex(match_number="0", default="d"), Save(regex=FOUND.regex, group=1, pick="random", default="d")),
        (regex(default_empty_value=True), Save(regex=FOUND.regex, group=1, default="")),
        (regex(match_number="-1"), Save(regex=FOUND.regex, group=1, pick="all", default="[]")),
        (regex(useHeaders="true", regex="Location: (.*)"), Save(header="location")),
        (regex(useHeaders="true", regex="Set-Cookie: SID=([^;]+)"), Save(cookie="SID")),
        (regex(useHeaders="code", regex="(\\d+)"), Save(status=True)),
        (json(), Save(json="$.id")),
        (json(jsonPathExprs="id", match_numbers=""), Save(json="$.id")),
        (json(jsonPathExprs="$..id", match_numbers="0"), Save(json="$..id", pick="random")),
        (json(defaultValues="none"), Save(json="$.id", default="none")),
        (extractor("HtmlExtractor", "HtmlExtractor", refname="v", expr="a.b", attribute="href", match_number="2"),
         Save(css="a.b", attribute="href", pick=1)),
        (extractor("XPathExtractor", "XPathExtractor", refname="v", xpathQuery="//a/@b"), Save(xpath="//a/@b")),
        (extractor("XPath2Extractor", "XPathExtractor2", refname="v", xpathQuery="//a", matchNumber="0"),
         Save(xpath="//a", pick="random")),
        (extractor("BoundaryExtractor", "BoundaryExtractor", refname="v", lboundary="a(", rboundary=")"),
         Save(regex=r"(?s)a\((.*?)\)", group=1)),
        (element("com.atlantbh.jmeter.plugins.JSONPathExtractor", VAR="v", JSONPATH="$.a", DEFAULT="d"),
         Save(json="$.a", default="d")),
    ],
)  # fmt: skip
def test_extractors(text: str, expected: Save) -> None:
    assert request_of(in_group(http(text))).save == {"v": expected}


def test_several_values_are_saved_by_one_json_extractor() -> None:
    sampler = http(json(referenceNames="a;b", jsonPathExprs="$.a;$.b", match_numbers="1;-1", defaultValues="x;y"))
    expected = {"a": Save(json="$.a", default="x"), "b": Save(json="$.b", pick="all", default="[]")}
    assert request_of(in_group(sampler)).save == expected


def test_groups_that_are_used_are_saved_too() -> None:
    result = in_group(http(regex(regex="(a)(b)")), http(path="/${v_g2}"))
    first = next(step for step in steps_of(result) if isinstance(step, Request))
    assert first.save == {"v_g2": Save(regex="(a)(b)", group=2), "v": Save(regex="(a)(b)", group=1)}


def test_an_extractor_of_many_requests_leaves_the_variable_as_it_is_when_nothing_is_found() -> None:
    result = in_group(regex(), http(), http(path="/y"))
    assert steps_of(result)[0] == Set(set={"v": "$${v}"})
    assert [step.save["v"].default for step in steps_of(result) if isinstance(step, Request)] == ["${v}", "${v}"]


@pytest.mark.parametrize(
    "text",
    [regex(regex="(?=a)b"), regex(useHeaders="URL"), regex(refname=""), regex(regex="a${x}"),
     json(jsonPathExprs="$.a.length()"), json(jsonPathExprs="$["), regex(**{"match_number": "x"}),
     json(referenceNames="a;b")],
)  # fmt: skip
def test_what_cannot_be_found_like_this_is_noted(text: str) -> None:
    assert any("Extractor" in note or "PostProcessor" in note for note in notes_of(in_group(http(text))))
