"""The decision whether and why a notifier is notified of an alert, as one pure function; and the rate limit of a rule."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.frozen import frozen
from tui_monitor.core.units import parse_rate
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.state import NotifiedState, RateRow, RefireRow

Reason = Literal["new", "raised", "flapping", "reminder", "overdue", "resolved"]


class NotificationNeed(NamedTuple):
    """The reason to notify now (None: no need), and else when time alone may change that (UTC ms; None: never).

    ``held``: there is a reason, and the route's `refire_interval` holds it back until then.
    """

    reason: Reason | None = None
    due: int | None = None
    held: bool = False


_NOTHING = NotificationNeed()


def needs_update(
    alert: Alert,
    told: NotifiedState | None,
    *,
    now: int,
    muted: bool,
    orphan: bool,
    acked: bool,
    repeat: int,
    woken_at: int,
    due_at: int | None = None,
) -> NotificationNeed:
    """The reason to notify one notifier of one alert.

    ``muted`` keeps back everything but the end of what was told; ``orphan``: no route leads there now, so it hears only of a rise
    and of the end; ``acked`` stops reminders; ``repeat`` ms between reminders; ``woken_at``: when an acknowledgement ran out;
    ``due_at``: when this notifier is told once more that nobody has acknowledged it, unless it was told since.
    """
    if alert.state != "firing":
        return _NOTHING if told is None else NotificationNeed("resolved")
    if muted:
        return _NOTHING
    if told is None:
        return _NOTHING if orphan else NotificationNeed("new")
    if severity_rank(alert.severity) > severity_rank(told.severity):
        return NotificationNeed("raised")
    if orphan:
        return _NOTHING
    if alert.flaps and not told.flapping:
        return NotificationNeed("flapping")
    if acked:
        return _NOTHING
    if due_at is not None and told.at < due_at <= now:
        return NotificationNeed("overdue")
    if woken_at > told.at or now - told.at >= repeat:
        return NotificationNeed("reminder")
    again = told.at + repeat
    return NotificationNeed(None, min(again, due_at) if due_at is not None and due_at > told.at else again)


def hold_refire(need: NotificationNeed, severity: str, last: RefireRow | None, interval: int, now: int) -> NotificationNeed:
    """The need, held back where this notifier was told of the same alert's firing less than ``interval`` ms ago.

    A severity above the one it was told of is never held back.
    """
    if need.reason != "new" or last is None or now >= last.at + interval or severity_rank(severity) > severity_rank(last.severity):
        return need
    return NotificationNeed(None, last.at + interval, held=True)


@frozen
class NotificationLimit:
    """At most ``count`` notifications in any ``window`` ms."""

    count: int
    window: int

    def recent(self, row: RateRow, now: int) -> tuple[int, ...]:
        """The notifications that still count."""
        return tuple(stamp for stamp in row.times if stamp > now - self.window)

    def free_at(self, row: RateRow, now: int) -> int:
        """When the next one may go; ``now`` or earlier: at once."""
        recent = self.recent(row, now)
        return now if len(recent) < self.count else recent[len(recent) - self.count] + self.window


def parse_rate_limit(text: str) -> NotificationLimit:
    """Read "3/1h"; ValueError says what is wanted."""
    count, window = parse_rate(text)
    return NotificationLimit(count, int(window * 1000))
