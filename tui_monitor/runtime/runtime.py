"""The Backend of a process on this machine: one process per state directory leads, the others follow it and take over when it ends.

Modules for leading (configuration, rules, sources) and for queries (PromQL) are loaded when first needed: a viewer saves 20 MiB, and
the dashboard paints the stored board before any of them is loaded.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.board.backend import QUERY_S, BoardListener, CommandRefused, MetricMetadata, NotReady
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.platform.import_trimming import settle_memory
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.leader_service import LeaderService, NoService, ServiceFactory
from tui_monitor.runtime.leadership import Leadership
from tui_monitor.runtime.stored_board import stored_board
from tui_monitor.storage.faults import StorageFault, StoreTooNew

if TYPE_CHECKING:
    from tui_monitor.board.listings import ListedAlert, LogLine, LogQuery, SeriesStatistics, StoredMessage
    from tui_monitor.board.log_pages import LogPage, LogPageQuery, LogSource
    from tui_monitor.board.privacy import Privacy
    from tui_monitor.board.process_list import ListedProcess
    from tui_monitor.board.push import PushAnswer, PushRequest
    from tui_monitor.board.report import Report
    from tui_monitor.board.rule_views import CurrentSample, ExportedFamily, RuleGroupView
    from tui_monitor.board.screens import ScreenDefinition
    from tui_monitor.board.strip import Strip
    from tui_monitor.board.values import (
        ActView,
        AlertDetail,
        AlertView,
        BacktestView,
        Board,
        Chart,
        NoiseRow,
        NotificationView,
        PanelView,
        SilenceView,
    )
    from tui_monitor.config.engine import EngineSettings
    from tui_monitor.config.entries import CheckSettings
    from tui_monitor.config.faults import Configuration
    from tui_monitor.core.access_token import AccessToken
    from tui_monitor.core.added_rule import AddedRule
    from tui_monitor.core.ping import Ping
    from tui_monitor.core.received_alert import ReceivedAlert
    from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
    from tui_monitor.core.values import Labels
    from tui_monitor.dispatch.silences import Silence
    from tui_monitor.promql.values import Matrix, Value
    from tui_monitor.runtime.engine_charts import EngineCharts
    from tui_monitor.runtime.leader import Leader
    from tui_monitor.runtime.live_data import LiveData
    from tui_monitor.runtime.process_listing import ProcessListing
    from tui_monitor.runtime.queries import StoreQueries
    from tui_monitor.runtime.report_reading import ReportReading
    from tui_monitor.runtime.viewer import Viewer
    from tui_monitor.sources.api import Probe
    from tui_monitor.storage.history.interface import HistoryReading
    from tui_monitor.storage.records import OutboxRow

log = logging.getLogger(__name__)


class Runtime:
    """The Backend of this process. ``load`` reads the configuration again at each call."""

    def __init__(
        self,
        directory: StateDirectory,
        load: Callable[[], Configuration],
        clock: Clock,
        kind: str,
        by: str,
        *,
        config: Path | None = None,
        on_role: Callable[[str], None] = lambda role: None,
        service: ServiceFactory | None = None,
        may_lead: bool = True,
        build_probe: Callable[[CheckSettings], Probe] | None = None,
    ) -> None:
        """``kind`` is "dashboard" or "headless", ``by`` the acting user, ``config`` the file that ``load`` reads.

        ``on_role`` is called with "leader" or "standby" whenever the role changes. ``service``: what runs beside a leader.
        ``may_lead`` False: it only follows. ``build_probe``: constructs the probes of checks in place of their kinds (None).
        """
        self.directory = directory
        self.kind = kind
        self.leader: Leader | None = None
        self._build_probe = build_probe
        self._on_role = on_role
        self._service: LeaderService = NoService() if service is None else service(self, self._report_service)
        self._config = config
        self._load = load
        self._clock = clock
        self._by = by
        self._leadership = Leadership(directory, load, clock, kind, may_lead)
        self._viewer: Viewer | None = None
        self._store_queries: StoreQueries | None = None
        self._reading: HistoryReading | None = None
        self._processes: ProcessListing | None = None
        self._engine: EngineSettings | None = None
        self._engine_charts: EngineCharts | None = None
        self._report_reading: ReportReading | None = None
        self._listeners: list[BoardListener] = []
        self._stopping = False
        self._reloading = asyncio.Lock()
        """Serialises reloads, so that the file that was read last is applied last."""

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until `stop`. Raises ConfigurationError where this process should lead with an invalid configuration or too new a state."""
        if self._stopping:
            return
        settle_memory()
        if self._leadership.claim():
            await asyncio.to_thread(self._leadership.configuration)
        try:
            while not self._stopping:
                if self._leadership.held:
                    await self._lead()
                else:
                    await self._follow()
        except StoreTooNew as error:
            from tui_monitor.config.faults import ConfigurationError, Fault

            raise ConfigurationError([Fault(text=f"{self.directory.state_db}: {error}")]) from None

    def stop(self) -> None:
        """End `run` soon."""
        self._stopping = True
        if self.leader is not None:
            self.leader.stop()

    async def _lead(self) -> None:
        loaded = await asyncio.to_thread(self._leadership.configuration)
        settle_memory()
        from tui_monitor.runtime.leader_assembly import open_leader

        yielded = False
        try:
            leader = await open_leader(
                loaded, self.directory, self._clock, self.kind, os.getpid(), self._publish, self.reload, build=self._build_probe
            )
            settle_memory()
            self._use(leader, None, leader.recorder.reading)
            self._engine = loaded.settings.engine
            self._on_role("leader")
            if self._stopping:
                leader.stop()
            await self._service.configure(loaded.settings)
            await leader.run()
            yielded = leader.yielded
        finally:
            await self._service.close()
            await self._leave()
            self._leadership.release(yielded=yielded)

    def _report_service(self, text: str) -> None:
        if self.leader is not None:
            self.leader.set_service_trouble(text)

    async def _follow(self) -> None:
        from tui_monitor.runtime.viewer import Viewer

        viewer = Viewer(self.directory, self._clock, os.getpid(), self.kind, self._by, self._publish)
        self._use(None, viewer, viewer.reading)
        self._on_role("standby")
        try:
            await viewer.run(lambda: self._stopping or self._leadership.take_over(viewer))
        finally:
            await self._leave()

    def _use(self, leader: Leader | None, viewer: Viewer | None, reading: HistoryReading) -> None:
        self.leader, self._viewer, self._reading = leader, viewer, reading

    async def _leave(self) -> None:
        queries, self._store_queries, self._reading, self.leader, self._viewer = self._store_queries, None, None, None, None
        if queries is not None:
            await queries.close()
        await self._close_engine()

    async def _close_engine(self) -> None:
        charts, self._engine_charts = self._engine_charts, None
        if charts is not None:
            await charts.close()

    def progressing(self, within: float) -> bool:
        """Whether tick and outbox made progress in the last ``within`` seconds; always true for a standby."""
        if self.leader is None:
            return True
        return self._clock.monotonic() - min(self.leader.progressed_at, self.leader.outbox_progressed_at) < within

    # --- boards and commands ------------------------------------------------------------------------------------------

    def subscribe(self, on_board: BoardListener) -> None:
        """Register a listener for every new board."""
        self._listeners.append(on_board)

    def _publish(self, board: Board) -> None:
        for listener in self._listeners:
            listener(board)

    def first_board(self) -> Board:
        """The stored board, or an empty one."""
        return stored_board(self.directory)

    @property
    def board(self) -> Board:
        """The newest board."""
        holder = self.leader or self._viewer
        return (holder.board if holder else None) or self.first_board()

    async def command(self, command: Command, by: str = "") -> CommandResult:
        """Apply it, or store it for the leader."""
        if self.leader is not None:
            return await self.leader.engine.apply(command, by or self._by)
        if self._viewer is not None:
            return await self._viewer.command(command, by)
        return CommandResult(False, "not ready yet")

    async def receive_alerts(self, sender: str, alerts: Sequence[ReceivedAlert]) -> int:
        """Take the alerts that another program has sent."""
        if self.leader is None:
            raise CommandRefused("only the leading process takes alerts")
        return await self.leader.engine.receive(sender, alerts)

    async def reload(self) -> CommandResult:
        """Read and apply the configuration; an invalid one changes nothing and the result says why."""
        if (leader := self.leader) is None:
            return CommandResult(False, "only the running monitor has the configuration")
        from tui_monitor.config.faults import ConfigurationError
        from tui_monitor.runtime.wiring import completed

        try:
            async with self._reloading:
                loaded = await asyncio.to_thread(self._load)
                result = await leader.reload(loaded)
                if result.ok:
                    await self._service.configure(loaded.settings)
                    self._engine = loaded.settings.engine
                    await self._close_engine()
        except ConfigurationError as error:
            result = CommandResult(
                False, f"reload rejected, still running the old configuration: {'; '.join(str(fault) for fault in completed(error).faults)}"
            )
        leader.set_remark("" if result.ok else result.text)
        log.log(logging.INFO if result.ok else logging.ERROR, "%s", result.text)
        return result

    # --- questions ----------------------------------------------------------------------------------------------------

    @property
    def _queries(self) -> StoreQueries:
        """The queries of both stores. Raises NotReady until this process leads or follows."""
        if self._reading is None:
            raise NotReady("not ready yet")
        if self._store_queries is None:
            from tui_monitor.runtime.queries import StoreQueries

            self._store_queries = StoreQueries(self.directory.state_db, self._reading, self.directory.telemetry_db)
        return self._store_queries

    async def alerts(self, ended: int) -> Sequence[ListedAlert]:
        """The live alerts, as they are in memory where this process leads, and ended ones."""
        from tui_monitor.runtime.listings import listed_alerts

        engine = self.leader.engine if self.leader is not None else None
        live = None if engine is None else engine.alerts
        receivers = (lambda _: ()) if engine is None else engine.planner.receivers
        return await self._queries.state(lambda state: listed_alerts(state, live, ended, receivers))

    async def deliveries(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[OutboxRow]]:
        """The messages about each of these alerts."""
        return await self._queries.state(lambda state: {ident: state.outbox.of_alert(ident) for ident in alert_ids})

    async def stored_silences(self) -> Sequence[Silence]:
        """All silences, the newest first."""
        return await self._queries.state(lambda state: state.dispatch.silences())

    async def messages(self, limit: int, ids: Sequence[str] = ()) -> Sequence[StoredMessage]:
        """The newest messages of the outbox, or those with these ids."""
        from tui_monitor.runtime.listings import stored_messages

        return await self._queries.state(lambda state: stored_messages(state, limit, ids))

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        """Statistics of the series that any selector matches."""
        return await self._queries.statistics(selectors, start, end, points, most)

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        """Kept log lines, oldest first."""
        from tui_monitor.runtime.log_search import search_lines

        return await asyncio.to_thread(search_lines, self.directory.telemetry_db, query)

    async def log_page(self, query: LogPageQuery) -> LogPage:
        """The kept log lines next to a position."""
        from tui_monitor.board.log_pages import LogPage
        from tui_monitor.runtime.log_pages import log_page

        return await self._queries.telemetry(lambda reader: log_page(reader, query), LogPage())

    async def log_sources(self) -> Sequence[LogSource]:
        """The checks and services of which lines are kept."""
        from tui_monitor.runtime.log_pages import log_sources

        return await self._queries.telemetry(log_sources, [])

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        """The details of one alert."""
        rule = self.leader.rule_of_alert(alert_id) if self.leader is not None else None
        return await self._queries.alert_detail(alert_id, *(rule or ("", "")))

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        """Resolved alerts, newest first."""
        return await self._queries.alert_history(limit)

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        """The outbox, newest first."""
        return await self._queries.notifications(limit)

    async def silences(self) -> Sequence[SilenceView]:
        """Silences that are or will be active."""
        return await self._queries.silences(self._clock.wall_ms())

    async def acts(self, limit: int) -> Sequence[ActView]:
        """The audit log, newest first."""
        return await self._queries.acts(limit)

    async def added_rules(self) -> Sequence[AddedRule]:
        """The rules that were added by command."""
        return await self._queries.state(lambda state: state.added_rules.all())

    async def tokens(self) -> Sequence[AccessToken]:
        """The access tokens of the HTTP interface."""
        return await self._queries.state(lambda state: state.tokens.all())

    async def processes(self) -> Sequence[ListedProcess]:
        """All processes of this machine, read by this process."""
        from tui_monitor.runtime.process_listing import ProcessListing, program_only

        self._processes = self._processes or ProcessListing(self._clock)
        shown = self.leader.redaction if self.leader is not None else program_only if self.board.redacted else None
        return await self._processes.read(shown)

    async def panels(self) -> Sequence[PanelView]:
        """The stored queries, by name."""
        return await self._queries.panels()

    async def screens(self) -> Sequence[ScreenDefinition]:
        """The configured screens."""
        return self.leader.live_data.role_screens.screens if self.leader is not None else await self._queries.screens()

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> Mapping[str, Strip]:
        """The strip of each check."""
        return await self._queries.strips(checks, bounds, level)

    async def receive(self, request: PushRequest) -> PushAnswer:
        """Take a pushed body."""
        if self.leader is None:
            raise NotReady("only the process that leads takes pushes")
        return await self.leader.push.receive(request)

    async def ping(self, ping: Ping) -> None:
        """Store a job's ping."""
        if self.leader is None:
            raise NotReady("only the process that leads takes pings over HTTP")
        try:
            await self.leader.ping(ping)
        except StorageFault as error:
            raise CommandRefused(f"the state cannot be written: {error}") from error

    async def traces(self, query: TraceQuery) -> Sequence[TraceSummary]:
        """The stored traces."""
        return await self._queries.telemetry(lambda reader: reader.traces(query), [])

    async def trace(self, ident: str) -> Sequence[Span]:
        """The spans of a trace."""
        return await self._queries.telemetry(lambda reader: reader.trace(ident), [])

    async def span_operations(self, since_us: int, until_us: int) -> Sequence[OperationSummary]:
        """The operations of the stored traces."""
        return await self._queries.telemetry(lambda reader: reader.operations(since_us, until_us), [])

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        """Evaluate PromQL over a range."""
        from tui_monitor.board.build import chart_limits

        limits = chart_limits(expr, self.board)
        if self._engine is None and (self.leader is not None or not self._leadership.allowed):
            return await self._queries.chart(expr, start, end, points, limits)
        if self._engine_charts is None:
            from tui_monitor.runtime.engine_charts import EngineCharts

            self._engine_charts = EngineCharts(self._engine_settings, self._clock)
        return await self._engine_charts.chart(self._queries, expr, start, end, points, limits)

    def _engine_settings(self) -> EngineSettings | None:
        """The section [engine]; a viewer reads the file for it. Raises ValueError where that section cannot be read."""
        if self.leader is not None:
            return self._engine
        from tui_monitor.config.faults import ConfigurationError

        try:
            return self._load().settings.engine
        except ConfigurationError as error:
            for fault in error.faults:
                if fault.path[:1] == ("engine",):
                    raise ValueError(str(fault)) from None
            return error.partial.settings.engine if error.partial is not None else None

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        """Evaluate PromQL at one moment, over memory where that suffices."""
        query = await self._queries.compiled(expr)
        found = self.leader.live_data.instant(query, at, privacy) if self.leader is not None else None
        return await self._queries.query(query, at, within, privacy) if found is None else found

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        """Evaluate PromQL at each step of a range."""
        return await self._queries.query_range(await self._queries.compiled(expr), start, end, step, within, privacy)

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        """The current samples of the series that any selector matches."""
        return await self._live_data.current(await self._queries.matchers(selectors))

    async def exported(self) -> Sequence[ExportedFamily]:
        """The metrics of the monitor itself, this machine and its checks."""
        return self._live_data.exported()

    async def rules(self) -> Sequence[RuleGroupView]:
        """The rules in force."""
        return self._live_data.rules(self.board.at)

    @property
    def _live_data(self) -> LiveData:
        """Raises CommandRefused where this process does not lead."""
        if self.leader is None:
            raise CommandRefused("only the leading process has current samples and rules")
        return self.leader.live_data

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        """The stored series that any selector matches."""
        return await self._queries.series(selectors)

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        """The label names of those series."""
        return await self._queries.labels(selectors)

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        """The values of one label of those series."""
        return await self._queries.label_values(label, selectors)

    async def metadata(self) -> Sequence[MetricMetadata]:
        """The stored metrics, by name."""
        return await self._queries.metadata(self.leader.metadata if self.leader is not None else None)

    async def names(self) -> Mapping[str, Sequence[str]]:
        """Words for completion."""
        own = await self._queries.names()
        return own if self._engine_charts is None else await self._engine_charts.names(own)

    async def board_at(self, at: int) -> Board:
        """The board of a past moment."""
        return await self._queries.board_at(at, self.board)

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        """The backtest of rules, computed in a process of its own."""
        from tui_monitor.runtime.analysis_process import backtest

        return await backtest(self.directory, self._config, alert, since, changes)

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        """A report, made in a process of its own."""
        if self._report_reading is None:
            from tui_monitor.runtime.report_reading import ReportReading

            self._report_reading = ReportReading(self.directory, self._config, self._clock)
        return await self._report_reading.report(name, day, public)

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        """The noise report, computed in a process of its own."""
        from tui_monitor.runtime.analysis_process import noise

        return await noise(self.directory, self._config, since)
