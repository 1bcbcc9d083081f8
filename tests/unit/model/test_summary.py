import json
from dataclasses import replace
from pathlib import Path

import pytest

from kilobar.errors import InputError
from kilobar.model.live import Live
from kilobar.model.summary import Ledger, Named, Percentiles, Point, SeriesSummary, Summary

GOLDEN = Path(__file__).parents[2] / "golden" / "reports" / "passed.json"


def golden() -> dict[str, object]:
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8")))


def series(name: str) -> SeriesSummary:
    return SeriesSummary(name, "http", 1, 0, {}, 1.0, Percentiles(), Percentiles(), {}, 0, 0)


def test_the_contract_of_json_is_read_as_attributes() -> None:
    summary = Summary.from_dict(golden())
    assert summary.ledger.ok == 12_500
    assert summary.verdict.outcome == "passed"
    assert summary.run.id == "01JD9X4M7Q"
    assert summary.load.asked_rate_per_s == 416.667
    assert summary.series["list items"].response_ms.p50 == golden()["series"][0]["response_ms"]["p50"]  # type: ignore[index]
    assert summary.series["list items"].phases_ms["wait"].count == 9_391
    assert summary.generator.cpu_s == 6.12
    assert isinstance(summary.timeline[0], Point)
    assert isinstance(summary.timeline[0].start_lag_ms, Percentiles)


def test_each_key_of_the_contract_is_an_attribute_of_the_same_name() -> None:
    summary = Summary.from_dict(golden())
    for name, value in golden().items():
        assert hasattr(summary, name), name
        if isinstance(value, dict) and name not in ("connections", "environment"):
            assert [key for key in value if not hasattr(getattr(summary, name), key)] in ([], ["words"])


def test_a_summary_that_was_read_writes_the_same_again() -> None:
    document = golden()
    del document["verdict"]["words"]  # type: ignore[attr-defined]  # told by the report
    summary = Summary.from_dict(document)
    assert json.dumps(summary.to_dict()) == json.dumps(document)
    assert Summary.from_dict(summary.to_dict()) == summary


def test_keys_of_later_versions_are_ignored() -> None:
    document = golden()
    document["later"] = 1
    document["ledger"]["postponed"] = 3  # type: ignore[index]
    assert Summary.from_dict(document).ledger == Ledger(planned=12_500, started=12_500, ok=12_500)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "'run' is missing"),
        ({**golden(), "ledger": None}, "NoneType"),
        ({**golden(), "total": {"name": "all"}}, "'phases_ms' is missing"),
    ],
    ids=["empty", "no ledger", "half a series"],
)
def test_what_is_no_summary_is_refused_in_words(document: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=r"this is not a summary of Kilobar") as caught:
        Summary.from_dict(document)
    assert words in caught.value.message


def test_named_things_can_be_had_by_name_position_and_slice() -> None:
    named = Named([series("a"), series("b")])
    assert named["b"] is named[1] is named[-1]
    assert named[:1] == (named["a"],)
    assert [one.name for one in named] == list(named.names) == ["a", "b"]
    assert named.get("c") is None
    assert named == (series("a"), series("b"))


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no 'GET /item' among \['GET /items'\]"):
        Named([series("GET /items")])["GET /item"]


def test_a_moment_survives_the_way_to_another_process_without_what_only_grows() -> None:
    so_far = Summary.from_dict(golden())
    live = Live("running", 3.2, 30.0, None, 1.0, 2, so_far, so_far.timeline[0])
    again = Live.from_dict(json.loads(json.dumps(live.to_dict())))
    assert again == replace(live, so_far=replace(so_far, timeline=(), samples=()))
    assert Live.from_dict(replace(live, latest=None).to_dict()).latest is None
