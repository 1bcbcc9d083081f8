import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kilobar.embedding.job import Job, RunOptions
from kilobar.errors import InputError
from kilobar.scenario import Overrides, Scenario, get

URL = "http://127.0.0.1:8700/"


class Pressed:
    """Stands for a class of users in a file."""

    class Inner:
        """One that no other process can import."""


def job(**options: Any) -> Job:
    return Job.of(URL, options)


def test_numbers_become_what_a_command_line_would_have() -> None:
    asked = job(rate=10_000, duration=8, grace=0.5, seed=7, max_in_flight=100)
    assert asked.overrides == {"rate": "10000/s", "duration": "8s", "grace": "0.5s", "seed": 7, "max_in_flight": 100}
    assert job(users=50).overrides == {"users": "50"}
    assert job(rate=0.25).overrides == {"rate": "0.25/s"}
    assert job(rate=1e6, duration=1e-6).overrides == {"rate": "1000000/s", "duration": "0.000001s"}


def test_texts_stay_as_they_are() -> None:
    asked = job(rate="0/s to 500/s", duration="5m", users="0 to 50", target="http://10.0.0.1")
    assert asked.overrides == {
        "rate": "0/s to 500/s", "duration": "5m", "users": "0 to 50", "target": "http://10.0.0.1",
    }  # fmt: skip


def test_none_is_as_good_as_leaving_an_option_out() -> None:
    assert job(**dict.fromkeys(RunOptions.__annotations__)) == job()


def test_one_text_is_as_good_as_a_list_of_one() -> None:
    assert job(thresholds="p99 < 1s").overrides == job(thresholds=("p99 < 1s",)).overrides
    assert job(allow={"shop.test"}).overrides == {"allow": ["shop.test"]}


def test_each_option_is_understood_by_the_check_of_scenarios() -> None:
    given = {"rate": "1/s", "users": 1, "duration": 1, "thresholds": [], "target": "", "seed": 1, "max_in_flight": 1}
    overrides = job(**given, grace=1, allow=[]).overrides
    assert Overrides(**overrides).duration == "1s"


def test_a_job_survives_the_way_to_its_process(tmp_path: Path) -> None:
    asked = job(json=tmp_path / "out.json", html="report.html", workers=2)
    assert asked.outputs == {"json": str(tmp_path / "out.json"), "html": "report.html"}
    assert Job(**json.loads(json.dumps(asdict(asked)))) == asked


def test_the_call_can_be_repeated_from_what_the_report_says() -> None:
    assert job(rate="5/s", seed=3).command == f"kilobar.run({URL!r}, rate='5/s', seed=3)"


def test_a_scenario_in_python_is_sent_as_its_text() -> None:
    asked = Job.of(Scenario(name="shop", target=URL, steps=[get("/")]), {})
    assert asked.scenario == "shop"
    assert asked.document is not None
    assert Scenario.from_yaml(asked.document).name == "shop"


def test_a_path_is_what_a_command_line_would_have() -> None:
    assert Job.of(Path("tests") / "shop.yaml", {}).scenario == "tests/shop.yaml"
    assert Job.of("test_shop.py::test_buy", {}).scenario == "test_shop.py::test_buy"


def test_a_class_is_named_by_its_file() -> None:
    assert Job.of(Pressed, {}).scenario == f"{__file__}:Pressed"


def test_a_class_that_no_other_process_can_import_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"test_job\.py:\d+: the class Pressed\.Inner stands inside") as caught:
        Job.of(Pressed.Inner, {})
    assert caught.value.hint is not None
    with pytest.raises(InputError, match="is in no file"):
        Job.of(type("Typed", (), {"__module__": "nowhere"}), {})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": ["5/s"]}, "rate must be a text such as 500/s, or a number, not"),
        ({"rate": True}, "rate must be"),
        ({"users": 1.5}, "users must be a whole number, not 1.5"),
        ({"duration": {}}, "duration must be a text such as 30s"),
        ({"thresholds": 5}, "thresholds must be a list of texts, not 5"),
        ({"thresholds": [5]}, "thresholds must be a text, not 5"),
        ({"seed": "7"}, "seed must be a whole number"),
        ({"workers": 1.0}, "workers must be a whole number"),
        ({"json": 1}, "json must be a path, not 1"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        job(**options)
    assert words in caught.value.message


def test_a_scenario_of_another_type_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match="a scenario cannot be a int") as caught:
        Job.of(5, {})  # type: ignore[arg-type]
    assert "URL" in str(caught.value.hint)


def test_an_option_that_there_is_not_is_refused_as_python_does_it() -> None:
    with pytest.raises(TypeError, match=r"start\(\) got an unexpected keyword argument 'durations'.*'duration'"):
        Job.of(URL, {"durations": 5}, "start")
