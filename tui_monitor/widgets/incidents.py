"""The lines of the Incidents pane: one for each cause, with its strip, whom it affects and who was told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board, Delivery
from tui_monitor.core import humanize as f
from tui_monitor.core.mute_reason import mute_word, parse_mute_reason
from tui_monitor.core.sanitize import clean
from tui_monitor.core.values import severity_rank
from tui_monitor.widgets.alerts import (
    CHECK_RULE,
    UNDELIVERED,
    due_text,
    is_open,
    newest_deliveries,
    severity_style,
    short_state,
    state_style,
    subject,
    summary_text,
    taken_text,
)
from tui_monitor.widgets.cell_line import SEVERITY_WORDS, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.remedy_commands import commands_of
from tui_monitor.widgets.strip_cells import append_strip

SOON, HOUR, DAY = 10_000, 3_600_000, 86_400_000
NARROW = 60
"""Below this width a row has only subject, strip and age."""
ROOMY = 100
"""From this width on the severity is a word, and who was told is named."""
AGE = 7
"""Cells of the age: "new 12s"."""
NEW_MS = 30_000
"""So long an alert that has fired is marked as new."""
FOLD_FROM = 4
SHORT = 20
"""Below this width the last column says it in a word."""


def grouped(alerts: Sequence[AlertView]) -> list[AlertView]:
    """The alerts without those whose cause is among them: the cause's line names them."""
    if not any(alert.suppressed_by for alert in alerts):
        return list(alerts)
    causes = {alert.labels.get("check", "") for alert in alerts if alert.affected and alert.state == "firing"}
    ids = {alert.id for alert in alerts}
    return [alert for alert in alerts if not _follows(alert, causes, ids)]


def _follows(alert: AlertView, causes: set[str], ids: set[str]) -> bool:
    reasons = [parse_mute_reason(text) for text in alert.suppressed_by]
    return any((one.kind == "depends_on" and one.name in causes) or (one.kind == "inhibit" and one.name in ids) for one in reasons)


def folded(alerts: Sequence[AlertView], most: int) -> dict[str, tuple[AlertView, ...]]:
    """Of more alerts than ``most`` rows: the id of the first → all open alerts of its rule and severity, where at least `FOLD_FROM`."""
    if len(alerts) <= most:
        return {}
    together: dict[tuple[str, str], list[AlertView]] = {}
    for alert in filter(is_open, alerts):
        together.setdefault((alert.name, alert.severity), []).append(alert)
    return {found[0].id: tuple(found) for found in together.values() if len(found) >= FOLD_FROM}


def incident_counts(board: Board) -> str:
    """The remark of the pane: "1 firing  3 muted  1 acked"."""
    pending = sum(alert.state == "pending" for alert in board.alerts)
    parts = [(board.open, "firing"), (board.muted, "muted"), (board.acknowledged, "acked"), (pending, "pending")]
    return "  ".join(f"{count} {word}" for count, word in parts if count)


def told_text(alert: AlertView, now: int, look: RenderStyle, *, width: int = 40, past: bool = False) -> tuple[str, str]:
    """Who knows of an alert, and the style: affected ones, else acknowledgement, else each notifier's delivery."""
    if width < SHORT:
        return _told_briefly(alert, now, look, past=past)
    if alert.affected and is_open(alert):
        return f"{alert.affected} affected: {' '.join(alert.affects)}".rstrip(": "), "text"
    if alert.acknowledged_by:
        return f"acked {taken_text(alert)}", "dim"
    if alert.state != "firing" or alert.suppressed_by or not alert.deliveries:
        return short_state(alert, now, past=past, exact=look.words.exact), state_style(alert, now)
    due = due_text(alert, now)
    return ", ".join(filter(None, (due, delivery_marks(alert.deliveries, look)))), state_style(alert, now)


def _told_briefly(alert: AlertView, now: int, look: RenderStyle, *, past: bool) -> tuple[str, str]:
    """The same in at most twelve cells."""
    style = state_style(alert, now)
    if alert.affected and is_open(alert):
        return f"{alert.affected} affected", "text"
    if alert.acknowledged_by:
        return f"ack+{mute_word(alert.suppressed_by)[:3]}" if alert.suppressed_by else alert.acknowledged_by, "dim"
    newest = newest_deliveries(alert.deliveries)
    if is_open(alert) and newest and not due_text(alert, now) and style != "warning":
        return ("told" if all(one.state == "sent" for one in newest) else "queued"), style
    if style == "warning" and not due_text(alert, now):
        return "not told", style
    return short_state(alert, now, past=past, exact=look.words.exact), style


def delivery_marks(deliveries: Sequence[Delivery], look: RenderStyle) -> str:
    """The newest delivery of each notifier with its mark: "ops-chat ✓ ops-mail ✗ retrying"."""
    order = sorted(newest_deliveries(deliveries), key=lambda one: one.state not in UNDELIVERED)
    return " ".join(f"{one.notifier} {delivery_mark(one.state, look)}" for one in order)


def delivery_mark(state: str, look: RenderStyle) -> str:
    """The mark of a delivery's state: ✓ for sent, ⋯ for queued, ✗ and the word for what has failed."""
    if state == "sent":
        return look.glyphs.healthy
    return f"{look.glyphs.unhealthy} {look.words.exact(state)}" if state in UNDELIVERED else look.glyphs.cut


_SHOWN = attrgetter(
    "id", "name", "severity", "state", "summary", "starts_at", "active_at", "ends_at", "labels", "acknowledged_by", "acknowledged_note",
    "suppressed_by", "deliveries", "affected", "affects", "flaps",
)  # fmt: skip


def shown_parts(alert: AlertView, now: int) -> tuple[object, ...]:
    """All that a line shows of an alert at a time: the value itself, which changes each second, is not among it."""
    return (*_SHOWN(alert), age_text(alert, now), due_text(alert, now), is_new(alert, now))


def age_text(alert: AlertView, now: int) -> str:
    """How long an alert has lasted, or how long ago it ended: "8s", "40s", "3m", "2h 05m"; a row changes each second below 10 s only."""
    since = (alert.ends_at if alert.state == "resolved" else alert.starts_at) or alert.active_at
    return f"{max(0, now - since) // 1000}s" if since > 0 and now - since < SOON else f.age(since, now)


def incident_line(
    alert: AlertView,
    strip: Strip,
    now: int,
    width: int,
    look: RenderStyle,
    *,
    past: bool = False,
    fold: Sequence[AlertView] = (),
    moment: int = 0,
) -> Line:
    """Line of one incident: severity, age, subject, reason, strip, who is affected or was told; ``fold``: all alerts that it stands for.

    ``moment`` (UTC ms): the marked cell of the strip.
    """
    if width < NARROW:
        return _narrow_line(alert, strip, now, width, look, fold, moment)
    ended, live = alert.state == "resolved", is_open(alert)
    row = LineBuilder(width, look).gap()
    word = "ok" if ended else SEVERITY_WORDS.get(alert.severity, alert.severity[:4].upper())
    colour = "ok" if ended else severity_style(alert)
    if width < ROOMY:
        word = look.glyphs.health("healthy" if ended else _shape(alert))
    word = look.words.exact(word)
    row.name(f" {' ' * ((4 if width >= ROOMY else 1) - f.cells(word))}{word} ", f"chip-{colour}" if live else colour)
    _append_age(row, alert, now, AGE, look)
    row.gap(2)
    names = 12 if width < ROOMY else 14 if width < 112 else 18 if width < 150 else 26
    row.name(_title(alert, fold), "strong" if live else "dim", names).gap()
    told_width = 10 if width < ROOMY else min(56, width // 4)
    bars = strip_width(width)
    text = _reason(alert)
    if fold:
        text = " ".join(subject(one) for one in fold)
    elif ended and alert.ends_at:
        text = f"{_lasted(alert)}: {text}"
    row.say(text, "text" if live else "dim", max(0, row.room - (bars + 2 if bars else 0) - (told_width + 2 if told_width else 0)))
    if bars:
        append_strip(row.gap(2), strip, bars, look.glyphs, moment)
    if told_width:
        told, style = (_hit(alert), "dim") if ended else told_text(alert, now, look, width=told_width, past=past)
        row.gap(2).say(told, style, told_width)
    return row.line()


def strip_width(width: int) -> int:
    """The cells of an incident's strip in a line of so many."""
    if width < NARROW:
        return width - max(8, width // 4) - AGE - 5
    return 10 if width < ROOMY else min(40, width // 6)


def ended_line(alert: AlertView, now: int, width: int, look: RenderStyle, names: int) -> Line:
    """Line of an alert that is over, below the services: when it ended, whom it was about, for how long, why."""
    row = LineBuilder(width, look).gap().append(look.glyphs.healthy, "dim").gap()
    row.name(subject(alert) or alert.name, "dim", min(max(names, 16), width // 4)).gap()
    row.append(f.stamp(alert.ends_at or 0, now, look.zone), "dim", 12 if now - (alert.ends_at or 0) > DAY // 2 else 6).gap()
    return row.say(f"{_lasted(alert)}: {_reason(alert)}", "dim").line()


def _lasted(alert: AlertView) -> str:
    """For how long a check was down or degraded, or a condition lasted, until the alert ended: "was down 2m"."""
    word = "was degraded" if severity_rank(alert.severity) <= severity_rank("warning") else "was down"
    long = ((alert.ends_at or 0) - (alert.starts_at or alert.active_at)) / 1000
    return f"{word if alert.name == CHECK_RULE else 'lasted'} {f.span(long) if long >= 60 else f'{max(0, int(long))}s'}"


def _append_age(row: LineBuilder, alert: AlertView, now: int, width: int, look: RenderStyle) -> None:
    """How long it lasts, or when it ended; an alert that has just fired is called new: "new 8s"."""
    fresh = is_new(alert, now)
    text = look.words.within(age_text(alert, now), width)
    text = f"{look.words.exact('new')} {text}" if fresh else text
    row.append(text, "accent" if fresh else "text" if is_open(alert) else "dim", width, right=True)


def _hit(alert: AlertView) -> str:
    return f"{alert.affected} affected: {' '.join(alert.affects)}" if alert.affected else ""


def is_new(alert: AlertView, now: int) -> bool:
    """Whether an open alert has fired within the last half minute."""
    return is_open(alert) and 0 <= now - (alert.starts_at or alert.active_at) < NEW_MS


def _title(alert: AlertView, fold: Sequence[AlertView]) -> str:
    return f"x{len(fold)} {alert.name}" if fold else subject(alert) or alert.name


def _narrow_line(alert: AlertView, strip: Strip, now: int, width: int, look: RenderStyle, fold: Sequence[AlertView], moment: int) -> Line:
    """Shape, subject, strip and age: the reason of the selected one stands below the list."""
    ended, live = alert.state == "resolved", is_open(alert)
    row = LineBuilder(width, look).gap()
    row.append(look.glyphs.health("healthy" if ended else _shape(alert)), "ok" if ended else severity_style(alert)).gap()
    row.name(_title(alert, fold), "strong" if live else "dim", max(8, width // 4)).gap()
    if strip:
        append_strip(row, strip, strip_width(width), look.glyphs, moment)
    else:
        row.say(_reason(alert), "text" if live else "dim", row.room - AGE - 1)
    _append_age(row.gap(), alert, now, AGE, look)
    return row.line()


def narrow_foot(alert: AlertView, now: int, width: int, look: RenderStyle, most: int) -> list[Line]:
    """Why, who knows and what to do, wrapped into at most ``most`` lines: on a small screen nothing beside the list says it."""
    told, style = told_text(alert, now, look)
    texts = [(_reason(alert), "text"), (told, style), *((text, "link") for text in advised(alert))]
    lines = [(part, style) for text, style in texts if text for part in f.wrap(clean(look.words.say(text)), width - 2)[:3]]
    return [LineBuilder(width, look).gap().append(part, style).line() for part, style in lines[:most]]


def _shape(alert: AlertView) -> str:
    return "unhealthy" if alert.severity in ("critical", "error") else "degraded"


def _reason(alert: AlertView) -> str:
    """The summary without the subject that stands before it."""
    text = summary_text(alert, 200) if not alert.affected else summary_text(_alone(alert), 200)
    about = subject(alert)
    return text.removeprefix(f"{about}: ").removeprefix(f"{about} ") if about else text


def _alone(alert: AlertView) -> AlertView:
    return replace(alert, affected=0)


def try_line(alert: AlertView, width: int, look: RenderStyle) -> Line:
    """What to do about the selected incident, in one line."""
    advice = f"  {look.glyphs.bullet}  ".join(advised(alert)) or alert.annotations.get("runbook_url", "")
    return LineBuilder(width, look).gap(2).append("try" if advice else "", "dim").gap().append(advice, "link").line()


def advised(alert: AlertView) -> list[str]:
    """What to do about an alert: the commands that its advice names, one a text; else its sentences, as one."""
    advice = clean(alert.annotations.get("description", ""))
    return commands_of(advice) or ([advice] if advice else [])
