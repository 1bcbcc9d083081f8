import json
from pathlib import Path
from typing import Any

import pytest

from kilobar.importers import ImportFailed
from kilobar.importers.hazard import recognises
from kilobar.importers.source import Source
from kilobar.model.scenario import Bounds, Check, Flow, Group, Request, Save, Set, Tls, Users

from .importing import imported

URL = "http://a.example/x"
ALWAYS = {"isSession", "SaveParamChain"}
"""Paths of notes that every import has."""


def document(*tasks: dict[str, Any], **more: Any) -> str:
    return json.dumps({"isSession": True, "HttpProxy": "", "PreTask": None, "MainTask": list(tasks), **more})


def step(**more: Any) -> dict[str, Any]:
    return {"Method": "Get", "UrlPath": URL, **more}


def task(work: dict[str, Any], *before: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"TaskName": "t", "TaskWeight": 1, "PreWork": list(before), "TestWork": work, **more}


def convert(text: str) -> tuple[list[Any], list[str]]:
    """Steps of the first flow, inside its group, and the notes."""
    result = imported(text, "hazard")
    (group,) = result.scenario.flows[0].steps
    assert isinstance(group, Group)
    notes = [str(note) for note in result.notes if note.path not in ALWAYS and "no load" not in note.message]
    return group.steps, notes


def convert_one(**more: Any) -> tuple[Request, list[str]]:
    steps, notes = convert(document(task(step(**more))))
    (request,) = steps
    assert isinstance(request, Request)
    return request, notes


def saves(*rules: tuple[int, str, str]) -> list[dict[str, Any]]:
    return [{"SaveType": kind, "ParamName": name, "RuleValue": value} for kind, name, value in rules]


def test_a_task_is_a_flow_with_one_group_that_covers_the_steps_before_and_the_request() -> None:
    pre = step(UrlPath="http://a.example/pre")
    result = imported(document(task(step(), pre, TaskName="buy", TaskWeight=3)), "hazard")
    expected = Group(group="buy", steps=[Request(method="GET", url="/pre"), Request(method="GET", url="/x")])
    assert result.scenario.flows == [Flow(name="buy", weight=3, steps=[expected])]


def test_the_settings_are_those_of_the_worker() -> None:
    scenario = imported(document(task(step()), HttpProxy="10.0.0.1:3128"), "hazard").scenario
    assert (scenario.cookies, scenario.tls, scenario.timeout) == ("per_user", Tls(insecure=True), "90s")
    assert (scenario.proxy, scenario.target) == ("http://10.0.0.1:3128", "http://a.example")
    assert scenario.redirects is None  # none are followed by default
    assert scenario.load == [Users(users=1, for_="30s")]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([(0, 200)], Check(status=200)),
        ([(1, 20)], Check(size=Bounds(gt="20B"))),
        ([(2, 2)], Check(size=Bounds(eq="2B"))),
        ([(3, 65536)], Check(size=Bounds(lt="64KiB"))),
        ([(0, 200), (1, 0), (3, 3_000_000)], Check(status=200, size=Bounds(gt="0B", lt="3MB"))),
        ([(0, 200), (0, 201)], [Check(status=200), Check(status=201)]),
        ([(1, 5), (1, 7)], [Check(size=Bounds(gt="5B")), Check(size=Bounds(gt="7B"))]),
        ([(0, "200")], Check(status=200)),
        ([], None),
    ],
)
def test_assertions_mean_what_the_code_of_the_worker_says(rules: list[tuple[int, Any]], expected: object) -> None:
    chain = [{"AssertType": kind, "RuleValue": value} for kind, value in rules]
    assert convert_one(AssertChain=chain)[0].check == expected


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        ({"AssertType": 7, "RuleValue": 1}, "there is no assertion of type 7; left out"),
        ({"AssertType": 0, "RuleValue": 0}, "0 is no status; left out"),
        ({"AssertType": 1, "RuleValue": -1}, "no body has a negative length; left out"),
        ({"AssertType": 0, "RuleValue": 404},
         "the worker fails every status from 400 on; here 404 is what is expected"),
    ],
)  # fmt: skip
def test_an_assertion_that_means_something_else_is_noted(rule: dict[str, Any], note: str) -> None:
    assert convert_one(AssertChain=[rule])[1] == [f"MainTask[0].TestWork.AssertChain[0]: {note}"]


def test_what_is_no_number_is_0_as_in_the_worker() -> None:
    request, notes = convert_one(AssertChain=[{"AssertType": 1, "RuleValue": "many"}])
    assert request.check == Check(size=Bounds(gt="0B"))
    assert notes == [
        "MainTask[0].TestWork.AssertChain[0].RuleValue: this is no whole number; the worker takes it for 0"
    ]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (0, "//a/@href", Save(xpath="//a/@href")),
        (1, "data.0.id", Save(json="$.data[0].id")),
        (1, "a-b.c", Save(json='$["a-b"].c')),
        (2, "id=([0-9]+)", Save(regex="id=([0-9]+)")),
        (3, "${x}", Save(value="$${x}")),
        (4, "5-1", Save(value="${random.int(1, 5)}")),
        (4, "-5--1", Save(value="${random.int(-5, -1)}")),
        (5, "|red|blue", Save(value='${random.choice("red", "blue")}')),
        (5, ',a",b', Save(value='${random.choice(\'a"\', "b")}')),
        (5, "|red", Save(value="red")),
    ],
)
def test_values_are_saved_from_where_the_worker_took_them(kind: int, value: str, expected: Save) -> None:
    steps, _ = convert(document(task(step(), step(SaveParamChain=saves((kind, "v", value))))))
    assert steps[0].save == {"v": expected}


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        ((4, "v", "many"), "[0].RuleValue: this is no range such as 1-50; left out"),
        ((5, "v", ""), "[0].RuleValue: there is nothing to choose from; left out"),
        ((2, "v", ""), "[0].RuleValue: the rule is empty; left out"),
        ((9, "v", "x"), "[0]: there is no way of saving of type 9; left out"),
        ((3, "", "x"), "[0].ParamName: the variable has no name; left out"),
    ],
)
def test_a_value_that_cannot_be_saved_is_noted(rule: tuple[int, str, str], note: str) -> None:
    steps, notes = convert(document(task(step(), step(SaveParamChain=saves(rule)))))
    assert steps[0].save == {}
    assert f"MainTask[0].PreWork[0].SaveParamChain{note}" in notes


def test_values_are_never_saved_by_the_request_of_a_task() -> None:
    request, notes = convert_one(SaveParamChain=saves((3, "v", "x")))
    assert request.save == {}
    assert notes == ["MainTask[0].TestWork.SaveParamChain: the worker never saved values here; left out"]


def test_a_step_without_an_address_only_sets_values() -> None:
    chain = saves((3, "v", "x"), (1, "w", "a"))
    steps, notes = convert(document(task(step(), step(UrlPath="", SaveParamChain=chain))))
    assert steps[0] == Set(set={"v": "x"})
    assert "MainTask[0].PreWork[0].SaveParamChain[1]: there is no request here to save a value from; left out" in notes


def test_holes_are_filled_in_addresses_headers_parameters_and_bodies() -> None:
    pre = step(SaveParamChain=saves((3, "user-id", "7")))
    work = step(
        Method="Post",
        UrlPath=f"{URL}/{{@user-id@}}",
        Headers={"X-A": "a {@user-id@}"},
        Params={"{@user-id@}": "{@user-id@}"},
        DictData={"f": "${x}{@user-id@}"},
    )
    steps, _ = convert(document(task(work, pre)))
    assert steps[1] == Request(
        method="POST",
        url="/x/${user_id}",
        headers={"X-A": "a ${user_id}"},
        params={"{@user-id@}": "${user_id}"},
        form={"f": "$${x}${user_id}"},
    )


def test_a_variable_that_was_never_saved_is_nothing_and_said() -> None:
    request, notes = convert_one(UrlPath=f"{URL}?a={{@gone@}}&b=1")
    assert request.url == "/x?a=&b=1"
    expected = "`gone` is not saved before; the worker filled in nothing, so it is left out"
    assert notes == [f"MainTask[0].TestWork.UrlPath: {expected}"]


def test_values_of_one_task_are_not_known_in_another_but_those_of_the_setup_are() -> None:
    first = task(step(), step(SaveParamChain=saves((3, "mine", "1"))))
    second = task(step(UrlPath=f"{URL}/{{@all@}}{{@mine@}}"), TaskName="u")
    result = imported(document(first, second, PreTask=[step(SaveParamChain=saves((3, "all", "2")))]), "hazard")
    group = result.scenario.flows[1].steps[0]
    assert isinstance(group, Group)
    assert group.steps == [Request(method="GET", url="/x/${all}")]
    assert result.scenario.setup == [Request(method="GET", url="/x", save={"all": Save(value="2")})]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"JsonData": '{"a": [1]}'}, {"json": {"a": [1]}}),
        ({"JsonData": '{"a": {@n@}}'}, {"body": '{"a": ${n}}', "headers": {"content-type": "application/json"}}),
        ({"JsonData": '{"a": 1.10}'}, {"body": '{"a": 1.10}', "headers": {"content-type": "application/json"}}),
        ({"JsonData": "{}", "Headers": {"Content-Type": "x/y"}}, {"json": {}, "headers": {"Content-Type": "x/y"}}),
        ({"RawData": "a\n{@n@}"}, {"body": "a\n${n}"}),
        ({"DictData": {"a": 1, "password": "p"}}, {"form": {"a": "1", "password": "${env.PASSWORD:-not-set}"}}),
    ],
)
def test_bodies_mean_the_same(more: dict[str, Any], expected: dict[str, Any]) -> None:
    steps, _ = convert(document(task(step(Method="Post", **more), step(SaveParamChain=saves((4, "n", "1-2"))))))
    assert steps[1] == Request(method="POST", url="/x", **expected)


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"Method": "Delete"}, "Method: the worker sent POST for DELETE; DELETE is kept"),
        ({"Method": "?"}, "Method: this is no method; GET is taken"),
        ({"RawData": "x"}, "RawData: the worker sends no body with GET; left out"),
        ({"Method": "Post", "RawData": "x", "JsonData": "{}"}, "JsonData: a request has one body; RawData is taken"),
        ({"UrlPath": "a.example/x"}, "UrlPath: the address has no scheme; http:// is taken"),
        ({"Headers": []}, "Headers: this is a list where a mapping belongs; it is left out"),
        ({"AssertChain": [3]}, "AssertChain[0]: this is a number where a mapping belongs; it is left out"),
    ],
)
def test_what_differs_is_noted_by_its_path(more: dict[str, Any], note: str) -> None:
    assert convert_one(**more)[1] == [f"MainTask[0].TestWork.{note}"]


def test_names_of_tasks_become_unique_and_odd_weights_are_noted() -> None:
    tasks = [task(step(), TaskName="a", TaskWeight="2"), task(step(), TaskName="a", TaskWeight=-1), task(step())]
    tasks[2]["TaskName"] = ""
    result = imported(document(*tasks), "hazard")
    assert [(flow.name, flow.weight) for flow in result.scenario.flows] == [("a", 2), ("a (2)", None), ("task 3", 1)]
    assert "MainTask[1].TaskWeight: this is no weight; 1 is taken" in map(str, result.notes)


def test_weights_that_are_all_0_are_taken_as_equal() -> None:
    result = imported(document(task(step(), TaskWeight=0)), "hazard")
    assert result.scenario.flows[0].weight is None


def test_a_task_without_anything_to_do_is_left_out() -> None:
    result = imported(document(task({}), task(step(), TaskName="b")), "hazard")
    assert [flow.name for flow in result.scenario.flows] == ["b"]
    assert "MainTask[0]: there is nothing to do in this task; it is left out" in map(str, result.notes)


@pytest.mark.parametrize("text", ['{"MainTask": []}', '{"MainTask": null}', '{"MainTask": [1]}', "[]"])
def test_a_document_without_a_request_is_refused(text: str) -> None:
    with pytest.raises(ImportFailed):
        imported(text, "hazard")


@pytest.mark.parametrize(
    ("text", "is_hazard"),
    [('{"MainTask": []}', True), ('{"MainTask": 1}', False), ("[]", False), ("{", False), ("curl x", False)],
)
def test_it_is_recognised_by_its_main_tasks(text: str, is_hazard: bool) -> None:
    assert recognises(Source("x", Path(), text.encode())) is is_hazard
