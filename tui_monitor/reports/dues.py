"""Decides what has to be sent now: which period of a report, to whom, how late. Pure, and small, as the leader imports it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date

from tui_monitor.config.reports import ReportSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.reports.periods import DAY_MS, LATE_MS, Period, before, newest_due, sent_on
from tui_monitor.storage.records import ReportOutcome

KNOWN, QUEUED, QUIET = "known", "queued", "quiet"
MOST_MISSED = 10
SIGN_OF_LIFE_MS = 6 * DAY_MS + DAY_MS // 2
"""The age of the last message from which a report that is sent on incidents only is sent anyway: seven days but for the hour."""


@frozen
class Sending:
    """Why and how a report is sent: ``late``, after which older ``missed`` periods, perhaps as the sign of life, after which failure."""

    late: bool = False
    missed: tuple[Period, ...] = ()
    sign_of_life: bool = False
    failed: str = ""


@frozen
class OwedReport:
    """A period that has to be reported now, to these recipients."""

    period: Period
    recipients: tuple[str, ...]
    late: bool
    missed: tuple[Period, ...]
    sign_of_life: bool


def unknown_recipients(recipients: Iterable[str], rows: Sequence[ReportOutcome]) -> list[str]:
    """Those that were never seen: they begin with the next period."""
    known = {row.recipient for row in rows if not row.period}
    return [name for name in recipients if name not in known]


def owed_report(settings: ReportSettings, recipients: Sequence[str], rows: Sequence[ReportOutcome], now: int) -> OwedReport | None:
    """What is owed now; None for nothing. Only the newest due period is, and only while it lasts."""
    period = newest_due(settings, now)
    since = {row.recipient: row.at for row in rows if not row.period}
    done = {(row.recipient, row.period) for row in rows}
    owed = [name for name in recipients if name in since and since[name] < period.due and (name, period.key) not in done]
    if not owed or now >= period.lasts_until:
        return None
    missed = _missed(settings, period, owed, min(since[name] for name in owed), done)
    told = max((row.at for row in rows if row.outcome == QUEUED), default=min(since.values()))
    return OwedReport(period, tuple(owed), now - period.due > LATE_MS, missed, now - told >= SIGN_OF_LIFE_MS)


def _missed(settings: ReportSettings, period: Period, owed: Sequence[str], since: int, done: set[tuple[str, str]]) -> tuple[Period, ...]:
    """The periods before it that nobody of these was sent, the oldest first."""
    found: list[Period] = []
    for count in range(1, MOST_MISSED + 1):
        earlier = before(settings, period, count)
        if earlier.due <= since or any((name, earlier.key) in done for name in owed):
            break
        found.append(earlier)
    return tuple(reversed(found))


def order_text(settings: ReportSettings, period: Period, sending: Sending) -> str:
    """What the leader asks its child for, as one word of a command line: the day on which the report is sent, and why."""
    missed = [one.first.isoformat() for one in sending.missed]
    day = sent_on(settings, period).isoformat()
    order = {"day": day, "late": sending.late, "missed": missed, "calm": sending.sign_of_life, "failed": sending.failed}
    return json.dumps(order, ensure_ascii=False)


def read_order(text: str) -> tuple[date, tuple[date, ...], Sending]:
    """The day, the days in missed periods, and the rest of an order without them."""
    asked = json.loads(text)
    missed = tuple(date.fromisoformat(day) for day in asked["missed"])
    return date.fromisoformat(asked["day"]), missed, Sending(bool(asked["late"]), (), bool(asked["calm"]), str(asked["failed"]))
