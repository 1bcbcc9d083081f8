"""What a plan says of users that Python executes."""

from kilobar.model.plan import Code, CodeClass, CodeStep, Flow, Plan, Stage

CODE = Code({"kind": "classes", "file": "users.py"}, (CodeClass("Query", "async", rows=3),), first=(0,), cycle=(0, 0))


def plan(code: Code | None) -> Plan:
    return Plan(
        name="test",
        seed=1,
        arrivals="uniform",
        load=(Stage("users", 1, 1, 1),),
        flows=(Flow("Query", 1, (CodeStep(0, "press"),), (CodeStep(0, "start"),), (CodeStep(0, "stop"),)),),
        series=(),
        variables=(),
        origins=(),
        code=code,
    )


def test_the_section_and_its_steps_have_the_form_of_the_contract() -> None:
    form = plan(CODE).to_dict()
    assert form["code"] == {
        "source": {"kind": "classes", "file": "users.py"},
        "classes": [{"name": "Query", "way": "async", "timeout_ns": 60_000_000_000, "rows": 3}],
        "first": [0],
        "cycle": [0, 0],
    }
    assert form["flows"][0] == {
        "name": "Query",
        "weight": 1,
        "before": [{"kind": "code", "class": 0, "act": "start"}],
        "steps": [{"kind": "code", "class": 0, "act": "press"}],
        "after": [{"kind": "code", "class": 0, "act": "stop"}],
    }


def test_plans_without_code_do_not_speak_of_it() -> None:
    assert "code" not in plan(None).to_dict()


def test_users_that_are_code_may_leave_by_themselves() -> None:
    assert plan(CODE).users_may_leave
    assert not plan(None).users_may_leave
