"""Charts of a run as Vega-Lite specifications that share one table of rows and one time axis.

Durations are seconds in the rows, because d3's SI format then gives `12.3ms` and `840µs` by itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kilobar.model.summary import Percentiles, Point, Summary
from kilobar.report import numbers, palette, timeline, words

Spec = dict[str, Any]

DATA = "timeline"
"""Name of the data set that every specification refers to."""

_TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_LOG_SPREAD = 25
"""Largest over smallest shown duration above which a linear axis would press the median onto the ground."""
_FONT = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with the words around it."""

    key: str
    title: str
    note: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class _Line:
    """A column of the rows, drawn as a line."""

    field: str
    label: str
    colour: str
    dash: tuple[int, int] = (1, 0)


def rows(summary: Summary) -> list[dict[str, Any]]:
    """The time axis as a table, one row a point: times in seconds, rates per second, None where unmeasured."""
    return [_row(point) for point in timeline.bounded(summary.timeline)]


def _row(point: Point) -> dict[str, Any]:
    length_s = point.duration_s or 1.0
    row: dict[str, Any] = {
        "start": point.start_s,
        "end": point.start_s + point.duration_s,
        "t": point.start_s + point.duration_s / 2,
        "asked": point.asked_rate_per_s,
        "asked_users": point.asked_users,
        "achieved": point.started / length_s,
        "dropped": point.dropped / length_s,
        "lost": point.lost / length_s,
        "unsent": (point.dropped + point.lost) / length_s,
        "in_flight": point.in_flight,
        "users": point.active_users,
        "connections": point.connections_open,
        "cpu": point.cpu_cores,
        "rss": point.rss_bytes,
        "degraded": point.degraded,
    }
    for prefix, times in (("", point.response_ms), ("service_", point.service_ms)):
        row |= _seconds(prefix, times, ("p50", "p90", "p99", "max"))
    row |= _seconds("start_lag_", point.start_lag_ms, ("p99", "max"))
    row |= _seconds("loop_lag_", point.loop_lag_ms, ("p99",))
    row |= {f"error_{name}": number / length_s for name, number in point.errors.items()}
    return {key: _short(value) for key, value in row.items()}


def _seconds(prefix: str, times: Percentiles, names: Iterable[str]) -> dict[str, float | None]:
    return {prefix + name: getattr(times, name) / 1e3 if times.count else None for name in names}


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def charts(summary: Summary) -> tuple[Chart, ...]:
    """Every chart that has something to show; none when nothing was measured."""
    table = rows(summary)
    if not table:
        return ()
    drawn = [_load(table), _response(summary, table), _errors(table), _lag(table), _occupancy(table), _processor(table)]
    return tuple(chart for chart in drawn if chart is not None)


def _load(table: list[dict[str, Any]]) -> Chart:
    shown = [("achieved", "achieved")]
    is_open = any(row["asked"] is not None for row in table)
    if is_open:
        shown.append(("asked", "asked"))
    shown += [(name, name) for name in ("dropped", "lost") if any(row[name] for row in table)]
    scale = _colours(shown)
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.22, "line": {"strokeWidth": 1.8}},
            "encoding": {"y": _rate_axis("achieved"), "color": {"datum": "achieved", **scale}},
        }
    ]
    for name, bottom, top in (("dropped", None, "dropped"), ("lost", "dropped", "unsent")):
        if (name, name) in shown:
            edges: Spec = {"y": _rate_axis(top), "y2": {"field": bottom} if bottom else {"datum": 0}}
            sides: Spec = {"x": _time_axis(table, "start"), "x2": {"field": "end"}}
            layers.append({"mark": {"type": "rect"}, "encoding": {**sides, **edges, "color": {"datum": name, **scale}}})
    if is_open:
        layers.append(
            {
                "mark": {"type": "line", "strokeDash": [5, 4], "strokeWidth": 1.6},
                "encoding": {"y": _rate_axis("asked"), "color": {"datum": "asked", **scale}},
            }
        )
    tips = [(name, f"{label} /s", _RATE) for name, label in shown]
    note = "Iterations started per second" + (", beside what was asked for." if is_open else ".")
    if len(shown) > 2:
        note += " Bars: iterations that never started (dropped: too many in flight; lost: with a worker)."
    if any(row["degraded"] for row in table):
        note += " Shaded: a worker was lost."
    return Chart("load", "Load", note, _spec(table, layers, tips, 236))


def _response(summary: Summary, table: list[dict[str, Any]]) -> Chart:
    lines = [_Line(name, name, name) for name in ("max", "p99", "p90", "p50")]
    lines.append(_Line("service_p99", "service time p99", "service", (5, 3)))
    durations = [row[line.field] for row in table for line in lines if row[line.field]]
    is_log = bool(durations) and max(durations) > _LOG_SPREAD * min(durations)
    axis = _duration_axis((0.85 * min(durations), 1.15 * max(durations)) if is_log else None)
    # A reader who has no reason to ask for the other latency is spared a line that hides the first.
    params = [
        {
            "name": "service",
            "value": words.latencies_differ(summary.total),
            "bind": {"input": "checkbox", "name": "service time p99 "},
        }
    ]
    layer = _lines(lines, axis)
    layer["transform"].append({"filter": "datum.key != 'service_p99' || service"})
    tips = [(line.field, line.label, _DURATION) for line in lines]
    note = "From the moment each request was due." + (" Logarithmic scale." if is_log else "")
    return Chart("response", "Response time", note + _coarse(summary), _spec(table, [layer], tips, 208, params))


def _coarse(summary: Summary) -> str:
    if len(summary.timeline) <= timeline.MAX_POINTS:
        return ""
    first = timeline.bounded(summary.timeline)[0]
    return f" Each point is the worst of {numbers.span(first.duration_s)}."


def _errors(table: list[dict[str, Any]]) -> Chart | None:
    totals: Counter[str] = Counter()
    for row in table:
        totals.update({name: value for name, value in row.items() if name.startswith("error_")})
    ranked = [name for name, _ in totals.most_common()]
    if not ranked:
        return None
    # The classes are a closed list, the colours that can be told apart are fewer: the rare rest shares the last one.
    shown = [(name, f"error-{min(place, palette.ERROR_COLOURS)}") for place, name in enumerate(ranked, start=1)]
    encoding = {
        "y": {**_rate_axis("value"), "stack": "zero"},
        "color": {"field": "key", "type": "nominal", **_colours(shown, "slice(datum.label, 6)", "square")},
    }
    layer = {
        "transform": [{"fold": ranked, "as": ["key", "raw"]}, {"calculate": "datum.raw || 0", "as": "value"}],
        "mark": {"type": "area", "interpolate": "step", "opacity": 0.85},
        "encoding": encoding,
    }
    tips = [(name, f"{name.removeprefix('error_')} /s", _RATE) for name in ranked]
    return Chart("errors", "Errors", "Failed requests per second, by class.", _spec(table, [layer], tips))


def _lag(table: list[dict[str, Any]]) -> Chart:
    lines = [
        _Line("start_lag_max", "start lag max", "max"),
        _Line("start_lag_p99", "start lag p99", "p99"),
        _Line("loop_lag_p99", "loop lag p99", "service", (5, 3)),
    ]
    tips = [(line.field, line.label, _DURATION) for line in lines]
    note = "How late the generator itself was: between due and sent, and in its event loop."
    return Chart("lag", "Generator lag", note, _spec(table, [_lines(lines, _duration_axis())], tips))


def _occupancy(table: list[dict[str, Any]]) -> Chart:
    lines = [_Line("in_flight", "iterations in flight", "p99"), _Line("connections", "open connections", "max", (5, 3))]
    if any(row["asked_users"] is not None for row in table):
        lines = [
            _Line("users", "active users", "achieved"),
            _Line("asked_users", "asked users", "asked", (5, 4)),
            *lines,
        ]
    axis = {"field": "value", "type": "quantitative", "axis": {"title": None, "labelExpr": _PLAIN, "tickMinStep": 1}}
    tips = [(line.field, line.label, _COUNT) for line in lines]
    return Chart(
        "occupancy", "Work in progress", "At the end of each point.", _spec(table, [_lines(lines, axis)], tips)
    )


def _processor(table: list[dict[str, Any]]) -> Chart:
    layer = {
        "mark": {"type": "area", "opacity": 0.22, "line": {"strokeWidth": 1.8, "color": palette.var("p50")}},
        "encoding": {
            "y": {"field": "cpu", "type": "quantitative", "axis": {"title": None, "format": "~g"}},
            "color": {"value": palette.var("p50")},
        },
    }
    tips = [("cpu", "processor cores", _CORES), ("rss", "memory", _BYTES)]
    return Chart("processor", "Generator processor", "Cores in use by all workers.", _spec(table, [layer], tips))


_PLAIN = "format(datum.value, datum.value >= 1000 ? '~s' : '~g')"
_DURATION = "{0} == null ? '–' : replace(format({0}, '.3s'), regexp('([a-zµ]?)$'), ' $1s')"
_RATE = "{0} == null ? '–' : format({0}, ',.1~f')"
_COUNT = "{0} == null ? '–' : format({0}, ',d')"
_CORES = "format({0}, '.2f')"
_BYTES = "replace(format({0}, '.3s'), regexp('([a-zA-Z]?)$'), ' $1B')"


def _lines(lines: Sequence[_Line], axis: Spec) -> Spec:
    shown = [(line.field, line.colour) for line in lines]
    names = " : ".join(f"datum.label == '{line.field}' ? '{line.label}'" for line in lines) + " : ''"
    fields = [line.field for line in lines]
    return {
        "transform": [{"fold": fields, "as": ["key", "value"]}],
        "mark": {"type": "line", "strokeWidth": 1.6, "strokeCap": "round", "clip": True},
        "encoding": {
            "y": axis,
            "color": {"field": "key", "type": "nominal", **_colours(shown, names)},
            "strokeDash": {
                "field": "key",
                "type": "nominal",
                "scale": {"domain": fields, "range": [list(line.dash) for line in lines]},
                "legend": None,
            },
        },
    }


def _colours(shown: Sequence[tuple[str, str]], label_expr: str | None = None, symbol: str = "stroke") -> Spec:
    legend: Spec = {"title": None, "orient": "top", "symbolType": symbol, "symbolOpacity": 1}
    if symbol == "stroke":
        legend["symbolStrokeWidth"] = 3
    if label_expr:
        legend["labelExpr"] = label_expr
    domain = [name for name, _ in shown]
    return {"scale": {"domain": domain, "range": [palette.var(role) for _, role in shown]}, "legend": legend}


def _rate_axis(field: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"title": None, "labelExpr": f"{_PLAIN} + '/s'"},
    }


def _duration_axis(log_domain_s: tuple[float, float] | None = None) -> Spec:
    """An axis of seconds, logarithmic when its domain is given."""
    label = "datum.value ? replace(format(datum.value, '~s'), regexp('([a-zµ]?)$'), ' $1s') : '0'"
    axis: Spec = {"title": None, "labelExpr": label, "labelOverlap": True}
    if log_domain_s is None:
        return {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    low_s, high_s = log_domain_s
    exponents = range(math.floor(math.log10(low_s)), math.ceil(math.log10(high_s)) + 1)
    steps = (1, 2, 5) if high_s <= 1000 * low_s else (1,)
    ticks = [float(f"{step}e{exponent}") for exponent in exponents for step in steps]
    axis["values"] = [tick for tick in ticks if low_s <= tick <= high_s]
    scale = {"type": "log", "domain": [low_s, high_s], "nice": False}
    return {"field": "value", "type": "quantitative", "axis": axis, "scale": scale}


def _time_axis(table: Sequence[dict[str, Any]], field: str = "t") -> Spec:
    end_s = table[-1]["end"]
    step_s = next((step for step in _TICK_STEPS_S if end_s / step <= 8), 86_400 * (1 + int(end_s / 8 / 86_400)))
    if end_s <= 120:
        label = "datum.value + ' s'"
    elif end_s <= 7200:
        label = "floor(datum.value / 60) + ':' + pad('' + datum.value % 60, 2, '0', 'left') + ' min'"
    else:
        label = "floor(datum.value / 3600) + ':' + pad('' + floor(datum.value % 3600 / 60), 2, '0', 'left') + ' h'"
    values = [number * step_s for number in range(int(end_s / step_s) + 1)]
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [0, end_s], "nice": False},
        "axis": {"title": None, "grid": False, "values": values, "labelExpr": label, "labelOverlap": True},
    }


def _spec(
    table: Sequence[dict[str, Any]],
    layers: list[Spec],
    tips: Sequence[tuple[str, str, str]],
    height: int = 180,
    params: list[Spec] | None = None,
) -> Spec:
    shade: list[Spec] = []
    if any(row["degraded"] for row in table):
        shade.append(
            {
                "transform": [{"filter": "datum.degraded"}],
                "mark": {"type": "rect", "opacity": 0.35, "color": palette.var("degraded")},
                "encoding": {"x": _time_axis(table, "start"), "x2": {"field": "end"}},
            }
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"name": DATA},
        **({"params": params} if params else {}),
        "encoding": {"x": _time_axis(table)},
        "layer": [*shade, *layers, _hover(table, tips)],
        "config": _CONFIG,
    }


def _hover(table: Sequence[dict[str, Any]], tips: Sequence[tuple[str, str, str]]) -> Spec:
    """A band for each point that lights up under the pointer and tells every number of it.

    A rule with Vega-Lite's `nearest` would be the usual way, but its tooltips come out undefined in layered charts.
    """
    calculated = [{"calculate": "format(datum.start, ',.1~f') + '–' + format(datum.end, ',.1~f') + ' s'", "as": "when"}]
    tooltip = [{"field": "when", "title": "time"}]
    for field, title, expression in tips:
        calculated.append({"calculate": expression.format(f"datum['{field}']"), "as": f"tip_{field}"})
        tooltip.append({"field": f"tip_{field}", "title": title})
    select = {"type": "point", "on": "pointerover", "clear": "pointerout", "fields": ["start"]}
    return {
        "transform": calculated,
        "params": [{"name": "hover", "select": select}],
        "mark": {"type": "rect", "color": palette.var("muted")},
        "encoding": {
            "x": _time_axis(table, "start"),
            "x2": {"field": "end"},
            "opacity": {"condition": {"param": "hover", "empty": False, "value": 0.18}, "value": 0},
            "tooltip": tooltip,
        },
    }


_CONFIG: Spec = {
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": palette.var("line"),
        "labelColor": palette.var("muted"),
        "labelFontSize": 11,
        "labelPadding": 6,
        "tickCount": 5,
    },
    "legend": {
        "labelColor": palette.var("ink"),
        "labelFontSize": 11,
        "offset": 6,
        "symbolSize": 120,
        "columnPadding": 14,
    },
    "title": {"color": palette.var("ink"), "fontSize": 14, "anchor": "start", "fontWeight": 600},
}


def chart_svg(summary: Summary, key: str, *, width: int = 760, dark: bool = False) -> str:
    """One chart as SVG with fixed colours. Raises KeyError when the run has no such chart."""
    import vl_convert

    chart = {chart.key: chart for chart in charts(summary)}[key]
    return vl_convert.vegalite_to_svg(_still(summary, chart.spec | {"width": width}, dark))


def charts_png(summary: Summary, *, width: int = 760, dark: bool = False) -> bytes | None:
    """Load and response time, one above the other, as a PNG; None when nothing was measured."""
    import vl_convert

    drawn = {chart.key: chart for chart in charts(summary)}
    if not drawn:
        return None
    specs = [drawn[key].spec | {"title": drawn[key].title} for key in ("load", "response")]
    both = {
        "data": {"name": DATA},
        # A still picture has no checkbox, so it shows both latencies.
        "params": [{"name": param["name"], "value": True} for spec in specs for param in spec.get("params", ())],
        "vconcat": [
            {name: spec[name] for name in ("height", "title", "encoding", "layer")} | {"width": width} for spec in specs
        ],
        "resolve": {"scale": {"color": "independent"}, "legend": {"color": "independent"}},
        "padding": 20,
        "spacing": 28,
        "config": _CONFIG | {"background": palette.var("surface")},
    }
    return vl_convert.vegalite_to_png(_still(summary, both, dark), scale=2)


def _still(summary: Summary, spec: Spec, dark: bool) -> Spec:
    fixed: Spec = palette.resolved(spec, dark)
    return fixed | {"datasets": {DATA: rows(summary)}}
