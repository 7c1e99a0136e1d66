"""A backend for the dashboard without a runtime: it pushes boards that tests or the clock give, and records the commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.support import sample_boards as boards
from tests.support.sample_history import SLOW, SLOWER, latency, past_health, sample_strip
from tests.support.sample_reports import EXAMPLE_REPORT
from tui_monitor.board.backend import QUERY_S, BoardListener, CommandRefused, MetricMetadata
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
    AlertEvent,
    AlertSpan,
    AlertView,
    BacktestView,
    Board,
    Chart,
    ChartLine,
    CheckView,
    Delivery,
    Evidence,
    EvidenceProcess,
    NoiseRow,
    NotificationView,
    PanelView,
    Resources,
    SilenceView,
    Spark,
)
from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.core.ping import Ping
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
from tui_monitor.core.values import HealthStatus, Labels
from tui_monitor.dispatch.silences import Silence
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.values import Matrix, Value
from tui_monitor.storage.records import OutboxRow

if TYPE_CHECKING:
    from tui_monitor.storage.telemetry.reader import TelemetryReader

T = TypeVar("T")
EVIDENCE = Evidence(
    processes=(EvidenceProcess(812, "postgres", 0.31, 310_000_000), EvidenceProcess(2041, "python3", 0.26, 120_000_000)),
    log=("ERROR payment: upstream timed out",),
)
LOGS = {
    "db": (
        (-48_210, "LOG: checkpoint complete: wrote 412 buffers (2.5%)"),
        (-1_840, "FATAL: sorry, too many clients already"),
        (-260, "FATAL: sorry, too many clients already"),
    )
}
"""The last lines (ms after the alert began, text) of a check's log when it failed."""


def log_time(at: int) -> str:
    """A stamp (UTC ms) as log lines begin with it."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FakeBackend:
    """With ``every``: pushes one so often that moves as a real one does. Without: only what `push` gives, at `boards.AT`."""

    def __init__(self, kind: str = "busy", every: float | None = None) -> None:
        self.kind, self.every = kind, every
        self.fault: BaseException | None = None
        self.made = getattr(boards, kind)
        self.example: Board = self.made() if kind == "loading" else self.made(boards.AT)
        self.slot = 0
        self.sparks: Mapping[str, Spark] = {}
        self.listeners: list[BoardListener] = []
        self.commands: list[Command] = []
        self.ended = asyncio.Event()
        self.refuse = ""
        self.access_tokens: list[AccessToken] = []
        self.rules_added: list[AddedRule] = []
        self.pushed: list[PushRequest] = []
        self.push_answer = PushAnswer()
        self.pings: list[Ping] = []
        self.received: list[tuple[str, tuple[ReceivedAlert, ...]]] = []
        self.too_many = 0
        self.listed: list[ListedAlert] = []
        self.stored: list[Silence] = []
        self.outbox: list[StoredMessage] = []
        self.series_statistics: list[SeriesStatistics] = []
        self.log_queries: list[LogQuery] = []
        self.lines: list[LogLine] = []
        self.telemetry: Path | None = None
        """telemetry.db with lines and traces; None: nothing is kept."""
        self.log_pages: list[LogPageQuery] = []
        self.role_screens: list[ScreenDefinition] = []
        self.asked_reports: list[tuple[str, str, bool]] = []

    def now(self) -> int:
        return time.time_ns() // 1_000_000 if self.every else boards.AT

    def push(self, board: Board) -> None:
        """A new board, as the runtime would push it."""
        for listener in self.listeners:
            listener(board)

    def first_board(self) -> Board:
        return boards.loading() if self.kind == "loading" else self.board

    @property
    def board(self) -> Board:
        """The newest board: stamps are moved to now, so that ages are as in the example."""
        if self.kind == "loading":
            return boards.loading()
        at = self.now()
        if not self.every:
            return self.example
        board = shifted(self.example, at - boards.AT)
        checks = tuple(self.probed(one, at + 700 * i) for i, one in enumerate(board.checks))
        return replace(board, checks=checks, resources=self.working(board.resources, at), sparks=self.moving(at))

    def working(self, known: Resources, at: int) -> Resources:
        """The example's machine with the figures of a moment."""
        if not known.processes:
            return known
        new = boards.resources(at)
        cores = tuple(min(1.0, share * (0.6 + (new.cpu or 0))) for share in known.cores) if len(known.cores) < len(new.cores) else new.cores
        cpu = sum(cores) / len(cores)
        return replace(known, cpu=cpu, cores=cores, interfaces=new.interfaces, disks=new.disks, processes=new.processes)

    def probed(self, check: CheckView, at: int) -> CheckView:
        """The check with a latency that changes every ten seconds."""
        if check.duration is None:
            return check
        return replace(check, duration=latency(check.name, check.duration, at))

    def moving(self, at: int) -> Mapping[str, Spark]:
        """Sparks that move, made anew only when they are drawn anew, so that the bench measures the screen and not this fake."""
        slot = at // 5000
        if slot != self.slot:
            self.slot, self.sparks = slot, boards.sparks(at) if self.example.sparks else {}
        return self.sparks

    async def run(self) -> None:
        if self.fault is not None:
            raise self.fault
        if not self.every:
            await self.ended.wait()
        while self.every and not self.ended.is_set():
            self.push(self.board)
            try:
                await asyncio.wait_for(self.ended.wait(), self.every - time.time() % self.every)
            except TimeoutError:
                continue

    def stop(self) -> None:
        self.ended.set()

    def subscribe(self, on_board: BoardListener) -> None:
        self.listeners.append(on_board)

    async def command(self, command: Command, by: str = "") -> CommandResult:
        if self.refuse:
            return CommandResult(False, self.refuse)
        self.commands.append(command)
        return CommandResult(True, f"done: {type(command).__name__}", made=("made-1",))

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        alert = next((one for one in self.board.alerts if one.id == alert_id), None)
        if alert is None:
            raise CommandRefused(f"no alert {alert_id}")
        events: tuple[AlertEvent, ...] = (AlertEvent(alert.active_at, "pending"), AlertEvent(alert.starts_at or alert.active_at, "firing"))
        if alert.acknowledged_by:
            events += (AlertEvent(alert.acknowledged_at, "acknowledged", alert.acknowledged_by, alert.acknowledged_note),)
        deliveries = (*alert.deliveries, Delivery("ops-mail", "firing", "failed", alert.active_at, "550 no such user"))
        check = alert.labels.get("check", "search")
        evidence = (
            replace(EVIDENCE, log=tuple(f"{log_time(alert.active_at + ms)} {text}" for ms, text in LOGS[check]))
            if check in LOGS
            else EVIDENCE
        )
        series = f'probe_duration_seconds{{check="{check}"}}'
        notes = ((alert.active_at - 9 * boards.MINUTE, "1.2.3"),) if check in LOGS else ()
        return AlertDetail(alert, f"{series} > 0.5", events, deliveries, evidence, series, notes=notes)

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        old = self.board.alerts
        if any(check.name == "payments" for check in self.board.checks):
            return boards.ended(self.board.at)[:limit]
        return [replace(one, id=f"h{i}", state="resolved", ends_at=one.active_at + 300_000 * (i + 1)) for i, one in enumerate(old)][:limit]

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        at = self.now()
        make = NotificationView
        return [
            make("7", "ops-chat", "firing", "queued", "HighCPU on web-1", 0, at - 1000),
            make(
                "6",
                "ops-chat",
                "firing",
                "retrying",
                "HighErrorRate /checkout",
                3,
                at - 60_000,
                at + 8000,
                None,
                "",
                "429 Too Many Requests",
            ),
            make("5", "ops-mail", "firing", "failed", "CheckUnhealthy shop", 1, at - 250_000, None, None, "", "550 5.1.1 no such user"),
            make("4", "ops-chat", "firing", "sent", "CheckUnhealthy shop", 1, at - 250_000, None, at - 249_500, "msg 48211"),
            make(
                "3",
                "ops-sms",
                "firing",
                "unknown",
                "CheckUnhealthy backup",
                2,
                at - 7_500_000,
                None,
                None,
                "",
                "timed out after the message was sent",
            ),
            make("2", "ops-mail", "resolved", "sent", "DiskSpace /", 2, at - 9_500_000, None, at - 9_400_000, "<1@web-1>"),
            make("1", "ops-chat", "test", "sent", "test message", 1, at - 99_500_000, None, at - 99_400_000, "msg 48000"),
        ][:limit]

    async def receive_alerts(self, sender: str, alerts: Sequence[ReceivedAlert]) -> int:
        self.received.append((sender, tuple(alerts)))
        return self.too_many

    async def alerts(self, ended: int) -> Sequence[ListedAlert]:
        live = [one for one in self.listed if one.alert.state != "resolved"]
        return [*live, *[one for one in self.listed if one.alert.state == "resolved"][:ended]]

    async def deliveries(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[OutboxRow]]:
        rows = [one.row for one in self.outbox]
        return {ident: [row for row in rows if ident in row.alerts] for ident in alert_ids}

    async def stored_silences(self) -> Sequence[Silence]:
        return self.stored

    async def messages(self, limit: int, ids: Sequence[str] = ()) -> Sequence[StoredMessage]:
        return [one for one in self.outbox if not ids or one.row.id in ids][:limit]

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        if selectors == ["up{"]:
            raise PromqlError("unclosed left brace", 3, "{", "up{")
        return self.series_statistics[:most]

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        self.log_queries.append(query)
        return self.lines[-query.limit :]

    def telemetry_answer(self, question: Callable[[TelemetryReader], T], missing: T) -> T:
        """From the file of `telemetry`; imported here, as the bench of the dashboard needs none of it."""
        from tui_monitor.storage.telemetry.reader import TelemetryReader

        if self.telemetry is None:
            return missing
        with closing(TelemetryReader(self.telemetry)) as reader:
            try:
                return question(reader)
            except LookupError as error:
                raise CommandRefused(str(error.args[0])) from error

    async def log_page(self, query: LogPageQuery) -> LogPage:
        from tui_monitor.runtime.log_pages import log_page

        self.log_pages.append(query)
        return self.telemetry_answer(lambda reader: log_page(reader, query), LogPage())

    async def log_sources(self) -> Sequence[LogSource]:
        from tui_monitor.runtime.log_pages import log_sources

        return self.telemetry_answer(log_sources, [])

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        if "(" in expr and ")" not in expr:
            return Chart(error="unclosed left parenthesis", error_position=expr.index("("))
        step = max(1, (end - start) // points)
        times = tuple(range(start, end + 1, step))
        offset = 0.05 if "offset" in expr else 0.0
        lines = self.check_lines(expr, times) or tuple(
            ChartLine(f'{{check="{name}"}}', times, tuple(offset + boards.wave(1, 0.3, 0.2, t, 600 + 90 * i)[-1] for t in times))
            for i, name in enumerate(("api", "search"))
        )
        if self.check_lines(expr, times):
            return self.check_chart(expr, lines, start, end)
        return Chart(
            lines[:1] if "check=" in expr else lines,
            "seconds",
            ((0.5, "warning"), (1.0, "critical")),
            ((end - (end - start) // 3, "CheckUnhealthy api"), (end - (end - start) // 5, "deploy v2.3")),
            (AlertSpan(end - (end - start) // 3, end - (end - start) // 4, "critical", "CheckUnhealthy api"),),
        )

    def check_lines(self, expr: str, times: Sequence[int]) -> tuple[ChartLine, ...]:
        """The latency of the storm's check that an expression names; a failing one takes its time limit of 5 s."""
        found = next((one for one in self.board.checks if f'probe_duration_seconds{{check="{one.name}"' in expr and one.limits), None)
        if found is None or found.duration is None:
            return ()
        failing, usual, now = found.status is HealthStatus.UNHEALTHY, found.duration, self.board.at
        slower = [SLOWER if past_health(found.name, now, at, at + 1) == SLOW else 1.0 for at in times]
        values = tuple(
            5.0 if failing and at >= found.since else latency(found.name, usual, at, 60_000) * factor
            for at, factor in zip(times, slower, strict=True)
        )
        return (ChartLine(f'{{check="{found.name}"}}', times if isinstance(times, tuple) else tuple(times), values),)

    def check_chart(self, expr: str, lines: tuple[ChartLine, ...], start: int, end: int) -> Chart:
        """The chart of the storm's check that an expression names: its limits, the alerts about it, the deploy."""
        found = next(check for check in self.board.checks if f'check="{check.name}"' in expr)
        alerts = [one for one in (*self.board.alerts, *boards.ended(self.board.at)) if one.labels.get("check") == found.name]
        spans = [AlertSpan(one.starts_at, one.ends_at, one.severity, f"{one.name} {found.name}") for one in alerts]
        shown = tuple(one for one in sorted(spans, key=lambda one: one.start) if one.start <= end and (one.end or end) >= start)
        notes = [(one.starts_at - 9 * boards.MINUTE, "1.2.3") for one in alerts if one.state == "firing" and found.name in LOGS]
        return Chart(lines, "seconds", found.limits, (*((one.start, one.text) for one in shown), *notes), shown)

    async def names(self) -> Mapping[str, Sequence[str]]:
        return {
            "metrics": ("cpu_usage_ratio", "memory_usage_ratio", "probe_duration_seconds"),
            "labels": ("check", "type"),
            "functions": ("rate", "avg_over_time"),
        }

    async def metadata(self) -> Sequence[MetricMetadata]:
        return [MetricMetadata("node_load1", "gauge", help="1m load average.")]

    async def silences(self) -> Sequence[SilenceView]:
        at = self.now()
        return [
            SilenceView("7f3a", 'alertname="CheckUnhealthy" check="partner"', at - 3_600_000, at + 3_600_000, "kim", "their maintenance")
        ]

    async def acts(self, limit: int) -> Sequence[ActView]:
        at = self.now()
        return [
            ActView(at - 60_000, "kim from 203.0.113.7", "ack", "a00001 CheckUnhealthy", "on it", "a00001"),
            ActView(at - 90_000_000, "root", "silenced", "7f3a", "their maintenance"),
        ][:limit]

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> Mapping[str, Strip]:
        board = self.board
        return {name: sample_strip(board, name, bounds, level) for name in checks}

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        return []

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        return Matrix()

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        return []

    async def exported(self) -> Sequence[ExportedFamily]:
        return []

    async def rules(self) -> Sequence[RuleGroupView]:
        return []

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        return []

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        return []

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        return ["api", "search"] if label == "check" else []

    async def added_rules(self) -> Sequence[AddedRule]:
        return self.rules_added

    async def tokens(self) -> Sequence[AccessToken]:
        return self.access_tokens

    async def receive(self, request: PushRequest) -> PushAnswer:
        self.pushed.append(request)
        return self.push_answer

    async def ping(self, ping: Ping) -> None:
        self.pings.append(ping)

    async def traces(self, query: TraceQuery) -> Sequence[TraceSummary]:
        return self.telemetry_answer(lambda reader: reader.traces(query), [])

    async def trace(self, ident: str) -> Sequence[Span]:
        return self.telemetry_answer(lambda reader: reader.trace(ident), [])

    async def span_operations(self, since_us: int, until_us: int) -> Sequence[OperationSummary]:
        return self.telemetry_answer(lambda reader: reader.operations(since_us, until_us), [])

    async def processes(self) -> Sequence[ListedProcess]:
        return boards.all_processes()

    async def screens(self) -> Sequence[ScreenDefinition]:
        return self.role_screens

    async def panels(self) -> Sequence[PanelView]:
        return []

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        return BacktestView(boards.AT, boards.AT, ())

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        self.asked_reports.append((name, day, public))
        return replace(EXAMPLE_REPORT, name=name, kind=name)

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        return []

    async def board_at(self, at: int) -> Board:
        return replace(shifted(self.example, at - boards.AT), past=True)


def shifted(board: Board, by: int) -> Board:
    """The board with all its stamps moved."""
    checks = tuple(
        replace(one, since=one.since + by, at=one.at + by, certificate_expires=one.certificate_expires and one.certificate_expires + by)
        for one in board.checks
    )
    alerts = tuple(
        replace(
            one,
            active_at=one.active_at + by,
            starts_at=one.starts_at and one.starts_at + by,
            acknowledged_at=one.acknowledged_at and one.acknowledged_at + by,
            deliveries=tuple(replace(each, at=each.at + by) for each in one.deliveries),
        )
        for one in board.alerts
    )
    leader = replace(
        board.leader, since=board.leader.since + by, heartbeat=board.leader.heartbeat if board.leader.alive else board.leader.heartbeat + by
    )
    return replace(board, at=board.at + by, checks=checks, alerts=alerts, leader=leader)
