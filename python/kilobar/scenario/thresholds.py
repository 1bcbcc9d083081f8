"""Lowers thresholds: sentences that the whole run must fulfil."""

from __future__ import annotations

from kilobar.model.threshold import Threshold, ThresholdError, parse_threshold
from kilobar.scenario.findings import Findings, did_you_mean
from kilobar.scenario.pieces import Template


def lower_thresholds(
    texts: tuple[Template, ...], series_names: list[str] | None, findings: Findings
) -> list[Threshold]:
    """All that could be read; `series_names` is None when not all of them are known."""
    thresholds = []
    for template in texts:
        try:
            threshold = parse_threshold(template.text())
        except ThresholdError as error:
            code = "not-supported" if error.unsupported else "bad-threshold"
            place = template.place_at(error.offset)
            message = f"`{template.shown()}`" if template.is_secret else f"`{template.shown()}`: {error.message}"
            findings.error(code, message, place, None if template.is_secret else error.hint)
            continue
        thresholds.append(threshold)
        if threshold.series is not None and series_names is not None and threshold.series not in series_names:
            message = f"no step is named `{threshold.series}`"
            known = f"steps: {', '.join(series_names[:10])}"
            hint = did_you_mean(threshold.series, series_names, known)
            offset = template.text().find("(") + 1
            findings.error("unknown-series", message, template.place_at(offset), hint)
    return thresholds
