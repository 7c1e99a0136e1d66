"""The builder of the leader's board."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.board import build as boards
from tui_monitor.board.causes import affected_by
from tui_monitor.board.check_statistics import Statistics, with_sparks
from tui_monitor.board.values import AlertView, Board, CheckView, Delivery, LeaderView, Resources, Spark, alert_order
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.health import check_labels
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.kept import Kept
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import CheckResult, overall
from tui_monitor.core.version import VERSION
from tui_monitor.delivery.outbox import OutboxEvent
from tui_monitor.promql.query_facts import query_facts
from tui_monitor.runtime.board_settings import BoardSettings
from tui_monitor.runtime.leader_identity import LeaderIdentity
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.runtime.request_tables import RequestTables
from tui_monitor.runtime.statistics_refresh import StatisticsRefresh
from tui_monitor.sources.kinds import target_of
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.records import OutboxRow

log = logging.getLogger(__name__)
MOST_ALERTS = 5_000
WINDOW_EVERY_MS = 75_000
"""How long after a probe, and then how often, the figures of the last five minutes are counted anew where no probe has ended."""


Escalation = Callable[[str, int], tuple[int, tuple[str, ...]] | None]
"""When the next notifiers hear of an alert (by id, now in UTC ms), and who they are."""


class Deliveries:
    """The deliveries of each alert's messages: the newest outcome of each notifier and kind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_alert: dict[str, dict[tuple[str, str], Delivery]] = {}

    def of(self, alert_id: str) -> tuple[Delivery, ...]:
        """The deliveries of an alert, in the order of their first message."""
        return tuple(self._by_alert.get(alert_id, {}).values())

    def load(self, stored: Mapping[str, Sequence[OutboxRow]]) -> None:
        """Load the outbox rows of these alerts, oldest first."""
        for ident, entries in stored.items():
            for entry in entries:
                at = entry.sent_at or entry.created_at
                self._set(ident, Delivery(entry.notifier, entry.kind, entry.state, at, entry.error))

    def on_event(self, event: OutboxEvent) -> None:
        """Log an outcome and add it to the board."""
        now = self._clock.wall_ms()
        if event.state != "queued" or event.attempts:  # each new message is queued, which the log need not say
            self._log(event)
        for ident in event.alerts:
            self._set(ident, Delivery(event.notifier, event.kind, event.state, now, event.error))
        while len(self._by_alert) > MOST_ALERTS:
            self._by_alert.pop(next(iter(self._by_alert)))

    @staticmethod
    def _log(event: OutboxEvent) -> None:
        data = {"notifier": event.notifier, "id": event.id, "kind": event.kind, "state": event.state, "attempts": event.attempts}
        data["recorded"] = event.recorded
        well = event.recorded and event.state in ("sent", "queued", "sending")
        said = f"{event.error or event.kind}{'' if event.recorded else ' (not recorded, may repeat)'}"
        log.log(logging.INFO if well else logging.WARNING, "notification %s: %s", event.state, said, extra={"data": data})

    def _set(self, ident: str, delivery: Delivery) -> None:
        self._by_alert.setdefault(ident, {})[(delivery.notifier, delivery.kind)] = delivery


class LiveBoard:
    """The live board, built from the state of the leader's parts."""

    def __init__(
        self,
        identity: LeaderIdentity,
        settings: BoardSettings,
        collector: Collector,
        statistics: Statistics,
        refresh: StatisticsRefresh,
        evaluator: Evaluator,
        live: LiveAlerts,
        deliveries: Deliveries,
        troubles: Troubles,
        memory: SeriesMemory,
        requests: RequestTables,
        escalation: Escalation,
    ) -> None:
        self._identity = identity
        self._collector = collector
        self._statistics = statistics
        self._refresh = refresh
        self._evaluator = evaluator
        self._live = live
        self._deliveries = deliveries
        self._troubles = troubles
        self._memory = memory
        self._requests = requests
        self._fixed: Kept[tuple[str, Mapping[str, str]]] = Kept()
        self._checks: Kept[CheckView] = Kept()
        self._views: Kept[AlertView] = Kept()
        self._sparks: Kept[Mapping[str, Spark]] = Kept()
        self._escalation = escalation
        self.reconfigure(settings)

    def reconfigure(self, settings: BoardSettings) -> None:
        """Use other settings, and the evaluator's present rules."""
        self._settings = settings
        self._units = {rule.ladder: query_facts(rule.expr).unit for rule in self._evaluator.rules}
        self._limits = boards.limits_of(self._evaluator.rules)

    def rule_of_alert(self, alert_id: str) -> tuple[str, str] | None:
        """The unit and the expression of a live alert's rule; ``alert_id`` may be the beginning of its id."""
        alert = next((alert for alert in self._live() if alert.id.startswith(alert_id)), None)
        rule = None if alert is None else self._evaluator.index.first_rule(alert.rule)
        return None if rule is None else (self._units.get(rule.ladder, ""), rule.expr)

    def make(self, now: int) -> Board:
        """The board of this moment (UTC ms)."""
        identity, reading = self._identity, self._collector.machine.reading
        checks = tuple(self._check(check, now) for check in self._collector.checks)
        alerts = self._alerts(now)
        board = Board(
            at=now,
            host=self._settings.host,
            version=VERSION,
            status=overall((check.status for check in checks), alerts),
            checks=checks,
            resources=self._resources(),
            alerts=alerts,
            leader=LeaderView("leader", identity.pid, identity.kind, identity.since, now),
            own_cpu=reading.own.cpu if reading and reading.own else None,
            own_memory=reading.own.memory if reading and reading.own else 0,
            uptime=(now - identity.since) / 1000,
            trouble=self._troubles.texts,
            notifiers=self._settings.notifiers,
            bell=self._settings.bell,
            loading=reading is None,
            advice=self._refresh.advice,
            limits=self._limits,
            requests=self._requests.newest,
            service=self._settings.service,
            environment=self._settings.environment,
            theme=self._settings.theme,
            colors=self._settings.colors,
            layout=self._settings.layout,
            columns=self._settings.columns,
            sort=self._settings.sort,
            kill=self._settings.kill,
            redacted=self._settings.redacted,
            language=self._settings.language,
            title=self._settings.title,
            notices=self._settings.notices,
        )
        return with_sparks(board, self._memory.recent, self._sparks)

    def _resources(self) -> Resources:
        collector = self._collector
        if collector.machine.reading is None:
            return Resources()
        return boards.resources_of(
            collector.machine.reading, collector.machine.processes, collector.machine.process_count, self._refresh.forecasts
        )

    def _check(self, check: CheckSettings, now: int) -> CheckView:
        name = check.name
        result, extras, long = self._collector.results.get(name), self._collector.extras_of(check), self._statistics.long_windows(name)
        waited = (now - result.at) // WINDOW_EVERY_MS if result else 0

        def view() -> CheckView:
            row = self._row(check, result, extras.figures, extras.faults, now)
            shown, limits = boards.member_views(extras.members), boards.own_limits(check)
            return replace(row, labels=check.labels, members=shown, limits=limits) if check.labels or shown or limits else row

        return self._checks.of(name, (check, result, extras, long, waited), view)

    def _row(
        self, check: CheckSettings, result: CheckResult | None, figures: Mapping[str, float], faults: Mapping[str, str], now: int
    ) -> CheckView:
        if result is None:
            return boards.unprobed(check.name, check.type, check.category, target_of(check)[0], check.depends_on)
        target, labels = self._fixed.of(check.name, (check,), lambda: (target_of(check)[0], check_labels(check)))
        windows = self._statistics.windows(check.name, labels, now, check.interval)
        view = boards.check_view(result, target, windows, check.depends_on, figures)
        text = "; ".join(f"{query}: {error}" for query, error in faults.items())
        return replace(view, reason=view.reason or text, facts={**view.facts, **faults}) if faults else view

    def _alerts(self, now: int) -> tuple[AlertView, ...]:
        live = self._live()
        affected = affected_by(live)
        return tuple(sorted((self._alert(alert, affected.get(alert.id, ()), now) for alert in live), key=alert_order))

    def _alert(self, alert: Alert, affected: Sequence[str], now: int) -> AlertView:
        inputs = (alert, self._units.get(alert.rule, ""), self._deliveries.of(alert.id), affected)
        step = None if alert.acknowledged or alert.suppressed_by else self._escalation(alert.id, now)
        return self._views.of(alert.id, (*inputs, step), lambda: _escalating(boards.alert_view(*inputs), step))


def _escalating(view: AlertView, step: tuple[int, tuple[str, ...]] | None) -> AlertView:
    return view if step is None else replace(view, escalates_at=step[0], escalates_to=step[1])
