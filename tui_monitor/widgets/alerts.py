"""The lines of the Alerts pane: severity as colour and word, how long, what, and what was done about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tui_monitor.model import severity_rank
from tui_monitor.views import AlertView, Board, Delivery
from tui_monitor.widgets import formatting as f
from tui_monitor.widgets.line import SEVERITY_WORDS, Line, Look, Row

ORDERS = ("urgency", "newest", "severity", "name")


def order_key(order: str) -> Callable[[AlertView], Any]:
    """The sort key of an order of `ORDERS`; "urgency" is the board's own."""
    if order == "newest":
        return lambda alert: -(alert.starts_at or alert.active_at)
    if order == "severity":
        return lambda alert: (-severity_rank(alert.severity), -(alert.starts_at or alert.active_at))
    if order == "name":
        return lambda alert: (alert.name, subject(alert))
    from tui_monitor.boards import alert_order

    return alert_order


def matches(alert: AlertView, needle: str) -> bool:
    """Whether a filter's text stands anywhere in the alert: name, summary, state, who acknowledged, labels."""
    if not needle:
        return True
    parts = (alert.name, alert.summary, alert.severity, alert.state, alert.acknowledged_by, *alert.labels.values(), *alert.suppressed_by)
    return needle.casefold() in "\n".join(parts).casefold()


def subject(alert: AlertView) -> str:
    """What the alert is about: the check, mount, interface ... it names, else nothing."""
    for key in ("check", "mount", "interface", "device", "instance", "job"):
        if alert.labels.get(key):
            return alert.labels[key]
    return ""


def severity_style(alert: AlertView) -> str:
    """The colour of an alert's severity; an unknown word is shown as info."""
    rank = severity_rank(alert.severity)
    return ("info", "info", "warning", "error", "critical")[rank + 1]


def is_open(alert: AlertView) -> bool:
    """Whether it still wants somebody's attention."""
    return alert.state == "firing" and not alert.acknowledged_by and not alert.suppressed_by


def state_text(alert: AlertView, now: int) -> str:
    """What was done about it: who took it, what holds it back, or what was sent where."""
    if alert.state == "resolved":
        return f"resolved {f.ago(alert.ends_at or 0, now)}"
    if alert.acknowledged_by:
        note = f": {alert.acknowledged_note}" if alert.acknowledged_note else ""
        return f"acknowledged by {alert.acknowledged_by}{note}"
    if alert.suppressed_by:
        return f"muted by {', '.join(alert.suppressed_by)}"
    if alert.state == "pending":
        return "pending"
    if alert.deliveries:
        return delivery_text(alert.deliveries, now)
    return "not sent"


def delivery_text(deliveries: Sequence[Delivery], now: int) -> str:
    """What became of the messages: "sent ops-chat, failed ops-mail"."""
    newest: dict[str, Delivery] = {}
    for delivery in deliveries:
        if delivery.notifier not in newest or delivery.at >= newest[delivery.notifier].at:
            newest[delivery.notifier] = delivery
    words: dict[str, list[str]] = {}
    for delivery in newest.values():
        words.setdefault(delivery.state, []).append(delivery.notifier)
    order = sorted(words, key=lambda state: (state == "sent", state))
    return ", ".join(f"{state} {' '.join(words[state])}" for state in order)


def state_style(alert: AlertView) -> str:
    """Deliveries that failed stand out; everything else about the state is quiet."""
    if alert.state == "firing" and any(d.state in ("failed", "unknown") for d in alert.deliveries) and not alert.acknowledged_by:
        return "warning"
    return "dim"


def alert_line(alert: AlertView, now: int, width: int, look: Look, *, selected: bool = False) -> Line:
    """One alert: mark, severity, age, name and subject, value, summary, state, as far as there is room."""
    colour, live = severity_style(alert), is_open(alert)
    row = Row(width, look).put(look.glyphs.selected if selected else " ", "accent")
    word = SEVERITY_WORDS.get(alert.severity, alert.severity[:4].upper())
    row.put(f" {word:<4} ", f"chip-{colour}" if live else colour).gap()
    row.put(f.age(alert.starts_at or alert.active_at, now), "text" if live else "dim", 6, right=True).gap(2)
    state_width = 0 if width < 70 else 18 if width < 100 else min(44, width // 4)
    name_width = 0 if width < 60 else 20 if width < 100 else 26 if width < 150 else 36
    value_width = 0 if width < 90 else 9
    if name_width:
        about = subject(alert)
        row.put(f"{alert.name} {about}" if about else alert.name, "strong" if live else "dim", name_width).gap()
    if value_width:
        row.put("no data" if alert.no_data else alert.value_text, "text" if live else "dim", value_width, right=True).gap(2)
    text = alert.summary or alert.name
    if alert.affected:
        text += f" ({alert.affected} affected)"
    if alert.flaps:
        text += f" (flapping, {alert.flaps} times)"
    if not state_width and not live:
        text = f"[{short_state(alert)}] {text}"
    row.put(text, "text" if live else "dim", row.room - (state_width + 2 if state_width else 0))
    if state_width:
        row.gap(2).put(state_text(alert, now) if state_width > 20 else short_state(alert), state_style(alert), state_width)
    return row.line()


def short_state(alert: AlertView) -> str:
    """The state in a word or two, for narrow screens."""
    if alert.state == "resolved":
        return "resolved"
    if alert.acknowledged_by:
        return f"ack {alert.acknowledged_by}"
    if alert.suppressed_by:
        return "muted"
    if alert.state == "pending":
        return "pending"
    failed = [d.notifier for d in alert.deliveries if d.state in ("failed", "unknown", "retrying")]
    if failed:
        return f"{next(d.state for d in alert.deliveries if d.notifier == failed[0])} {failed[0]}"
    sent = [d.notifier for d in alert.deliveries if d.state == "sent"]
    return f"sent {sent[0]}" if sent else "firing"


def counts(board: Board) -> str:
    """The pane's remark: "3 firing, 1 acknowledged, 2 pending"."""
    pending = sum(alert.state == "pending" for alert in board.alerts)
    parts = [(board.firing, "firing"), (board.acknowledged, "acknowledged"), (pending, "pending")]
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def advice_lines(alert: AlertView, now: int, width: int, look: Look) -> list[Line]:
    """What to do about the selected alert, in two lines: since when and where to read on; then the description."""
    row = Row(width, look).gap(1).put("since", "faint").gap()
    row.put(f.stamp(alert.starts_at or alert.active_at, now, look.zone, seconds=True), "text").gap(2)
    runbook = alert.annotations.get("runbook_url", "")
    if runbook:
        row.put("runbook", "faint").gap().put(runbook, "accent").gap(2)
    if row.room > 20:
        row.put(state_text(alert, now), state_style(alert))
    advice = alert.annotations.get("description", "") or alert.summary
    return [row.line(), Row(width, look).gap(1).put("to do", "faint").gap().put(advice, "text").line()]
