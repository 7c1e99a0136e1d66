"""The leader's house: sources, series, rules, alerts, outbox and store, joined; one tick a second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.analysis.advice import remarks
from tui_monitor.board import build as boards
from tui_monitor.board.check_statistics import Statistics, read_windows
from tui_monitor.board.values import Board, board_from_json
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard, TimeWatch
from tui_monitor.config.load import Configuration
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import Annotate, Command, CommandResult, DropPanel, Reload, SavePanel, YieldLeadership
from tui_monitor.core.sanitize import clean
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import METRIC_NAME, CheckResult, HealthStatus, Sample, label, labels_of
from tui_monitor.core.version import VERSION
from tui_monitor.delivery.outbox import Outbox, OutboxEvent
from tui_monitor.dispatch.dispatcher import Planner
from tui_monitor.dispatch.inhibition import Verdict, verdict_of
from tui_monitor.dispatch.routing import compile_routing
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.promql.query_facts import query_facts
from tui_monitor.runtime.alert_engine import Alerting
from tui_monitor.runtime.background_jobs import Upkeep
from tui_monitor.runtime.evidence_collect import evidence_of
from tui_monitor.runtime.live_board import Deliveries, Identity, Parts, make_board
from tui_monitor.runtime.panel_commands import PanelCommands
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.runtime.wiring import (
    configuration_hash,
    host_of,
    labels_of_checks,
    link_of,
    notifiers_of,
    problems_of,
    rate_limits_of,
    rules_of,
)
from tui_monitor.storage.faults import StorageFault, StoreTooNew
from tui_monitor.storage.history.background import Recorder
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.records import LeaderRow
from tui_monitor.storage.repository import StateRepository
from tui_monitor.storage.state.database import SqliteRepository

log = logging.getLogger(__name__)
TICK = 1.0
REACT_PAUSE = 0.05
FACTS_EVERY_MS = 5_000
STATE_GONE = "the state directory was removed or replaced: nothing that happens now outlives this process; restart it"
HEARTBEAT_EVERY_MS = 5_000
REMARKS_EVERY_MS = 60_000
NOTIFIERS_EVERY_MS = 5_000
FAILING_MS = 600_000
"""A notifier that has not told anything for so long, though it was tried, is our own trouble; shorter outages are the outbox' business."""
CLOSE_GRACE = 3.0
HURRIED_MS = 1_000
"""A parent that was hurried answers a moment before the round in which its child's alert fires: that answer counts."""


async def cannot_reload() -> CommandResult:
    """For a leader without a configuration file."""
    return CommandResult(False, "this process cannot reload")


class Leader:
    """Polls, judges, decides and notifies until stopped. Hold the lock before you make one."""

    def __init__(
        self,
        loaded: Configuration,
        directory: StateDirectory,
        clock: Clock,
        kind: str,
        pid: int,
        on_board: Callable[[Board], None],
        reload: Callable[[], Awaitable[CommandResult]] = cannot_reload,
    ) -> None:
        self.loaded = loaded
        self.kind = kind
        self.board: Board | None = None
        self._watched = kind == "dashboard"
        self._viewers = False
        self.yield_asked = False
        self._reload = reload
        self.progressed_at = clock.monotonic()
        self._settings = loaded.settings
        self._host = host_of(self._settings)
        self._hash = configuration_hash(loaded)
        self._directory = directory
        self._clock = clock
        self._pid = pid
        self._on_board = on_board
        self._since = clock.wall_ms()
        self._troubles = Troubles()
        self._memory = SeriesMemory()
        self._guard = Guard(self._settings.guard, self._troubles, clock.monotonic)
        self._collector = Collector(self._settings, clock, self._memory, self._guard, self._check_changed)
        self.recorder = Recorder(directory.history_db, self._settings.store, self._troubles)
        self._statistics = Statistics(self._memory)
        self._time = TimeWatch()
        self._deliveries = Deliveries()
        self._react = asyncio.Event()
        self._changed: set[str] = set()
        self._units: dict[str, str] = {}
        self._stats_task: asyncio.Task[None] | None = None
        self._upkeep: Upkeep | None = None
        self._facts_at = self._heartbeat_at = self._remarked_at = self._notifiers_at = 0
        self._lock_file = (0, 0)
        self._verdicts: dict[str, HealthStatus] = {}
        self._stop = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None

    # --- life ---------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the stores and take up what was; rules that cannot be used are logged and left out. Raises StoreTooNew."""
        now = self._clock.wall_ms()
        try:
            self._state: StateRepository = await SqliteRepository.open(self._directory.state_db)
        except StoreTooNew:
            raise
        except StorageFault as error:
            self._troubles.raise_("state", f"alerts are not recorded, messages may repeat: {error}")
            self._state = SqliteRepository.later(self._directory.state_db)
        if self._state.moved_aside:
            self._troubles.raise_("state-corrupt", f"the state was corrupt and begun anew; the old file is {self._state.moved_aside.name}")
        rules, problems, recording = rules_of(self.loaded)
        for problem in problems:
            log.error("%s", problem)
        self._recording = RecordingRules(recording)
        self._notifiers = notifiers_of(self._settings)
        self._outbox = Outbox(self._state, self._notifiers, self._clock, self._outbox_event, alerts=lambda: self.alerting.alerts)
        evaluator = Evaluator(rules, self._host, checks=labels_of_checks(self._settings), evidence=self._evidence)
        routing = compile_routing(self._settings)
        planner = Planner(
            routing,
            host=self._host,
            language=self._settings.language,
            link=link_of(self._settings),
            parent_verdict=self._parent_verdict,
            rate_limits=rate_limits_of(rules),
        )
        self.alerting = Alerting(
            self._state,
            evaluator,
            planner,
            routing,
            self._outbox,
            self._memory,
            self.recorder.reading,
            self._clock,
            self._troubles,
            self._handle,
            self._keep,
        )
        self._panels = PanelCommands(self._state)
        self._learn_units()
        stored = _board_of(await self.recorder.open(now, self._memory))
        self._collector.end_strangers()
        doubtful = {dict(labels).get("check") for labels in await self.alerting.restore(self.recorder.complete_until)}
        for check in stored.checks if stored else ():
            if check.name not in doubtful:  # else the board is older than the alert, too, which would end and begin anew
                self._collector.restore(check.name, check.status, check.since)
        await self._restore_deliveries()
        self._lock_file = self._directory.lock_identity()
        await self._heartbeat(now)

    async def run(self) -> None:
        """Until `stop`; then finish what is being sent and write what is known."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                tasks = [
                    group.create_task(self._outbox.run(), name="outbox"),
                    group.create_task(self._react_loop(), name="react"),
                    group.create_task(self._tick_loop(), name="tick"),
                ]
                self._collector.start(group)
                self._upkeep = Upkeep(self._clock, self._state, self.recorder, self.alerting, self._troubles, group)
                self._upkeep.use(self._settings, self._notifiers)
                await self._stop.wait()
                self._collector.stop()
                self._upkeep.stop()
                for task in tasks[1:]:
                    task.cancel()
                await self._outbox.close(CLOSE_GRACE)
        finally:
            self._group = None
            await self._close()

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    async def _close(self) -> None:
        now = self._clock.wall_ms()
        board = (
            make_board(self._parts, now).to_json(sparks=True) if self.board else None
        )  # not the last one: the next leader goes on from it
        await self.recorder.close(self._collector.drain(), now, board)
        with contextlib.suppress(StorageFault):
            await self._state.transaction(lambda state: state.processes.clear_leader(self._pid))
        await self._state.close()

    def remark(self, text: str) -> None:
        """Say this on every board until it is taken back with "": why a reload was refused."""
        self._troubles.remark = text

    async def reload(self, loaded: Configuration) -> CommandResult:
        """Take another configuration, whole or not at all; counters, `for` and alerts of what stays are kept."""
        problems = problems_of(loaded)
        if problems:
            return CommandResult(False, "the old configuration stays: " + "; ".join(problems))
        rules, _, recording = rules_of(loaded)
        self.loaded, self._settings, self._host = loaded, loaded.settings, host_of(loaded.settings)
        self._hash = configuration_hash(loaded)
        self._guard.reconfigure(self._settings.guard)
        self._recording.configure(recording)
        await self.recorder.configure(self._settings.store)
        self._collector.configure(self._settings)
        if self._group is not None:
            self._collector.start(self._group)
        self.alerting.routing = compile_routing(self._settings)
        self.alerting.planner.reconfigure(
            self.alerting.routing,
            host=self._host,
            language=self._settings.language,
            link=link_of(self._settings),
            rate_limits=rate_limits_of(rules),
        )
        self.alerting.evaluator.host = self._host
        await self.alerting.replace_rules(rules, labels_of_checks(self._settings))
        self._notifiers = notifiers_of(self._settings)
        self._outbox.reconfigure(self._notifiers)
        if self._upkeep is not None:
            self._upkeep.use(self._settings, self._notifiers)
        self._learn_units()
        await self._heartbeat(self._clock.wall_ms())
        counts = f"{len(self._settings.checks)} checks, {len(rules)} rules"
        return CommandResult(True, f"reloaded {loaded.path or 'the defaults'}: {counts}")

    async def _handle(self, command: Command, by: str, now: int) -> CommandResult | None:
        match command:
            case Annotate():
                return await self._annotate(command, by, now)
            case SavePanel():
                return await self._panels.save(command, by, now)
            case DropPanel():
                return await self._panels.drop(command)
            case Reload():
                return await self._reload()
            case YieldLeadership():
                return self._yield()
            case _:
                return None

    async def _annotate(self, command: Annotate, by: str, now: int) -> CommandResult:
        text = clean(command.text)
        try:
            await self.recorder.annotate(command.at or now, text, by)
        except StorageFault as error:
            return CommandResult(False, f"the history cannot be written: {error}")
        return CommandResult(True, f'marked "{text}"')

    def _yield(self) -> CommandResult:
        if self.kind != "dashboard":
            return CommandResult(False, "a daemon leads, and only a dashboard yields")
        self.yield_asked = True
        self.stop()
        return CommandResult(True, "the dashboard stops leading and becomes a viewer")

    def _learn_units(self) -> None:
        self._units = {rule.ladder: query_facts(rule.expr).unit for rule in self.alerting.evaluator.rules}
        names = tuple(entry.name for entry in self._settings.notifiers)
        identity = Identity(self._host, self._pid, self.kind, self._since, names, self._settings.bell)
        self._parts = Parts(
            identity, self._collector, self._statistics, self.alerting, self._units, self._deliveries, self._troubles, self._memory,
            limits=boards.limits_of(self.alerting.evaluator.rules),
        )  # fmt: skip

    # --- rounds -------------------------------------------------------------------------------------------------------

    async def _tick_loop(self) -> None:
        due = self._clock.monotonic()
        while True:
            await self._whole(self.tick(self._clock.monotonic() - due))
            now = self._clock.monotonic()
            due = max(due + TICK, now - (now - due) % TICK)
            await self._clock.sleep(due - now)

    async def _whole(self, work: Awaitable[None]) -> None:
        """The boundary of a round: one that breaks is logged and told as our own trouble, and the next one is tried.

        A tick that breaks makes no progress, so that systemd restarts a monitor that never gets through one.
        """
        try:
            await work
        except Exception as error:
            log.exception("a round broke")
            self._troubles.raise_("internal", f"the monitor itself is at fault: {type(error).__name__}: {error}")

    async def tick(self, lag: float = 0.0) -> None:
        """One second: read this machine, judge everything, publish the board. ``lag``: how late this tick is, in seconds."""
        now, mono = self._clock.wall_ms(), self._clock.monotonic()
        jump = self._time.look(now, mono)
        if jump.any:
            log.warning("time jumped: slept %.1f s, the clock was set by %.1f s", jump.slept, jump.stepped)
            self._memory.shift(round(jump.stepped * 1000), now)
            await self.alerting.clock_jumped(round((jump.slept + jump.stepped) * 1000))
        limit = self._settings.guard.loop_lag
        self._troubles.set("lag", f"this machine is too busy: a tick came {lag:.1f} s late" if lag > limit and not jump.any else "")
        self._troubles.set("system", await self._collector.read_system())
        own = self._collector.reading.own if self._collector.reading else None
        self._troubles.set("descriptors", "nearly out of file descriptors" if own and own.descriptors_scarce else "")
        self._guard.recheck()
        await self._look_at_notifiers(now)
        skew = jump.stepped if abs(jump.stepped) > 1 else 0.0
        self._collector.observe(now, [*self._troubles.samples(), Sample(labels_of("tui_monitor_clock_skew_seconds"), skew)])
        await self._recording.run(now, self._memory, self.recorder.reading, self._collector.observe)
        await self.alerting.take_commands()
        await self.alerting.round()
        self._troubles.set("rules", self._broken_rules())
        self._watched = self.kind == "dashboard" or await self._viewers_wait(now)
        self._collector.want_processes = self._watched
        facts_due = not 0 <= now - self._facts_at < FACTS_EVERY_MS
        if self._watched or facts_due:
            self._publish(now)
        self._record(now, mono, facts_due)
        if now - self._heartbeat_at >= HEARTBEAT_EVERY_MS or now < self._heartbeat_at:
            await self._heartbeat(now)
        self._renew_statistics(now)
        self._troubles.clear("internal")
        self.progressed_at = mono

    async def _look_at_notifiers(self, now: int) -> None:
        """One that fails for long is told by the others, and to the dead man's switch."""
        if 0 <= now - self._notifiers_at < NOTIFIERS_EVERY_MS:
            return
        self._notifiers_at = now
        with contextlib.suppress(StorageFault):
            failing = await self._state.read(lambda state: {name: state.outbox.failing(name, now) for name in self._notifiers})
            for name, (lasted, error) in failing.items():
                text = f"{name}: no notification has got through for over {FAILING_MS // 60_000} minutes: {error}"
                self._troubles.set(f"notifier-{name}", text if lasted >= FAILING_MS and name in self._notifiers else "")

    def _broken_rules(self) -> str:
        """Rules that load but cannot be evaluated: many-to-many matching shows only with the samples."""
        errors = {rule.alert: error for rule in self.alerting.evaluator.rules if (error := self.alerting.evaluator.errors.get(rule.key))}
        errors |= self._recording.errors
        return "; ".join(f"the rule {name} cannot be evaluated: {error}" for name, error in list(errors.items())[:3])

    async def _react_loop(self) -> None:
        """A changed check is judged at once, not at the next tick; what changes in the same moment goes in one round."""
        while True:
            await self._react.wait()
            await self._clock.sleep(REACT_PAUSE)
            self._react.clear()
            await self._whole(self._judge_changed())

    async def _judge_changed(self) -> None:
        changed, self._changed = self._changed, set()
        which = self.alerting.evaluator.rules_reading(changed)
        if which:
            await self.alerting.round(which)
            if self._watched:
                self._publish(self._clock.wall_ms())

    def _check_changed(self, result: CheckResult) -> None:
        if self._verdicts.get(result.name) is not result.status:
            self._verdicts[result.name] = result.status
            self._facts_at = 0  # `status` reads the stored board: a new verdict does not wait there
        self._changed |= {
            "probe_success",
            "check_health",
            "probe_duration_seconds",
            *(label(sample.labels, METRIC_NAME) for sample in result.probe.samples),
        }
        self._react.set()

    def _parent_verdict(self, check: str, since: int) -> Verdict:
        return verdict_of(self._collector.results.get(check), since - HURRIED_MS)

    def _evidence(self, alert: Alert) -> Mapping[str, object]:
        rule = next((rule for rule in self.alerting.evaluator.rules if rule.ladder == alert.rule), None)
        trouble = self._troubles.text(alert.labels.get("reason", "")) if alert.name == "MonitorTrouble" else ""
        return evidence_of(alert, rule, self._collector, self._memory, self._clock.wall_ms(), trouble)

    def _renew_statistics(self, now: int) -> None:
        """For those who look: long windows of a few checks each second, remarks each minute; in the reading thread."""
        if not self._watched or self._group is None or (self._stats_task is not None and not self._stats_task.done()):
            return
        chosen = self._statistics.turn(labels_of_checks(self._settings), now)
        remark = not 0 <= now - self._remarked_at < REMARKS_EVERY_MS
        if chosen or remark:
            self._remarked_at = now if remark else self._remarked_at
            self._stats_task = self._group.create_task(self._read_statistics(chosen, remark, now))

    async def _read_statistics(self, chosen: Mapping[str, Mapping[str, str]], remark: bool, now: int) -> None:
        with contextlib.suppress(StorageFault):
            if chosen:
                self._statistics.take(await self.recorder.reading.ask(lambda reader: read_windows(reader, chosen, now)), now)
            if remark:
                found = await self.recorder.reading.ask(lambda reader: remarks(reader, now))
                self._parts.advice, self._parts.forecasts = found.advice, dict(found.forecasts)

    @property
    def outbox_progressed_at(self) -> float:
        """Monotonic seconds of the outbox' last step."""
        return self._outbox.progressed_at

    def rule_of_alert(self, alert_id: str) -> tuple[str, str] | None:
        """The unit and the expression of a live alert's rule."""
        alert = next((alert for alert in self.alerting.alerts if alert.id.startswith(alert_id)), None)
        rule = next((rule for rule in self.alerting.evaluator.rules if alert is not None and rule.ladder == alert.rule), None)
        return (self._units.get(rule.ladder, ""), rule.expr) if rule is not None else None

    # --- the board ----------------------------------------------------------------------------------------------------

    def _publish(self, now: int) -> None:
        self.board = make_board(self._parts, now)
        self._on_board(self.board)

    async def _restore_deliveries(self) -> None:
        """After a restart: what became of the messages about the live alerts."""
        idents = [alert.id for alert in self.alerting.alerts]
        with contextlib.suppress(StorageFault):
            self._deliveries.load(await self._state.read(lambda state: {ident: state.outbox.of_alert(ident) for ident in idents}))

    def _outbox_event(self, event: OutboxEvent) -> None:
        data = {"notifier": event.notifier, "id": event.id, "kind": event.kind, "state": event.state, "attempts": event.attempts}
        well = event.recorded and event.state in ("sent", "queued", "sending")
        remark = "" if event.recorded else " (not recorded, may repeat)"
        data["recorded"] = event.recorded
        log.log(
            logging.INFO if well else logging.WARNING,
            "notification %s: %s%s",
            event.state,
            event.error or event.kind,
            remark,
            extra={"data": data},
        )
        self._deliveries.take(event, self._clock.wall_ms())

    async def _keep(self, now: int) -> None:
        """An alert changes: the samples and the checks' standing that it was judged by are written before."""
        board = make_board(self._parts, now).to_json(sparks=True)
        await self.recorder.persist(self._collector.drain(), now, self._clock.monotonic(), board)

    def _record(self, now: int, mono: float, facts_due: bool) -> None:
        facts = None
        if (facts_due or self._viewers) and self.board is not None:
            facts = self.board.to_json(sparks=facts_due)
            self._facts_at = now if facts_due else self._facts_at
        self.recorder.record(self._collector.drain(), now, mono, facts)

    # --- leader's row and viewers -------------------------------------------------------------------------------------

    async def _viewers_wait(self, now: int) -> bool:
        with contextlib.suppress(StorageFault):
            self._viewers = bool(await self._state.read(lambda state: state.processes.viewers(now)))
        return self._viewers

    async def _heartbeat(self, now: int) -> None:
        self._heartbeat_at = now
        self._troubles.set("state-gone", STATE_GONE if self._directory.lock_identity() != self._lock_file else "")
        row = LeaderRow(self._pid, self.kind, VERSION, self._hash, self._since, now)
        try:
            await self._state.transaction(lambda state: state.processes.save_leader(row), durable=False)
        except StorageFault as error:
            self._troubles.raise_("state", f"the state cannot be written: {error}")


def _board_of(stored: bytes | None) -> Board | None:
    """The stored board; None where there is none or another version wrote one that cannot be read."""
    try:
        return board_from_json(stored) if stored else None
    except (ValueError, KeyError, TypeError):
        return None
