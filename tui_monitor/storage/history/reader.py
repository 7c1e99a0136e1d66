"""`HistoryQueries` on history.db, for any process; each call is one short transaction."""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from pathlib import Path

from tui_monitor.core.values import Labels, Sample, label
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher
from tui_monitor.storage.faults import HistoryFault, StoreTooNew
from tui_monitor.storage.history.codec import BROKEN, CodecFault
from tui_monitor.storage.history.rows import Rows
from tui_monitor.storage.history.samples import HOURLY_LOOKBACK_MS, MOST_SAMPLES, read_samples
from tui_monitor.storage.history.schema import MIGRATIONS, READABLE_FROM, labels_from
from tui_monitor.storage.history.series import StoredSeries
from tui_monitor.storage.history.ticks import Annotation, Observed, Tick, decode_tick
from tui_monitor.storage.history.trend import Figures, Point, Summary, trend, window_figures, window_summaries
from tui_monitor.storage.sqlite import connect, schema_version


class HistoryReader:
    """A read-only view of history.db; use it from one thread at a time.

    Every method raises HistoryFault where SQLite or a row's bytes fail, and no transaction outlives its call. A file that the
    writer moved aside and began anew is noticed. ``most_samples`` bounds what one ``select`` holds in memory.
    """

    def __init__(self, path: Path, most_samples: int = MOST_SAMPLES) -> None:
        """Open an existing file. Raises HistoryFault and StoreTooNew."""
        self._path = path
        self._most = most_samples
        self._labels: dict[int, tuple[Labels, int]] = {}
        self._texts: dict[str, Labels] = {}
        self._decoded: dict[int, list[Observed]] = {}
        self._version: tuple[int, int] | None = None
        self._open()

    def _open(self) -> None:
        self._inode = -1  # until the file is open, each call tries again
        try:
            inode = self._path.stat().st_ino
            self._db, self._frozen = _connect(self._path)
        except (OSError, sqlite3.Error) as error:
            raise HistoryFault(f"{self._path}: {error}") from error
        version = schema_version(self._db)
        if not READABLE_FROM <= version <= len(MIGRATIONS):
            self._db.close()
            if version < READABLE_FROM:
                raise HistoryFault(f"{self._path}: has no schema of this version yet ({version})")
            raise StoreTooNew(self._path.name, version, len(MIGRATIONS))
        self._inode = inode
        self._labels, self._texts, self._version, self._decoded = {}, {}, None, {}

    def _one(self, query: str) -> int:
        try:
            answer: int = self._db.execute(query).fetchone()[0]
        except sqlite3.Error as error:
            raise HistoryFault(f"{self._path}: {error}") from error
        return answer

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def data_version(self) -> int:
        """A number that changes with every write to the file; cheap enough to read each second."""
        return self._one("PRAGMA data_version")

    @contextmanager
    def _reading(self) -> Iterator[Rows]:
        """A read transaction with the current series loaded."""
        try:
            if self._path.stat().st_ino != self._inode or (self._frozen and self._path.with_name(self._path.name + "-wal").exists()):
                self._db.close()
                self._open()
            self._db.execute("BEGIN")
            try:
                self._learn_series()
                yield Rows(self._db, len(self._labels), self._decoded)
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except (OSError, sqlite3.Error, CodecFault, *BROKEN) as error:
            raise HistoryFault(f"{self._path}: {error}") from error

    def _learn_series(self) -> None:
        """Reload the series where one was added, removed or changed."""
        count, total = self._db.execute("SELECT count(*), coalesce(sum(id + lookback), 0) FROM series").fetchone()
        if (count, total) == self._version:
            return
        rows = self._db.execute("SELECT id, labels, lookback FROM series").fetchall()
        texts = {text: self._texts.get(text) or labels_from(text) for _, text, _ in rows}
        self._texts, self._version = texts, (count, total)
        self._labels = {series: (texts[text], lookback) for series, text, lookback in rows}

    def _matching(self, matchers: Sequence[Matcher]) -> list[int]:
        """Ids of the series that fulfil all matchers; a value is matched once for all series that share it."""
        verdicts: list[dict[str, bool]] = [{} for _ in matchers]
        found = []
        for series, (labels, _) in self._labels.items():
            for matcher, known in zip(matchers, verdicts, strict=True):
                value = label(labels, matcher.name)
                if value not in known:
                    known[value] = matcher.matches(value)
                if not known[value]:
                    break
            else:
                found.append(series)
        return found

    @property
    def max_lookback_ms(self) -> int:
        """The longest look-back of any stored series."""
        with self._reading():
            return max((lookback for _, lookback in self._labels.values()), default=DEFAULT_LOOKBACK_MS)

    def series(self, matchers: Sequence[Matcher] = ()) -> list[Labels]:
        """The label sets of all stored series that fulfil the matchers, whatever their age."""
        with self._reading():
            return [self._labels[series][0] for series in self._matching(matchers)]

    def span(self) -> tuple[int, int] | None:
        """The range of times (UTC ms) that may have samples; None for an empty store."""
        with self._reading() as rows:
            return rows.span()

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> list[StoredSeries]:
        """Series with their samples after < time <= until (promql.queryable.Queryable).

        Every sample where raw ones are kept, before that the last of each minute, before that the last of each hour, each with its own
        stamp; with hours in the answer the look-back is two hours. `StoredSeries.over` knows more of those minutes and hours.
        More than ``most_samples`` are answered from minutes, then hours.
        """
        with self._reading() as rows:
            found = read_samples(rows, dict.fromkeys(self._matching(matchers)), after_ms, until_ms, self._most)
            answer = []
            for series, columns in found.samples.items():
                labels, lookback = self._labels[series]
                current = max(lookback, HOURLY_LOOKBACK_MS) if found.hourly else lookback
                known = found.stretches.get(series)
                answer.append(StoredSeries(labels, current, columns.times, columns.values, known, self._percentile))
            return answer

    def _percentile(self, labels: Labels, quantile: float, after_ms: int, until_ms: int) -> float:
        return self.percentiles(labels, (quantile,), after_ms, until_ms)[0]

    def downsampled_all(self, matchers: Sequence[Matcher], after_ms: int, until_ms: int, points: int) -> dict[Labels, list[Point]]:
        """Charts of all series that fulfil the matchers and have samples in the window."""
        with self._reading() as rows:
            found = trend(rows, self._matching(matchers), after_ms, until_ms, points)
            return {self._labels[series][0]: steps for series, steps in found.items() if steps}

    def percentiles(self, labels: Labels, quantiles: Sequence[float], after_ms: int, until_ms: int) -> list[float]:
        """Values at the quantiles (0 to 1) of one series over after < time <= until, NaN where it has none.

        Added up from distributions, so right over any window; the relative error is at most histogram.RELATIVE_ERROR (1 %).
        Only series that keep distributions (writer.keeps_distribution) have an answer beyond samples not folded yet.
        """
        found = self.figures((labels,), quantiles, after_ms, until_ms)
        return found[labels].percentiles if found else [math.nan] * len(quantiles)

    def uptime(self, labels: Labels, after_ms: int, until_ms: int) -> float | None:
        """The mean of one series over after < time <= until; of ``probe_success`` that is the uptime. None without samples.

        Unknown is not down: a probe that could not measure leaves no sample and does not count.
        """
        found = self.figures((labels,), (), after_ms, until_ms)
        return found[labels].mean if found else None

    def figures(self, several: Collection[Labels], quantiles: Sequence[float], after_ms: int, until_ms: int) -> dict[Labels, Figures]:
        """``percentiles`` and ``uptime`` of many series at once; those that are not stored are left out."""
        wanted = frozenset(several)
        with self._reading() as rows:
            ids = {series: labels for series, (labels, _) in self._labels.items() if labels in wanted}
            return {ids[series]: found for series, found in window_figures(rows, ids, quantiles, after_ms, until_ms).items()}

    def summaries(
        self, several: Collection[Labels], quantiles: Sequence[float], after_ms: int, until_ms: int, points: int
    ) -> dict[Labels, Summary]:
        """Count, sum, extremes, last value, quantiles and a chart of many series at once; those without samples are left out."""
        wanted = frozenset(several)
        with self._reading() as rows:
            ids = {series: labels for series, (labels, _) in self._labels.items() if labels in wanted}
            return {ids[series]: found for series, found in window_summaries(rows, ids, quantiles, after_ms, until_ms, points).items()}

    def recent_ticks(self, after_ms: int, after_seq: int = 0) -> Iterator[Tick]:
        """The observations after both, in the order of writing; about 15 minutes are available (writer.Limits.ring_ms)."""
        with self._reading() as rows:
            stored = rows.ticks(after_ms, after_seq)
        shapes: dict[bytes, tuple[Labels, ...]] = {}
        for seq, data in stored:
            try:
                observed = decode_tick(data)
            except CodecFault as error:
                raise HistoryFault(f"{self._path}: {error}") from error
            for one in observed:
                known = [series in self._labels for series in one.ids]
                ids = array("I", compress(one.ids, known))
                if one.at <= after_ms or not ids:
                    continue
                shape = ids.tobytes()
                if shape not in shapes:
                    shapes[shape] = tuple(self._labels[series][0] for series in ids)
                samples = tuple(map(Sample, shapes[shape], compress(one.values, known)))
                yield Tick(seq, one.at, samples, self._labels[ids[0]][1])

    def prefill(self, append: Callable[[int, Sequence[Sample], int], object], now_ms: int, window_s: float = 600.0) -> int:
        """Call ``append(at_ms, samples, lookback_ms)`` for the observations of the last ``window_s`` seconds, in order.

        Samples stamped ahead of now (the clock was set back since) are left out, as they would exclude newer ones. The newest earlier
        sample of a series that stays current for longer than the window comes first. Returns the newest seq, from which
        ``recent_ticks`` continues.
        """
        seq, first = 0, now_ms - round(window_s * 1000)
        for at, labels, value, lookback in sorted(self._slow_series(first, now_ms)):
            append(at, (Sample(labels, value),), lookback)
        for tick in self.recent_ticks(first):
            if tick.at <= now_ms:
                append(tick.at, tick.samples, tick.lookback_ms)
            seq = tick.seq
        return seq

    def _slow_series(self, until_ms: int, now_ms: int) -> list[tuple[int, Labels, float, int]]:
        """(time, labels, value, look-back) of the newest sample until then of each series that a long look-back keeps current."""
        with self._reading() as rows:
            usual = max(now_ms - until_ms, DEFAULT_LOOKBACK_MS)
            slow = {series: lookback for series, (_, lookback) in self._labels.items() if lookback > usual}
            if not slow:
                return []
            samples = read_samples(rows, slow, now_ms - max(slow.values()), until_ms, self._most).samples
            newest = ((series, columns.times[-1], columns.values[-1]) for series, columns in samples.items())
            return [(at, self._labels[series][0], value, slow[series]) for series, at, value in newest if at > now_ms - slow[series]]

    def stored_board(self) -> tuple[int, bytes] | None:
        """The newest board (UTC ms, bytes), None before the first."""
        with self._reading():
            row: tuple[int, bytes] | None = self._db.execute("SELECT at, data FROM facts").fetchone()
            return row

    def saved_states(self) -> dict[str, bytes]:
        """The stored states of sources (SavedState) by source."""
        with self._reading():
            if schema_version(self._db) < len(MIGRATIONS):
                return {}
            return {source: bytes(data) for source, data in self._db.execute("SELECT source, data FROM saved")}

    def saved_state(self, source: str) -> bytes:
        """The stored state of one source, b"" where there is none."""
        with self._reading():
            if schema_version(self._db) < len(MIGRATIONS):
                return b""
            row = self._db.execute("SELECT data FROM saved WHERE source = ?", (source,)).fetchone()
            return bytes(row[0]) if row else b""

    def annotations(self, after_ms: int, until_ms: int) -> list[Annotation]:
        """Annotations with after < time <= until, the oldest first."""
        with self._reading():
            query = "SELECT id, at, text, author FROM annotations WHERE at > ? AND at <= ? ORDER BY at, id"
            return [Annotation(*row) for row in self._db.execute(query, (after_ms, until_ms))]


def _connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Read-only; where the directory may not be written to and no writer runs, as a file that does not change (True) until one does."""
    try:
        return _proved(connect(path, read_only=True)), False
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
    frozen = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return _proved(sqlite3.connect(frozen, uri=True, isolation_level=None, check_same_thread=False)), True


def _proved(db: sqlite3.Connection) -> sqlite3.Connection:
    """The connection after a first successful read; closed where that fails."""
    try:
        schema_version(db)
    except BaseException:
        db.close()
        raise
    return db
