from dataclasses import replace
from xml.etree import ElementTree

from kilobar.model.summary import ThresholdResult
from kilobar.report.junit import junit_text

from . import summaries


def cases(text: str) -> dict[str, ElementTree.Element]:
    return {case.attrib["name"]: case for case in ElementTree.fromstring(text).iter("testcase")}


def test_a_passing_run_has_a_case_for_the_measurement_and_for_each_threshold() -> None:
    summary = summaries.passed()
    found = cases(junit_text(summary))
    assert set(found) == {"measurement", *(result.text for result in summary.thresholds)}
    assert all(len(case) == 0 for case in found.values())


def test_a_threshold_that_does_not_hold_is_a_failure_with_its_value() -> None:
    summary = replace(
        summaries.passed(), outcome="failed", thresholds=(ThresholdResult("p99 < 200ms", 312.5, ok=False),)
    )
    failure = cases(junit_text(summary))["p99 < 200ms"].find("failure")
    assert failure is not None
    assert failure.text == "p99 < 200ms: measured 312.5 ms"


def test_an_invalid_measurement_is_an_error_and_not_a_failure() -> None:
    summary = replace(summaries.passed(), outcome="invalid", reasons=("start lag p99 12 ms is above 10 ms",))
    text = junit_text(summary)
    root = ElementTree.fromstring(text)
    assert root.attrib["errors"] == "1"
    assert "above 10 ms" in str(cases(text)["measurement"].findtext("error"))


def test_a_run_that_failed_without_thresholds_fails_its_measurement() -> None:
    summary = replace(summaries.passed(), outcome="failed", reasons=("nothing succeeded",), thresholds=())
    assert cases(junit_text(summary))["measurement"].findtext("failure") == "nothing succeeded"


def test_characters_that_xml_cannot_hold_do_not_break_the_file() -> None:
    summary = replace(summaries.passed(), name="a\x00b\x1b<&", thresholds=())
    assert ElementTree.fromstring(junit_text(summary)).attrib["name"] == "a\ufffdb\ufffd<&"
