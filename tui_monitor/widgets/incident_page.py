"""The page of one incident: verdict, chart beside who knows, why and what to do beside log and figures, then its history. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_monitor.board.values import AlertView
from tui_monitor.core import humanize as f
from tui_monitor.core.mute_reason import mute_word
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.alerts import is_open, own_fault, severity_style, taken_text
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.charts import chart_lines
from tui_monitor.widgets.frames import boxed, top_line
from tui_monitor.widgets.incident_causes import else_lines, log_lines, reason_lines, remedy_lines, why_lines
from tui_monitor.widgets.incident_people import affected_lines, knowing_lines, last_time_lines
from tui_monitor.widgets.incident_view import IncidentView
from tui_monitor.widgets.list_panes import fact, heading, table
from tui_monitor.widgets.strip_cells import append_strip, present_strip
from tui_monitor.widgets.verdict import headline

WIDE = 100
"""From this width on there are two columns."""
SHORT = 20
"""Below this height who was told stands directly under the reason."""
LEAST_CHART, GOOD_CHART, MOST_CHART = 7, 16, 28
SPANS = (("5m", 300_000), ("1h", 3_600_000), ("24h", 86_400_000), ("7d", 604_800_000))
"""The ranges of the chart, in the order of the key `w`."""
Draw = Callable[[IncidentView, int, RenderStyle], list[Line]]


def incident_lines(view: IncidentView, width: int, height: int, look: RenderStyle) -> list[Line]:
    """All lines of the page; the chart takes the room that the rest leaves of ``height``."""
    head, story = head_lines(view, width, look), _story(view, width, look)
    if width < WIDE:
        return [*head, *_one_column(view, width, height, look), *story]
    return [*head, *_two_columns(view, width, height - len(head) - min(len(story), height // 3), look), *story]


def head_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """What is wrong and for how long, since when, how often in a row, and whether somebody has taken it."""
    alert, now = view.alert, view.board.at
    row = LineBuilder(width, look).append(f" {_shape(alert, look)} {_verdict(alert, now, look)} ", _chip(alert))
    taken = look.words.say(_taken(alert)) + (f"   {look.words.say(view.place)}" if view.place else "")
    since = f"since {f.stamp(_since(alert), now, look.zone, seconds=True)}"
    times = view.check.consecutive_failures if view.check is not None and alert.state == "firing" else 0
    failures = f"{times} failures in a row" if times > 1 else ""
    target = view.check.target if view.check is not None else ""
    if width >= WIDE:
        room = max(0, row.room - f.cells(taken) - 5)
        ways = (target, since, failures), (target, since), (since, failures), (since,)
        row.gap(3).append(_fitting(ways, room, look), "text", room)
        return [row.align(f.cells(taken) + 1).append(taken, "dim" if alert.acknowledged_by or not is_open(alert) else "warning").line()]
    second = LineBuilder(width, look).gap().append(taken, "dim" if not is_open(alert) else "warning").gap(2)
    brief = f"since {f.stamp(_since(alert), now, look.zone)}"
    return [row.line(), second.append(_fitting(((since, failures), (since,), (brief,), ("",)), second.room, look), "dim").line()]


def _fitting(ways: Sequence[Sequence[str]], room: int, look: RenderStyle) -> str:
    """The first of these lists of facts that fits whole, else the last: a fact is left out rather than cut."""
    texts = [look.words.say("   ".join(filter(None, facts))) for facts in ways]
    return next((text for text in texts if f.cells(text) <= room), texts[-1])


def _verdict(alert: AlertView, now: int, look: RenderStyle) -> str:
    words, (name, word) = look.words, headline(alert, look)
    was = "was" if words.language == "en" and not own_fault(alert) else ""
    end, ended = (alert.ends_at or now, was) if alert.state == "resolved" else (now, "")
    pending = words.exact("pending") if alert.state == "pending" else ""
    age = words.exact(f.exact_span((end - _since(alert)) / 1000))
    return " ".join(filter(None, (pending, name, ended, word, age)))


def _since(alert: AlertView) -> int:
    return alert.starts_at or alert.active_at


def _shape(alert: AlertView, look: RenderStyle) -> str:
    if alert.state == "resolved":
        return look.glyphs.healthy
    return look.glyphs.unhealthy if severity_style(alert) in ("critical", "error") else look.glyphs.degraded


def _chip(alert: AlertView) -> str:
    if alert.state == "resolved":
        return "verdict-ok"
    style = severity_style(alert)
    return "verdict-critical" if style in ("critical", "error") else "verdict-warning" if style == "warning" else "verdict-unknown"


def _taken(alert: AlertView) -> str:
    if alert.state == "resolved":
        return f"acked by {alert.acknowledged_by}" if alert.acknowledged_by else "nobody acked it"
    if alert.acknowledged_by:
        return f"acked by {taken_text(alert)}"
    return mute_word(alert.suppressed_by) or "nobody acked it"


def _two_columns(view: IncidentView, width: int, height: int, look: RenderStyle) -> list[Line]:
    left = width * 62 // 100
    right = width - left
    knows = _joined(view, right - 2, look, (knowing_lines, affected_lines, last_time_lines))
    why, rest = why_lines(view, left - 2, look), else_lines(view, right - 2, look)
    room = max(len(why), height - GOOD_CHART - 2, len(rest), 3)  # a long log does not press the chart flat
    log = log_lines(view, right - 2, look)[: max(1, room - len(rest) - 1)]
    log = [*log, *([LineBuilder(right - 2, look).line()] if log and rest else []), *rest]
    lower = max(len(why), len(log), 3) + 2
    upper = max(len(knows) + 2, min(MOST_CHART, max(LEAST_CHART, height - lower)))
    first = _box(f"last {view.span}", _spans(view.span), chart_part(view, left - 2, upper - 2, look), left, upper, look)
    second = _box("who knows", "", knows, right, upper, look)
    third = _box("why, and what to do", "", why, left, lower, look)
    fourth = _box("log · what else" if look.glyphs.braille else "log, what else", "", log, right, lower, look)
    return [*_beside(first, second), *_beside(third, fourth)]


def _one_column(view: IncidentView, width: int, height: int, look: RenderStyle) -> list[Line]:
    lines = [_day_line(view, width, look)] if view.day else []
    knows = _joined(view, width, look, (knowing_lines, affected_lines, last_time_lines))
    parts: list[tuple[str, list[Line]]] = [
        ("what to do", remedy_lines(view, width, look)),
        (f"last {view.span}", chart_part(view, width, max(LEAST_CHART, min(MOST_CHART, height - 6)), look)),
        ("log", log_lines(view, width, look)),
        ("what else", else_lines(view, width, look)),
    ]
    lines += reason_lines(view, width, look)
    if height < SHORT:  # nobody wants to scroll for who was told
        lines += knowing_lines(view, width, look)
        parts.insert(1, ("who knows", knows))
    else:
        parts.insert(0, ("who knows", knows))
    for title, part in parts:
        if part:
            lines += [top_line(title, _spans(view.span) if title.startswith("last ") else "", width, look, boxed=False), *part]
    return lines


def _spans(chosen: str) -> str:
    return " ".join(f"[{name}]" if name == chosen else name for name, _ in SPANS)


def _joined(view: IncidentView, width: int, look: RenderStyle, parts: Sequence[Draw]) -> list[Line]:
    """The parts that say something, a blank line between two."""
    lines: list[Line] = []
    for draw in parts:
        if found := draw(view, width, look):
            lines += [LineBuilder(width, look).line(), *found] if lines else found
    return lines


def _box(title: str, remark: str, lines: Sequence[Line], width: int, height: int, look: RenderStyle) -> list[Line]:
    return boxed([top_line(title, remark, width, look), *lines], width, height, look)


def _beside(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    return [(*one, *other) for one, other in zip(left, right, strict=True)]


def chart_part(view: IncidentView, width: int, height: int, look: RenderStyle) -> list[Line]:
    """The chart with the check's status, and its last 24 hours below."""
    day = [_day_line(view, width, look)] if view.day else []
    if view.chart is None:
        return [LineBuilder(width, look).gap().append("loading the chart" if view.detail.series else "no series", "dim").line(), *day]
    strip = present_strip(view.check, view.strip) if view.check is not None and view.end >= view.board.at - 60_000 else view.strip
    room = height - len(day)
    begun = view.alert.starts_at or 0
    return [*chart_lines(view.chart, view.start, view.end, width, room, look, strip=strip, legend=False, begun=begun), *day]


def _day_line(view: IncidentView, width: int, look: RenderStyle) -> Line:
    """The check's last 24 hours, and how often it failed."""
    downs = sum(
        slot.status is HealthStatus.UNHEALTHY and (number == 0 or view.day[number - 1].status is not HealthStatus.UNHEALTHY)
        for number, slot in enumerate(view.day)
    )
    tail = " " + look.words.say(f"down {downs} times" if downs != 1 else "down once")
    row = LineBuilder(width, look).gap().append("24h", "dim").gap()
    append_strip(row, view.day, row.room - f.cells(tail) - 1, look.glyphs)
    return row.append(tail, "dim").line()


def _story(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """Its history, annotations, condition and labels, below what has to be seen at once."""
    alert, now, detail = view.alert, view.board.at, view.detail
    lines: list[Line] = []
    if detail.events:
        lines += heading("History", width, look)
        rows = [
            [(f.stamp(one.at, now, look.zone, seconds=True), "dim"), (one.change, "text"), (f"{one.by} {one.note}".strip(), "dim")]
            for one in detail.events
        ]
        lines += table(rows, width, look)
    if detail.notes:
        lines += heading("Annotations", width, look)
        lines += table([[(f.stamp(at, now, look.zone, seconds=True), "dim"), (text, "text")] for at, text in detail.notes], width, look)
    lines += heading("Facts", width, look)
    lines += fact("summary", alert.summary, width, look)
    lines += fact("flapping", f"{alert.flaps} times" if alert.flaps else "", width, look, "warning")
    lines += fact("condition", detail.expr, width, look)
    for name, text in alert.annotations.items():
        if name not in ("summary", "description", "runbook_url"):
            lines += fact(name, text, width, look)
    lines += fact("last values", " ".join(f"{value:.4g}" for value in detail.evidence.values[-20:]), width, look, "dim")
    lines += fact("labels", "  ".join(f"{key}={value}" for key, value in sorted(alert.labels.items())), width, look, "dim")
    return lines + fact("id", alert.id, width, look, "dim")
