import pytest

from kilobar.importers import Notes
from kilobar.importers.targets import DEFAULT_TARGET, require_target, share_target
from kilobar.model.scenario import Group, Request, Scenario


def scenario(*urls: str) -> Scenario:
    steps = [Request(method="GET", url=url) for url in urls]
    return Scenario(steps=[steps[0], Group(group="g", steps=[*steps[1:]])])


def urls(of: Scenario) -> list[str]:
    first, group = of.steps
    assert isinstance(first, Request)
    assert isinstance(group, Group)
    return [first.url, *(step.url for step in group.steps if isinstance(step, Request))]


def test_the_most_common_origin_becomes_the_target() -> None:
    found = scenario("http://b.example/1", "https://a.example:1/2?x", "https://a.example:1", "https://a.example:1?y")
    share_target(found)
    assert found.target == "https://a.example:1"
    assert urls(found) == ["http://b.example/1", "/2?x", "/", "/?y"]


@pytest.mark.parametrize("url", ["/x", "${host}/x", "http://${host}/x", "http://a${n}.example/x", "http://u@a/x"])
def test_an_origin_that_is_not_fixed_is_no_target(url: str) -> None:
    found = scenario(url)
    share_target(found)
    assert (found.target, urls(found)) == (None, [url])


def test_a_target_that_is_there_is_kept() -> None:
    found = scenario("http://a.example/x")
    found.target = "http://b.example"
    share_target(found)
    assert (found.target, urls(found)) == ("http://b.example", ["http://a.example/x"])


def test_paths_without_a_target_get_one_from_the_environment() -> None:
    found, notes = scenario("/x"), Notes()
    require_target(found, notes)
    assert found.target == DEFAULT_TARGET
    assert len(notes.all()) == 1
    absolute = scenario("http://a.example/x")
    require_target(absolute, notes)
    assert absolute.target is None
