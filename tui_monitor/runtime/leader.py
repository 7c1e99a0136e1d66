"""The leader: probes, evaluates, notifies and publishes, one tick a second. Built by leader_assembly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping

from tui_monitor.board.values import Board
from tui_monitor.checks.collector import Collector
from tui_monitor.config.faults import Configuration
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.ping import Ping
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.platform.redaction import Redaction
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.runtime.background_jobs import BackgroundJobs
from tui_monitor.runtime.board_publisher import BoardPublisher
from tui_monitor.runtime.changed_checks import ChangedChecks
from tui_monitor.runtime.command_handlers import StopRequest
from tui_monitor.runtime.derived_series import DerivedSeries
from tui_monitor.runtime.live_data import LiveData
from tui_monitor.runtime.notifier_watch import NotifierWatch
from tui_monitor.runtime.push_service import PushService
from tui_monitor.runtime.reconfiguration import Reconfiguration
from tui_monitor.runtime.registration import Registration
from tui_monitor.runtime.self_watch import SelfWatch
from tui_monitor.runtime.statistics_refresh import StatisticsRefresh
from tui_monitor.storage.history.interface import HistoryStore
from tui_monitor.storage.repository import StateRepository

log = logging.getLogger(__name__)
TICK = 1.0
REACT_PAUSE = 0.05
CLOSE_GRACE = 3.0


class Leader:
    """The leader's loops."""

    def __init__(
        self,
        *,
        clock: Clock,
        troubles: Troubles,
        self_watch: SelfWatch,
        live_data: LiveData,
        collector: Collector,
        changes: ChangedChecks,
        derived: DerivedSeries,
        engine: AlertEngine,
        outbox: Outbox,
        state: StateRepository,
        recorder: HistoryStore,
        publisher: BoardPublisher,
        statistics: StatisticsRefresh,
        notifier_watch: NotifierWatch,
        registration: Registration,
        jobs: BackgroundJobs,
        reconfiguration: Reconfiguration,
        stop: StopRequest,
    ) -> None:
        self.engine = engine
        self.recorder = recorder
        self.live_data = live_data
        self.progressed_at = clock.monotonic()
        """Monotonic seconds of the last finished tick."""
        self._clock = clock
        self._troubles = troubles
        self._self_watch = self_watch
        self._collector = collector
        self._changes = changes
        self._derived = derived
        self._outbox = outbox
        self._state = state
        self._publisher = publisher
        self._statistics = statistics
        self._notifier_watch = notifier_watch
        self._registration = registration
        self._jobs = jobs
        self._reconfiguration = reconfiguration
        self._stop = stop

    @property
    def push(self) -> PushService:
        """What takes pushed bodies."""
        return self._jobs.push

    @property
    def redaction(self) -> Redaction:
        """What hides parts of texts."""
        return self._collector.redaction

    async def ping(self, ping: Ping) -> None:
        """Store a job's ping for its heartbeat check. Raises StorageFault."""
        await self._state.transaction(lambda state: state.pings.add(ping))

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until `stop`; then finish current sends and store the state."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._outbox.run(), name="outbox")
                loops = [
                    group.create_task(work, name=name)
                    for name, work in (
                        ("react", self._react_loop()),
                        ("tick", self._tick_loop()),
                        ("statistics", self._statistics.run()),
                        ("jobs", self._jobs.run()),
                    )
                ]
                self._collector.start(group)
                await self._stop.wait()
                self._collector.stop()
                for task in loops:
                    task.cancel()
                await self._outbox.close(CLOSE_GRACE)
        finally:
            await self.close()

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Type, help and unit of metrics, as scraped targets and senders describe them."""
        return {**self.push.metadata, **self._collector.metadata}

    @property
    def yielded(self) -> bool:
        """Whether it ends because a daemon takes over."""
        return self._stop.yielded

    async def close(self) -> None:
        """Store the state and close the files."""
        await self._publisher.close()
        await self._registration.clear()
        await self._state.close()

    async def reload(self, loaded: Configuration) -> CommandResult:
        """Use another configuration, whole or not at all."""
        return await self._reconfiguration.apply(loaded)

    # --- what others ask ----------------------------------------------------------------------------------------------

    @property
    def board(self) -> Board | None:
        """The newest board; None before the first tick."""
        return self._publisher.board

    @property
    def outbox_progressed_at(self) -> float:
        """Monotonic seconds of the outbox' last step."""
        return self._outbox.progressed_at

    def rule_of_alert(self, alert_id: str) -> tuple[str, str] | None:
        """The unit and the expression of a live alert's rule."""
        return self._publisher.live_board.rule_of_alert(alert_id)

    def set_remark(self, text: str) -> None:
        """Show a line on every board until it is replaced by "", for example why a reload was refused."""
        self._troubles.set_remark(text)

    def set_service_trouble(self, text: str) -> None:
        """Raise a trouble of what runs beside this leader, "" to clear it."""
        self._troubles.set("http", text)

    # --- rounds -------------------------------------------------------------------------------------------------------

    async def _tick_loop(self) -> None:
        due = self._clock.monotonic()
        while True:
            await self._contain(self.tick(self._clock.monotonic() - due))
            now = self._clock.monotonic()
            due = max(due + TICK, now - (now - due) % TICK)
            await self._clock.sleep(due - now)

    async def _contain(self, work: Awaitable[None]) -> None:
        """The boundary of a round: an error in it is logged and becomes a trouble, and the next round is tried.

        A tick that fails makes no progress, so that systemd restarts a monitor that never gets through one.
        """
        try:
            await work
        except Exception as error:
            log.exception("internal error in a round")
            self._troubles.raise_("internal", f"internal error: {type(error).__name__}: {error}")

    async def tick(self, lag: float = 0.0) -> None:
        """One second: read this machine, evaluate everything, publish the board. ``lag``: how late this tick is, in seconds."""
        now, mono = self._clock.wall_ms(), self._clock.monotonic()
        jump = self._self_watch.jump(now, mono)
        if jump.any:
            self._move_stamps(now, round(jump.stepped * 1000))
            await self.engine.clock_jumped(round((jump.slept + jump.stepped) * 1000))
        self._troubles.set("system", await self._collector.machine.read())
        self._self_watch.step(0.0 if jump.any else lag)
        await self._notifier_watch.step(now)
        await self._observe(now, jump.stepped if abs(jump.stepped) > 1 else 0.0)
        await self.engine.apply_stored_commands()
        await self.engine.round()
        self._derived.note_alerts(self._clock.wall_ms())
        self._troubles.set("rules", self._broken_rules())
        await self._end_tick(now, mono)
        self._troubles.clear("internal")
        self.progressed_at = mono

    def _move_stamps(self, now: int, delta_ms: int) -> None:
        """Shift all stamps after the wall clock was set, so that none is ahead of the new time.

        In state.db this is done by `engine.clock_jumped` for alerts and notified states, and by the outbox for its claims.
        """
        self.live_data.memory.shift(delta_ms, now)
        self.recorder.clock_set(self._collector.drain(), now, delta_ms)
        self._registration.clock_set(delta_ms)

    async def _observe(self, now: int, skew: float) -> None:
        """The samples that the monitor itself makes at each tick."""
        own = [*self._troubles.samples(), *self._jobs.samples(), *self.engine.sender_samples()]
        own.append(Sample(labels_of("tui_monitor_clock_skew_seconds"), skew))
        self._collector.observe(now, own)
        await self._derived.record(now)

    async def _end_tick(self, now: int, mono: float) -> None:
        await self._registration.find_viewers(now)
        watched = self._registration.watched
        self._collector.machine.watch_processes(wanted=watched)
        status_changed = self._changes.drain_status_changed()  # `status` reads the stored board, so a new status is stored at once
        self._publisher.step(now, mono, watched=watched, viewers=self._registration.viewers, at_once=status_changed)
        await self._registration.step(now)
        if watched:
            self._statistics.request(now)

    def _broken_rules(self) -> str:
        """The text of rules that cannot be evaluated, for example by many-to-many matching, which only samples show."""
        evaluator = self.engine.evaluator
        errors = {rule.alert: error for rule in evaluator.rules if (error := evaluator.errors.get(rule.key))}
        errors |= self._derived.errors
        return "; ".join(f"the rule {name} cannot be evaluated: {error}" for name, error in list(errors.items())[:3])

    async def _react_loop(self) -> None:
        """Evaluate the rules of changed checks at once, not at the next tick; simultaneous changes share a round."""
        while True:
            await self._changes.wait()
            await self._clock.sleep(REACT_PAUSE)
            await self._contain(self._evaluate_changed())

    async def _evaluate_changed(self) -> None:
        rules = self.engine.evaluator.rules_reading(self._changes.drain_metrics())
        if rules:
            await self.engine.round(rules)
            self._derived.note_alerts(self._clock.wall_ms())
            if self._registration.watched:
                self._publisher.publish(self._clock.wall_ms())
