"""Restored series that are older than their alerts.

After a loss of power, or on a busy disk (where `Recorder.persist` does not wait long), history.db may end earlier than state.db,
as the history is not synced at each commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.identity import ALERT_NAME
from tui_monitor.alerts.rule_index import RuleIndex
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.storage.memory import SeriesMemory

_ADDED = (METRIC_NAME, ALERT_NAME, "severity", "host")
"""Labels that an alert and the series it is about need not share."""


def outdated(index: RuleIndex, alerts: Iterable[Alert], memory: SeriesMemory, complete_until: int = 0) -> set[Labels]:
    """The series read by alerts that have changed since the newest sample in memory, which was loaded from the history.

    ``complete_until``: until when (UTC ms) that history is known to be complete. With older values a notified alert would end
    and start again, and an ended one would start again; so these series do not count before their next samples.
    """
    newest = max(memory.newest_ms, complete_until)
    return {labels for alert in alerts if _changed_at(alert) > newest for labels in _read_by(index, alert, memory)}


def _changed_at(alert: Alert) -> int:
    return max(alert.active_at, alert.starts_at, alert.ends_at or 0, *(rung.since for rung in alert.rungs.values()))


def _read_by(index: RuleIndex, alert: Alert, memory: SeriesMemory) -> Iterator[Labels]:
    ladder = index.find(alert.rule)
    for rule in ladder.rules if ladder is not None else ():
        for matchers in rule.query.matchers:
            for series in memory.select(matchers, 0, memory.newest_ms):
                if all(alert.labels.get(name, value) == value for name, value in series.labels if name not in _ADDED):
                    yield series.labels
