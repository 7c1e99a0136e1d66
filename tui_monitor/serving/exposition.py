"""Metrics pages: which format a client takes, and the exporter's page, with names under one prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from tui_monitor.board.rule_views import ExportedFamily
from tui_monitor.board.values import Board
from tui_monitor.core.values import METRIC_NAME, Labels, label, labels_of, with_labels
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.exposition_write import family_comments, series_text
from tui_monitor.promql.numbers import format_sample

PREFIX = "tuimonitor_"
OWN = "tui_monitor_"
_RENAMED = {
    "tui_monitor_cpu_ratio": "tuimonitor_process_cpu_ratio",
    "cpu_count": "tuimonitor_cpus",
    "process_count": "tuimonitor_processes",
}
"""Those whose usual name would be unclear, or would end as a histogram's part does (promtool check metrics)."""
ALERTMANAGER_VERSION = "0.28.0"
"""The version of Alertmanager whose API this is: karma reads it here and asks for 0.22 at least."""
MOST_HEADS = 8_192

Page = Mapping[str, tuple[Metadata, list[str]]]
"""Metric → what is said of it, and its lines."""


def format_wanted(accept: str) -> tuple[Format, bool]:
    """The format that an Accept header prefers, and whether its reader knows UTF-8 names; text where it does not say."""
    best: tuple[float, Format, bool] = (0.0, "text", False)
    for part in accept.split(","):
        media, *parameters = [one.strip() for one in part.split(";")]
        given = dict(one.partition("=")[::2] for one in parameters)
        kind: Format = "openmetrics" if media.lower() == "application/openmetrics-text" else "text"
        if kind == "text" and media.lower() not in ("text/plain", "text/*", "*/*"):
            continue
        if kind == "openmetrics" and given.get("version", "1.0.0") not in ("1.0.0", "0.0.1"):
            continue
        weight = _weight(given.get("q", "1"))
        if weight > best[0]:
            best = weight, kind, given.get("escaping") == "allow-utf-8"
    return best[1], best[2]


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def exported_name(name: str) -> str:
    """The name of one of our metrics on the page."""
    return _RENAMED.get(name) or PREFIX + name.removeprefix(OWN)


@lru_cache(maxsize=MOST_HEADS)
def _head(labels: Labels) -> str:
    return series_text(with_labels(labels, {METRIC_NAME: exported_name(label(labels, METRIC_NAME))}))


def page_of(families: Iterable[ExportedFamily], board: Board) -> Page:
    """The exporter's metrics by name: what is measured, and the monitor's own health."""
    page: dict[str, tuple[Metadata, list[str]]] = {}
    for family in families:
        name = exported_name(family.name)
        lines = [f"{_head(labels)} {format_sample(value)}" for labels, value, _ in family.samples]
        page.setdefault(name, (Metadata(family.type, family.help), []))[1].extend(lines)
    for name, type_, help_, samples in own_health(board):
        page[name] = (Metadata(type_, help_), [f"{series_text(labels)} {format_sample(value)}" for labels, value in samples])
    return page


def text_of(page: Page, kind: Format) -> str:
    """The page as text."""
    parts: list[str] = []
    for name in sorted(page):
        metadata, lines = page[name]
        parts += family_comments(name, metadata, kind)
        parts += lines
    return "\n".join([*parts, "# EOF"] if kind == "openmetrics" else parts) + "\n"


_Health = tuple[str, str, str, list[tuple[Labels, float]]]


def own_health(board: Board) -> Iterable[_Health]:
    """The monitor's own state, as its newest board has it: (name, type, help, samples)."""
    yield _gauge("build_info", "Version of this program.", [({"version": board.version}, 1.0)])
    yield _gauge("start_time_seconds", "When the leading process began, in Unix seconds.", [({}, board.leader.since / 1000)])
    yield _gauge("last_tick_timestamp_seconds", "When the last round was finished, in Unix seconds.", [({}, board.at / 1000)])
    yield _gauge("checks", "Checks by status.", _counts("status", (one.status.value for one in board.checks)))
    told = ((one.state, one.severity) for one in board.alerts)
    yield _gauge("alerts", "Pending and firing alerts.", _counts_of_alerts(told))
    yield _gauge("alerts_acknowledged", "Firing alerts that somebody has acknowledged.", [({}, float(board.acknowledged))])
    labels = labels_of("alertmanager_build_info", version=ALERTMANAGER_VERSION, branch="tui-monitor", revision=board.version)
    yield ("alertmanager_build_info", "gauge", "Version of Alertmanager whose API is served.", [(labels, 1.0)])


def _gauge(name: str, help_: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> _Health:
    return PREFIX + name, "gauge", help_, [(labels_of(PREFIX + name, **labels), value) for labels, value in samples]


def _counts(name: str, words: Iterable[str]) -> list[tuple[Mapping[str, str], float]]:
    counts = dict.fromkeys(("healthy", "degraded", "unhealthy", "unknown"), 0.0)
    for word in words:
        counts[word] += 1
    return [({name: word}, count) for word, count in counts.items()]


def _counts_of_alerts(told: Iterable[tuple[str, str]]) -> list[tuple[Mapping[str, str], float]]:
    counts = {(state, severity): 0.0 for state in ("pending", "firing") for severity in ("info", "warning", "error", "critical")}
    for key in told:
        counts[key] = counts.get(key, 0.0) + 1
    return [({"state": state, "severity": severity}, count) for (state, severity), count in counts.items()]
