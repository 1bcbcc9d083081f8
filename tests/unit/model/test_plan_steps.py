"""What a plan says of its steps, those in steps included."""

from kilobar.scenario.check import check_text

TEXT = b"""
target: http://127.0.0.1:1
setup: [{post: /login}, {group: prepare, steps: [{get: /shared}]}]
flows:
  - before: [{get: /before}]
    steps:
      - if: ${env.X:-1} == 1
        then: [{get: /shared}, {repeat: 2, steps: [{parallel: [{get: /a}, {stop_user: enough}]}]}]
    after: [{get: /after}]
teardown: [{delete: /login}]
load: {users: 1, for: 1s}
"""


def test_what_only_setup_and_teardown_do_is_not_measured() -> None:
    plan = check_text(TEXT, "s.yaml", {}).require()
    assert plan.unmeasured == {"POST /login", "prepare", "DELETE /login"}


def test_a_plan_knows_whether_its_users_may_leave() -> None:
    assert check_text(TEXT, "s.yaml", {}).require().users_may_leave
    assert not check_text(TEXT.replace(b"stop_user", b"fail"), "s.yaml", {}).require().users_may_leave


def test_all_steps_are_found_in_order() -> None:
    plan = check_text(TEXT, "s.yaml", {}).require()
    methods = [step.method for step in plan.all_steps() if hasattr(step, "method")]
    assert methods == ["POST", "GET", "GET", "GET", "GET", "GET", "DELETE"]
