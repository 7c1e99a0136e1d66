"""The heartbeat check as a feed: receives pings and computes the job's status."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.ping import StoredPing
from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.platform.local_zone import local_zone
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.heartbeat.job import Job, Terms, away, counts, deadline, due, job_from, taken, verdict
from tui_monitor.sources.heartbeat.schedule import Cron, Every, Expected, shown
from tui_monitor.sources.heartbeat.settings import HeartbeatCheck

GAP = 30.0
"""Seconds beyond three intervals without a look at the job: the monitor was suspended or held up."""
HEARD_WITHIN = 2.0
"""Seconds for which the first probe waits for the pings that were stored while no monitor ran."""
_AGE, _RUN = labels_of("heartbeat_age_seconds"), labels_of("heartbeat_run_seconds")


class HeartbeatProbe:
    """Feed of one heartbeat check. The constructor raises ValueError naming the key of an invalid schedule."""

    def __init__(self, settings: HeartbeatCheck, clock: Clock | None = None) -> None:
        self.stage = ""
        self.news = asyncio.Event()
        self._clock = clock or SystemClock()
        self._gap_ms = round(1000 * (3 * settings.interval + GAP))
        expected: Expected = Cron(settings.cron, settings.timezone) if settings.cron else Every(settings.every or 0)
        self._terms = Terms(expected, settings.grace, settings.max_run)
        self._here = local_zone()
        self._job = self._new(self._clock.wall_ms())
        self._looked = 0
        self._heard = asyncio.Event()
        self._deaf = ""

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Continue from the stored state; the time since then does not count as lateness."""
        now = self._clock.wall_ms()
        self._job = away(job_from(saved, now), self._terms, at, now) if saved is not None else self._new(now)

    def _new(self, now: int) -> Job:
        """A job not monitored before: older pings count, lateness only after a full grace period."""
        return Job(now, excused=now + round(self._terms.grace * 1000))

    async def run(self) -> None:
        """Set ``news`` at the deadline of a missing ping; pings are delivered by ``take``."""
        while True:
            end = deadline(self._job, self._terms)
            now = self._clock.wall_ms()
            if end is not None and now - 1000 < end <= now + 60_000:
                await self._clock.sleep((end - now) / 1000 + 0.05)
                self.news.set()
            await self._clock.sleep(1.0)

    @property
    def last_ping(self) -> int:
        """The number of the newest processed ping."""
        return self._job.taken

    def take(self, pings: Iterable[StoredPing]) -> None:
        """Process pings of this job, oldest first; those processed before are ignored."""
        for ping in pings:
            self._job = taken(self._job, ping, round(self._terms.longest_run * 1000))
        if self._deaf:
            self._deaf = ""
            self._job = away(self._job, self._terms, self._looked, self._clock.wall_ms())
        self._heard.set()
        self.news.set()

    def cannot_hear(self, reason: str) -> None:
        """Record that pings cannot be read from the store: the job's state is then unknown."""
        self._deaf = reason
        self._heard.set()

    async def probe(self) -> ProbeResult:
        """The job's status from all stored pings. Raises OwnTrouble where they cannot be read."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARD_WITHIN):
                await self._heard.wait()
        if self._deaf:
            raise OwnTrouble(self._deaf)
        now = self._clock.wall_ms()
        if self._looked and now - self._looked > self._gap_ms:
            self._job = away(self._job, self._terms, self._looked, now)
        self._looked = now
        status, reason = verdict(self._job, self._terms, now)
        return ProbeResult(status, reason, samples=tuple(self._samples(now)), facts=self._facts(), saved=self._job.to_json())

    async def close(self) -> None:
        """Nothing to close."""

    def _samples(self, now: int) -> Iterable[Sample]:
        job = self._job
        if job.success:
            yield Sample(_AGE, max(0, now - job.success) / 1000)
        if job.run_seconds is not None:
            yield Sample(_RUN, job.run_seconds)
        for kind, number in counts(job).items():
            yield Sample(labels_of("heartbeat_pings_total", kind=kind), float(number))

    def _facts(self) -> dict[str, str]:
        job, zone = self._job, self._terms.expected.zone
        found = {"last ping": shown(job.reported, zone, self._here)} if job.reported else {}
        at = due(job, self._terms)
        if at is not None:
            found["next ping"] = shown(at, zone, self._here)
        if job.text:
            found["message"] = job.text
        return found
