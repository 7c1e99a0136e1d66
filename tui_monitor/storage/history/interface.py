"""The interface of the history: samples of every series in several resolutions, the newest board, annotations.

The history may be lost, unlike the state, so nothing waits for it. The leader writes through `HistoryStore`, every process reads
through `HistoryQueries`. Both are implemented on SQLite in history/.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui_monitor.core.values import Labels, Sample
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.series import StoredSeries
from tui_monitor.storage.history.ticks import Annotation, Tick
from tui_monitor.storage.history.trend import Figures, Point, Summary

if TYPE_CHECKING:
    from tui_monitor.config.settings import StoreSettings
    from tui_monitor.core.values import Batch
    from tui_monitor.storage.memory import SeriesMemory

T = TypeVar("T")


class HistoryQueries(Protocol):
    """Queries of the history; every method raises StorageFault where it cannot be read. Times are UTC milliseconds."""

    @property
    def max_lookback_ms(self) -> int:
        """The longest look-back of any stored series."""

    def data_version(self) -> int:
        """A number that changes with every write; cheap enough to read each second."""

    def series(self, matchers: Sequence[Matcher] = ()) -> list[Labels]:
        """The label sets of all stored series that fulfil the matchers, whatever their age."""

    def span(self) -> tuple[int, int] | None:
        """The range of times that may have samples; None for an empty store."""

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> list[StoredSeries]:
        """Series with their samples after < time <= until (promql.queryable.Queryable)."""

    def downsampled_all(self, matchers: Sequence[Matcher], after_ms: int, until_ms: int, points: int) -> dict[Labels, list[Point]]:
        """Charts of all series that fulfil the matchers: at most ``points`` steps of equal length, empty steps left out."""

    def percentiles(self, labels: Labels, quantiles: Sequence[float], after_ms: int, until_ms: int) -> list[float]:
        """Values at the quantiles (0 to 1) of one series over after < time <= until, NaN where it has none."""

    def uptime(self, labels: Labels, after_ms: int, until_ms: int) -> float | None:
        """The mean of one series over after < time <= until; None without samples."""

    def figures(self, several: Collection[Labels], quantiles: Sequence[float], after_ms: int, until_ms: int) -> dict[Labels, Figures]:
        """``percentiles`` and ``uptime`` of many series at once; those that are not stored are left out."""

    def summaries(
        self, several: Collection[Labels], quantiles: Sequence[float], after_ms: int, until_ms: int, points: int
    ) -> dict[Labels, Summary]:
        """Count, sum, extremes, last value, quantiles and a chart of many series over after < time <= until."""

    def recent_ticks(self, after_ms: int, after_seq: int = 0) -> Iterator[Tick]:
        """The observations after both, in the order of writing; about 15 minutes are available."""

    def prefill(self, append: Callable[[int, Sequence[Sample], int], object], now_ms: int, window_s: float = 600.0) -> int:
        """Call ``append(at_ms, samples, lookback_ms)`` for the observations of the last ``window_s`` seconds; returns the newest seq."""

    def stored_board(self) -> tuple[int, bytes] | None:
        """The newest board (time, JSON), None before the first."""

    def saved_states(self) -> dict[str, bytes]:
        """The stored states of sources (core.values.SavedState) by source."""

    def saved_state(self, source: str) -> bytes:
        """The stored state of one source, b"" where there is none."""

    def annotations(self, after_ms: int, until_ms: int) -> list[Annotation]:
        """Annotations with after < time <= until, the oldest first."""


class HistoryReading(Protocol):
    """Runs queries in a thread, one after the other."""

    closed: bool

    @property
    def slow_lane(self) -> HistoryReading:
        """A second one, closed with this one, for queries that may take seconds; the first one stays free."""

    async def query(self, question: Callable[[HistoryQueries], T]) -> T:
        """The result of the function. Raises StorageFault where the history cannot be read."""

    async def close(self) -> None:
        """Close the history after the running query."""


class HistoryStore(Protocol):
    """Writes the history in a thread. Trouble with the disk becomes an own trouble, never an exception, except in ``annotate``."""

    @property
    def reading(self) -> HistoryReading:
        """The queries of the writing process."""

    @property
    def complete_until(self) -> int:
        """The time (UTC ms) until which the stored samples of the last process are known to be complete."""

    async def open(self, now_ms: int, memory: SeriesMemory) -> bytes | None:
        """Open or create the store and load the newest samples into memory; returns the last stored board as JSON."""

    async def saved_states(self) -> dict[str, bytes]:
        """The states of sources, stored with their samples; empty where they cannot be read."""

    def record(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes | None) -> None:
        """Queue the observations of this tick, without waiting; ``board`` replaces the stored one."""

    def clock_set(self, batches: Sequence[Batch], now_ms: int, delta_ms: int) -> None:
        """The wall clock was set by ``delta_ms`` and is ``now_ms`` now. ``batches`` were observed before that was noticed.

        After a step back of up to a day no stored time is ahead of the clock: samples not folded into minutes yet are shifted, older
        rows are deleted. Otherwise two observations would share one time, and a rate over them would be absurd.
        """

    async def persist(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes) -> None:
        """As `record`, but wait for the write, on a busy disk at most half a second."""

    async def annotate(self, at_ms: int, text: str, author: str) -> None:
        """Store an annotation. Raises StorageFault where it cannot be written."""

    async def configure(self, settings: StoreSettings) -> None:
        """Use other retention times and another size limit; old rows are then deleted in small batches."""

    async def quick_check(self) -> str:
        """A description of damage to the store, "" for none; writing goes on meanwhile."""

    async def close(self, batches: Sequence[Batch], now_ms: int, board: bytes | None) -> None:
        """Write the remaining observations and close."""
