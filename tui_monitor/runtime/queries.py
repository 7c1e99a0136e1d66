"""Queries of the stores, the same for leader and viewer: charts, alert details, the outbox, past boards."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui_monitor.board import build as boards
from tui_monitor.board.backend import CommandRefused, MetricMetadata
from tui_monitor.board.listings import SeriesStatistics
from tui_monitor.board.privacy import Privacy
from tui_monitor.board.replay import past_board
from tui_monitor.board.screens import STORED_AS as SCREENS_STORED
from tui_monitor.board.screens import ScreenDefinition, decode_screens
from tui_monitor.board.strip import Strip
from tui_monitor.board.values import (
    ActView,
    AlertDetail,
    AlertEvent,
    AlertSpan,
    AlertView,
    Board,
    Chart,
    ChartLine,
    Delivery,
    NotificationView,
    PanelView,
    SilenceView,
)
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.promql.chart_queries import expressions, plain_selector
from tui_monitor.promql.engine import Query, compile_expr
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.query_facts import parts_of, query_facts, unit_of
from tui_monitor.promql.queryable import Matcher, Queryable
from tui_monitor.promql.values import Matrix, Value
from tui_monitor.runtime.query_lanes import QueryLanes
from tui_monitor.runtime.series_statistics import statistics_of
from tui_monitor.runtime.strips import StripReader, read_strips
from tui_monitor.sources.metadata import STORED_AS, decode_metadata, described
from tui_monitor.sources.metric_help import family_of, own_metadata
from tui_monitor.storage.faults import NothingStored, StorageFault
from tui_monitor.storage.history.interface import HistoryQueries, HistoryReading
from tui_monitor.storage.records import OutboxRow
from tui_monitor.storage.repository import State
from tui_monitor.storage.state.reader import StateReader

if TYPE_CHECKING:
    from tui_monitor.storage.telemetry.reader import TelemetryReader

T = TypeVar("T")
MOST_LINES = 128
"""Series of a chart: as many as a large machine has cores."""
MOST_MARKS = 200
CHART_S = 30.0
"""Seconds after which the evaluation of a chart is given up."""
NOTES_BEFORE_MS = 3_600_000
"""Milliseconds before an alert in which annotations belong to its details."""
FAR_MS = 1 << 60
MOST_COMPILED, MOST_KEPT_TEXT = 200, 2_000
"""Compiled expressions that are kept, and the length of each: dashboards repeat theirs."""
MOST_HELP = 500
"""Characters of a metric's help that are returned."""


class StoreQueries:
    """Reads both stores, each in a thread of its own, with short read transactions."""

    def __init__(self, state_db: Path, reading: HistoryReading, telemetry_db: Path | None = None) -> None:
        self._path = state_db
        self._telemetry = telemetry_db
        self._reading = reading
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state-read")
        self._state: StateReader | None = None
        self._lanes = QueryLanes(reading)
        self._compiled: dict[str, Query] = {}
        self._strips = StripReader()

    async def state(self, question: Callable[[State], T]) -> T:
        """Query state.db. Raises CommandRefused where it cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._query_state, question)

    def _query_state(self, question: Callable[[State], T]) -> T:
        try:
            if self._state is None:
                self._state = StateReader(self._path)
            return self._state.read(question)
        except StorageFault as error:
            self._close_state()
            raise CommandRefused(f"the state cannot be read: {error}") from error

    async def _history(self, question: Callable[[HistoryQueries], T], reading: HistoryReading | None = None) -> T:
        try:
            return await (reading or self._reading).query(question)
        except StorageFault as error:
            raise CommandRefused(f"the history cannot be read: {error}") from error

    async def telemetry(self, question: Callable[[TelemetryReader], T], missing: T) -> T:
        """Query telemetry.db, in a thread; ``missing`` where nothing is kept yet. Raises CommandRefused where it cannot be read."""
        return await asyncio.to_thread(self._query_telemetry, question, missing)

    def _query_telemetry(self, question: Callable[[TelemetryReader], T], missing: T) -> T:
        if self._telemetry is None or not self._telemetry.exists():
            return missing
        from tui_monitor.storage.telemetry.reader import TelemetryReader

        try:
            with closing(TelemetryReader(self._telemetry)) as reader:
                return question(reader)
        except NothingStored:
            return missing
        except StorageFault as error:
            raise CommandRefused(f"kept lines and traces cannot be read: {error}") from error
        except LookupError as error:
            raise CommandRefused(str(error.args[0])) from error

    async def close(self) -> None:
        """Close the files."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._close_state)
        self._thread.shutdown(wait=False)
        await done

    def _close_state(self) -> None:
        if self._state is not None:
            self._state.close()
            self._state = None

    # --- alerts -------------------------------------------------------------------------------------------------------

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        """Ended alerts, newest first."""
        found = await self.state(lambda state: [alert for alert in state.alerts.history(limit + 200) if alert.state == "resolved"])
        return [boards.alert_view(alert, unit_of(boards.condition_of(alert))) for alert in found[:limit]]

    async def alert_detail(self, alert_id: str, unit: str = "", expr: str = "") -> AlertDetail:
        """The details of one alert. Raises CommandRefused for an unknown id."""
        try:
            alert, events, entries = await self.state(
                lambda state: (
                    (found := state.alerts.find(alert_id)),
                    state.alerts.events(found.id),
                    state.outbox.of_alert(found.id),
                )
            )
        except LookupError as error:
            raise CommandRefused(str(error.args[0])) from error
        expr = expr or boards.condition_of(alert)
        unit = unit or unit_of(expr)
        deliveries = tuple(
            Delivery(
                entry.notifier, entry.kind, entry.state, entry.sent_at or entry.created_at, entry.error, entry.attempts, entry.next_try
            )
            for entry in entries
        )
        return AlertDetail(
            alert=boards.alert_view(alert, unit, deliveries),
            expr=expr,
            events=tuple(AlertEvent(event.at, event.change, event.by, event.note) for event in events),
            deliveries=deliveries,
            evidence=boards.evidence_view(alert.evidence),
            series=boards.series_of_alert(alert, expr),
            notes=await self._annotations(alert.active_at - NOTES_BEFORE_MS, alert.ends_at or FAR_MS),
        )

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        """The outbox, newest first."""
        entries, names = await self.state(
            lambda state: (
                (found := state.outbox.newest(limit)),
                state.alerts.labels({ident for entry in found for ident in entry.alerts[:1]}),
            )
        )
        return [
            NotificationView(
                id=entry.id,
                notifier=entry.notifier,
                kind=entry.kind,
                state=entry.state,
                title=_message_title(entry, names),
                attempts=entry.attempts,
                created_at=entry.created_at,
                next_try=entry.next_try,
                sent_at=entry.sent_at,
                provider_id=entry.provider_id,
                error=entry.error,
                alerts=entry.alerts,
            )
            for entry in entries
        ]

    async def panels(self) -> Sequence[PanelView]:
        """The panels, by name."""
        return [PanelView(one.name, one.expr, one.span, one.by, one.at) for one in await self.state(lambda state: state.panels.all())]

    async def acts(self, limit: int) -> Sequence[ActView]:
        """The audit log, newest first."""
        found = await self.state(lambda state: state.audit.newest(limit))
        return [ActView(one.at, one.by, one.verb, one.subject, one.note, one.alert_id) for one in found]

    async def silences(self, now: int) -> Sequence[SilenceView]:
        """The silences that are or will be active, the next to end first."""
        found = await self.state(lambda state: state.dispatch.silences())
        return [
            SilenceView(one.id, " ".join(map(str, one.matchers)), one.starts_at, one.ends_at, one.by, one.comment, one.until_resolved)
            for one in sorted(found, key=lambda one: one.ends_at)
            if one.ends_at > now
        ]

    # --- history ------------------------------------------------------------------------------------------------------

    async def chart(self, expr: str, start: int, end: int, points: int, thresholds: Sequence[tuple[float, str]] = ()) -> Chart:
        """An expression over a range; errors are in the chart. Uses the slow lane, as a month of many series takes seconds."""
        reading = self._reading.slow_lane
        give_up_at = time.monotonic() + CHART_S

        def enough() -> bool:
            return reading.closed or time.monotonic() > give_up_at

        try:
            lines = await self._history(lambda reader: _lines(reader, expr, start, end, max(2, points), enough), reading)
        except PromqlError as error:
            return Chart(error=error.message, error_position=error.position)
        except (EvaluationError, CommandRefused) as error:
            return Chart(error=str(error))
        empty = await self.empty_chart(expr, start, end, thresholds)
        return replace(empty, lines=tuple(lines))

    async def empty_chart(self, expr: str, start: int, end: int, thresholds: Sequence[tuple[float, str]] = ()) -> Chart:
        """What a chart has beside its lines: unit, thresholds, marks, alerts that fired."""
        spans = await self._fired(expr, start, end)
        began = [(span.start, span.text) for span in spans if span.start >= start]
        marks = sorted([*began, *await self._annotations(start, end)])[-MOST_MARKS:]
        return Chart((), unit_of(expr), tuple(thresholds), tuple(marks), spans)

    async def without_own_series(self, parts: Sequence[str]) -> list[bool]:
        """Whether an expression reads series of which this monitor has none, for each; False where it cannot be read."""
        return await self._lanes.query(lambda reader: [_reads_others(reader, part) for part in parts])

    async def compiled(self, expr: str) -> Query:
        """The compiled expression, in a thread unless it is known: a long one takes a second. Raises PromqlError."""
        found = self._compiled.pop(expr, None)
        if found is None:
            found = await self._lanes.query(lambda _: compile_expr(expr))
        if len(expr) <= MOST_KEPT_TEXT:
            self._compiled[expr] = found
            if len(self._compiled) > MOST_COMPILED:
                del self._compiled[next(iter(self._compiled))]
        return found

    async def query(self, query: Query, at: int, within: float, privacy: Privacy | None = None) -> Value:
        """Evaluate an expression at one moment over the history; raises EvaluationError."""
        enough = self._enough(within)
        return await self._lanes.query(lambda reader: query.instant(_visible(reader, privacy), at, enough=enough))

    async def query_range(self, query: Query, start: int, end: int, step: int, within: float, privacy: Privacy | None = None) -> Matrix:
        """Evaluate an expression at each step of a range."""
        enough = self._enough(within)
        return await self._lanes.query(lambda reader: query.range(_visible(reader, privacy), start, end, step, enough=enough))

    def _enough(self, within: float) -> Callable[[], bool]:
        deadline = time.monotonic() + within
        return lambda: self._reading.closed or time.monotonic() > deadline

    async def matchers(self, selectors: Sequence[str]) -> list[tuple[Matcher, ...]]:
        """The matchers of each selector. Raises PromqlError."""
        return await self._lanes.query(lambda _: [_selector(text) for text in selectors])

    async def series(self, selectors: Sequence[str]) -> Sequence[Labels]:
        """The stored series that any selector matches, sorted; all where there is none."""
        return await self._lanes.query(lambda reader: _series_of(reader, selectors))

    async def labels(self, selectors: Sequence[str]) -> Sequence[str]:
        """The label names of those series, sorted."""
        return await self._lanes.query(lambda reader: sorted({name for one in _series_of(reader, selectors) for name, _ in one}))

    async def label_values(self, name: str, selectors: Sequence[str]) -> Sequence[str]:
        """The values of one label of those series, sorted."""
        return await self._lanes.query(lambda reader: sorted({label(one, name) for one in _series_of(reader, selectors)} - {""}))

    async def statistics(self, selectors: Sequence[str], start: int, end: int, points: int, most: int) -> Sequence[SeriesStatistics]:
        """Statistics of the series that any selector matches, sorted by labels."""
        wanted = [_selector(text) for text in selectors] or [()]
        return await self._lanes.query(lambda reader: statistics_of(reader, wanted, start, end, points, most))

    async def metadata(self, descriptions: Mapping[str, Metadata] | None = None) -> Sequence[MetricMetadata]:
        """The stored metrics, by name. ``descriptions``: those that targets give, None: as the leader has stored them.

        What no target describes follows from the naming convention.
        """
        metrics, stored = await self._lanes.query(lambda reader: (_metric_names(reader), reader.saved_state(STORED_AS)))
        if descriptions is None:
            descriptions = decode_metadata(stored)
        return [_metadata_of(name, described(name, descriptions)) for name in metrics]

    async def _fired(self, expr: str, start: int, end: int) -> tuple[AlertSpan, ...]:
        """The alerts that fired, oldest first; for a chart of certain checks only theirs, as others would hide the lines."""
        checks = {check for facts in parts_of(expr) for check in facts.checks}
        try:
            alerts = await self.state(lambda state: state.alerts.fired_between(start, end, MOST_MARKS))
        except CommandRefused:
            return ()
        return tuple(
            AlertSpan(one.starts_at, one.ends_at, one.severity, f"{one.name} {subject_of(one.labels)}".strip())
            for one in alerts
            if not checks or one.labels.get("check") in checks
        )

    async def _annotations(self, start: int, end: int) -> tuple[tuple[int, str], ...]:
        try:
            return tuple((note.at, note.text) for note in await self._history(lambda reader: reader.annotations(start, end)))
        except CommandRefused:
            return ()

    async def names(self) -> Mapping[str, Sequence[str]]:
        """The words for completion of expressions."""
        from tui_monitor.promql.names import FUNCTION_NAMES

        known = await self._history(lambda reader: reader.series())
        metrics = sorted({dict(labels)[METRIC_NAME] for labels in known if METRIC_NAME in dict(labels)})
        names = sorted({key for labels in known for key, _ in labels if key != METRIC_NAME})
        return {"metrics": metrics, "labels": names, "functions": sorted(FUNCTION_NAMES)}

    async def screens(self) -> Sequence[ScreenDefinition]:
        """The screens of the leader's configuration, as it has stored them."""
        return decode_screens(await self._history(lambda reader: reader.saved_state(SCREENS_STORED)))

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool) -> Mapping[str, Strip]:
        """The strip of each check; uses the slow lane, as 90 days of many checks take seconds."""
        read = read_strips if level else self._strips.read
        return await self._history(lambda reader: read(reader, checks, bounds, level=level), self._reading.slow_lane)

    async def board_at(self, at: int, now: Board) -> Board:
        """The board of a past moment; ``now`` is the present board, with the checks, mounts and interfaces."""
        alerts, sent = await self.state(
            lambda state: (
                (found := state.alerts.live_at(at)),
                {alert.id: state.outbox.of_alert(alert.id) for alert, _ in found},
            )
        )
        told = {ident: [_delivery_then(entry, at) for entry in entries if entry.created_at <= at] for ident, entries in sent.items()}
        return await self._history(lambda reader: past_board(reader, at, now, alerts, told))


def _visible(reader: HistoryQueries, privacy: Privacy | None) -> Queryable:
    return reader if privacy is None else privacy.visible(reader)


def _metric_names(reader: HistoryQueries) -> list[str]:
    return sorted({label(labels, METRIC_NAME) for labels in reader.series()} - {""})


def _series_of(reader: HistoryQueries, selectors: Sequence[str]) -> Sequence[Labels]:
    wanted = [_selector(text) for text in selectors] or [()]
    return sorted({labels for matchers in wanted for labels in reader.series(matchers)})


def _selector(text: str) -> tuple[Matcher, ...]:
    matchers = plain_selector(text)
    if matchers is None:
        raise PromqlError("this is not a series selector", 0, text, text)
    return matchers


def _reads_others(reader: HistoryQueries, expr: str) -> bool:
    """Whether a selector of the expression matches no stored series."""
    return any(not reader.series(matchers) for matchers in query_facts(expr).series)


def _delivery_then(entry: OutboxRow, at: int) -> Delivery:
    """A message as it was at a moment: sent, given up after its last try, else still under way."""
    if entry.sent_at is not None and entry.sent_at <= at:
        return Delivery(entry.notifier, entry.kind, "sent", entry.sent_at)
    if entry.state in ("failed", "unknown") and entry.claimed_at is not None and entry.claimed_at <= at:
        return Delivery(entry.notifier, entry.kind, entry.state, entry.claimed_at, entry.error)
    return Delivery(entry.notifier, entry.kind, "queued", entry.created_at)


def _message_title(entry: OutboxRow, labels: Mapping[str, Mapping[str, str]]) -> str:
    """The title of a message: its first alert and the number of others."""
    if not entry.alerts:
        return entry.kind
    first, *others = entry.alerts
    known = labels.get(first, {})
    title = f"{known.get('alertname', first)} {subject_of(known)}".strip()
    return f"{title}  and {len(others)} more" if others else title


def _lines(reader: HistoryQueries, text: str, start: int, end: int, points: int, enough: Callable[[], bool]) -> list[ChartLine]:
    """The lines of one expression, or of several with a semicolon between them."""
    lines: list[ChartLine] = []
    for offset, part in expressions(text):
        try:
            lines += _lines_of(reader, part, start, end, points, enough)
        except PromqlError as error:
            place = None if error.position is None else offset + error.position
            raise PromqlError(error.message, place, error.part, text) from None
    return lines[:MOST_LINES]


def _lines_of(reader: HistoryQueries, expr: str, start: int, end: int, points: int, enough: Callable[[], bool]) -> list[ChartLine]:
    query = compile_expr(expr)
    matchers = plain_selector(expr)
    step = max(1000, (end - start) // points)
    if matchers is not None:
        found = reader.downsampled_all(matchers, start, end, points)
        lines = [
            chart_line(line_name(labels), [point.at for point in steps], [point.average for point in steps], step)
            for labels, steps in found.items()
        ]
    else:
        answer: Matrix = query.range(reader, start - start % step, end, step, enough=enough)
        lines = [chart_line(line_name(labels) or expr.strip(), times, values, step) for labels, times, values in answer]
    return sorted(lines, key=lambda line: line.name)[:MOST_LINES]


def chart_line(name: str, times: Sequence[int], values: Sequence[float], step: int) -> ChartLine:
    """A line that is broken (NaN) where its samples were missing for three times as long as they usually lie apart."""
    apart = [later - earlier for earlier, later in pairwise(times)]
    usual = max(step, sorted(apart)[len(apart) // 2]) if apart else step
    kept_times, kept_values = list(times[:1]), list(values[:1])
    for away, at, value in zip(apart, times[1:], values[1:], strict=True):
        if away > 3 * usual:
            kept_times.append(at - away // 2)
            kept_values.append(math.nan)
        kept_times.append(at)
        kept_values.append(value)
    return ChartLine(name, tuple(kept_times), tuple(kept_values))


def line_name(labels: Labels) -> str:
    """A series as its legend: name{label="value"}."""
    known = dict(labels)
    name = known.pop(METRIC_NAME, "")
    inner = ", ".join(f'{key}="{value}"' for key, value in known.items())
    return f"{name}{{{inner}}}" if inner else name


def _metadata_of(name: str, said: Metadata) -> MetricMetadata:
    own = own_metadata().get(family_of(name), Metadata())
    convention = "counter" if name.endswith("_total") else "unknown"
    kind, text = said.type or own.type or convention, said.help or own.help
    return MetricMetadata(name, kind, said.unit or unit_of(name), clip(clean(text), MOST_HELP))
