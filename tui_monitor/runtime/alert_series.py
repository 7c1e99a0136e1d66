"""The series ALERTS and ALERTS_FOR_STATE: pending and firing alerts as samples, under the names and labels that Prometheus gives them.

Prometheus writes both at every evaluation (source: prometheus/rules/alerting.go). Here a series gets a sample when it begins, each
minute while it lasts, and an end marker: 1,000 alerts for a day are 3 million samples in place of 170 million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.alerts.alert import Alert, AlertState
from tui_monitor.core.values import ALERT_SERIES, ENDED_NAN, METRIC_NAME, Labels, Sample, is_ended, labels_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.memory import SeriesMemory

ALERTS, ALERTS_FOR_STATE = ALERT_SERIES
AGAIN_MS = 60_000
"""How often a lasting alert is written; its series stay current for five minutes."""

_Pair = tuple[Labels, Labels]


class AlertSeries:
    """Computes the samples that are new since the last call."""

    def __init__(self, memory: SeriesMemory) -> None:
        self._memory = memory
        self._written: dict[Labels, tuple[float, int]] | None = None
        """Series → its value and when it was written; None before the first call."""
        self._pairs: dict[tuple[str, str, str], _Pair] = {}
        self._keys: list[tuple[str, AlertState, str, int]] = []
        self._due_at = (0, 0)
        """The times between which the same alerts need no sample."""

    def samples(self, now: int, alerts: Sequence[Alert]) -> list[Sample]:
        """The samples to store at ``now`` (UTC ms); ``alerts`` are the pending and firing ones."""
        keys = [(alert.id, alert.state, alert.severity, alert.active_at) for alert in alerts]
        if keys == self._keys and self._due_at[0] <= now < self._due_at[1]:
            return []
        if self._written is None:
            self._written = dict.fromkeys(self._stored(), (0.0, 0))
        written, present = self._written, self._present(alerts)
        ended = [Sample(labels, ENDED_NAN) for labels in written if labels not in present]
        due = [labels for labels, value in present.items() if self._is_due(written.get(labels), value, now)]
        self._written = {labels: written[labels] for labels in present if labels in written}
        self._written |= {labels: (present[labels], now) for labels in due}
        self._keys, self._due_at = keys, (now, min((at for _, at in self._written.values()), default=now) + AGAIN_MS)
        return [*ended, *(Sample(labels, present[labels]) for labels in due)]

    @staticmethod
    def _is_due(before: tuple[float, int] | None, value: float, now: int) -> bool:
        return before is None or before[0] != value or not 0 <= now - before[1] < AGAIN_MS

    def _present(self, alerts: Iterable[Alert]) -> dict[Labels, float]:
        """Every series of these alerts with its value: 1, and for ALERTS_FOR_STATE the second in which the condition became true."""
        pairs: dict[tuple[str, str, str], _Pair] = {}
        present: dict[Labels, float] = {}
        for alert in alerts:
            if alert.state == "resolved":
                continue
            key = (alert.id, alert.state, alert.severity)
            state, since = pairs[key] = self._pairs.get(key) or _series_of(alert)
            present[state] = 1.0
            present[since] = float(alert.active_at // 1000)
        self._pairs = pairs
        return present

    def _stored(self) -> list[Labels]:
        """The series that a process before this one has not ended."""
        newest = self._memory.newest_ms
        found = [series for name in ALERT_SERIES for series in self._memory.select((Matcher(METRIC_NAME, "=", name),), 0, newest)]
        return [series.labels for series in found if (last := series.latest(newest)) is not None and not is_ended(last[1])]


def _series_of(alert: Alert) -> _Pair:
    own = {name: value for name, value in alert.labels.items() if name not in (METRIC_NAME, "alertstate")}
    return labels_of(ALERTS, **own, alertstate=alert.state), labels_of(ALERTS_FOR_STATE, **own)
