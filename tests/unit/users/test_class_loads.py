"""The load that classes ask for, together."""

from dataclasses import replace

import pytest

from kilobar.errors import InputError
from kilobar.scenario.findings import Findings
from kilobar.scenario.parse import Reader
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.tree import RateStage, UsersStage
from kilobar.users.class_loads import ClassLoads, class_loads
from kilobar.users.inspected import InspectedClass

A = InspectedClass("A", "threads", 3.0, lines={"": 2, "rate": 4})
B = InspectedClass("B", "async", 1.0)
S = 1_000_000_000


def of(*classes: InspectedClass) -> tuple[ClassLoads, tuple[str, ...]]:
    findings = Findings()
    loads = class_loads(classes, "users.py", Reader(Resolver({}, findings), findings))
    return loads, tuple(str(diagnostic) for diagnostic in findings.sorted())


def test_classes_without_a_load_have_only_their_weights() -> None:
    assert of(A, B) == (ClassLoads(None, (3.0, 1.0), None), ())


def test_one_load_is_shared_by_weight() -> None:
    loads, _ = of(replace(A, rate="0/s to 8/s", duration="5s"), B)
    assert loads.load is not None
    (stage,) = loads.load
    assert isinstance(stage, RateStage)
    assert (stage.rate, stage.duration_ns, str(stage.place)) == ((0.0, 8.0), 5 * S, "users.py:4:1")
    assert loads.weights == (3.0, 1.0)


def test_several_loads_add_up_and_each_class_has_its_part() -> None:
    loads, _ = of(replace(A, rate="100/s"), replace(B, rate="0/s to 50/s"))
    assert loads.load is not None
    assert isinstance(loads.load[0], RateStage)
    assert (loads.load[0].rate, loads.load[0].duration_ns) == ((100.0, 150.0), 30 * S)
    assert loads.weights == (100.0, 50.0)
    loads, _ = of(replace(A, users="2"), replace(B, users="1"))
    assert loads.load is not None
    assert isinstance(loads.load[0], UsersStage)
    assert (loads.load[0].users, loads.weights) == ((3, 3), (2.0, 1.0))


def test_a_duration_alone_is_one_user_for_that_long() -> None:
    loads, _ = of(replace(A, duration="5s"))
    assert loads.load is not None
    assert isinstance(loads.load[0], UsersStage)
    assert (loads.load[0].users, loads.load[0].duration_ns) == ((1, 1), 5 * S)


def test_a_number_of_users_beside_a_rate_limits_what_is_in_flight() -> None:
    loads, _ = of(replace(A, rate="100/s", users="10"))
    assert loads.load is not None
    assert isinstance(loads.load[0], RateStage)
    assert loads.max_in_flight == 10
    assert of(replace(A, rate="100/s", users="10", max_in_flight="50"))[0].max_in_flight == 50
    assert of(replace(A, users="10"))[0].max_in_flight is None


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({"rate": "5/s"}, {"users": "5"}, "A in users.py asks for a rate and B for a number of users"),
        ({"users": "5"}, {"rate": "5/s"}, "B in users.py asks for a rate and A for a number of users"),
        ({"rate": "5/s", "duration": "5s"}, {"rate": "5/s"}, "loads of different durations"),
    ],
)
def test_loads_that_cannot_be_put_together_are_told(first: dict[str, str], second: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        of(replace(A, **first), replace(B, **second))  # type: ignore[arg-type]
    assert "users.py:A" in (caught.value.hint or "")


def test_among_several_loads_no_class_may_be_silent() -> None:
    with pytest.raises(InputError, match=r"A and B in users.py say their load, C does not"):
        of(replace(A, rate="5/s"), replace(B, rate="5/s"), InspectedClass("C", "async"))


def test_what_cannot_be_read_has_its_place() -> None:
    _, diagnostics = of(replace(A, rate="5 per second", duration="soon", max_in_flight="0"))
    assert [text.partition(": error")[0] for text in diagnostics] == ["users.py:2:1", "users.py:2:1", "users.py:4:1"]
    assert "error[bad-rate]: `5 per second` is not a rate" in diagnostics[2]
