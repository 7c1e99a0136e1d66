"""The first two lines of the main screen: the verdict in one sentence, and the last hour of all checks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.not_healthy import not_healthy_names
from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core import humanize as f
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.alerts import CHECK_RULE, UNDELIVERED, is_open, newest_deliveries, own_fault, severity_style, subject
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.incidents import delivery_mark
from tui_monitor.widgets.status_bars import leader_text
from tui_monitor.widgets.strip_cells import append_strip

WORDS = {"critical": "down", "error": "failing", "warning": "degraded", "info": "notice"}


def verdict_line(board: Board, incidents: Sequence[AlertView], width: int, look: RenderStyle) -> Line:
    """What is wrong, since when, whom it affects, who was told; at the right host, role and clock."""
    clock = f.clock(board.at, look.zone, seconds=width >= 100) if board.at else "--:--"
    right = [clock]
    if width >= 60 and (word := _role(board)):
        right.insert(0, look.words.exact(word))
    if width >= 100:
        right.insert(0, f.cut(board.host, 30, look.glyphs.cut))
    tail = "  ".join(right) + " "
    row = LineBuilder(width, look)
    limit = width - f.cells(tail) - 1
    inner = LineBuilder(limit, look)
    first = next((alert for alert in incidents if is_open(alert)), None)
    if first is not None and not board.loading:
        _failing(inner, board, first, look)
    else:
        _calm(inner, board, look)
    for text, style in inner.line():
        row.append(text, style)
    return row.gap().append(tail, "dim").line()


def headline(alert: AlertView, look: RenderStyle) -> tuple[str, str]:
    """Subject and word of an alert: "db", "down"; "/", "DiskSpace"; for trouble of the monitor itself its fault alone."""
    if fault := own_fault(alert):
        return look.words.say(fault), look.glyphs.bullet
    word = WORDS.get(alert.severity, alert.severity) if alert.name == CHECK_RULE else alert.name if subject(alert) else ""
    return subject(alert) or alert.name, look.words.exact(word)


def _role(board: Board) -> str:
    if board.past:
        return "past"
    if board.loading and not board.leader.alive:
        return "starting"
    return {"viewing": "live"}.get(found := leader_text(board.leader), found)


def _failing(row: LineBuilder, board: Board, first: AlertView, look: RenderStyle) -> None:
    style = severity_style(first)
    chip = "verdict-critical" if style in ("critical", "error") else "verdict-warning" if style == "warning" else "verdict-unknown"
    shape = look.glyphs.unhealthy if chip == "verdict-critical" else look.glyphs.degraded
    age = look.words.exact(f.exact_span((board.at - (first.starts_at or first.active_at)) / 1000))
    row.append(f" {shape} {' '.join(filter(None, (*headline(first, look), age)))} ", chip)
    if first.affected:
        row.gap(2).append(f"{look.glyphs.arrow} {' '.join(first.affects) or first.affected}", "strong")
    _told(row, first, look)
    more = look.words.say(f"+{board.open - 1} more")
    if board.open > 1 and row.room >= f.cells(more) + 2:
        row.gap(2).append(more, "text")


def _told(row: LineBuilder, first: AlertView, look: RenderStyle) -> None:
    """Who was told; where room is short with marks alone, and those first whom no message has reached."""
    deliveries = newest_deliveries(first.deliveries)
    if not deliveries or row.room <= 16:
        return
    brief = row.room < 3 + sum(f.cells(f"{one.notifier} {delivery_mark(one.state, look)} ") for one in deliveries) + 5
    row.gap(2)
    if not brief:
        row.append("told", "dim").gap()
    for number, one in enumerate(sorted(deliveries, key=lambda one: one.state not in UNDELIVERED) if brief else deliveries):
        mark = delivery_mark(one.state, look)
        text = f"{one.notifier} {mark[:1] if brief else mark}"
        if number and row.room < f.cells(text) + 1:
            return
        row.gap(min(1, number)).append(text, "ok" if one.state == "sent" else "warning")


def _calm(row: LineBuilder, board: Board, look: RenderStyle) -> None:
    if board.loading:
        row.append(" loading ", "band-dim")
        return
    healthy = sum(check.status is HealthStatus.HEALTHY for check in board.checks)
    if board.status is HealthStatus.HEALTHY:
        row.append(f" {look.glyphs.healthy} {look.words.exact('all well')} ", "verdict-ok")
    else:
        names = f.cut(not_healthy_names(board), max(8, row.room // 3), look.glyphs.cut)
        word = " ".join(filter(None, (names, look.words.exact(board.status.value))))
        row.append(f" {look.glyphs.health(board.status)} {word} ", "verdict-unknown" if healthy else "verdict-warning")
    row.gap(2).say(f"{healthy} of {len(board.checks)} services healthy" if board.checks else "this machine only", "text")
    if board.acknowledged:
        row.gap(2).say(f"{board.acknowledged} acknowledged", "dim")


def hour_cells(board: Board, whole: Strip, width: int, look: RenderStyle) -> tuple[int, int]:
    """The first cell of the time line's strip and its width."""
    start = 1 + (f.cells(f.clock(whole[0].begin, look.zone)) + 1 if whole else 0)
    return start, max(0, width - start - 1 - f.cells(look.words.exact("now") + _states(board, look))) if whole else 0


def _states(board: Board, look: RenderStyle) -> str:
    statuses = [check.status for check in board.checks]
    counts = [(statuses.count(status), status) for status in HealthStatus]
    texts = [f"{look.glyphs.health(status.value)}{count}" for count, status in counts if count]
    return "  " + " ".join(reversed(texts)) + " " if texts else ""


def hour_line(board: Board, whole: Strip, width: int, look: RenderStyle) -> Line:
    """The last hour (or the strips' window) of all checks together, and how many are in which state now."""
    tail = _states(board, look)
    row = LineBuilder(width, look).gap()
    if not whole:
        return row.append(tail.strip(), "dim").line()
    row.append(f.clock(whole[0].begin, look.zone), "dim").gap()
    append_strip(row, whole, hour_cells(board, whole, width, look)[1], look.glyphs)
    return row.gap().append("now", "dim").append(tail, "dim").line()
