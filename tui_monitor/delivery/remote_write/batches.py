"""Batches of the history behind a cursor: whole commits in the order of writing, or minutes of the store after a long outage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, groupby

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Labels
from tui_monitor.delivery.remote_write.encoding import Series
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.ticks import Tick

MOST_SAMPLES = 5_000
"""Samples of one request, unless one commit has more."""
GAP_STEP_MS = 60_000


@frozen
class WriteCursor:
    """Everything until ``seq`` (of the commits) and ``at`` (UTC ms) has been sent."""

    seq: int = 0
    at: int = 0

    def to_text(self) -> str:
        """For the state."""
        return json.dumps({"seq": self.seq, "at": self.at})


def cursor_from(text: str) -> WriteCursor:
    """The inverse of `to_text`; the beginning for anything else."""
    try:
        raw = json.loads(text or "{}")
        return WriteCursor(int(raw.get("seq", 0)), int(raw.get("at", 0)))
    except (ValueError, AttributeError, TypeError):
        return WriteCursor()


@frozen
class WriteBatch:
    """The series of one request, and the cursor once it has been taken."""

    series: tuple[Series, ...]
    cursor: WriteCursor


def next_batch(
    reader: HistoryQueries, cursor: WriteCursor, now: int, max_age_ms: int, labels_of: Callable[[Labels], Labels | None]
) -> WriteBatch | None:
    """What follows the cursor; None where there is nothing. ``labels_of``: the labels to send, None for a series that is not sent.

    Never a sample that is ahead of ``now``: one such sample makes Prometheus refuse everybody's samples until then.
    """
    oldest = now - max_age_ms
    ticks = iter(reader.recent_ticks(max(oldest, 0), cursor.seq))
    first = next(ticks, None)
    begun = max(cursor.at, oldest)
    if first is None and not cursor.seq:
        return None
    if first is None or (cursor.seq and first.seq > cursor.seq + 1) or (not cursor.seq and cursor.at):
        until = now - 2 * GAP_STEP_MS if first is None else first.at - 1
        if until > begun and (first is not None or cursor.at < until):
            return _stored(reader, cursor, begun, min(until, begun + GAP_STEP_MS), first, labels_of)
    return _of_ticks(first, ticks, cursor, now, labels_of) if first is not None else None


def _stored(
    reader: HistoryQueries, cursor: WriteCursor, after: int, until: int, first: Tick | None, labels_of: Callable[[Labels], Labels | None]
) -> WriteBatch:
    """A minute of what is no longer in the ring of commits."""
    found: list[Series] = []
    for one in reader.select((), after, until):
        labels = labels_of(one.labels)
        if labels is not None and len(one.times):
            found.append((labels, list(zip(one.times, one.values, strict=True))))
    done = first is not None and until >= first.at - 1
    return WriteBatch(tuple(found), WriteCursor(first.seq - 1 if done and first else cursor.seq, until))


def _of_ticks(
    first: Tick, rest: Iterable[Tick], cursor: WriteCursor, now: int, labels_of: Callable[[Labels], Labels | None]
) -> WriteBatch | None:
    """Whole commits, up to MOST_SAMPLES."""
    series: dict[Labels, list[tuple[int, float]]] = {}
    known: dict[Labels, Labels | None] = {}
    seq, newest, count = cursor.seq, cursor.at, 0
    for number, commit in groupby(chain([first], rest), key=lambda tick: tick.seq):
        moments = list(commit)
        if count >= MOST_SAMPLES or any(tick.at > now for tick in moments):
            break
        seq = number
        for tick in moments:
            newest = max(newest, tick.at)
            count += _add(tick, series, known, labels_of)
    if seq == cursor.seq:
        return None
    return WriteBatch(tuple(_in_order(series)), WriteCursor(seq, newest))


def _add(
    tick: Tick,
    series: dict[Labels, list[tuple[int, float]]],
    known: dict[Labels, Labels | None],
    labels_of: Callable[[Labels], Labels | None],
) -> int:
    """Add the samples of one moment; their number."""
    count = 0
    for sample in tick.samples:
        if sample.labels not in known:
            known[sample.labels] = labels_of(sample.labels)
        labels = known[sample.labels]
        if labels is not None:
            series.setdefault(labels, []).append((tick.at, sample.value))
            count += 1
    return count


def _in_order(series: Mapping[Labels, list[tuple[int, float]]]) -> list[Series]:
    """Each series by time, one sample a moment."""
    return [(labels, sorted(dict(samples).items())) for labels, samples in series.items()]
