"""The running log check: reads files or the journal, counts, and offers the current status and the state to save."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from itertools import groupby
from typing import Any

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.log.generation import ReadOptions
from tui_monitor.sources.log.journal_command import JournalBatch, Start, journal_position_from
from tui_monitor.sources.log.journald import JournalFollower
from tui_monitor.sources.log.pipeline import Pipeline
from tui_monitor.sources.log.position import Positions, positions_from
from tui_monitor.sources.log.tailer import LineBatch, Tailer
from tui_monitor.sources.log.verdict import LogState, verdict
from tui_monitor.sources.log.worker import Stuck, Worker

POLL = 0.25
"""Seconds between two looks at the files."""
STUCK = 5.0
"""Seconds after which a look at the files counts as stuck (a network mount that does not answer)."""
STORED_WITHIN = 5.0
"""Seconds for which reading waits for the store: counts and matches must go on though the disk does not."""
_COMMIT_EVERY = 1.0


@frozen
class Committed:
    """Samples and the state to save with them: both cover the same lines, so that a restart counts each line exactly once."""

    samples: tuple[Sample, ...] = ()
    saved: Mapping[str, Any] = field(default_factory=dict)


class LogFeed(ABC):
    """Base class of both kinds of log. ``run`` reads until cancelled; ``committed`` and ``result`` can be called at any time.

    ``saved`` is ``committed().saved`` of before the restart; invalid parts are ignored. ``notes`` report lost or skipped parts.
    ``opened`` is set after the first read, ``news`` when the status differs from the last ``result``.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        saved: Mapping[str, Any] | None,
        format_name: str,
        news: asyncio.Event | None,
        opened: asyncio.Event | None,
    ) -> None:
        self._pipeline, self._clock, self._format_name = pipeline, clock, format_name
        self._news = news or asyncio.Event()
        self._told: HealthStatus | None = None
        self._opened = opened or asyncio.Event()
        self.notes: deque[str] = deque(maxlen=20)
        self._within = False
        self._changed = True
        self._committed, self._committed_at = Committed(), float("-inf")
        pipeline.restore(saved.get("counts") if saved else None)

    @abstractmethod
    async def run(self) -> None:
        """Read for ever."""

    @abstractmethod
    def state(self) -> LogState:
        """The current state of the log."""

    @abstractmethod
    def _own_samples(self) -> tuple[Sample, ...]: ...

    @abstractmethod
    def _position(self) -> object: ...

    async def _room(self) -> None:
        """Wait until the store has taken lines, so that a burst is read slower in place of losing them."""
        waited = 0.0
        while self._pipeline.is_full and waited < STORED_WITHIN:
            await self._clock.sleep(POLL)
            waited += POLL

    @contextmanager
    def _one_batch(self) -> Iterator[None]:
        """Context of one batch, counted in pieces: until its end ``committed`` returns the state before it."""
        self._within = True
        yield
        self._within, self._changed = False, True
        if self._told is not None and verdict(self.state())[0] is not self._told:
            self._news.set()
        if self._clock.monotonic() - self._committed_at >= _COMMIT_EVERY:
            self.committed()

    def committed(self) -> Committed:
        """Samples and state after the last whole batch; up to a second old while batches follow without a pause."""
        if not self._within and self._changed:
            saved = {"position": self._position(), "counts": self._pipeline.to_json()}
            self._committed = Committed((*self._pipeline.samples(), *self._own_samples()), saved)
            self._committed_at, self._changed = self._clock.monotonic(), False
        return self._committed

    def result(self) -> ProbeResult:
        """The check's current verdict, with the newest evidence among the facts."""
        status, reason = verdict(self.state())
        self._told = status
        committed = self.committed()
        notes = [
            *self.notes,
            *([f"{self._pipeline.lost} lines are not kept: the disk was too slow for them"] if self._pipeline.lost else []),
        ]
        facts = {f"note {number}": note for number, note in enumerate(notes, 1)}
        for match in self._pipeline.seen(self._clock.monotonic()):
            if lines := self.evidence(match.name):
                facts[match.name] = "\n".join(lines)
        return ProbeResult(status, reason, samples=committed.samples, facts=facts, saved=committed.saved)

    def evidence(self, match: str) -> tuple[str, ...]:
        """The newest matching line of a rule with its context; () without one."""
        found = self._pipeline.evidence(match)
        return found.lines if found else ()

    def over(self) -> list[str]:
        """The rules with a reached limit, the most severe first."""
        seen = self._pipeline.seen(self._clock.monotonic())
        grave = [each.name for each in seen if each.unhealthy and each.unhealthy_count >= each.unhealthy.count]
        return grave + [
            each.name for each in seen if each.degraded and each.degraded_count >= each.degraded.count and each.name not in grave
        ]

    def _state(self, *, troubles: Sequence[str], files: int = 0, missing: tuple[str, ...] = (), wait: bool = True) -> LogState:
        now = self._clock.monotonic()
        lines, unmatched = self._pipeline.minute(now)
        sample = self._pipeline.unmatched_sample
        return LogState(files, missing, wait, tuple(troubles), self._pipeline.seen(now), lines, unmatched, self._format_name, sample)


class FileFeed(LogFeed):
    """Feed of files by patterns. ``wait``: a missing file is not a fault."""

    def __init__(
        self,
        patterns: Sequence[str],
        pipeline: Pipeline,
        clock: Clock,
        options: ReadOptions | None = None,
        saved: Mapping[str, Any] | None = None,
        *,
        wait: bool = True,
        format_name: str = "auto",
        news: asyncio.Event | None = None,
        opened: asyncio.Event | None = None,
    ) -> None:
        super().__init__(pipeline, clock, saved, format_name, news, opened)
        positions = positions_from(saved["position"]) if saved and "position" in saved else None
        self._patterns, self._wait = patterns, wait
        self._tailer = Tailer(patterns, options, positions)
        self._worker: Worker[LineBatch] = Worker(f"log {patterns[0] if patterns else ''}")
        self._batch = LineBatch(positions=positions or Positions())
        self._stuck = ""

    async def run(self) -> None:
        """Read for ever."""
        try:
            while True:
                await self.step()
                await self._room()
                await self._clock.sleep(0.0 if self._batch.more else POLL)
        finally:
            self.close()

    async def step(self, limit: float = STUCK) -> None:
        """Read all files once; lines are counted in pieces of 64 KiB, between which the loop runs."""
        now = self._clock.monotonic()
        try:
            batch = await self._worker.run(lambda: self._tailer.poll(now), limit)
        except Stuck:
            self._opened.set()
            self._stuck = f"{', '.join(self._patterns)} did not answer within {limit:g}s: look at the mount that it lies on"
            return
        self._stuck = ""
        with self._one_batch():
            for block in batch.blocks:
                self._pipeline.feed(block.path, block.events, now, self._clock.wall_ms())
                await asyncio.sleep(0)
            self._batch = batch
            self.notes.extend(batch.notes)
        self._opened.set()

    def close(self) -> None:
        """Release thread and descriptors, except those of a stuck read."""
        if not self._stuck:
            self._tailer.close()
        self._worker.close()

    def state(self) -> LogState:
        """The current state of the files."""
        troubles = [each for each in (self._stuck, *self._batch.troubles) if each]
        return self._state(troubles=troubles, files=self._batch.files, missing=self._batch.missing, wait=self._wait)

    def _own_samples(self) -> tuple[Sample, ...]:
        return (Sample(labels_of("log_lag_bytes"), float(self._batch.lag)),)

    def _position(self) -> object:
        return self._batch.positions.to_json()


class JournalFeed(LogFeed):
    """Feed of the journal of some units. The pipeline needs ``journal=True``."""

    def __init__(
        self,
        units: Sequence[str],
        pipeline: Pipeline,
        clock: Clock,
        start: Start,
        saved: Mapping[str, Any] | None = None,
        *,
        format_name: str = "auto",
        program: Sequence[str] = ("journalctl",),
        news: asyncio.Event | None = None,
        opened: asyncio.Event | None = None,
    ) -> None:
        super().__init__(pipeline, clock, saved, format_name, news, opened)
        self._opened.set()
        self._follower = JournalFollower(units, start, clock, journal_position_from((saved or {}).get("position")), program)
        self.suppressed = 0

    async def run(self) -> None:
        """Read for ever."""
        await self._follower.run(self._take)

    async def _take(self, batch: JournalBatch) -> None:
        self.suppressed += batch.suppressed
        if batch.suppressed:
            self.notes.append(f"journald dropped {batch.suppressed} messages by its rate limit: raise RateLimitBurst= in journald.conf")
        now = self._clock.monotonic()
        with self._one_batch():
            for unit, entries in groupby(batch.entries, key=lambda entry: entry.unit):
                self._pipeline.feed(unit, [entry.event for entry in entries], now, self._clock.wall_ms())
            self._follower.position = batch.position
        await self._room()
        await asyncio.sleep(0)

    def state(self) -> LogState:
        """The current state of the journal."""
        self.notes.extend(self._follower.notes)
        self._follower.notes.clear()
        return self._state(troubles=[self._follower.trouble] if self._follower.trouble else [])

    def _own_samples(self) -> tuple[Sample, ...]:
        return (Sample(labels_of("log_suppressed_total"), float(self.suppressed)),)

    def _position(self) -> object:
        return self._follower.position.to_json() if self._follower.position else None
