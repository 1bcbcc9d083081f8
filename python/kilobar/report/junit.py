"""The verdict as JUnit XML: one test case for the measurement itself and one for each threshold."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from kilobar.model.summary import Summary
from kilobar.report.numbers import threshold_value

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(summary: Summary) -> str:
    """As CI servers read it: a failed threshold is a failure, a measurement that cannot be trusted an error."""
    suite = ElementTree.Element("testsuite", name=_clean(summary.name), timestamp=summary.started_at)
    time_s = f"{summary.duration_s:.3f}"
    measurement = ElementTree.SubElement(suite, "testcase", classname="kilobar", name="measurement", time=time_s)
    reasons = "\n".join(summary.reasons)
    if summary.outcome == "invalid":
        _add(measurement, "error", "the measurement cannot be trusted", reasons)
    elif summary.outcome == "failed" and all(result.ok for result in summary.thresholds):
        _add(measurement, "failure", "the run failed", reasons)
    for result in summary.thresholds:
        case = ElementTree.SubElement(
            suite, "testcase", classname="kilobar.threshold", name=_clean(result.text), time="0"
        )
        if not result.ok:
            _add(case, "failure", "the threshold does not hold", f"{result.text}: measured {threshold_value(result)}")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", str(len(suite.findall("*/error"))))
    suite.set("time", time_s)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _add(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    ElementTree.SubElement(case, kind, message=message).text = _clean(text)


def _clean(text: str) -> str:
    """XML 1.0 has no way at all to write a control character."""
    return _NOT_XML.sub("\ufffd", text)
