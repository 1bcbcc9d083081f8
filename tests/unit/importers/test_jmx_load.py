import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.jmx_load import Profile, stages, total
from kilobar.model.scenario import Rate, Users

from .jmx import Value, convert, group, http, in_group, notes_of


def load(kind: str = "ThreadGroup", **values: Value) -> list[Rate | Users]:
    fixed = {name.replace("__", "."): value for name, value in values.items()}
    return convert(group(http(), kind=kind, **fixed)).scenario.load


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"num_threads": 5}, [Users(users=5, for_="1m")]),
        ({"num_threads": 10, "ramp_time": 20}, [Users(users="0 to 10", for_="20s"), Users(users=10, for_="40s")]),
        ({"num_threads": 10, "ramp_time": 120}, [Users(users="0 to 5", for_="1m")]),
        ({"num_threads": 2, "delay": 5}, [Users(users=0, for_="5s"), Users(users=2, for_="1m")]),
        ({"num_threads": "${__P(n,3)}", "scheduler": False}, [Users(users=3, for_="1m")]),
        ({"num_threads": "${unknown}"}, [Users(users=1, for_="1m")]),
    ],
)
def test_a_thread_group(values: dict[str, Value], expected: list[Users]) -> None:
    assert load(**{f"ThreadGroup__{name}": value for name, value in values.items()}) == expected


def test_a_group_without_a_duration_is_noted() -> None:
    result = convert(group(http(), **{"ThreadGroup.scheduler": False}))
    assert any("change `load`" in note for note in notes_of(result))


def test_an_ultimate_thread_group_is_the_sum_of_its_rows() -> None:
    rows: Value = [["10", "0", "10", "20", "10"], ["5", "10", "0", "10", "0"]]
    assert load("UltimateThreadGroup", ultimatethreadgroupdata=rows) == [
        Users(users="0 to 10", for_="10s"),
        Users(users=15, for_="10s"),
        Users(users=10, for_="10s"),
        Users(users="10 to 0", for_="10s"),
    ]


def test_a_concurrency_thread_group() -> None:
    values: dict[str, Value] = {"TargetLevel": "20", "RampUp": "2", "Steps": "2", "Hold": "3", "Unit": "M"}
    assert load("ConcurrencyThreadGroup", **values) == [
        Users(users=10, for_="1m"),
        Users(users=20, for_="1m"),
        Users(users=20, for_="3m"),
    ]


def test_an_arrivals_thread_group_is_a_rate() -> None:
    values: dict[str, Value] = {"TargetLevel": "90", "RampUp": "1", "Hold": "2", "Unit": "M"}
    expected = [Rate(rate="0/s to 90/min", for_="1m"), Rate(rate="90/min", for_="2m")]
    assert load("ArrivalsThreadGroup", **values) == expected


def test_an_open_model_is_a_rate() -> None:
    schedule = "rate(0/s) random_arrivals(10 s) rate(5/s) even_arrivals(1 min) pause(5 s)"
    assert load("OpenModelThreadGroup", OpenModelThreadGroup__schedule=schedule) == [
        Rate(rate="0/s to 5/s", for_="10s"),
        Rate(rate="5/s", for_="1m"),
        Rate(rate="0/s", for_="5s"),
    ]


def test_a_stepping_thread_group_goes_up_and_down() -> None:
    values: dict[str, Value] = {"ThreadGroup.num_threads": 4, "Start users count": "2", "Start users period": "10",
                                "flighttime": "60", "Stop users count": "4", "Stop users period": "1"}  # fmt: skip
    assert load("SteppingThreadGroup", **values) == [
        Users(users=2, for_="10s"),
        Users(users=4, for_="1m"),
    ]


def test_several_groups_are_flows_by_weight_and_their_users_add_up() -> None:
    first = group(http(), name="a", **{"ThreadGroup.num_threads": 3})
    second = group(http(), name="b", **{"ThreadGroup.num_threads": 1, "ThreadGroup.duration": 120})
    scenario = convert(first, second).scenario
    assert [(flow.name, flow.weight) for flow in scenario.flows] == [("a", 3), ("b", 1)]
    assert scenario.load == [Users(users=4, for_="1m"), Users(users=1, for_="1m")]


def test_a_shaped_throughput_is_a_rate_of_iterations() -> None:
    from .jmx import element

    timer = element("VariableThroughputTimer", load_profile=[["0", "10", "20"]])
    assert in_group(timer, http(), http()).scenario.load == [Rate(rate="0/s to 5/s", for_="20s")]


POINTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5).map(
    lambda points: Profile([(time, float(level)) for time, level in sorted(points, key=lambda point: point[0])])
)


@given(st.lists(POINTS, min_size=1, max_size=3), st.integers(0, 9))
def test_the_sum_of_profiles_is_at_each_time_the_sum_of_their_levels(profiles: list[Profile], time_ms: int) -> None:
    assert total(profiles).at(time_ms) == pytest.approx(sum(profile.at(time_ms) for profile in profiles))


@given(POINTS)
def test_stages_last_as_long_as_the_profile(profile: Profile) -> None:
    seconds = Profile([(time * 1000, level + 1) for time, level in profile.points])
    lasts = sum(int(stage.for_.removesuffix("s")) for stage in stages(seconds))
    assert lasts * 1000 == (seconds.end_ms if seconds.end_ms > seconds.points[0][0] else lasts * 1000)
