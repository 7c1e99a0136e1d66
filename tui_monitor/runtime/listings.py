"""Whole rows of the state for other programs: alerts with their messages, messages of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_monitor.alerts.alert import Alert
from tui_monitor.board.listings import ListedAlert, StoredMessage
from tui_monitor.core.values import severity_rank
from tui_monitor.storage.repository import State

Receivers = Callable[[str], tuple[str, ...]]
"""Alert id → the notifiers to which it goes."""


def stored_alerts(state: State, ended: int, live: Sequence[Alert] | None = None) -> list[Alert]:
    """The live alerts and behind them up to ``ended`` ended ones, the newest first.

    Live: firing before pending, causes before what they mute, then the gravest, then the newest.
    ``live``: the live ones where they are known better than stored.
    """
    known = state.alerts.live() if live is None else live
    alerts = [alert for alert in known if alert.state != "resolved"]
    alerts.sort(key=_order)
    if not ended:
        return alerts
    past = [alert for alert in state.alerts.history(ended + len(alerts) + 1) if alert.state == "resolved"]
    return [*alerts, *past[:ended]]


def _order(alert: Alert) -> tuple[bool, bool, int, int, str]:
    begun = alert.starts_at or alert.active_at
    return (alert.state != "firing", bool(alert.suppressed_by), -severity_rank(alert.severity), -begun, alert.id)


def listed_alerts(state: State, live: Sequence[Alert] | None, ended: int, receivers: Receivers) -> list[ListedAlert]:
    """The alerts of `stored_alerts` with their receivers."""
    return [ListedAlert(alert, receivers(alert.id)) for alert in stored_alerts(state, ended, live)]


def stored_messages(state: State, limit: int, ids: Sequence[str] = ()) -> list[StoredMessage]:
    """The newest messages, or those with these ids among the newest thousand."""
    rows = [row for row in state.outbox.newest(1000) if row.id in ids] if ids else state.outbox.newest(limit)
    return [StoredMessage(row, message) for row, message in zip(rows, state.outbox.messages([row.id for row in rows]), strict=True)]
