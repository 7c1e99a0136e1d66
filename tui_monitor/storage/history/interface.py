"""The interface of the history: samples of every series in several resolutions, the newest board, annotations.

Unlike the state it may be rebuilt, so nothing waits for it: `HistoryStore` is what the leader writes, `HistoryQueries` what every
process reads. SQLite is behind both in history/.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui_monitor.core.values import Labels, Sample
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.series import StoredSeries
from tui_monitor.storage.history.ticks import Annotation, Tick
from tui_monitor.storage.history.trend import Figures, Point

if TYPE_CHECKING:
    from tui_monitor.config.settings import StoreSettings
    from tui_monitor.core.values import Batch
    from tui_monitor.storage.memory import SeriesMemory

T = TypeVar("T")


class HistoryQueries(Protocol):
    """Reads the history; every method raises StorageFault where it cannot be read. Times are UTC milliseconds."""

    @property
    def max_lookback_ms(self) -> int:
        """The longest look-back of any stored series."""

    def data_version(self) -> int:
        """A number that changes when something was written; cheap enough for every second."""

    def series(self, matchers: Sequence[Matcher] = ()) -> list[Labels]:
        """The label sets of all stored series that fulfil the matchers, whatever their age."""

    def span(self) -> tuple[int, int] | None:
        """The first and the last moment that may have samples; None for an empty store."""

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

    def recent_ticks(self, after_ms: int, after_seq: int = 0) -> Iterator[Tick]:
        """What was observed after both, in the order it was written; reaches back some 15 minutes."""

    def prefill(self, append: Callable[[int, Sequence[Sample], int], object], now_ms: int, window_s: float = 600.0) -> int:
        """Call ``append(at_ms, samples, lookback_ms)`` for what was observed in the last ``window_s`` seconds; the newest seq."""

    def stored_board(self) -> tuple[int, bytes] | None:
        """The newest board (time, JSON), None before the first."""

    def saved_states(self) -> dict[str, bytes]:
        """The stored states of sources (core.values.SavedState) by source."""

    def annotations(self, after_ms: int, until_ms: int) -> list[Annotation]:
        """Marked moments with after < time <= until, the oldest first."""


class HistoryReading(Protocol):
    """Runs queries beside the loop, one after the other."""

    closed: bool

    @property
    def slow_lane(self) -> HistoryReading:
        """Another one, closed with this one, for queries that may take seconds: those here do not wait for them."""

    async def ask(self, question: Callable[[HistoryQueries], T]) -> T:
        """The function's answer. Raises StorageFault where the history cannot be read."""

    async def close(self) -> None:
        """Give the history back after what is being read."""


class HistoryStore(Protocol):
    """Writes the history beside the loop. Trouble with the disk becomes a self-problem, never an exception, except in ``annotate``."""

    @property
    def reading(self) -> HistoryReading:
        """The queries of the writing process."""

    @property
    def complete_until(self) -> int:
        """Up to when (UTC ms) the store held all that the last process knew, as far as it said so."""

    async def open(self, now_ms: int, memory: SeriesMemory) -> bytes | None:
        """Open or begin the store, load the newest samples into memory; the last stored board as JSON."""

    async def saved_states(self) -> dict[str, bytes]:
        """The states of sources that were stored with their samples; none where they cannot be read."""

    def record(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes | None) -> None:
        """Hand over what was observed in this tick, without waiting; ``board`` replaces the stored one."""

    def clock_set(self, batches: Sequence[Batch], now_ms: int, delta_ms: int) -> None:
        """The wall clock was set by ``delta_ms`` and is ``now_ms`` now. ``batches`` were observed before that was noticed.

        After a step back of up to a day nothing stays stamped ahead: what is not folded into minutes yet moves along, older rows are
        given up. Else two observations would share each moment, and a rate over them would be absurd.
        """

    async def persist(self, batches: Sequence[Batch], now_ms: int, monotonic: float, board: bytes) -> None:
        """`record`, and wait until it is written; on a busy disk at most half a second."""

    async def annotate(self, at_ms: int, text: str, author: str) -> None:
        """Mark a moment. Raises StorageFault where it cannot be written."""

    async def configure(self, settings: StoreSettings) -> None:
        """Use other retention times and another size limit; what is too old then is deleted little by little."""

    async def quick_check(self) -> str:
        """What is wrong with the store, "" where all is well; does not hold up writing."""

    async def close(self, batches: Sequence[Batch], now_ms: int, board: bytes | None) -> None:
        """Write the rest and close."""
