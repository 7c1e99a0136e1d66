"""Assembly of a leader: opens the stores, connects the parts, restores the state of the last leader."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable

from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.board.check_statistics import Statistics
from tui_monitor.board.codec import board_from_json
from tui_monitor.board.values import Board
from tui_monitor.checks.collector import PUSH_STATE, Collector
from tui_monitor.checks.self_diagnosis import Guard, TimeWatch
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import Configuration
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.core.troubles import Troubles
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.inhibition import ParentVerdict, Verdict, verdict_of
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.actions import ActionRunner
from tui_monitor.runtime.added_rules import AddedRules
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.alert_settings import AlertSettings
from tui_monitor.runtime.background_jobs import BackgroundJobs
from tui_monitor.runtime.board_publisher import BoardPublisher
from tui_monitor.runtime.changed_checks import ChangedChecks
from tui_monitor.runtime.command_handlers import CommandHandlers, StopRequest
from tui_monitor.runtime.derived_series import DerivedSeries
from tui_monitor.runtime.evidence_collect import EvidenceCollector
from tui_monitor.runtime.feed_services import FeedServices
from tui_monitor.runtime.kept_lines import KeptLines
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_identity import LeaderIdentity
from tui_monitor.runtime.live_alerts import LiveAlerts
from tui_monitor.runtime.live_board import Deliveries, LiveBoard
from tui_monitor.runtime.live_data import LiveData
from tui_monitor.runtime.notifier_watch import NotifierWatch
from tui_monitor.runtime.panel_commands import PanelCommands
from tui_monitor.runtime.ping_delivery import PingDelivery
from tui_monitor.runtime.push_service import PushService
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.runtime.reconfiguration import ADDED_RULES, Reconfiguration
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.runtime.registration import Registration
from tui_monitor.runtime.report_service import ReportService
from tui_monitor.runtime.request_tables import RequestTables
from tui_monitor.runtime.role_screens import RoleScreens
from tui_monitor.runtime.self_watch import SelfWatch
from tui_monitor.runtime.statistics_refresh import StatisticsRefresh
from tui_monitor.runtime.stored_commands import StoredCommands
from tui_monitor.runtime.token_commands import TokenCommands
from tui_monitor.runtime.wiring import (
    alert_settings_of,
    board_settings_of,
    configuration_hash,
    labels_of_checks,
    notifiers_of,
    rules_of,
)
from tui_monitor.sources.api import Probe
from tui_monitor.storage.faults import StorageFault, StoreTooNew
from tui_monitor.storage.history.background import Recorder
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.repository import StateRepository
from tui_monitor.storage.state.database import SqliteRepository

log = logging.getLogger(__name__)
TOLERANCE_MS = 1_000
"""Tolerance: a parent probed out of turn may answer up to 1 s before its child's alert fires."""


async def cannot_reload() -> CommandResult:
    """The reload handler of a leader without a configuration file."""
    return CommandResult(False, "this process cannot reload")


async def open_leader(
    loaded: Configuration,
    directory: StateDirectory,
    clock: Clock,
    kind: str,
    pid: int,
    on_board: Callable[[Board], None],
    reload: Callable[[], Awaitable[CommandResult]] = cannot_reload,
    *,
    time_watch: TimeWatch | None = None,
    memory: SeriesMemory | None = None,
    build: Callable[[CheckSettings], Probe] | None = None,
) -> Leader:
    """A leader with the restored state, registered in state.db; the caller holds the lock. Raises StoreTooNew.

    ``kind`` is "dashboard" or "headless"; ``reload`` serves the command of that name; ``build`` as for the Collector.
    Unusable rules are logged and left out.
    """
    troubles = Troubles()
    of_file = loaded
    state = await _open_state(directory, troubles)
    added_rules = AddedRules(state, lambda: reconfiguration.again())
    extended = await added_rules.extend(of_file)
    loaded, settings = extended.loaded, extended.loaded.settings
    troubles.set(ADDED_RULES, extended.trouble)
    rules, problems, recording_rules = rules_of(loaded)
    for problem in problems:
        log.error("%s", problem)
    memory = SeriesMemory() if memory is None else memory
    guard = Guard(settings.guard, troubles, clock.monotonic)
    changes, stop, live = ChangedChecks(), StopRequest(), LiveAlerts()
    collector = Collector(settings, clock, memory, guard, changes.add, build)
    self_watch = SelfWatch(settings.guard, guard, time_watch or TimeWatch(), troubles, collector)
    recorder = Recorder(directory.history_db, settings.store, troubles)
    recording = RecordingRules(recording_rules)
    notifiers = notifiers_of(settings)
    deliveries = Deliveries(clock)
    outbox = Outbox(state, notifiers, clock, deliveries.on_event, alerts=live)
    alert_settings = alert_settings_of(settings, rules)
    failures = ReportFailures()
    evidence = EvidenceCollector(collector, memory, clock, troubles, failures, alert_settings.language)
    evaluator = Evaluator(
        rules,
        alert_settings.host,
        checks=alert_settings.checks,
        evidence=evidence,
        due=alert_settings.routing.due,
        reason=evidence.reason,
    )
    identity = LeaderIdentity(pid, kind, clock.wall_ms())
    statistics = Statistics(memory)
    requests = RequestTables(settings.requests, memory)
    refresh = StatisticsRefresh(statistics, recorder.reading, labels_of_checks(settings), requests)
    live_board = LiveBoard(
        identity,
        board_settings_of(settings),
        collector,
        statistics,
        refresh,
        evaluator,
        live,
        deliveries,
        troubles,
        memory,
        requests,
        lambda alert_id, now: engine.planner.escalation(alert_id, now),
    )
    publisher = BoardPublisher(live_board, collector, recorder, clock, on_board)
    engine = AlertEngine(
        state, evaluator, _dispatcher(alert_settings, collector), alert_settings.routing, outbox, memory, recorder.reading, clock, troubles,
        live, CommandHandlers(kind, recorder, PanelCommands(state), TokenCommands(state), added_rules, stop, reload),
        publisher.persist_before_alert,
        alert_settings.origin,
    )  # fmt: skip
    saved = await _restore(clock.wall_ms(), recorder, memory, collector, engine, deliveries, state)
    registration = Registration(state, directory, troubles, identity, configuration_hash(loaded))
    await registration.heartbeat(clock.wall_ms())
    telemetry = PushedTelemetry()
    feeds = FeedServices(collector, PingDelivery(state), KeptLines(directory.telemetry_db, troubles, telemetry, collector.redaction), clock)
    push = PushService(collector, troubles, telemetry, clock, saved.get(PUSH_STATE, b""))
    push.configure(settings.push, settings.requests.duration)
    actions = ActionRunner(engine, state, clock, collector.redaction)
    commands = StoredCommands(directory.path, engine)
    reports = ReportService(directory, of_file.path, state, outbox, clock, failures)
    jobs = BackgroundJobs(
        settings, notifiers, clock, state, recorder, engine, troubles, feeds, push, actions, commands, telemetry, directory.telemetry_db,
        reports,
    )  # fmt: skip
    notifier_watch = NotifierWatch(state, troubles, tuple(notifiers))
    role_screens = RoleScreens(collector, clock)
    role_screens.configure(settings.screens)
    reconfiguration = Reconfiguration(
        clock, self_watch, recording, recorder, collector, engine, outbox, jobs, live_board, refresh, requests, notifier_watch,
        registration, added_rules, role_screens, troubles, of_file,
    )  # fmt: skip
    derived = DerivedSeries(memory, recorder.reading, collector, recording, live)
    return Leader(
        clock=clock,
        troubles=troubles,
        self_watch=self_watch,
        live_data=LiveData(memory, clock, collector, evaluator, recording, live, role_screens),
        collector=collector,
        changes=changes,
        derived=derived,
        engine=engine,
        outbox=outbox,
        state=state,
        recorder=recorder,
        publisher=publisher,
        statistics=refresh,
        notifier_watch=notifier_watch,
        registration=registration,
        jobs=jobs,
        reconfiguration=reconfiguration,
        stop=stop,
    )


async def _open_state(directory: StateDirectory, troubles: Troubles) -> StateRepository:
    try:
        state = await SqliteRepository.open(directory.state_db)
    except StoreTooNew:
        raise
    except StorageFault as error:
        troubles.raise_("state", f"alerts are not recorded, messages may repeat: {error}")
        return SqliteRepository.later(directory.state_db)
    if state.moved_aside:
        troubles.raise_(
            "state-corrupt", f"the state file was corrupt and was replaced by a new one; the old file is {state.moved_aside.name}"
        )
    return state


def _dispatcher(settings: AlertSettings, collector: Collector) -> Dispatcher:
    return Dispatcher(
        settings.routing,
        host=settings.host,
        language=settings.language,
        link=settings.link,
        parent_verdict=_parent_verdict(collector),
        rate_limits=settings.rate_limits,
        origin=settings.origin,
    )


def _parent_verdict(collector: Collector) -> ParentVerdict:
    def verdict(check: str, since: int) -> Verdict:
        return verdict_of(collector.results.get(check), since - TOLERANCE_MS)

    return verdict


async def _restore(
    now: int, recorder: Recorder, memory: SeriesMemory, collector: Collector, engine: AlertEngine, deliveries: Deliveries,
    state: StateRepository,
) -> dict[str, bytes]:  # fmt: skip
    """Restore what the last leader left; returns the stored states of feeds and of push."""
    stored = _board_of(await recorder.open(now, memory))
    collector.retire_unknown_series()
    saved = await recorder.saved_states()
    collector.restore_feeds(saved)
    doubtful = {dict(labels).get("check") for labels in await engine.restore(recorder.complete_until)}
    for check in stored.checks if stored else ():
        if check.name not in doubtful:  # else the board is also older than the alert, which would end and start again
            collector.restore(check.name, check.status, check.since)
    idents = [alert.id for alert in engine.alerts]
    with contextlib.suppress(StorageFault):
        deliveries.load(await state.read(lambda tables: {ident: tables.outbox.of_alert(ident) for ident in idents}))
    return saved


def _board_of(stored: bytes | None) -> Board | None:
    """The stored board; None where there is none or another version wrote one that cannot be read."""
    try:
        return board_from_json(stored) if stored else None
    except ValueError:
        return None
