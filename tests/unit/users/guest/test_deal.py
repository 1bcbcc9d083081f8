import subprocess
import sys

import pytest

from kilobar.errors import InputError
from kilobar.users.guest.deal import dealt


def klass(weight: float = 1, fixed_count: int = 0) -> dict[str, float]:
    return {"weight": weight, "fixed_count": fixed_count}


def test_one_class_is_the_whole_cycle() -> None:
    assert dealt([klass()]) == ([], [0])


def test_classes_are_mixed_by_weight_and_not_in_blocks() -> None:
    first, cycle = dealt([klass(3), klass(1)])
    assert first == []
    assert sorted(cycle) == [0, 0, 0, 1]
    assert cycle[-1] != 1 or cycle[0] != 1


def test_weights_with_a_common_divisor_make_a_short_cycle() -> None:
    assert len(dealt([klass(300), klass(100)])[1]) == 4


def test_fixed_counts_come_first_and_stay_out_of_the_cycle() -> None:
    first, cycle = dealt([klass(1), klass(5, fixed_count=2), klass(1, fixed_count=1)])
    assert sorted(first) == [1, 1, 2]
    assert cycle == [0]


def test_when_all_classes_are_fixed_there_is_no_cycle() -> None:
    assert dealt([klass(fixed_count=2)]) == ([0, 0], [])


def test_fractions_of_weights_keep_their_proportion() -> None:
    cycle = dealt([klass(0.5), klass(1.5)])[1]
    assert cycle.count(1) == 3 * cycle.count(0)


def test_a_cycle_is_never_longer_than_its_limit_and_forgets_nobody() -> None:
    cycle = dealt([klass(99_991), klass(1)])[1]
    assert len(cycle) <= 1_001
    assert 1 in cycle


def test_it_deals_as_locust_does() -> None:
    weights = [5, 1, 3]
    program = f"""
from itertools import islice
from locust.dispatch import _kl_generator
print(*islice(_kl_generator(enumerate({weights})), {sum(weights)}))
"""
    genuine = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert dealt([klass(weight) for weight in weights])[1] == [int(each) for each in genuine.split()]


@pytest.mark.parametrize("classes", [[], [klass(0)]])
def test_without_anybody_to_deal_it_says_so(classes: list[dict[str, float]]) -> None:
    with pytest.raises(InputError, match="no user class has a weight above 0"):
        dealt(classes)


def test_an_endless_fixed_count_is_refused() -> None:
    with pytest.raises(InputError, match="adds up to 2000000"):
        dealt([klass(fixed_count=2_000_000)])
