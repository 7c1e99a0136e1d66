"""The leader's board: everything that is known now, in one frozen value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.board import build as boards
from tui_monitor.board.check_statistics import Statistics, with_sparks
from tui_monitor.board.values import AlertView, Board, CheckView, Delivery, LeaderView, Resources, alert_order
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.health import check_labels
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import overall
from tui_monitor.core.version import VERSION
from tui_monitor.delivery.outbox import OutboxEvent
from tui_monitor.runtime.alert_engine import Alerting
from tui_monitor.sources.kinds import target_of
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.records import OutboxRow

MOST_ALERTS = 5_000


class Deliveries:
    """What became of the messages about each alert: the newest outcome of each notifier and kind."""

    def __init__(self) -> None:
        self._by_alert: dict[str, dict[tuple[str, str], Delivery]] = {}

    def of(self, alert_id: str) -> tuple[Delivery, ...]:
        """In the order of their first message."""
        return tuple(self._by_alert.get(alert_id, {}).values())

    def load(self, stored: Mapping[str, Sequence[OutboxRow]]) -> None:
        """What the outbox knows of these alerts, oldest first as it lists them."""
        for ident, entries in stored.items():
            for entry in entries:
                at = entry.sent_at or entry.created_at
                self._put(ident, Delivery(entry.notifier, entry.kind, entry.state, at, entry.error))

    def take(self, event: OutboxEvent, now: int) -> None:
        """One more outcome."""
        for ident in event.alerts:
            self._put(ident, Delivery(event.notifier, event.kind, event.state, now, event.error))
        while len(self._by_alert) > MOST_ALERTS:
            self._by_alert.pop(next(iter(self._by_alert)))

    def _put(self, ident: str, delivery: Delivery) -> None:
        self._by_alert.setdefault(ident, {})[(delivery.notifier, delivery.kind)] = delivery


@frozen
class Identity:
    """Who leads here."""

    host: str
    pid: int
    kind: str
    since: int
    notifiers: tuple[str, ...]
    bell: bool = False


@dataclass(slots=True)
class Parts:
    """Where the board's parts come from; ``advice`` and ``forecasts`` (by mount) are renewed each minute."""

    identity: Identity
    collector: Collector
    statistics: Statistics
    alerting: Alerting
    units: Mapping[str, str]
    deliveries: Deliveries
    troubles: Troubles
    memory: SeriesMemory
    advice: tuple[str, ...] = ()
    forecasts: dict[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)


def make_board(parts: Parts, now: int) -> Board:
    """The board of this moment (UTC ms)."""
    identity, collector = parts.identity, parts.collector
    reading = collector.reading
    checks = tuple(_check(parts, check, now) for check in collector.checks)
    alerts = _alerts(parts)
    resources = boards.resources_of(reading, collector.processes, collector.process_count, parts.forecasts) if reading else Resources()
    board = Board(
        at=now,
        host=identity.host,
        version=VERSION,
        status=overall((check.status for check in checks), alerts),
        checks=checks,
        resources=resources,
        alerts=alerts,
        leader=LeaderView("leader", identity.pid, identity.kind, identity.since, now),
        own_cpu=reading.own.cpu if reading and reading.own else None,
        own_memory=reading.own.memory if reading and reading.own else 0,
        uptime=(now - identity.since) / 1000,
        trouble=parts.troubles.texts,
        notifiers=identity.notifiers,
        bell=identity.bell,
        loading=reading is None,
        advice=parts.advice,
        limits=parts.limits,
    )
    return with_sparks(board, parts.memory.recent)


def _check(parts: Parts, check: CheckSettings, now: int) -> CheckView:
    view = _row(parts, check, now)
    return replace(view, labels=check.labels) if check.labels else view


def _row(parts: Parts, check: CheckSettings, now: int) -> CheckView:
    result = parts.collector.results.get(check.name)
    if result is None:
        return boards.unprobed(check.name, check.type, check.category, target_of(check)[0], check.depends_on)
    windows = parts.statistics.windows(check.name, check_labels(check), now)
    view = boards.check_view(result, target_of(check)[0], windows, check.depends_on, parts.collector.figures_of(check))
    faults = parts.collector.query_faults_of(check)
    told = "; ".join(f"{query}: {error}" for query, error in faults.items())
    return replace(view, reason=view.reason or told, facts={**view.facts, **faults}) if faults else view


def _alerts(parts: Parts) -> tuple[AlertView, ...]:
    muted = Counter(name for alert in parts.alerting.alerts for name in alert.suppressed_by)
    views = [
        boards.alert_view(alert, parts.units.get(alert.rule, ""), parts.deliveries.of(alert.id), _affected(alert, muted))
        for alert in parts.alerting.alerts
    ]
    return tuple(sorted(views, key=alert_order))


def _affected(alert: Alert, muted: Mapping[str, int]) -> int:
    """How many alerts this one explains."""
    return muted.get(f"depends_on:{alert.labels.get('check', '')}", 0) + muted.get(f"inhibit:{alert.id}", 0)
