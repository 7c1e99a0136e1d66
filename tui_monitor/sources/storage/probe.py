"""The storage probe: is the directory there, can it be written, has it room, is its newest file young."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Mapping

from tui_monitor.core.humanize import percent, size, span_words
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus, Inventory, ProbeResult, Sample, labels_of, worst
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.log.worker import Stuck, Worker
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.storage.examine import MOST_ENTRIES, Examined, Newest, Wish, examine
from tui_monitor.sources.storage.settings import METRICS, StorageCheck

_, DEGRADED, UNHEALTHY, _ = HealthStatus
_REASONS = {
    errno.ENOENT: "is not there: is it mounted?",
    errno.ENOTDIR: "is not a directory",
    errno.EROFS: "is read-only: the kernel makes it so after an error of the disk (dmesg), or it is mounted so",
    errno.ENOSPC: "is full: nothing can be written",
    errno.EDQUOT: "has no quota left for the monitor's user: nothing can be written",
    errno.EIO: "has an input/output error: look at the disk (dmesg, smartctl)",
    errno.ESTALE: "is a stale network mount: mount it anew",
    errno.ENOTCONN: "has lost the server of its mount: mount it anew",
}
_OURS = {errno.EMFILE: "too many open files in the monitor", errno.ENFILE: "too many open files on this machine"}
_OURS |= {errno.ENOMEM: "no memory on this machine"}


class StorageProbe:
    """Examines the directory in a thread of its own: one that hangs costs this check, and there is never a second call beside it."""

    def __init__(self, settings: StorageCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._limit = settings.timeout - min(0.1, settings.timeout / 20)
        self._wish = Wish(settings.path, settings.write, settings.newest_max_age is not None, settings.name)
        self._worker: Worker[tuple[float, Examined | OSError]] = Worker("storage")

    async def probe(self) -> ProbeResult:
        """Measure once; raises OwnTrouble where the monitor may not look or write."""
        try:
            found = await self._examined()
        except Stuck:
            reason = f"does not answer: {self.stage} takes longer than {format_duration(self._settings.timeout)}; look at its mount"
            return ProbeResult(UNHEALTHY, f"{self._settings.path} {reason}", self._settings.timeout)
        stage, self.stage = self.stage, ""
        if isinstance(found, OSError):
            return ProbeResult(UNHEALTHY, self._fault(found, stage))
        return self._judged(found, time.time())

    async def close(self) -> None:
        """End the thread."""
        self._worker.close()

    async def _examined(self) -> Examined | OSError:
        """What is found now. What an earlier probe had begun, and ends only now, says nothing of the present: it is asked again."""
        asked = time.monotonic()
        while True:
            began, found = await self._worker.run(self._work, max(0.0, asked + self._limit - time.monotonic()))
            if began >= asked:
                return found

    def _work(self) -> tuple[float, Examined | OSError]:
        began = time.monotonic()
        try:
            return began, examine(self._wish, self._step)
        except OSError as error:
            return began, error

    def _step(self, text: str) -> None:
        self.stage = text

    def _fault(self, error: OSError, stage: str) -> str:
        """What the directory lacks. Raises OwnTrouble for what the monitor lacks."""
        path, number = self._settings.path, error.errno or 0
        if number in (errno.EACCES, errno.EPERM):
            verb, instead = ("write to", ", or set write = false") if stage == "writing" else ("look at", "")
            raise OwnTrouble(f"the monitor (user id {os.geteuid()}) may not {verb} {path}: give its user the right{instead}")
        if number in _OURS:
            raise OwnTrouble(_OURS[number])
        return f"{path} {_REASONS.get(number) or f'has an error: {os.strerror(number).lower()}'}"

    def _judged(self, found: Examined, now: float) -> ProbeResult:
        faults = [*self._unhealthy(found, now), *self._degraded(found)]
        values = list(zip(METRICS, _values(found, now), strict=True))
        return ProbeResult(
            worst(status for status, _ in faults),
            "; ".join(text for _, text in faults),
            found.write_seconds,
            samples=tuple(Sample(labels_of(name), value) for name, value in values if value is not None),
            facts=self._facts(found, now),
            inventories=(Inventory(tuple(name for name, value in values if value is None), "check", frozenset()),),
        )

    def _unhealthy(self, found: Examined, now: float) -> Iterator[tuple[HealthStatus, str]]:
        most = self._settings.newest_max_age
        if found.differs:
            yield UNHEALTHY, "what was written there reads back otherwise: the disk, its controller or the network corrupts data"
        if found.free is not None and found.free < self._settings.free_unhealthy:
            yield UNHEALTHY, _little(found, self._settings.free_unhealthy)
        if found.newest is None or most is None:
            return
        if not found.newest.name:
            yield UNHEALTHY, f"there is no file in {self._settings.path}"
        elif (age := now - found.newest.changed) > most:
            yield UNHEALTHY, f"its newest file {_shown(found.newest)} is {span_words(age)} old, at most {span_words(most)} wanted"

    def _degraded(self, found: Examined) -> Iterator[tuple[HealthStatus, str]]:
        if found.free is not None and self._settings.free_unhealthy <= found.free < self._settings.free_degraded:
            yield DEGRADED, _little(found, self._settings.free_degraded)

    def _facts(self, found: Examined, now: float) -> Mapping[str, str]:
        facts = {"path": self._settings.path}
        facts["free"] = f"{percent(found.free)} ({size(found.free_bytes)})" if found.free is not None else "not counted by this file system"
        if found.newest is not None and found.newest.name:
            facts["newest"] = f"{_shown(found.newest)}, {span_words(max(0.0, now - found.newest.changed))} old"
        if found.newest is not None and found.newest.cut:
            facts["left out"] = f"only {MOST_ENTRIES:,} entries were looked at for the newest file"
        return facts


def _values(found: Examined, now: float) -> tuple[float | None, float | None, float | None]:
    age = max(0.0, now - found.newest.changed) if found.newest is not None and found.newest.name else None
    return found.write_seconds, found.free, age


def _little(found: Examined, limit: float) -> str:
    return f"{percent(found.free, 1)} free ({size(found.free_bytes)}), below {percent(limit)}"


def _shown(newest: Newest) -> str:
    return clean(newest.name, 80)
