import pytest

from kilobar.model.scenario import (
    ForEach,
    Group,
    If,
    Parallel,
    Repeat,
    Request,
    Set,
    Step,
    StopUser,
    Think,
    ThinkLaw,
    While,
)  # fmt: skip

from .jmx import convert, element, group, http, in_group, notes_of, steps_of

A, B = http(path="/a"), http(path="/b")


def shape(steps: list[Step]) -> list[object]:  # noqa: C901  # a line for each class
    """Requests as their URL, lists of steps by kind."""
    found: list[object] = []
    for step in steps:
        match step:
            case Request():
                found.append(step.url)
            case Group():
                found.append((step.group, shape(step.steps)))
            case Repeat():
                found.append((step.repeat, shape(step.steps)))
            case While():
                found.append((step.while_, shape(step.steps)))
            case If():
                found.append((step.if_, shape(step.then)))
            case ForEach():
                found.append((step.for_each, step.as_, shape(step.steps)))
            case Parallel():
                found.append(("parallel", shape(step.parallel)))
            case Set():
                found.append(step.set)
            case Think():
                found.append(step.think)
            case _:
                found.append(step)
    return found


ALL = element("RegexExtractor", **{"RegexExtractor.refname": "id", "RegexExtractor.regex": "(.)",
              "RegexExtractor.template": "$1$", "RegexExtractor.match_number": "-1"})  # fmt: skip


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([element("GenericController", A), B], ["/a", "/b"]),
        ([element("TransactionController", A, B, name="buy")], [("buy", ["/a", "/b"])]),
        ([element("LoopController", A, **{"LoopController.loops": "3"})], [(3, ["/a"])]),
        ([element("LoopController", A, **{"LoopController.loops": "1"})], ["/a"]),
        ([element("LoopController", A, **{"LoopController.loops": "-1"})], [(1_000_000, ["/a"])]),
        ([element("LoopController", A, **{"LoopController.loops": "0"}), B], ["/b"]),
        ([element("LoopController", A, **{"LoopController.loops": "${__P(n,4)}"})], [("${env.N:-4}", ["/a"])]),
        ([element("ParallelSampler", A, B)], [("parallel", ["/a", "/b"])]),
        ([element("RandomController", A, B, name="r")],
         [{"r_choice_1": "${random.int(1, 2)}"}, ("${r_choice_1} == 1", ["/a"]), ("${r_choice_1} == 2", ["/b"])]),
        ([element("ThroughputController", A, name="t", **{"ThroughputController.style": 1,
          "ThroughputController.percentThroughput": "12.5"})],
         [{"t_share_1": "${random.int(1, 10000)}"}, ("${t_share_1} <= 1250", ["/a"])]),
        ([element("RunTime", A), element("CriticalSectionController", B)], ["/a", "/b"]),
        ([http(ALL, path="/a"), element("ForeachController", B, **{"ForeachController.inputVal": "id",
          "ForeachController.returnVal": "one"})], ["/a", ("${id}", "one", ["/b"])]),
        ([A, element("TestAction", **{"ActionProcessor.action": 1, "ActionProcessor.duration": "1500"})],
         ["/a", "1500ms"]),
        ([A, element("TestAction", name="enough", **{"ActionProcessor.action": 0, "ActionProcessor.target": 0})],
         ["/a", StopUser(stop_user="enough")]),
    ],
)  # fmt: skip
def test_controllers(elements: list[str], expected: list[object]) -> None:
    assert shape(steps_of(in_group(*elements))) == expected


@pytest.mark.parametrize(
    ("text", "is_expression", "expected"),
    [
        ("${__jexl3(\"${x}\" == \"a b\" && ${n} > 3,)}", True, '(${x} == "a b" and ${n} > 3)'),
        ("${__groovy(vars.get('x') != null || !(${n} lt 2),)}", True, "(${x} is set or not (${n} < 2))"),
        ("${__groovy(vars.get(\"x\").equals(\"a\"))}", True, '${x} == "a"'),
        ("${flag}", True, "${flag} == true"),
        ("true", True, "true == true"),
        ("\"${x}\" != \"\\${x}\"", False, '${x} != "$${x}"'),
        ("${n} >= 5;", False, "${n} >= 5"),
    ],
)  # fmt: skip
def test_conditions(text: str, is_expression: bool, expected: str) -> None:
    controller = element(
        "IfController", A, **{"IfController.condition": text, "IfController.useExpression": is_expression}
    )
    (step,) = (step for step in steps_of(in_group(controller)) if isinstance(step, If))
    assert step.if_ == expected


@pytest.mark.parametrize("text", ["${__groovy(def a = 1; a == 1)}", "${__jexl3(f(1))}", "${__jexl3()}"])
def test_steps_under_a_condition_that_is_not_understood_are_done_and_it_is_noted(text: str) -> None:
    controller = element("IfController", A, **{"IfController.condition": text, "IfController.useExpression": True})
    result = in_group(controller)
    assert shape(steps_of(result)) == ["/a"]
    assert any("always done" in note for note in notes_of(result))


def test_while_goes_on_until_its_condition_is_false() -> None:
    result = in_group(http(path="/p"), element("WhileController", A, **{"WhileController.condition": "${more}"}))
    assert shape(steps_of(result)) == ["/p", ("${more} != false", ["/a"])]


def test_a_while_that_asks_for_the_last_sample_is_done_once() -> None:
    result = in_group(element("WhileController", A, **{"WhileController.condition": "LAST"}))
    assert shape(steps_of(result)) == ["/a"]
    assert any("done once" in note for note in notes_of(result))


def test_once_only_is_done_before_the_iterations_of_a_user() -> None:
    (flow,) = in_group(B, element("OnceOnlyController", A)).scenario.flows
    assert (shape(flow.before), shape(flow.steps)) == (["/a"], ["/b"])


def test_setup_and_teardown_groups_are_done_once_per_run() -> None:
    result = convert(group(A, kind="SetupThreadGroup"), group(B), group(A, kind="PostThreadGroup"))
    scenario = result.scenario
    assert (shape(scenario.setup), shape(scenario.flows[0].steps), shape(scenario.teardown)) == (["/a"], ["/b"], ["/a"])


def test_a_switch_takes_the_element_by_number_or_name() -> None:
    first, second = http(path="/a", name="one"), http(path="/b", name="two")
    switch = element("SwitchController", first, second, **{"SwitchController.value": "${which}"})
    conditions = [step.if_ for step in steps_of(in_group(switch)) if isinstance(step, If)]
    assert conditions == [
        '("${which}" == "0" or "${which}" == "one")',
        '("${which}" == "1" or "${which}" == "two")',
    ]


def test_a_module_stands_for_the_element_it_names() -> None:
    fragment = element("TestFragmentController", element("GenericController", A, name="login"), name="parts")
    module = element("ModuleController", **{"ModuleController.node_path": ["Plan", "Plan", "parts", "login"]})
    result = convert(group(module, B), fragment)
    assert shape(steps_of(result)) == ["/a", "/b"]


def test_a_module_that_holds_itself_is_noted() -> None:
    module = element("ModuleController", **{"ModuleController.node_path": ["Plan", "Users", "again"]})
    result = in_group(B, element("GenericController", module, name="again"))
    assert shape(steps_of(result)) == ["/b"]
    assert any("holds this element itself" in note for note in notes_of(result))


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("ConstantTimer", {"ConstantTimer.delay": "300"}, "300ms"),
        ("ConstantTimer", {"ConstantTimer.delay": "${__Random(1000,2000)}"}, "1s..2s"),
        ("UniformRandomTimer", {"ConstantTimer.delay": "1000", "RandomTimer.range": "100.0"}, "1s..1100ms"),
        ("GaussianRandomTimer", {"ConstantTimer.delay": "300", "RandomTimer.range": "100.0"}, "0ms..600ms"),
        ("PoissonRandomTimer", {"ConstantTimer.delay": "0", "RandomTimer.range": "100"}, ThinkLaw(exponential="100ms")),
    ],
)
def test_a_timer_waits_before_every_request_in_its_scope(
    kind: str, values: dict[str, str], expected: str | ThinkLaw
) -> None:
    inner = element("GenericController", A, element(kind, **values))
    assert shape(steps_of(in_group(B, inner))) == ["/b", expected, "/a"]


def test_a_constant_throughput_is_pacing() -> None:
    timer = element("ConstantThroughputTimer", throughput="60", calcMode=0)
    assert shape(steps_of(in_group(timer, A, B))) == ["/a", "/b", ThinkLaw(pacing="2000ms")]
