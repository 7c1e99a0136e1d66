"""The lines of the Endpoints and Health panes: health status, then figures or the reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.values import CheckView, Spark, Window
from tui_monitor.core import humanize as f
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle, title_line
from tui_monitor.widgets.graphs import spark

WORD = 9
_RANK = {HealthStatus.UNHEALTHY: 0, HealthStatus.DEGRADED: 1, HealthStatus.UNKNOWN: 2, HealthStatus.HEALTHY: 3}
CERTIFICATE_WARNING, CERTIFICATE_CRITICAL = 14 * 86_400_000, 3 * 86_400_000
NO_WINDOW = Window()


def check_sort_key(order: str, check: CheckView) -> tuple[float, str]:
    """The sort key of one of the orders "name", "status" and "latency"."""
    if order == "status":
        return (_RANK[check.status], check.name)
    if order == "latency":
        return (-(check.duration or 0.0), check.name)
    return (0, check.name)


def gravest_first(checks: list[CheckView]) -> list[CheckView]:
    """The checks sorted by status, then by configuration order, for a pane without room for all."""
    return sorted(checks, key=lambda check: _RANK[check.status])


def summary(checks: list[CheckView]) -> str:
    """Number of healthy checks for a pane's head: "3 of 4 healthy"."""
    healthy = sum(check.status is HealthStatus.HEALTHY for check in checks)
    if not checks:
        return ""
    return f"{len(checks)} healthy" if healthy == len(checks) else f"{healthy} of {len(checks)} healthy"


def longest_name(checks: Sequence[CheckView]) -> int:
    """Width in cells of the longest name; both panes of checks use it."""
    return max((f.cells(check.name) for check in checks), default=0)


def _name_width(width: int, names: int) -> int:
    most = 28 if width >= 90 else 20 if width >= 70 else 14 if width >= 40 else 10
    return max(8, min(most, names))


def _columns(width: int, names: int) -> list[tuple[str, int]]:
    """The columns that fit beside shape and name, chosen by importance, in their order on the screen."""
    room = width - 3 - _name_width(width, names) - 1 - (WORD + 1 if width >= 90 else 0)
    chosen = []
    for name, wide in (("last", 7), ("trend", 5), ("p95", 6), ("24h", 7), ("p50", 6), ("p99", 6), ("cert", 5)):
        if room >= wide + 1:
            chosen.append((name, wide))
            room -= wide + 1
    order = ("last", "trend", "p50", "p95", "p99", "24h", "cert")
    extra = max(0, min(18, room))
    return [(name, wide + (extra if name == "trend" else 0)) for name, wide in sorted(chosen, key=lambda c: order.index(c[0]))]


def endpoint_title(width: int, look: RenderStyle, remark: str, names: int, *, focused: bool = False, more: int = 0) -> Line:
    """The head of Endpoints, which also names the columns; ``more`` is the number of rows that do not fit."""
    columns, words = dict(_columns(width, names)), {"24h": "up 24h"}
    room = width - sum(columns.values()) - len(columns) - 14
    if more and len(f"+{more}") > room:  # over the sparklines rather than beside the title
        words["trend"] = next((text for text in (f"trend +{more}", f"+{more}") if len(text) <= columns.get("trend", 0)), "")
    elif more:
        long = f"{remark}   +{more} more".strip()
        remark = next((text for text in (long, f"+{more} more") if f.cells(text) <= room), f"+{more}")
    heads = " ".join(f.fit(words.get(name, name), wide, right=name != "trend") for name, wide in columns.items())
    return title_line("Endpoints", width, look, focused=focused, remark=remark, right=heads)


def endpoint_line(check: CheckView, values: Spark, now: int, width: int, look: RenderStyle, names: int) -> Line:
    """Line of an http check: figures of the last hour while healthy, else reason and age. ``names`` is the width for names."""
    row = _head(check, width, look, names, worded=width >= 90 or (width >= 54 and check.status is not HealthStatus.HEALTHY))
    if check.status in (HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN):
        return _reason(row, check, now)
    columns = _columns(width, names)
    figures = check.windows.get("1h", NO_WINDOW)
    row.align(sum(wide + 1 for _, wide in columns))
    if check.status is HealthStatus.DEGRADED:
        row.append(f.latency(check.duration), "warning", 7, right=True).gap()
        return _reason(row, check, now)
    for name, wide in columns:
        text, style = _figure(name, check, figures, values, now, wide, look)
        row.append(text, style, wide, right=name != "trend").gap()
    return row.line()


def _figure(name: str, check: CheckView, figures: Window, values: Spark, now: int, wide: int, look: RenderStyle) -> tuple[str, str]:
    day = check.windows.get("24h", NO_WINDOW)
    if name == "last":
        return f.latency(check.duration), "strong"
    if name == "trend":
        return spark(values, wide, look.glyphs), "bar"
    if name == "24h":
        return f.uptime_percent(day.uptime), "text" if day.uptime is None or day.uptime >= 0.999 else "warning"
    if name == "cert":
        return f.days_left(check.certificate_expires, now), _certificate_style(check.certificate_expires, now)
    return f.latency({"p50": figures.p50, "p95": figures.p95, "p99": figures.p99}[name]), "dim"


def _certificate_style(expires: int | None, now: int) -> str:
    left = expires - now if expires is not None else None
    if left is None or left > CERTIFICATE_WARNING:
        return "dim"
    return "critical" if left <= CERTIFICATE_CRITICAL else "warning"


def _head(check: CheckView, width: int, look: RenderStyle, names: int, *, worded: bool) -> LineBuilder:
    style = HEALTH_STYLES[check.status]
    row = LineBuilder(width, look).gap(1).append(look.glyphs.health(check.status), style).gap()
    row.name(check.name, "text" if check.status is HealthStatus.HEALTHY else "strong", _name_width(width, names)).gap()
    if worded:
        row.append(check.status.value, style if check.status is not HealthStatus.HEALTHY else "dim", WORD).gap()
    return row


def _reason(row: LineBuilder, check: CheckView, now: int) -> Line:
    lasted = f.age(check.since, now) if check.since else ""
    style = "text" if check.status is not HealthStatus.UNKNOWN else "dim"
    row.say(check.reason or "no reason given", style, max(0, row.room - f.cells(lasted) - 2)).gap()
    return row.append(lasted, HEALTH_STYLES[check.status]).line()


def health_line(check: CheckView, now: int, width: int, look: RenderStyle, names: int) -> Line:
    """Line of any other check: its figures or its reason, and the age of its status."""
    row = _head(check, width, look, names, worded=width >= 54)
    if check.status is not HealthStatus.HEALTHY:
        if width >= 54:
            row.append(f.latency(check.duration) if check.duration is not None else "", "dim", 7, right=True).gap(2)
        return _reason(row, check, now)
    row.append(f.latency(check.duration), "strong", 7, right=True).gap(2)
    lasted = f.age(check.since, now)
    text = health_figures(check)
    return row.append(text, "dim", max(0, row.room - len(lasted) - 2)).gap().append(lasted, "faint").line()


def health_figures(check: CheckView) -> str:
    """The most important figures of a check as prose: "23 of 100 connections, longest 4s"."""
    figures = check.figures
    parts = []
    used, most = _first(figures, "_connections", "_clients"), _first(figures, "_max_connections", "_connections_max")
    if used is not None:
        parts.append(f"{used:.0f} of {most:.0f} connections" if most else f"{used:.0f} connection{'' if used == 1 else 's'}")
    memory, limit = _first(figures, "_memory_used_bytes", "_used_memory_bytes"), _first(figures, "_memory_max_bytes", "_maxmemory_bytes")
    if memory is not None:
        parts.append(f"{f.size(memory)} of {f.size(limit)}" if limit else f.size(memory))
    told = ("connections", "clients", "memory", "probe_", "max")
    for name, value in figures.items():
        if len(parts) >= 3:
            break
        if not any(word in name for word in told):
            parts.append(f"{_short(name, check.type)} {f.figure(name, value)}")
    return ", ".join(parts) or next((f"{key} {value}" for key, value in check.facts.items()), check.target)


def _first(figures: Mapping[str, float], *ends: str) -> float | None:
    for end in ends:
        for name, value in figures.items():
            if name.split("{", 1)[0].endswith(end) and not (end == "_connections" and "max_" in name):
                return value
    return None


def _short(name: str, kind: str) -> str:
    for start in (f"{kind}_", "pg_"):
        name = name.removeprefix(start)
    for end in ("_ratio", "_bytes", "_seconds"):
        name = name.removesuffix(end)
    return name.replace("_", " ")
