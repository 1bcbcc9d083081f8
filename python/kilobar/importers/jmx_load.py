"""Thread groups of JMeter -> how many users there are when, and the stages of a load."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Rate, Users

HOLD_MS = 60_000
"""How long a group runs when the plan does not say."""
MAX_POINTS = 500
MAX_LEVEL = 1_000_000
_LONGEST_MS = 100 * 24 * 3_600_000
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")


@dataclass
class Profile:
    """How a level changes: points of (time in ms, level), between which it is linear."""

    points: list[tuple[int, float]]
    is_rate: bool = False
    """The level is iterations per second, not users."""

    @property
    def peak(self) -> float:
        """The highest level."""
        return max((level for _, level in self.points), default=0)

    @property
    def end_ms(self) -> int:
        """When the last point is."""
        return self.points[-1][0] if self.points else 0

    def at(self, time_ms: int, after: bool = False) -> float:
        """The level right before this time, or right `after` it, as it may jump. 0 outside of all points."""
        points = self.points
        if not points or not points[0][0] <= time_ms <= self.end_ms:
            return 0
        if time_ms == (self.end_ms if after else points[0][0]):
            return 0
        same = [level for time, level in points if time == time_ms]
        if same:
            return same[-1] if after else same[0]
        following = next(index for index, (time, _) in enumerate(points) if time > time_ms)
        (start, low), (end, high) = points[following - 1], points[following]
        return low + (high - low) * (time_ms - start) / (end - start)


class JmxLoad:
    """Reads what thread groups say about their users."""

    def __init__(self, notes: Notes, texts: Texts) -> None:
        self._notes = notes
        self._texts = texts

    def of(self, group: Node) -> Profile:
        """The profile of a group."""
        read = _GROUPS.get(group.kind, JmxLoad._plain)
        profile = read(self, group.properties)
        if len(profile.points) > MAX_POINTS:
            self._notes.add(f"only the first {MAX_POINTS} points of the load are kept")
            profile.points = profile.points[:MAX_POINTS]
        if profile.peak > MAX_LEVEL:
            self._notes.add(f"more than {MAX_LEVEL:,} is cut to that")
        profile.points = [(time_ms, min(level, MAX_LEVEL)) for time_ms, level in profile.points]
        if profile.peak <= 0 or profile.end_ms <= 0:
            self._notes.add("the load of this group is nothing or cannot be read; one user for 1m is taken")
            return Profile([(0, 1), (HOLD_MS, 1)])
        return profile

    def number(self, text: str, default: float | None = None) -> float:
        """A number that is known before the run; what is none is noted, and the default taken."""
        value = (self._texts.value(text.strip()) or "").strip()
        if _NUMBER.fullmatch(value):
            if value != text.strip():
                self._notes.add(f"`{text.strip()[:60]}` is taken as {value} in the load")
            return float(value)
        if text.strip() and text.strip() != "-1":
            taken = "nothing" if default is None else f"{default:g}"
            self._notes.add(f"`{text.strip()[:60]}` is no number that is known before the run; {taken} is taken")
        return default or 0

    def _plain(self, properties: Properties) -> Profile:
        users = round(self.number(properties.text("ThreadGroup.num_threads"), 1))
        ramp_ms = round(self.number(properties.text("ThreadGroup.ramp_time")) * 1000)
        hold_ms = None
        delay_ms = 0
        if properties.flag("ThreadGroup.scheduler"):
            hold_ms = round(self.number(properties.text("ThreadGroup.duration")) * 1000) or None
            delay_ms = round(self.number(properties.text("ThreadGroup.delay")) * 1000)
        ramp_ms = ramp_ms if users > 1 else 0
        end_ms = hold_ms if hold_ms is not None else ramp_ms + HOLD_MS
        if hold_ms is None:
            loops = properties.inner("ThreadGroup.main_controller").text("LoopController.loops").strip()
            endless = loops == "-1" or not loops
            ended = "for ever" if endless else f"{loops[:40]} iterations"
            self._notes.add(f"each user did {ended}; here the load lasts 1m after the ramp, change `load`")
        level_at_end = float(users) if end_ms >= ramp_ms else users * end_ms / ramp_ms
        points = [(delay_ms, float(users) if not ramp_ms else 0.0)]
        if ramp_ms and ramp_ms < end_ms:
            points.append((delay_ms + ramp_ms, float(users)))
        return Profile([*points, (delay_ms + end_ms, level_at_end)])

    # Groups of plugins

    def _ultimate(self, properties: Properties) -> Profile:
        """Rows of threads, delay, ramp, hold and end in seconds, which add up."""
        profiles = []
        for row in properties.collection("ultimatethreadgroupdata")[:MAX_POINTS]:
            if isinstance(row, list) and len(row) >= 5:
                users, *seconds = (self.number(cell) if isinstance(cell, str) else 0 for cell in row[:5])
                times_ms = [0]
                for each in seconds:
                    times_ms.append(times_ms[-1] + round(each * 1000))
                levels = (0, users, users, 0)
                profiles.append(Profile(list(zip(times_ms[1:], levels, strict=True))))
        return total(profiles)

    def _stepping(self, properties: Properties) -> Profile:
        users = self.number(properties.text("ThreadGroup.num_threads"), 1)
        delay_ms = round(self.number(properties.text("Threads initial delay")) * 1000)
        first = self.number(properties.text("Start users count burst"))
        step = self.number(properties.text("Start users count")) or users
        period_ms = round(self.number(properties.text("Start users period")) * 1000)
        ramp_ms = round(self.number(properties.text("rampUp")) * 1000)
        points: list[tuple[int, float]] = []
        level, time_ms = 0.0, delay_ms
        while level < users and len(points) < MAX_POINTS:
            target = min(users, level + (first if not level and first else step))
            points += [(time_ms, level), (time_ms + ramp_ms, target)]
            level, time_ms = target, time_ms + ramp_ms + period_ms
        time_ms = points[-1][0] + round(self.number(properties.text("flighttime")) * 1000)
        points.append((time_ms, level))
        step = self.number(properties.text("Stop users count")) or users
        period_ms = round(self.number(properties.text("Stop users period")) * 1000)
        while level > 0 and len(points) < MAX_POINTS:
            lower = max(0.0, level - step)
            points += [(time_ms, lower), (time_ms + period_ms, lower)]
            level, time_ms = lower, time_ms + period_ms
        return Profile(points)

    def _concurrency(self, properties: Properties) -> Profile:
        return self._stairs(properties, 1.0, is_rate=False)

    def _arrivals(self, properties: Properties) -> Profile:
        per_s = 1.0 if properties.text("Unit", "M").strip() == "S" else 1 / 60
        return self._stairs(properties, per_s, is_rate=True)

    def _stairs(self, properties: Properties, factor: float, is_rate: bool) -> Profile:
        level = self.number(properties.text("TargetLevel"), 1) * factor
        unit_ms = self._unit_ms(properties)
        ramp_ms = round(self.number(properties.text("RampUp")) * unit_ms)
        hold_ms = round(self.number(properties.text("Hold")) * unit_ms)
        steps = min(round(self.number(properties.text("Steps"))), MAX_POINTS // 4)
        if not ramp_ms or not steps:
            ramp = [(0, 0.0), (ramp_ms, level)] if ramp_ms else [(0, level)]
            return Profile([*ramp, (ramp_ms + hold_ms, level)], is_rate)
        points: list[tuple[int, float]] = []
        for step in range(steps):
            height = level * (step + 1) / steps
            points += [(ramp_ms * step // steps, height), (ramp_ms * (step + 1) // steps, height)]
        return Profile([*points, (ramp_ms + hold_ms, level)], is_rate)

    def _free_form(self, properties: Properties) -> Profile:
        unit_ms = self._unit_ms(properties)
        per_s = 1.0 if unit_ms == 1000 else 1 / 60
        points: list[tuple[int, float]] = []
        time_ms = 0
        for row in properties.collection("Schedule")[:MAX_POINTS]:
            if isinstance(row, list) and len(row) >= 3:
                start, end, lasts = (self.number(cell) if isinstance(cell, str) else 0 for cell in row[:3])
                points += [(time_ms, start * per_s), (time_ms + round(lasts * unit_ms), end * per_s)]
                time_ms = points[-1][0]
        return Profile(points, is_rate=True)

    def _unit_ms(self, properties: Properties) -> int:
        return 1000 if properties.text("Unit", "M").strip() == "S" else 60_000

    def _open_model(self, properties: Properties) -> Profile:
        """A schedule such as `rate(10/min) random_arrivals(5 min) rate(20/min)`."""
        schedule = self._texts.value(properties.text("OpenModelThreadGroup.schedule")) or ""
        points: list[tuple[int, float]] = []
        time_ms, level, arrived = 0, 0.0, False
        for name, argument in re.findall(r"([a-z_]+)\s*\(([^()]*)\)", schedule)[:MAX_POINTS]:
            quantity, _, unit = argument.strip().partition("/" if name == "rate" else " ")
            value = self.number(quantity)
            unit_s = {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(unit.strip()[:1] or "s", 1)
            if name == "rate":
                level = value / unit_s
                if arrived:
                    # Arrivals lead from the rate before them to the one behind.
                    points[-1] = (time_ms, level)
            elif name in ("random_arrivals", "even_arrivals", "pause"):
                height = 0.0 if name == "pause" else level
                points.append((time_ms, height))
                time_ms += round(value * unit_s * 1000)
                points.append((time_ms, height))
            else:
                self._notes.add(f"`{name[:40]}` in the schedule is not known; left out")
            arrived = name.endswith("_arrivals")
        return Profile(points, is_rate=True)


_GROUPS: dict[str, Callable[[JmxLoad, Properties], Profile]] = {
    "UltimateThreadGroup": JmxLoad._ultimate,
    "SteppingThreadGroup": JmxLoad._stepping,
    "ConcurrencyThreadGroup": JmxLoad._concurrency,
    "ArrivalsThreadGroup": JmxLoad._arrivals,
    "FreeFormArrivalsThreadGroup": JmxLoad._free_form,
    "OpenModelThreadGroup": JmxLoad._open_model,
}


def total(profiles: list[Profile]) -> Profile:
    """The sum of several profiles."""
    if len(profiles) == 1:
        return profiles[0]
    times_ms = sorted({time_ms for profile in profiles for time_ms, _ in profile.points})[:MAX_POINTS]
    points: list[tuple[int, float]] = []
    for time_ms in times_ms:
        before = sum(profile.at(time_ms) for profile in profiles)
        after = sum(profile.at(time_ms, after=True) for profile in profiles)
        points.append((time_ms, before))
        if after != before:
            points.append((time_ms, after))
    return Profile(points, any(profile.is_rate for profile in profiles))


def stages(profile: Profile) -> list[Rate | Users]:
    """The stages of a load. Nothing before the first point and after the last."""
    found: list[Rate | Users] = []
    if profile.points[0][0] > 0:
        profile = Profile([(0, 0.0), (profile.points[0][0], 0.0), *profile.points], profile.is_rate)
    for (start_ms, low), (end_ms, high) in zip(profile.points, profile.points[1:], strict=False):
        if end_ms <= start_ms:
            continue
        lasts = _duration(min(end_ms - start_ms, _LONGEST_MS))
        if profile.is_rate:
            ramp = _rate(low) if low == high else f"{_rate(low)} to {_rate(high)}"
            found.append(Rate(rate=ramp, for_=lasts))
        else:
            first, last = round(low), round(high)
            found.append(Users(users=first if first == last else f"{first} to {last}", for_=lasts))
    return _merged(found)


def _merged(found: list[Rate | Users]) -> list[Rate | Users]:
    """Without pauses at the end, where nothing happens."""
    while len(found) > 1 and isinstance(found[-1], Users) and found[-1].users == 0:
        found.pop()
    return found


def _rate(per_s: float) -> str:
    for factor, unit in ((1, "s"), (60, "min"), (3600, "h")):
        value = round(per_s * factor, 9)
        if value == round(value):
            return f"{round(value)}/{unit}"
    return f"{per_s:.3f}/s"


def _duration(time_ms: int) -> str:
    for unit_ms, unit in ((3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if time_ms % unit_ms == 0:
            return f"{time_ms // unit_ms}{unit}"
    return f"{time_ms}ms"
