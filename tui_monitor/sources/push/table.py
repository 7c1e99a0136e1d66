"""The table of pushed series: bounded per sender, flushed once a second, ended when nothing comes any more."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import TypeVar

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import ENDED_NAN, METRIC_NAME, Labels, Sample, label
from tui_monitor.sources.push.series import NEVER, Pushed, PushedDistribution

P = TypeVar("P", bound=Pushed)
MINIMUM_LOOKBACK_MS = 300_000
MOST_SERIES = 25_000
"""Of all senders: half of what the memory of recent samples holds, so that checks and scrapes always have room."""
MOST_SENDERS = 1000
REPEAT_S = 15.0
"""Series that hold are stored again so often while they do not change, as a scrape would."""
DISTRIBUTION_S = 5.0
"""A distribution is stored at most so often: its quantiles cost 0.1 ms."""
HALF_WINDOW_S = 30.0
TOLD_FOR_S = 600.0
"""A sender with too many series is named until it has sent no new one for so long."""


@frozen
class FlushedSamples:
    """Samples of one moment and for how long they are current."""

    samples: tuple[Sample, ...]
    lookback_ms: int = MINIMUM_LOOKBACK_MS


class SeriesTable:
    """All pushed series by labels. ``generation`` changes when one ends, so that readers forget what they have cached."""

    def __init__(self, max_series: int, ttl: float) -> None:
        self.max_series, self.ttl = max_series, ttl
        self.generation = 0
        self.refused = 0
        self._entries: dict[tuple[type[Pushed], Labels], Pushed] = {}
        self._counts: dict[str, int] = {}
        self._over: dict[str, float] = {}
        self._changed: list[Pushed] = []
        self._waiting: list[Pushed] = []
        self._gone: list[Labels] = []
        self._total = 0
        self._repeated = self._turned = self._stored = float("-inf")

    def configure(self, max_series: int, ttl: float) -> None:
        """Use other bounds for what comes from now on."""
        self.max_series, self.ttl = max_series, ttl

    def __len__(self) -> int:
        return self._total

    def entry(self, kind: type[P], labels: Labels, sender: str, now: float, *, hold: bool = False, ttl: float = 0.0) -> P | None:
        """The series, a new one within the sender's bound; None where that is reached. ``ttl`` 0: that of the table."""
        found = self._entries.get((kind, labels))
        if found is None:
            made = kind(labels, sender, hold, ttl)
            if not self._admit(sender, made.size, now):
                return None
            self._entries[kind, labels] = found = made
        assert isinstance(found, kind)
        found.ttl = ttl
        return found

    def _admit(self, sender: str, size: int, now: float) -> bool:
        count = self._counts.get(sender, 0)
        known = count or len(self._counts) < MOST_SENDERS
        if count + size > self.max_series or self._total + size > MOST_SERIES or not known:
            self.refused += 1
            if sender in self._over or len(self._over) < MOST_SENDERS:
                self._over[sender] = now
            return False
        self._counts[sender] = count + size
        self._total += size
        return True

    def touch(self, found: Pushed, now: float) -> None:
        """A push has come for it."""
        if found.changed:
            return
        found.changed = True
        found.interval = now - found.seen if found.seen > NEVER else 0.0
        found.seen = now
        self._changed.append(found)

    def drop(self, found: Collection[Pushed]) -> None:
        """End series at the next flush."""
        for each in found:
            if self._entries.pop((type(each), each.labels), None) is None:
                continue
            self.generation += 1
            self._gone += each.names() if each.seen > NEVER else ()
            self._total -= each.size
            self._counts[each.sender] -= each.size
            if not self._counts[each.sender]:
                del self._counts[each.sender]

    def flush(self, now: float) -> list[FlushedSamples]:
        """What has changed since the last call, what is due for repetition, and the ends."""
        self._turn_windows(now)
        changed, self._changed = self._changed, []
        changed += self._waiting
        self._waiting = []
        if now - self._stored < DISTRIBUTION_S:
            self._waiting = [each for each in changed if isinstance(each, PushedDistribution)]
            changed = [each for each in changed if not isinstance(each, PushedDistribution)]
            for each in self._waiting:
                each.changed = False
        else:
            self._stored = now
        if now - self._repeated >= REPEAT_S:
            self._repeated = now
            self._expire(now)
            changed = [
                *{id(each): each for each in (*changed, *(one for one in self._entries.values() if one.hold and one.seen > NEVER))}.values()
            ]
        return self._samples_of(changed)

    def _samples_of(self, changed: Iterable[Pushed]) -> list[FlushedSamples]:
        by_lookback: dict[int, list[Sample]] = {}
        for each in dict.fromkeys(changed):
            each.changed = False
            if (type(each), each.labels) in self._entries:
                by_lookback.setdefault(self._lookback(each), []).extend(each.samples())
        gone, self._gone = self._gone, []
        alive = {labels for samples in by_lookback.values() for labels, _ in samples}
        ends = tuple(Sample(labels, ENDED_NAN) for labels in gone if labels not in alive)
        found = [FlushedSamples(tuple(samples), lookback) for lookback, samples in by_lookback.items()]
        return [*found, FlushedSamples(ends)] if ends else found

    def _lookback(self, each: Pushed) -> int:
        """Milliseconds, in whole minutes: five minutes, or three times the time between pushes where that is more."""
        minutes = 5 if each.hold else max(5, math.ceil(3 * min(each.interval, self.ttl) / 60))
        return minutes * 60_000

    def _turn_windows(self, now: float) -> None:
        if now - self._turned >= HALF_WINDOW_S:
            self._turned = now
            for each in self._entries.values():
                each.turn()

    def _expire(self, now: float) -> None:
        self.drop([each for each in self._entries.values() if now - each.seen > (each.ttl or self.ttl)])

    def of_group(self, group: Labels, names: Collection[str] | None = None) -> list[Pushed]:
        """The series of a Pushgateway group, or those of these metrics."""
        return [
            each for each in self._entries.values() if each.group == group and (names is None or label(each.labels, METRIC_NAME) in names)
        ]

    def trouble(self, now: float) -> str:
        """The senders that have sent too many series lately, for people; "" for none."""
        self._over = {sender: at for sender, at in self._over.items() if now - at < TOLD_FOR_S}
        if not self._over:
            return ""
        named = ", ".join(clip(clean(sender), 60) for sender in sorted(self._over)[:3])
        more = f" and {len(self._over) - 3} more" if len(self._over) > 3 else ""
        return (
            f"new series of {named}{more} are left out: a sender may have max_series = {self.max_series};"
            " raise it in [push], or send labels with fewer values"
        )
