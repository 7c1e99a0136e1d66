"""The lines of the outbox: each message with its state, and the health of each notifier. Pure."""

from __future__ import annotations

from tui_monitor.board.values import NotificationView
from tui_monitor.core import humanize as f
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

DELIVERY_STYLES = {"sent": "ok", "failed": "critical", "unknown": "warning", "retrying": "warning", "queued": "dim", "sending": "dim"}
DELIVERY_SHAPES = {"sent": "healthy", "failed": "unhealthy", "unknown": "unknown", "retrying": "degraded"}


def delivery_shape(state: str, look: RenderStyle) -> str:
    """The shape of a message's state."""
    return look.glyphs.health(DELIVERY_SHAPES[state]) if state in DELIVERY_SHAPES else look.glyphs.bullet


def notification_line(one: NotificationView, now: int, width: int, look: RenderStyle) -> Line:
    """Line of one message: state as shape and word, age, notifier, kind, title, outcome."""
    style = DELIVERY_STYLES.get(one.state, "dim")
    row = (
        LineBuilder(width, look)
        .gap(1)
        .append(f"{delivery_shape(one.state, look)} {look.words.exact(one.state)}", style, 10 if look.words.language == "en" else 12)
        .gap()
    )
    row.append(f.age(one.created_at, now), "dim", 7, right=True).gap(2).name(one.notifier, "text", 12).gap()
    if width >= 70:
        row.append(one.kind, "dim", 9).gap()
    outcome = look.words.say(_outcome(one, now, look))
    room = min(f.cells(clean(outcome)), row.room * 3 // 5)
    row.name(one.title, "text", max(8, row.room - room - 3)).gap(2)
    return row.name(outcome, "dim" if one.state in ("sent", "queued") else style, row.room - 1, right=True).line()


def _outcome(one: NotificationView, now: int, look: RenderStyle) -> str:
    tries = f"{one.attempts} tries: " if one.attempts > 1 else ""
    if one.state == "sent":
        return tries + (one.provider_id or f"sent {f.stamp(one.sent_at, now, look.zone)}")
    if one.state == "retrying" and one.next_try:
        return f"again in {f.latency(max(0.0, (one.next_try - now) / 1000))}, {tries}{one.error}"
    return tries + one.error


def notification_text(one: NotificationView, now: int, look: RenderStyle) -> str:
    """The full text of a message, for the foot of the list."""
    exact = look.words.exact
    return f"{one.notifier} {exact(one.kind)}: {one.title}   {exact(one.state)}, {look.words.say(_outcome(one, now, look))}".rstrip(", ")


def notifier_text(rows: list[NotificationView], names: tuple[str, ...], now: int) -> str:
    """The state of each notifier's newest message, failures first: "ops-mail failed 4m ago, ops-chat sent 4m ago"."""
    told: list[tuple[bool, str]] = []
    for name in dict.fromkeys((*names, *(row.notifier for row in rows))):
        newest = next((row for row in rows if row.notifier == name and row.state not in ("queued", "sending")), None)
        text = f"{name} {newest.state} {f.ago(newest.sent_at or newest.created_at, now)}" if newest else f"{name} unused"
        told.append((newest is None or newest.state == "sent", text))
    return ", ".join(text for _, text in sorted(told, key=lambda one: one[0]))
