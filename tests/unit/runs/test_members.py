from hypothesis import given
from hypothesis import strategies as st

from kilobar.runs.asked import AskedLoad
from kilobar.runs.members import Members, parts_of

from .intervals import SECOND_NS, plan, rate

S = SECOND_NS


@given(st.data())
def test_whoever_dies_when_every_arrival_is_planned_for_exactly_one_worker(data: st.DataObject) -> None:
    workers = data.draw(st.integers(2, 6))
    asked = AskedLoad(plan(rate(data.draw(st.integers(1, 500)), 10)))
    members = Members(workers)
    living = list(range(workers))
    at_ns = 0
    for dead in data.draw(st.permutations(range(workers)))[: workers - 1]:
        living.remove(dead)
        at_ns = members.replace(dead, living, at_ns + data.draw(st.integers(0, 3 * S)))
    planned = [members.planned_of(worker, asked, 0, 10 * S) for worker in range(workers)]
    assert sum(planned) == asked.arrivals()


@given(st.data())
def test_whoever_dies_when_the_parts_of_a_limit_add_up_to_it_and_never_shrink(data: st.DataObject) -> None:
    workers = data.draw(st.integers(1, 12))
    limit = data.draw(st.integers(0, 200))
    living = list(range(workers))
    parts = parts_of(limit, living)
    for dead in data.draw(st.permutations(range(workers)))[: workers - 1]:
        living.remove(dead)
        after = parts_of(limit, living)
        assert sum(after.values()) == limit
        assert max(after.values()) - min(after.values()) <= 1
        assert all(after[worker] >= parts[worker] for worker in living)
        parts = after


def test_two_changes_never_take_effect_at_the_same_instant() -> None:
    members = Members(3)
    assert members.replace(0, [1, 2], 5) == 5
    assert members.replace(1, [2], 5) == 6
    assert set(members.owners) == {2}


def test_a_worker_is_asked_for_nothing_after_its_share_has_moved() -> None:
    asked = AskedLoad(plan(rate(100, 10)))
    members = Members(2)
    members.replace(0, [1], 4 * S)
    assert members.planned_of(0, asked, 0, 10 * S) == 200
    assert members.planned_of(1, asked, 0, 10 * S) == 200 + 600
    assert members.planned_of(1, asked, 3 * S, 5 * S) == 50 + 100
