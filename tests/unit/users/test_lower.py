"""What an inspection has found becomes a plan."""

from dataclasses import replace
from typing import Any

import pytest

from kilobar.model.plan import CodeClass, CodeStep, Flow, HttpPolicy, Origin, Plan, Stage
from kilobar.scenario import Checked, Overrides
from kilobar.users.inspected import Inspected, InspectedClass
from kilobar.users.lower import lower

S = 1_000_000_000
A = InspectedClass("A", "threads", 3.0, start=True, stop=True)
B = InspectedClass("B", "async", 1.0)


def inspected(*classes: InspectedClass, **others: Any) -> Inspected:
    return Inspected({"kind": "classes", "file": "users.py"}, classes or (A,), **others)


def checked(found: Inspected, overrides: Overrides | None = None) -> Checked:
    return lower(found, "users.py", "users", overrides, {})


def plan(found: Inspected, overrides: Overrides | None = None) -> Plan:
    return checked(found, overrides).require()


def test_each_class_is_a_flow_that_begins_and_ends_only_when_there_is_something_to_do() -> None:
    result = plan(inspected(A, B), Overrides(rate="5/s", duration="2s"))
    assert result.flows == (
        Flow("A", 3.0, (CodeStep(0, "press"),), (CodeStep(0, "start"),), (CodeStep(0, "stop"),)),
        Flow("B", 1.0, (CodeStep(1, "press"),)),
    )
    assert result.code is not None
    assert result.code.classes == (CodeClass("A", "threads"), CodeClass("B", "async"))
    assert (result.code.first, result.code.cycle) == ((), (0, 0, 1, 0))
    assert result.load == (Stage("rate", 5.0, 5.0, 2 * S),)
    assert (result.series, result.origins, result.target, result.name) == ((), (), None, "users")


def test_cookies_belong_to_users() -> None:
    assert plan(inspected()).http.cookies == "per_user"


def test_without_a_load_one_user_presses_for_a_while_and_a_warning_says_so() -> None:
    result = checked(inspected())
    assert result.require().load == (Stage("users", 1.0, 1.0, 10 * S),)
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity) == ("no-load", "warning")
    assert warning.message == "A has no load: 1 user for 10s is used"


def test_the_command_line_beats_the_attributes_of_classes() -> None:
    one = replace(
        A, rate="5/s", users="7", duration="3s", target="http://127.0.0.1:1/api/", thresholds=("p99 < 1s",), grace="9s"
    )
    result = plan(inspected(one))
    assert result.load == (Stage("rate", 5.0, 5.0, 3 * S),)
    assert (result.max_in_flight, result.grace_ns) == (7, 9 * S)
    assert (result.origins, result.target) == ((Origin("http", "127.0.0.1", 1),), 0)
    assert result.code is not None
    assert result.code.source["target"] == "http://127.0.0.1:1/api"
    assert result.thresholds == ("p99 < 1s",)
    options = Overrides(
        users="4", duration="1s", target="http://127.0.0.1:2", thresholds=("errors < 1%",), seed=9, grace="1s",
        max_in_flight=2, allow=("example.com",),
    )  # fmt: skip
    result = plan(inspected(one), options)
    assert result.load == (Stage("users", 4.0, 4.0, S),)
    assert (result.origins, result.grace_ns, result.max_in_flight) == ((Origin("http", "127.0.0.1", 2),), S, 2)
    assert (result.thresholds, result.allow, result.seed) == (("p99 < 1s", "errors < 1%"), ("example.com",), 9)
    assert result.code is not None
    assert result.code.source["target"] == "http://127.0.0.1:2"


def test_a_duration_on_the_command_line_changes_that_of_a_class() -> None:
    assert plan(inspected(replace(A, rate="5/s")), Overrides(duration="1s")).load == (Stage("rate", 5.0, 5.0, S),)
    assert plan(inspected(), Overrides(duration="1s")).load == (Stage("users", 1.0, 1.0, S),)
    one = replace(A, duration="3s")
    assert plan(inspected(one), Overrides(rate="5/s")).load == (Stage("rate", 5.0, 5.0, 3 * S),)


def test_loads_of_classes_that_contradict_do_not_matter_when_the_load_is_given() -> None:
    found = inspected(replace(A, rate="5/s"), replace(B, users="3"))
    result = plan(found, Overrides(users="8"))
    assert (result.load[0].end, [flow.weight for flow in result.flows]) == (8.0, [3.0, 1.0])


def test_a_load_of_the_code_as_a_whole_is_taken_and_can_be_replaced() -> None:
    load = (Stage("users", 0, 10, S), Stage("users", 10, 10, 5 * S))
    found = inspected(InspectedClass("L", "guest"), load=load, host="http://127.0.0.1:1", notes=("no web page",))
    result = checked(found)
    assert result.require().load == load
    assert result.require().origins == (Origin("http", "127.0.0.1", 1),)
    (note,) = result.diagnostics
    assert (note.code, note.message, note.severity) == ("not-supported", "no web page", "warning")
    assert plan(found, Overrides(users="3", duration="1s")).load == (Stage("users", 3.0, 3.0, S),)


def test_rows_and_time_limits_of_classes_reach_the_engine() -> None:
    result = plan(inspected(replace(A, timeout="2s", rows=7)))
    assert result.code is not None
    assert result.code.classes == (CodeClass("A", "threads", 2 * S, 7),)


def test_users_keep_their_cookies_and_classes_say_what_is_trusted() -> None:
    trusting = replace(A, insecure=True, ca_file="/ca.pem")
    assert plan(inspected(A, B)).http == HttpPolicy(cookies="per_user")
    assert plan(inspected(B, trusting)).http == HttpPolicy(cookies="per_user", insecure=True, ca_file="/ca.pem")


def test_fixed_numbers_of_users_come_first_and_then_have_no_part() -> None:
    result = plan(inspected(replace(A, fixed_count=2), B))
    assert result.code is not None
    assert (result.code.first, result.code.cycle) == ((0, 0), (1,))
    result = plan(inspected(replace(A, fixed_count=2, weight=0.0)))
    assert result.code is not None
    assert (result.code.first, result.code.cycle) == ((0, 0), (0,))


def test_code_that_deals_itself_is_obeyed() -> None:
    result = plan(inspected(A, B, first=(1,), cycle=(1, 0)))
    assert result.code is not None
    assert (result.code.first, result.code.cycle) == ((1,), (1, 0))


@pytest.mark.parametrize(
    ("classes", "overrides", "code"),
    [
        ((replace(A, weight=0.0),), Overrides(), "no-request"),
        ((A, A), Overrides(), "duplicate-name"),
        ((replace(A, fixed_count=10**6),), Overrides(), "impossible-load"),
        ((A,), Overrides(rate="5/s", users="3"), "conflicting-keys"),
        ((A,), Overrides(rate="soon"), "bad-rate"),
        ((A,), Overrides(target="/path"), "bad-url"),
        ((A,), Overrides(target="http://127.0.0.1/?q"), "bad-url"),
        ((A,), Overrides(thresholds=("p99",)), "bad-threshold"),
        ((A,), Overrides(allow=("a/b",)), "bad-host"),
        ((replace(A, timeout="0s"),), Overrides(), "bad-duration"),
        ((replace(A, thresholds=("soon",)),), Overrides(), "bad-threshold"),
        ((replace(A, target="127.0.0.1"),), Overrides(), "bad-url"),
        ((replace(A, rate="0/s"),), Overrides(), "impossible-load"),
        ((replace(A, way="guest"),), Overrides(rate="5/s"), "impossible-load"),
    ],
)
def test_what_is_wrong_is_a_diagnostic(classes: tuple[InspectedClass, ...], overrides: Overrides, code: str) -> None:
    result = checked(inspected(*classes), overrides)
    assert result.plan is None
    assert [diagnostic.code for diagnostic in result.diagnostics if diagnostic.severity == "error"] == [code]


def test_thresholds_may_name_steps_that_only_the_run_will_show() -> None:
    assert plan(inspected(), Overrides(thresholds=("p99(thrift lookup) < 1s",))).thresholds


def test_what_the_engine_refuses_is_told() -> None:
    def refuse(plan_json: str) -> None:
        raise ValueError("too many")

    result = lower(inspected(), "users.py", "users", None, {}, refuse)
    assert result.plan is None
    assert "plan-refused" in [diagnostic.code for diagnostic in result.diagnostics]


def test_what_a_source_says_of_its_own_load_is_forgotten_when_the_load_is_replaced() -> None:
    source = {"kind": "locust", "file": "f.py", "ramps": [[1, 2]], "duration_s": 5, "classes_over_time": []}
    found = Inspected(source, (InspectedClass("L", "guest"),), load=(Stage("users", 0, 10, S),))
    kept = plan(found).code
    assert kept is not None
    assert {"ramps", "duration_s", "classes_over_time"} <= set(kept.source)
    replaced = plan(found, Overrides(users="3", duration="1s")).code
    assert replaced is not None
    assert set(replaced.source) == {"kind", "file"}
