"""The Backend: the interface of the monitor for every face (dashboard, HTTP, ssh), the same in every kind of process.

runtime.Runtime implements it; tests push boards by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from tui_monitor.core.frozen import frozen

if TYPE_CHECKING:  # the dashboard paints before it imports what only queries need
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
    from tui_monitor.core.access_token import AccessToken
    from tui_monitor.core.added_rule import AddedRule
    from tui_monitor.core.commands import Command, CommandResult
    from tui_monitor.core.ping import Ping
    from tui_monitor.core.received_alert import ReceivedAlert
    from tui_monitor.core.trace import OperationSummary, Span, TraceQuery, TraceSummary
    from tui_monitor.core.values import Labels
    from tui_monitor.dispatch.silences import Silence
    from tui_monitor.promql.values import Matrix, Value
    from tui_monitor.storage.records import OutboxRow


QUERY_S = 30.0
"""Seconds after which a query is given up."""


class CommandRefused(Exception):
    """A query that cannot be answered or a command that cannot be stored; the text is for people."""


class NotReady(CommandRefused):
    """The process is still starting: ask again in a moment."""


@frozen
class MetricMetadata:
    """A stored metric: ``type`` is counter, gauge, histogram or another of Prometheus' types, or unknown.

    ``unit`` is ratio, seconds, bytes, bytes_per_second, another that its target names, or "".
    """

    name: str
    type: str = "unknown"
    unit: str = ""
    help: str = ""


class BoardListener(Protocol):
    """Receives each new board."""

    def __call__(self, board: Board) -> None:
        """Called on the event loop; must not raise."""
        ...


class Backend(Protocol):
    """Every coroutine but `command` may raise CommandRefused with a sentence for people, NotReady while the process starts.

    All times are UTC milliseconds.
    """

    async def run(self) -> None:
        """Run as leader, or as viewer of the leader, until `stop`. Raises ConfigurationError where this process cannot lead."""
        ...

    def stop(self) -> None:
        """Make `run` end: it finishes the current work and releases the lock."""
        ...

    # --- boards -----------------------------------------------------------------------------------------------------------

    @property
    def board(self) -> Board:
        """The newest board, else `first_board`."""
        ...

    def subscribe(self, on_board: BoardListener) -> None:
        """Call with every new board, on the event loop."""
        ...

    def first_board(self) -> Board:
        """The last stored board, for the first paint; without one an empty board with ``loading`` set."""
        ...

    async def board_at(self, at: int) -> Board:
        """The board of a past moment, ``past`` set."""
        ...

    # --- commands ---------------------------------------------------------------------------------------------------------

    async def command(self, command: Command, by: str = "") -> CommandResult:
        """Apply a command, or store it for the process that leads; a refusal is in the result.

        ``by``: the person who acts, where it is not the one who runs this process.
        """
        ...

    async def receive_alerts(self, sender: str, alerts: Sequence[ReceivedAlert]) -> int:
        """Take the alerts that another program has sent; returns how many were refused because there are too many.

        Raises CommandRefused where this process does not lead.
        """
        ...

    # --- whole rows, for other programs -----------------------------------------------------------------------------------

    async def alerts(self, ended: int) -> Sequence[ListedAlert]:
        """The live alerts, firing before pending, then gravest, then newest, and up to ``ended`` ended ones, newest first."""
        ...

    async def deliveries(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[OutboxRow]]:
        """The messages about each of these alerts, oldest first."""
        ...

    async def stored_silences(self) -> Sequence[Silence]:
        """All silences, also those that ended within five days, the newest first."""
        ...

    async def messages(self, limit: int, ids: Sequence[str] = ()) -> Sequence[StoredMessage]:
        """The newest messages of the outbox, or those with these ids."""
        ...

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        """Count, sum, extremes, last value, 95th percentile and a chart of the series that any selector matches, at most ``most``.

        Raises PromqlError for an invalid selector.
        """
        ...

    async def log_lines(self, query: LogQuery) -> Sequence[LogLine]:
        """Kept log lines, oldest first."""
        ...

    async def log_page(self, query: LogPageQuery) -> LogPage:
        """The kept log lines next to a position, for a screen that scrolls through them."""
        ...

    async def log_sources(self) -> Sequence[LogSource]:
        """The checks and services of which lines are kept, by name."""
        ...

    # --- alerts, notifications, silences, audit ------------------------------------------------------------------------------

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        """Details of one alert; ``alert_id`` may be the beginning of its id."""
        ...

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        """Resolved alerts, newest first."""
        ...

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        """The outbox, newest first."""
        ...

    async def silences(self) -> Sequence[SilenceView]:
        """Silences that are or will be active, the one that ends first at the top."""
        ...

    async def acts(self, limit: int) -> Sequence[ActView]:
        """The audit log, newest first."""
        ...

    async def added_rules(self) -> Sequence[AddedRule]:
        """The rules that were added by command, by name."""
        ...

    async def tokens(self) -> Sequence[AccessToken]:
        """The access tokens of the HTTP interface, by name, expired ones too."""
        ...

    async def processes(self) -> Sequence[ListedProcess]:
        """All processes of the machine, as they are now; the first answer knows no CPU."""
        ...

    async def panels(self) -> Sequence[PanelView]:
        """The stored queries, by name."""
        ...

    async def screens(self) -> Sequence[ScreenDefinition]:
        """The configured screens, as configured; what they show: board/screen_reader.py."""
        ...

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> Mapping[str, Strip]:
        """The strip of each check between consecutive ``bounds``; ``level``: bars of one height (board/strip.py)."""
        ...

    # --- push -------------------------------------------------------------------------------------------------------------

    async def receive(self, request: PushRequest) -> PushAnswer:
        """Take a pushed body. Raises CommandRefused where this process does not lead or push is not configured."""
        ...

    async def ping(self, ping: Ping) -> None:
        """Store a job's ping for the heartbeat check of its name."""
        ...

    async def traces(self, query: TraceQuery) -> Sequence[TraceSummary]:
        """The stored traces that a query selects, newest first."""
        ...

    async def trace(self, ident: str) -> Sequence[Span]:
        """The spans of a trace, by start; ``ident`` may be the beginning of its id."""
        ...

    async def span_operations(self, since_us: int, until_us: int) -> Sequence[OperationSummary]:
        """The operations of the stored traces that began in a time (UTC microseconds), the slowest first."""
        ...

    # --- PromQL over the stored history -----------------------------------------------------------------------------------

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        """Evaluate an expression over a range in at most ``points`` steps; an error is in the chart."""
        ...

    async def query(self, expr: str, at: int, within: float = QUERY_S, privacy: Privacy | None = None) -> Value:
        """Evaluate an expression at one moment, without the series that ``privacy`` hides.

        Raises PromqlError for an invalid expression, EvaluationError for unsuitable data.

        After ``within`` seconds it is given up with an EvaluationError "timeout".
        """
        ...

    async def query_range(
        self, expr: str, start: int, end: int, step: int, within: float = QUERY_S, privacy: Privacy | None = None
    ) -> Matrix:
        """Evaluate an expression at each step of a range (``step`` in ms); raises as `query`."""
        ...

    async def current(self, selectors: Sequence[str]) -> Sequence[CurrentSample]:
        """The newest samples of the series that any selector matches and that have not ended, sorted by labels."""
        ...

    async def exported(self) -> Sequence[ExportedFamily]:
        """The metrics of the monitor itself, this machine and its checks; without scraped pages, recorded series and alerts."""
        ...

    async def rules(self) -> Sequence[RuleGroupView]:
        """The rules in force with their alerts, in groups."""
        ...

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        """The stored series that match any selector; all series without selectors. Raises PromqlError for an invalid selector."""
        ...

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        """The label names of those series, sorted."""
        ...

    async def label_values(self, label: str, selectors: Sequence[str]) -> Sequence[str]:
        """The values of one label of those series, sorted."""
        ...

    async def metadata(self) -> Sequence[MetricMetadata]:
        """The stored metrics, by name."""
        ...

    async def names(self) -> Mapping[str, Sequence[str]]:
        """Words for completion: "metrics", "labels", "functions"."""
        ...

    # --- rules over the past ----------------------------------------------------------------------------------------------

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        """Backtest the rules of one alert, or of all (""), over the last ``since`` ("7d"); takes seconds.

        With ``changes`` ("for=10m") the changed rule is evaluated beside the present one.
        """
        ...

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        """The report of a name, or of a kind, for the period with a day ("2026-11-29", "" the last whole one); takes a second.

        ``public``: without figures of private series.
        """
        ...

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        """Alerts that notified often and were rarely acknowledged over the last ``since`` ("7d"), the noisiest first."""
        ...
