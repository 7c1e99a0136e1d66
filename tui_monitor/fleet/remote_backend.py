"""The Backend over other hosts: the opened one as if one were logged in there, or all of them together.

With no host opened, alerts have ids "host/id", an acknowledgement goes to the hosts that own the alerts, and a chart or query runs on every
connected host; its series carry the label `host`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from tui_monitor.board.backend import QUERY_S, BoardListener, CommandRefused, MetricMetadata
from tui_monitor.board.fleet import HostView
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
    LeaderView,
    NoiseRow,
    NotificationView,
    PanelView,
    Resources,
    SilenceView,
    alert_order,
)
from tui_monitor.board.wire import plain
from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.clock import Clock
from tui_monitor.core.command_codec import encode
from tui_monitor.core.commands import Acknowledge, Command, CommandResult, Resolve, Unacknowledge
from tui_monitor.core.ping import Ping
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
from tui_monitor.core.values import HealthStatus, Labels
from tui_monitor.core.version import VERSION
from tui_monitor.fleet.far_host import FarHost, shared
from tui_monitor.fleet.questions import read_answer
from tui_monitor.promql.values import Matrix, Value, quote
from tui_monitor.sources.host.link import LinkDown

if TYPE_CHECKING:
    from tui_monitor.dispatch.silences import Silence
    from tui_monitor.storage.records import OutboxRow

T = TypeVar("T")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*|)(?:\{(.*)\})?")
EVERY_S = 1.0
"""Seconds between two boards at most: 50 hosts send ten a second."""
MOST_LINES = 48
"""Lines of a chart over all hosts."""
ROWS_S = 0.5
"""Seconds for which the rows are kept: the board of all hosts and the list ask for them one after the other."""
GRAVITY = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


class RemoteBackend:
    """Implements board.backend.Backend and board.fleet.Fleet. ``farhosts``: in the order of the configuration."""

    def __init__(self, farhosts: Sequence[FarHost], clock: Clock) -> None:
        self._hosts = {host.name: host for host in farhosts}
        self._clock = clock
        self._opened = ""
        self._chosen: frozenset[str] = frozenset()
        self._listeners: list[BoardListener] = []
        self._stopped = asyncio.Event()
        self._rows: Sequence[HostView] = ()
        self._rows_at = 0.0

    # --- the fleet ----------------------------------------------------------------------------------------------------

    @property
    def hosts(self) -> Sequence[HostView]:
        """The hosts, as configured."""
        now = self._clock.monotonic()
        if not 0 <= now - self._rows_at < ROWS_S or not self._rows:
            self._rows_at = now
            self._rows = [host.view() for host in self._hosts.values()]
        return self._rows

    @property
    def opened(self) -> str:
        """The opened host."""
        return self._opened

    def open(self, name: str) -> None:
        """Show one host's dashboard, or all."""
        if self._opened and self._opened != name:
            self._hosts[self._opened].link.watch(False)
        self._opened = name
        if name:
            self._hosts[name].link.watch(True)
        self._publish()

    def choose(self, names: Collection[str]) -> None:
        """Run expressions on these hosts, with none on all."""
        self._chosen = frozenset(names)

    # --- life and boards ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep every link until `stop`."""
        async with asyncio.TaskGroup() as group:
            links = [group.create_task(host.link.run(), name=f"link {host.name}") for host in self._hosts.values()]
            links.append(group.create_task(self._follow(), name="fleet"))
            await self._stopped.wait()
            for link in links:
                link.cancel()

    async def _follow(self) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            self._publish()

    def stop(self) -> None:
        """Make `run` end."""
        self._stopped.set()

    def _publish(self) -> None:
        board = self.board
        for listener in self._listeners:
            listener(board)

    @property
    def board(self) -> Board:
        """The opened host's board, or one of all hosts."""
        return self._hosts[self._opened].board if self._opened else self._board_of_all()

    def _board_of_all(self) -> Board:
        rows = self.hosts
        alerts = sorted((alert for host in self._hosts.values() for alert in host.shared_alerts), key=alert_order)
        worst = min(
            (HealthStatus.UNHEALTHY if row.unreached else row.status for row in rows), key=GRAVITY.index, default=HealthStatus.UNKNOWN
        )
        trouble = tuple(f"{row.name}: {row.reason}" for row in rows if row.unreached)
        name = f"{len(rows)} hosts"
        leader = LeaderView("viewer", heartbeat=self._clock.wall_ms())
        return Board(self._clock.wall_ms(), name, VERSION, worst, (), Resources(), tuple(alerts), leader, trouble=trouble)

    def subscribe(self, on_board: BoardListener) -> None:
        """Register a listener for every new board."""
        self._listeners.append(on_board)

    def first_board(self) -> Board:
        """The board of all hosts."""
        return self.board

    # --- commands -----------------------------------------------------------------------------------------------------

    async def command(self, command: Command, by: str = "") -> CommandResult:
        """Send the command to the opened host, or to the hosts that own its alerts; the results in one sentence."""
        if self._opened:
            return await self._command(self._opened, command)
        if not isinstance(command, Acknowledge | Unacknowledge | Resolve):
            return CommandResult(False, "Open a host first: this is done on one host.")
        wanted = self._by_host(command)
        if not wanted:
            return CommandResult(False, "no host has such an alert")
        results = await asyncio.gather(*(self._command(host, each) for host, each in wanted.items()))
        texts = (f"{host}: {result.text}" if len(wanted) > 1 else result.text for host, result in zip(wanted, results, strict=True))
        return CommandResult(all(result.ok for result in results), "; ".join(texts), any(result.pending for result in results))

    def _by_host(self, command: Acknowledge | Unacknowledge | Resolve) -> Mapping[str, Command]:
        """The part of the command for each host."""
        if command.all_firing:
            return {row.name: command for row in self.hosts if any(alert.state == "firing" for alert in row.alerts)}
        split = sorted(ident.rpartition("/")[::2] for ident in command.ids)
        parts = groupby(split, key=lambda pair: pair[0])
        return {host: replace(command, ids=tuple(ident for _, ident in own)) for host, own in parts if host in self._hosts}

    async def _command(self, host: str, command: Command) -> CommandResult:
        verb, arguments = encode(command)
        try:
            answer = await self._hosts[host].link.ask(verb, json.loads(arguments))
        except LinkDown as error:
            return CommandResult(False, str(error))
        if "ok" in answer:
            return CommandResult(True, str(answer["ok"]), bool(answer.get("pending")))
        return CommandResult(False, str(answer.get("refused") or "the host answered something else"))

    # --- questions ----------------------------------------------------------------------------------------------------

    async def _ask(self, verb: str, host: str = "", **arguments: Any) -> Any:
        """The answer of the opened (or the named) host. Raises CommandRefused, PromqlError, EvaluationError."""
        name = host or self._opened
        if name not in self._hosts:
            raise CommandRefused("Open a host first: this is asked of one host.")
        try:
            answer = await self._hosts[name].link.ask(verb, {key: plain(value) for key, value in arguments.items()})
        except LinkDown as error:
            raise CommandRefused(str(error)) from None
        return read_answer(verb, answer, str(arguments.get("expr", "")))

    async def _ask_all(self, verb: str, **arguments: Any) -> Mapping[str, Any]:
        """The answers of the connected hosts. Raises the fault of the first where none has answered."""
        return await self._ask_each([name for name, host in self._hosts.items() if host.link.view.connected], verb, **arguments)

    async def _evaluate(self, verb: str, **arguments: Any) -> Mapping[str, Any]:
        """The answers of the chosen hosts that are connected, else of all."""
        connected = [name for name, host in self._hosts.items() if host.link.view.connected]
        if self._chosen and not (connected := [name for name in connected if name in self._chosen]):
            raise CommandRefused("none of the chosen hosts is connected")
        return await self._ask_each(connected, verb, **arguments)

    async def _ask_each(self, names: Sequence[str], verb: str, **arguments: Any) -> Mapping[str, Any]:
        answers = await asyncio.gather(*(self._ask(verb, name, **arguments) for name in names), return_exceptions=True)
        found = {name: answer for name, answer in zip(names, answers, strict=True) if not isinstance(answer, BaseException)}
        if not found:
            raise next((each for each in answers if isinstance(each, BaseException)), CommandRefused("no host is connected"))
        return found

    async def board_at(self, at: int) -> Board:
        """The opened host's board of a past moment."""
        board: Board = await self._ask("board_at", at=at)
        return replace(board, past=True, read_only=self.board.read_only)

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        """The details of one alert, of the host that its id names."""
        host, _, ident = alert_id.rpartition("/")
        detail: AlertDetail = await self._ask("alert_detail", "" if self._opened else host, alert_id=ident)
        return detail

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        """Resolved alerts, newest first."""
        if self._opened:
            return _rows(await self._ask("alert_history", limit=limit))
        found = await self._ask_all("alert_history", limit=limit)
        alerts = [shared(alert, host) for host, rows in found.items() for alert in rows]
        return sorted(alerts, key=lambda alert: -(alert.ends_at or 0))[:limit]

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        """The outbox, newest first."""
        return _rows(await self._ask("notifications", limit=limit))

    async def silences(self) -> Sequence[SilenceView]:
        """Silences that are or will be active."""
        return _rows(await self._ask("silences"))

    async def acts(self, limit: int) -> Sequence[ActView]:
        """The audit log, newest first."""
        return _rows(await self._ask("acts", limit=limit))

    async def processes(self) -> Sequence[ListedProcess]:
        """All processes of the opened host."""
        return _rows(await self._ask("processes"))

    async def panels(self) -> Sequence[PanelView]:
        """The stored queries."""
        return _rows(await self._ask("panels")) if self._opened else ()

    async def screens(self) -> Sequence[ScreenDefinition]:
        """The screens that are configured on the opened host; none for all hosts together."""
        return _rows(await self._ask("screens")) if self._opened else ()

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> Mapping[str, Strip]:
        """The strip of each check."""
        found: Mapping[str, Strip] = await self._ask("strips", checks=checks, bounds=bounds, level=level) if self._opened else {}
        return found

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        """Kept log lines, oldest first."""
        return _rows(await self._ask("log_lines", query=query))

    async def log_page(self, query: LogPageQuery) -> LogPage:
        """The kept log lines next to a position."""
        page: LogPage = await self._ask("log_page", query=query)
        return page

    async def log_sources(self) -> Sequence[LogSource]:
        """The checks and services of which lines are kept."""
        return _rows(await self._ask("log_sources"))

    async def traces(self, query: TraceQuery) -> Sequence[TraceSummary]:
        """The stored traces that a query selects."""
        return _rows(await self._ask("traces", query=query))

    async def trace(self, ident: str) -> Sequence[Span]:
        """The spans of a trace."""
        return _rows(await self._ask("trace", ident=ident))

    async def span_operations(self, since_us: int, until_us: int) -> Sequence[OperationSummary]:
        """The operations of the stored traces."""
        return _rows(await self._ask("span_operations", since_us=since_us, until_us=until_us))

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        """An expression over a range; over all hosts its lines name them."""
        given: dict[str, Any] = {"expr": expr, "start": start, "end": end, "points": points}
        try:
            if self._opened:
                chart: Chart = await self._ask("chart", **given)
                return chart
            found: Mapping[str, Chart] = await self._evaluate("chart", **given)
        except CommandRefused as error:
            return Chart(error=str(error))
        lines = [replace(line, name=_named(line.name, host)) for host, each in found.items() for line in each.lines]
        first = next((each for each in found.values() if not each.error), next(iter(found.values())))
        return replace(first, lines=tuple(lines[:MOST_LINES]), marks=(), spans=())

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        """An expression at one moment; over all hosts its series carry `host`."""
        _refuse_private(privacy)
        if self._opened:
            value: Value = await self._ask("query", expr=expr, at=at, within=within)
            return value
        found = await self._evaluate("query", expr=expr, at=at, within=within)
        return [(_labelled(labels, host), value) for host, each in found.items() for labels, value in _vector(each)]

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        """An expression over a range."""
        _refuse_private(privacy)
        given: dict[str, Any] = {"expr": expr, "start": start, "end": end, "step": step, "within": within}
        if self._opened:
            matrix: Matrix = await self._ask("query_range", **given)
            return matrix
        found = await self._evaluate("query_range", **given)
        return Matrix((_labelled(labels, host), times, values) for host, each in found.items() for labels, times, values in each)

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        """The newest samples of the series that any selector matches."""
        return _rows(await self._ask("current", selectors=selectors))

    async def rules(self) -> Sequence[RuleGroupView]:
        """The rules in force."""
        return _rows(await self._ask("rules"))

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        """The stored series that match any selector."""
        return _rows(await self._ask("series", selectors=selectors))

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        """The label names of those series."""
        return _rows(await self._ask("labels", selectors=selectors))

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        """The values of one label of those series."""
        return _rows(await self._ask("label_values", label=label, selectors=selectors))

    async def metadata(self) -> Sequence[MetricMetadata]:
        """The stored metrics."""
        return _rows(await self._ask("metadata")) if self._opened else ()

    async def names(self) -> Mapping[str, Sequence[str]]:
        """Words for completion; of all hosts together."""
        found = {self._opened: await self._ask("names")} if self._opened else await self._ask_all("names")
        kinds = sorted({kind for each in found.values() for kind in each})
        return {kind: sorted({word for each in found.values() for word in each.get(kind, ())}) for kind in kinds}

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        """Backtest the rules of one host."""
        view: BacktestView = await self._ask("backtest", alert=alert, since=since, changes=changes)
        return view

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        """A report of one host."""
        report: Report = await self._ask("report", name=name, day=day, public=public)
        return report

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        """Alerts that notified often."""
        return _rows(await self._ask("noise", since=since))

    # --- what only a host's own processes do ----------------------------------------------------------------------------

    async def receive_alerts(self, sender: str, alerts: Sequence[ReceivedAlert]) -> int:
        """Refused."""
        _refuse()

    async def alerts(self, ended: int) -> Sequence[ListedAlert]:
        """Refused."""
        _refuse()

    async def deliveries(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[OutboxRow]]:
        """Refused."""
        _refuse()

    async def stored_silences(self) -> Sequence[Silence]:
        """Refused."""
        _refuse()

    async def messages(self, limit: int, ids: Sequence[str] = ()) -> Sequence[StoredMessage]:
        """Refused."""
        _refuse()

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        """Refused."""
        _refuse()

    async def added_rules(self) -> Sequence[AddedRule]:
        """Refused."""
        _refuse()

    async def tokens(self) -> Sequence[AccessToken]:
        """Refused."""
        _refuse()

    async def receive(self, request: PushRequest) -> PushAnswer:
        """Refused."""
        _refuse()

    async def ping(self, ping: Ping) -> None:
        """Refused."""
        _refuse()

    async def exported(self) -> Sequence[ExportedFamily]:
        """Refused."""
        _refuse()


def _refuse_private(privacy: Privacy | None) -> None:
    """A far host judges by its own configuration what is private, not by this one's."""
    if privacy is not None:
        _refuse()


def _refuse() -> NoReturn:
    raise CommandRefused("this is done on the host itself")


def _rows(found: Sequence[T]) -> Sequence[T]:
    return found


def _named(line: str, host: str) -> str:
    """The name of a line with the label host: as a selector where it is one, before an expression."""
    found = _SELECTOR.fullmatch(line)
    if found is None:
        return f"{{host={quote(host)}}} {line}"
    return f"{found[1]}{{host={quote(host)}{', ' if found[2] else ''}{found[2] or ''}}}"


def _vector(value: Value) -> Sequence[tuple[Labels, float]]:
    """An answer as a vector; a scalar is one sample without labels."""
    if isinstance(value, Matrix | str):
        return ()
    return [((), value)] if isinstance(value, float) else value


def _labelled(labels: Labels, host: str) -> Labels:
    """The labels with the host's name, in order."""
    return tuple(sorted({**dict(labels), "host": host}.items()))
