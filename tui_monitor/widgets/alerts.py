"""The lines of the Alerts pane: severity, age, name, summary, state. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tui_monitor.board.values import AlertView, Board, Delivery, alert_order
from tui_monitor.core import humanize as f
from tui_monitor.core.mute_reason import mute_word, parse_mute_reason
from tui_monitor.core.sanitize import clean
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import severity_rank
from tui_monitor.widgets.cell_line import SEVERITY_WORDS, Line, LineBuilder, RenderStyle

Exact = Callable[[str], str]
"""What translates a word: `Translator.exact`."""
ORDERS = ("urgency", "newest", "severity", "name")
CHECK_RULE = "CheckUnhealthy"
OWN_RULE = "MonitorTrouble"
OWN_BEGIN = re.compile(r"^tui-monitor[^:]*: ")
"""The beginning of its summary, which tells readers of messages that the monitor means itself."""
MOST_FAULT = 60
"""Cells of that fault where a few words have to do."""
UNDELIVERED = ("failed", "unknown", "retrying")


def order_key(order: str) -> Callable[[AlertView], Any]:
    """The sort key of an order in `ORDERS`; "urgency" keeps the board's order."""
    if order == "newest":
        return lambda alert: -(alert.starts_at or alert.active_at)
    if order == "severity":
        return lambda alert: (-severity_rank(alert.severity), -(alert.starts_at or alert.active_at))
    if order == "name":
        return lambda alert: (alert.name, subject(alert))
    return alert_order


def matches(alert: AlertView, needle: str) -> bool:
    """Whether the alert contains a filter's text: in name, summary, state, acknowledging person or labels."""
    if not needle:
        return True
    parts = (alert.name, alert.summary, alert.severity, alert.state, alert.acknowledged_by, *alert.labels.values(), *alert.suppressed_by)
    return needle.casefold() in "\n".join(parts).casefold()


def search_text(alert: AlertView) -> str:
    """The text of an alert that filters are matched against."""
    return " ".join((alert.name, alert.summary, alert.severity, alert.state, alert.acknowledged_by, *alert.labels.values()))


def subject(alert: AlertView) -> str:
    """The alert's subject (check, mount, interface ...), "" without one."""
    return subject_of(alert.labels)


def alert_of_check(board: Board, check: str) -> AlertView | None:
    """The first alert of the board about a check."""
    return next((alert for alert in board.alerts if alert.labels.get("check") == check), None)


def naming_labels(alert: AlertView) -> list[tuple[str, str]]:
    """The labels that identify an alert; labels implied by the check's name are left out."""
    implied = ("severity", "host", *(("type", "category") if alert.labels.get("check") else ()))
    return [(key, value) for key, value in alert.labels.items() if key not in implied]


def title(alert: AlertView, width: int) -> str:
    """Name and subject; in little room `CheckUnhealthy` is left out, since its subject is enough."""
    about = subject(alert)
    if alert.name == CHECK_RULE and about and width < 100:
        return about
    return f"{alert.name} {about}" if about else alert.name


def summary_text(alert: AlertView, width: int) -> str:
    """The summary without parts that other columns show: "shop is unhealthy: HTTP 500" becomes "HTTP 500" on a wide line."""
    text, about = alert.summary or alert.name, subject(alert)
    if alert.name == OWN_RULE:
        text = OWN_BEGIN.sub("", text, count=1)
    if alert.name == CHECK_RULE and about and text.startswith(about):
        verdict, _, reason = text[len(about) :].partition(": ")
        before = about if width < 60 else "" if width >= 90 else verdict.removeprefix(" is").strip()
        if reason:
            text = f"{before}: {reason}" if before else reason
    if alert.affected:
        text += f" ({alert.affected} affected)"
    if alert.flaps:
        text += f" (flapping, {alert.flaps} times)"
    return text


def own_fault(alert: AlertView) -> str:
    """What hinders the monitor itself, without details: "ops-mail: nothing delivered for 10m"; "" for any other alert."""
    return f.cut(": ".join(summary_text(alert, 200).split(": ")[:2]), MOST_FAULT) if alert.name == OWN_RULE else ""


def affected_text(alert: AlertView) -> str:
    """Number and names of the subjects that this alert mutes: "3: billing, cart, checkout"."""
    more = alert.affected - len(alert.affects)
    names = ", ".join(alert.affects) + (f" and {more} more" if more > 0 and alert.affects else "")
    return f"{alert.affected}: {names}" if names else str(alert.affected) if alert.affected else ""


def severity_style(alert: AlertView) -> str:
    """The colour of an alert's severity; an unknown word is shown as info."""
    rank = severity_rank(alert.severity)
    return ("info", "info", "warning", "error", "critical")[rank + 1]


def is_open(alert: AlertView) -> bool:
    """Whether the alert fires and is neither acknowledged nor muted."""
    return alert.open


def state_text(alert: AlertView, now: int, *, past: bool = False, exact: Exact = str) -> str:
    """State column: acknowledging person, mute reason or sent messages; boards of the past may lack the messages."""
    if alert.state == "resolved":
        return f"resolved {f.ago(alert.ends_at or 0, now)}"
    if alert.acknowledged_by:
        return f"acknowledged by {taken_text(alert)}"
    if alert.suppressed_by:
        return f"muted by {', '.join(map(_mute_text, alert.suppressed_by))}"
    if alert.state == "pending":
        return "pending"
    sent = delivery_text(alert.deliveries, exact) if alert.deliveries else "firing" if past else "not sent"
    return ", ".join(filter(None, (due_text(alert, now), sent)))


def taken_text(alert: AlertView) -> str:
    """Who has acknowledged an alert, the note, and that it is muted too: "kim + silenced: rollback runs"."""
    note = f": {alert.acknowledged_note}" if alert.acknowledged_note else ""
    return f"{alert.acknowledged_by}{f' + {mute_word(alert.suppressed_by)}' if alert.suppressed_by else ''}{note}"


def due_text(alert: AlertView, now: int) -> str:
    """The response time of an open alert: "due in 47m", "overdue"; "" where none is set or somebody has acknowledged it."""
    if alert.due_at is None or not is_open(alert):
        return ""
    left = (alert.due_at - now) / 1000
    return "overdue" if left <= 0 else f"due in {f.span(left)}" if left >= 10 else "due now"


def _mute_text(text: str) -> str:
    """Mute reason as text; a failed parent check is shown by its name alone."""
    reason = parse_mute_reason(text)
    return reason.name if reason.kind == "depends_on" else text


def newest_deliveries(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The newest delivery of each notifier: a delivered reminder supersedes a failed first message."""
    newest: dict[str, Delivery] = {}
    for delivery in deliveries:
        if delivery.notifier not in newest or delivery.at >= newest[delivery.notifier].at:
            newest[delivery.notifier] = delivery
    return list(newest.values())


def undelivered(alerts: Iterable[AlertView]) -> str:
    """Notifiers whose newest message about an alert was not delivered: "ops-mail retrying, ops-sms failed"."""
    newest = newest_deliveries(delivery for alert in alerts for delivery in alert.deliveries)
    return ", ".join(f"{one.notifier} {one.state}" for one in newest if one.state in UNDELIVERED)


def delivery_text(deliveries: Sequence[Delivery], exact: Exact = str) -> str:
    """The state of the messages by notifier: "sent ops-chat, failed ops-mail". ``exact`` translates states."""
    words: dict[str, list[str]] = {}
    for delivery in newest_deliveries(deliveries):
        words.setdefault(delivery.state, []).append(delivery.notifier)
    order = sorted(words, key=lambda state: (state == "sent", state))
    return ", ".join(f"{exact(state)} {' '.join(words[state])}" for state in order)


def state_style(alert: AlertView, now: int) -> str:
    """ "warning" where a message failed or the alert is overdue, else "dim"."""
    if due_text(alert, now) == "overdue":
        return "warning"
    if alert.state == "firing" and any(d.state in UNDELIVERED for d in newest_deliveries(alert.deliveries)) and not alert.acknowledged_by:
        return "warning"
    return "dim"


def alert_line(alert: AlertView, now: int, width: int, look: RenderStyle, *, selected: bool = False, past: bool = False) -> Line:
    """Line of one alert: mark, severity, age, name and subject, value, summary, state, as room allows."""
    colour, live = severity_style(alert), is_open(alert)
    row = LineBuilder(width, look).append(look.glyphs.selected if selected else " ", "accent")
    word = look.words.exact(SEVERITY_WORDS.get(alert.severity, alert.severity[:4].upper()))
    row.name(f" {word}{' ' * (4 - f.cells(word))} ", f"chip-{colour}" if live else "dim" if alert.state == "resolved" else colour)
    row.append(f.age(alert.starts_at or alert.active_at, now), "text" if live else "dim", 8, right=True).gap(2)
    state_width = 0 if width < 70 else 18 if width < 100 else min(44, width // 5)
    name_width = 0 if width < 60 else 20 if width < 100 else 30 if width < 150 else 40
    value_width = 0 if width < 90 else 9
    if name_width:
        row.name(title(alert, width), "strong" if live else "dim", name_width).gap()
    if value_width:
        row.append("no data" if alert.no_data else alert.value_text, "text" if live else "dim", value_width, right=True).gap(2)
    text = summary_text(alert, width)
    if not state_width and not live:
        text = f"[{look.words.say(short_state(alert, now, past=past, exact=look.words.exact))}] {look.words.say(text)}"
    row.say(text, "text" if live else "dim", row.room - (state_width + 2 if state_width else 0))
    if state_width:
        stated = state_text if state_width > 18 else short_state
        state = stated(alert, now, past=past, exact=look.words.exact)
        state = state if state_width > 30 else state.replace("acknowledged by", "ack", 1)
        row.gap(2).say(state, state_style(alert, now), state_width)
    return row.line()


def short_state(alert: AlertView, now: int, *, past: bool = False, exact: Exact = str) -> str:
    """The state in one or two words, for narrow screens."""
    if alert.state == "resolved":
        return "resolved"
    if alert.acknowledged_by:
        return f"ack {alert.acknowledged_by}" + (f" + {mute_word(alert.suppressed_by)}" if alert.suppressed_by else "")
    if alert.suppressed_by:
        return mute_word(alert.suppressed_by)
    if alert.state == "pending":
        return "pending"
    if due := due_text(alert, now):
        return due
    newest = sorted(newest_deliveries(alert.deliveries), key=lambda one: (one.state not in UNDELIVERED, one.state == "sent"))
    return f"{exact(newest[0].state)} {newest[0].notifier}" if newest else "firing" if past else "not sent"


def counts(board: Board) -> str:
    """The pane's remark: "3 firing, 2 muted, 1 acknowledged, 2 pending"."""
    pending = sum(alert.state == "pending" for alert in board.alerts)
    parts = [(board.open, "firing"), (board.muted, "muted"), (board.acknowledged, "acknowledged"), (pending, "pending")]
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def advice_lines(alert: AlertView, now: int, width: int, look: RenderStyle, most: int = 1) -> list[Line]:
    """Lines about the selected alert: start, full summary, runbook, then its description in at most ``most`` lines."""
    row = LineBuilder(width, look).gap(1)
    if alert.name not in title(alert, width):
        row.append(alert.name, "dim").gap()
    row.append("since", "faint").gap().append(f.stamp(alert.starts_at or alert.active_at, now, look.zone, seconds=True), "text").gap(2)
    row.append(alert.summary or alert.name, "text").gap(2)
    runbook = alert.annotations.get("runbook_url", "")
    if runbook and row.room > 20:
        row.append("runbook", "faint").gap().append(runbook, "accent").gap(2)
    advice = alert.annotations.get("description", "")
    word, text, style = (
        ("to do", advice, "text")
        if advice
        else ("state", look.words.say(state_text(alert, now, exact=look.words.exact)), state_style(alert, now))
    )
    parts = f.wrap(clean(text), width - len(word) - 3)
    if len(parts) > most:
        parts[most - 1 :] = [" ".join(parts[most - 1 :])]
    lines = [row.line()]
    for index, part in enumerate(parts):
        lines.append(LineBuilder(width, look).gap(1).append("" if index else word, "faint", len(word)).gap().append(part, style).line())
    return lines
