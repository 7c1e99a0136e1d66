"""Sections about this machine: CPU, memory and disks in the period, and when something is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.analysis.advice import seconds_until_full
from tui_monitor.board.report import ReportCell, ReportChart, ReportSection
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.reports.context import ReportContext
from tui_monitor.storage.history.trend import Point, Summary

METRICS = ("cpu_usage_ratio", "memory_usage_ratio", "disk_usage_ratio")
POINTS = 96
HIGH = {"cpu_usage_ratio": 0.9, "memory_usage_ratio": 0.9, "disk_usage_ratio": 0.8}
TIGHT_S = 14 * 86400


def until_full(context: ReportContext) -> dict[str, float]:
    """Mount → seconds until it is full at its present pace."""
    return context.once("until full", lambda: seconds_until_full(context.history, context.end))


def resources_section(context: ReportContext) -> ReportSection | None:
    """Mean, peak and its time, the last value, and the forecast of each resource, with charts of CPU and memory; None without samples."""
    found = _summaries(context)
    full = until_full(context)
    rows = [(_row(context, labels, found[labels], full), _shade(labels, found[labels], full)) for labels in found]
    columns = (
        ("resource", "text"), ("mean", "ratio"), ("peak", "ratio"), ("peak_at", "stamp", True), ("last", "ratio"), ("full_in", "span"),
    )  # fmt: skip
    charts = [
        ReportChart(_name(context, labels), "ratio", context.period.begin, context.end, _even(one.steps, context))
        for labels, one in found.items()
        if label(labels, METRIC_NAME) != "disk_usage_ratio"
    ]
    return replace(context.section("resources", columns, rows), charts=tuple(charts)) if rows else None


def _summaries(context: ReportContext) -> dict[Labels, Summary]:
    begin, end = context.period.begin, context.end
    found: dict[Labels, Summary] = {}
    for metric in METRICS:
        series = sorted(context.history.series((Matcher(METRIC_NAME, "=", metric),)))
        found |= dict(sorted(context.history.summaries(series, (0.95,), begin - 1, end - 1, POINTS).items()))
    return found


def _row(context: ReportContext, labels: Labels, one: Summary, full: dict[str, float]) -> list[ReportCell]:
    highest = max(one.steps, key=lambda point: point.high, default=None)
    left = full.get(label(labels, "mount")) if label(labels, METRIC_NAME) == "disk_usage_ratio" else None
    return [_name(context, labels), one.whole.average, one.whole.high, float(highest.at) if highest else None, one.whole.last, left]


def _shade(labels: Labels, one: Summary, full: dict[str, float]) -> str:
    if full.get(label(labels, "mount"), TIGHT_S) < TIGHT_S:
        return "warn"
    return "warn" if one.whole.last >= HIGH[label(labels, METRIC_NAME)] else "ok"


def _name(context: ReportContext, labels: Labels) -> str:
    metric = label(labels, METRIC_NAME)
    if metric == "disk_usage_ratio":
        return context.t.disk.format(mount=label(labels, "mount"))
    return context.t.cpu if metric == "cpu_usage_ratio" else context.t.memory


def _even(steps: Sequence[Point], context: ReportContext) -> tuple[float | None, ...]:
    return even_values([(point.at, point.average) for point in steps], context.period.begin, context.end, POINTS)


def even_values(points: Sequence[tuple[int, float]], begin: int, end: int, count: int) -> tuple[float | None, ...]:
    """The points in ``count`` equal steps; None in a step without one."""
    values: list[float | None] = [None] * count
    for at, value in points:
        place = min(count - 1, max(0, (at - begin) * count // max(1, end - begin)))
        values[place] = value if value == value else None
    return tuple(values)


def resources_now_section(context: ReportContext) -> ReportSection | None:
    """The machine as the newest board has it; None where nothing was read."""
    now = context.source.board.resources
    full = until_full(context)
    values: list[tuple[str, float | None, float | None, float]] = [
        (context.t.cpu, now.cpu, None, HIGH["cpu_usage_ratio"]), (context.t.memory, now.memory, None, HIGH["memory_usage_ratio"]),
        *((context.t.disk.format(mount=one.mount), one.usage, full.get(one.mount), HIGH["disk_usage_ratio"]) for one in now.mounts),
    ]  # fmt: skip
    rows = [((name, usage, left), "warn" if usage >= high else "ok") for name, usage, left, high in values if usage is not None]
    return context.section("resources", (("resource", "text"), ("value", "ratio"), ("full_in", "span")), rows) if rows else None
