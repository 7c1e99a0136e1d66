"""Alerts and their events in memory."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.storage.alert_lookup import find_alert
from tui_monitor.storage.records import MOST_EVENTS, MOST_LIVE, NOTED_CHANGES, AlertEventRow, NumberedEvent
from tui_monitor.storage.repository import KEEP_RESOLVED, KEEP_RESOLVED_MS, RECENT_MS


class InMemoryAlerts:
    """`AlertTable` in memory."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self._events: list[AlertEventRow] = []
        self._numbers: dict[int, AlertEventRow] = {}

    def save(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            alert = transition.alert
            if transition.change == "dropped":
                self._delete({alert.id})
                continue
            self._alerts[alert.id] = alert
            if transition.change != "updated":
                self._events.append(_event(transition))
                self._numbers[max(self._numbers, default=0) + 1] = self._events[-1]

    def _delete(self, ids: set[str]) -> None:
        self._alerts = {ident: alert for ident, alert in self._alerts.items() if ident not in ids}
        self._events = [event for event in self._events if event.alert not in ids]
        self._numbers = {number: event for number, event in self._numbers.items() if event.alert not in ids}

    def live(self) -> list[Alert]:
        found = [alert for alert in self._alerts.values() if alert.state != "resolved" or alert.held]
        return sorted(found, key=lambda alert: (alert.active_at, alert.id))

    def recently_resolved(self, now_ms: int, span_ms: int = RECENT_MS) -> list[Alert]:
        found = [alert for alert in self._resolved() if (alert.ends_at or 0) >= now_ms - span_ms]
        return sorted(found, key=lambda alert: (alert.ends_at or 0, alert.id))

    def _resolved(self) -> list[Alert]:
        return [alert for alert in self._alerts.values() if alert.state == "resolved"]

    def ids(self) -> set[str]:
        return set(self._alerts)

    def every(self) -> list[Alert]:
        """All alerts, in no order."""
        return list(self._alerts.values())

    def history(self, limit: int = 100) -> list[Alert]:
        found = self._alerts.values()
        return sorted(found, key=lambda one: (one.ends_at is not None, -(one.ends_at or 0), -one.active_at, one.id))[:limit]

    def totals(self) -> tuple[int, int | None]:
        began = [alert.starts_at for alert in self._alerts.values() if alert.starts_at]
        return len(began), max(began, default=None)

    def live_at(self, at_ms: int) -> list[tuple[Alert, list[AlertEventRow]]]:
        found = [one for one in self._alerts.values() if one.active_at <= at_ms and (one.ends_at is None or one.ends_at > at_ms)]
        found.sort(key=lambda alert: (-alert.active_at, alert.id))
        return [(alert, [event for event in self.events(alert.id) if event.at <= at_ms]) for alert in found[:MOST_LIVE]]

    def find(self, prefix: str) -> Alert:
        return find_alert(prefix, lambda text: [alert for ident, alert in self._alerts.items() if ident.startswith(text)])

    def labels(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        return {ident: dict(self._alerts[ident].labels) for ident in ids if ident in self._alerts}

    def events(self, alert: str) -> list[AlertEventRow]:
        return [event for event in self._events if event.alert == alert][:MOST_EVENTS]

    def events_between(self, start_ms: int, end_ms: int) -> list[AlertEventRow]:
        return sorted((event for event in self._events if start_ms <= event.at <= end_ms), key=lambda event: event.at)[:MOST_EVENTS]

    def fired_between(self, start_ms: int, end_ms: int, limit: int) -> list[Alert]:
        found = [one for one in self._alerts.values() if 0 < one.starts_at <= end_ms and (one.ends_at is None or one.ends_at >= start_ms)]
        return sorted(found, key=lambda alert: (alert.starts_at, alert.id))[-limit:]

    def events_after(self, number: int, limit: int = MOST_EVENTS) -> list[NumberedEvent]:
        found = [(own, event) for own, event in self._numbers.items() if own > number and event.change != "pending"]
        return [NumberedEvent(own, event, self._alerts.get(event.alert)) for own, event in found[:limit]]

    def counts(self, change: str, since_ms: int, until_ms: int) -> dict[str, int]:
        """How many events of one kind in a time, by alert."""
        found: dict[str, int] = {}
        for event in self._events:
            if event.change == change and since_ms <= event.at < until_ms:
                found[event.alert] = found.get(event.alert, 0) + 1
        return found

    def prune(self, now_ms: int, *, keep: int = KEEP_RESOLVED, keep_ms: int = KEEP_RESOLVED_MS) -> int:
        ends = sorted((alert.ends_at or 0 for alert in self._resolved()), reverse=True)
        edge = ends[keep] if len(ends) > keep else -1
        old = [one for one in self._resolved() if not one.held and (one.ends_at or 0) <= max(edge, now_ms - keep_ms - 1)]
        self._delete({alert.id for alert in old})
        return len(old)


def _event(transition: Transition) -> AlertEventRow:
    alert, change = transition.alert, transition.change
    note = transition.note or (alert.annotations.get("summary", "") if change in NOTED_CHANGES else "")
    return AlertEventRow(alert.id, transition.at, change, alert.severity, transition.old_severity, alert.value, transition.by, note)
