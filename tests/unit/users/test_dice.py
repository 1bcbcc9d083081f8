from kilobar.users.dice import Dice


def throws(seed: int, user: int, count: int = 10_000) -> list[float]:
    dice = Dice(seed, user)
    return [dice.throw() for _ in range(count)]


def test_the_same_seed_and_user_throw_the_same() -> None:
    assert throws(3, 4) == throws(3, 4)


def test_users_and_seeds_throw_differently() -> None:
    firsts = {throws(seed, user, 1)[0] for seed in range(30) for user in range(30)}
    assert len(firsts) == 900


def test_throws_are_spread_evenly_from_0_to_1() -> None:
    thrown = throws(1, 1)
    assert min(thrown) >= 0
    assert max(thrown) < 1
    for tenth in range(10):
        assert 850 < sum(tenth <= throw * 10 < tenth + 1 for throw in thrown) < 1_150


def test_large_and_negative_seeds_are_seeds_too() -> None:
    assert throws(-1, 2**70, 3) != throws(1, 2**70, 3)
