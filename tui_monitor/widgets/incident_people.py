"""Parts of an incident's page: who knows, whom it affects, when it happened last. Pure."""

from __future__ import annotations

from tui_monitor.board.values import AlertView, Delivery
from tui_monitor.core import humanize as f
from tui_monitor.core.mute_reason import parse_mute_reason
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.alerts import due_text, newest_deliveries
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.incident_view import IncidentView
from tui_monitor.widgets.list_panes import said, wrapped
from tui_monitor.widgets.notifications import DELIVERY_STYLES, delivery_shape
from tui_monitor.widgets.strip_cells import append_strip

MOST_AFFECTED = 8
MOST_ERROR = 3
"""Lines of the error of a message that was not sent."""


def knowing_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """Who knows: each notifier's newest message, the next step of an escalation, who has acknowledged."""
    alert, now = view.alert, view.board.at
    deliveries = view.detail.deliveries or alert.deliveries
    newest = sorted(newest_deliveries(deliveries), key=lambda one: one.notifier)
    lines = [line for one in newest for line in _delivery_lines(one, now, width, look)]
    if not lines:
        lines = wrapped(_untold(alert), "warning" if alert.state == "firing" and not alert.suppressed_by else "dim", width, look, 3)
    if alert.acknowledged_by:
        until = f", until {f.stamp(alert.acknowledged_until, now, look.zone)}" if alert.acknowledged_until else ""
        lines += wrapped(
            f"{alert.acknowledged_by} acknowledged it {f.stamp(alert.acknowledged_at, now, look.zone)}{until}", "text", width, look, 2
        )
        lines += wrapped(f"“{alert.acknowledged_note}”" if alert.acknowledged_note else "", "dim", width, look, 2)
    elif alert.escalates_at and alert.state == "firing":
        row = LineBuilder(width, look).gap().append(look.glyphs.cut, "dim", 2).append(" ".join(alert.escalates_to), "text").gap(2)
        lines.append(row.say(f"escalates {f.clock(alert.escalates_at, look.zone)} if not acked", "dim").line())
    if due := due_text(alert, now):
        lines.append(said(f"answer {due} ({f.stamp(alert.due_at, now, look.zone)})", "warning" if due == "overdue" else "dim", width, look))
    return lines


def _untold(alert: AlertView) -> str:
    if alert.suppressed_by:
        return f"nobody was told: muted by {', '.join(_mute(text) for text in alert.suppressed_by)}"
    return "nobody was told yet" if alert.state == "firing" else "nobody was told"


def _mute(text: str) -> str:
    reason = parse_mute_reason(text)
    return f"{reason.name} (it depends on it)" if reason.kind == "depends_on" else text.replace(":", " ")


def _delivery_lines(one: Delivery, now: int, width: int, look: RenderStyle) -> list[Line]:
    """A notifier's newest message; why it has not been sent, and when it is tried again, in up to three lines."""
    row = LineBuilder(width, look).gap().append(delivery_shape(one.state, look), DELIVERY_STYLES.get(one.state, "dim"), 2)
    row.name(one.notifier, "text", min(14, max(8, width // 4))).gap()
    if one.state == "sent":
        return [row.append(f"{f.stamp(one.at, now, look.zone, seconds=True)}  {look.words.exact(one.kind)}", "dim").line()]
    again = f", try {one.attempts + 1} in {f.exact_span((one.next_try - now) / 1000)}" if one.next_try and one.next_try > now else ""
    style, begin = "warning" if one.state not in ("queued", "sending") else "dim", row.used
    first, *rest = f.wrap(clean(look.words.say(f"{one.error or one.state}{again}")), max(8, row.room - 1), MOST_ERROR) or [""]
    return [row.append(first, style).line(), *(LineBuilder(width, look).gap(begin).append(part, style).line() for part in rest)]


def affected_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """The subjects that it mutes, each with its strip; or what mutes it."""
    alert = view.alert
    lines: list[Line] = []
    if alert.affected:
        lines.append(said(f"{alert.affected} muted by this", "strong", width, look))
    for number, name in enumerate(alert.affects[:MOST_AFFECTED]):
        row = LineBuilder(width, look).gap().append(look.glyphs.branches[number == len(alert.affects) - 1], "dim")
        row.append(name, "text", min(16, width // 3)).gap()
        lines.append(append_strip(row, view.strips.get(name, ()), row.room - 1, look.glyphs).line())
    if (more := alert.affected - len(alert.affects[:MOST_AFFECTED])) > 0 and alert.affects:
        lines.append(said(f"and {more} more", "dim", width, look))
    if alert.suppressed_by and (view.detail.deliveries or alert.deliveries):
        lines.append(said(f"muted by {', '.join(_mute(text) for text in alert.suppressed_by)}", "warning", width, look))
    return lines


def last_time_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """When it fired before: how long, who took it, with which note."""
    last, now = view.last_time, view.board.at
    if last is None:
        return [said("first time within what is kept", "dim", width, look)]
    said_last, nobody = (look.words.exact(text) for text in ("last time", "nobody acknowledged it"))
    text = f"{said_last}: {f.stamp(last.starts_at, now, look.zone)}, {f.exact_span(((last.ends_at or now) - last.starts_at) / 1000)}"
    text += f", {last.acknowledged_by}" if last.acknowledged_by else f", {nobody}"
    text += f": “{last.acknowledged_note}”" if last.acknowledged_note else ""
    lines = wrapped(text, "text", width, look, 3)
    return [*lines, said(f"{view.times} times within 30 days", "dim", width, look)] if view.times > 1 else lines
