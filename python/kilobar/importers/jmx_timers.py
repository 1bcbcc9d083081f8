"""Timers and pauses of JMeter -> think times."""

from __future__ import annotations

import re

from kilobar.importers.jmx_holes import Hole, parse_text
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_tree import Node
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Think, ThinkLaw

_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?(?:[eE]\+?[0-9])?")


class JmxTimers:
    """Converts one timer after another."""

    def __init__(self, notes: Notes, texts: Texts) -> None:
        self._notes = notes
        self._texts = texts

    def of(self, node: Node) -> Think | None:
        """The wait of a timer; None when there is none."""
        properties = node.properties
        delay = properties.text("ConstantTimer.delay", properties.text("RandomTimer.delay"))
        if node.kind == "ConstantTimer":
            return self.constant(delay)
        low, spread = self._number(delay), self._number(properties.text("RandomTimer.range"))
        if low is None or spread is None:
            return None
        match node.kind:
            case "GaussianRandomTimer":
                # Three deviations to both sides: 99.7 % of what JMeter draws.
                self._notes.add("the normal distribution became a uniform one of three deviations to both sides")
                return _range(max(0.0, low - 3 * spread), low + 3 * spread)
            case "PoissonRandomTimer":
                if low:
                    self._notes.add("the exponential law begins at 0 here; its mean is that of delay and lambda")
                mean = low + spread
                return Think(think=ThinkLaw(exponential=_written(mean))) if mean else None
        return _range(low, low + spread)

    def constant(self, delay: str) -> Think | None:
        """A pause of so many milliseconds, which may be `${__Random(1000,2000)}`."""
        template = parse_text(delay.strip())
        hole = template[0] if len(template) == 1 else None
        if isinstance(hole, Hole) and hole.name.lower() == "__random" and len(hole.arguments) >= 2:
            bounds = [self._texts.value("".join(_source(part) for part in each)) for each in hole.arguments[:2]]
            if all(bound is not None and _NUMBER.fullmatch(bound) for bound in bounds):
                low, high = sorted(float(bound or 0) for bound in bounds)
                return _range(low, high)
        wait = self._number(delay)
        return Think(think=_written(wait)) if wait else None

    def _number(self, text: str) -> float | None:
        value = (self._texts.value(text.strip()) or "").strip()
        if _NUMBER.fullmatch(value):
            if value != text.strip():
                self._notes.add(f"`{text.strip()[:60]}` is taken as {value}: waits must be known before the run")
            return float(value)
        if text.strip():
            self._notes.add(f"`{text.strip()[:60]}` is no time that is known before the run; left out")
            return None
        return 0.0


def _source(part: str | Hole) -> str:
    return part if isinstance(part, str) else part.source


def _range(low_ms: float, high_ms: float) -> Think | None:
    if not high_ms:
        return None
    low, high = _written(low_ms), _written(high_ms)
    return Think(think=low if low == high else f"{low}..{high}")


def _written(wait_ms: float) -> str:
    """`1500.0` -> `1500ms`, `2000.0` -> `2s`."""
    whole_ms = max(round(wait_ms), 0)
    if whole_ms and whole_ms % 1000 == 0:
        return f"{whole_ms // 1000}s"
    return f"{whole_ms}ms"
