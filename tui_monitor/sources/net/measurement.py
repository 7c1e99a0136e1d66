"""What one probe gathers on its way, and the plain verdict made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

from tui_monitor.core.values import HealthStatus, Inventory, ProbeResult, Sample
from tui_monitor.sources.net.connect import Failure, Staged


class Measurement:
    """Phases (seconds), samples, facts and, where all is well but for something, why the target is degraded.

    ``inventories`` say what a target that answers has, so that the series of the rest end. ``duration``: seconds, where
    another time than that of the whole work is the target's.
    """

    __slots__ = ("degraded", "duration", "facts", "inventories", "phases", "samples")

    def __init__(self, phases: Iterable[str] = ()) -> None:
        self.phases = dict.fromkeys(phases, 0.0)
        self.samples: list[Sample] = []
        self.facts: dict[str, str] = {}
        self.inventories: list[Inventory] = []
        self.degraded = ""
        self.duration: float | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time that the block takes, also where it fails."""
        started = perf_counter()
        try:
            yield
        finally:
            self.phases[name] += perf_counter() - started

    async def result(self, staged: Staged, work: Awaitable[None]) -> ProbeResult:
        """Do the work and judge: a Failure is unhealthy with its reason, ``degraded`` is degraded, else healthy. OwnTrouble passes."""
        started = perf_counter()
        status, reason = HealthStatus.HEALTHY, ""
        try:
            await work
        except Failure as failure:
            status, reason = HealthStatus.UNHEALTHY, failure.reason
        else:
            if self.degraded:
                status, reason = HealthStatus.DEGRADED, self.degraded
        staged.stage = ""
        known = tuple(self.inventories) if status is not HealthStatus.UNHEALTHY else ()
        took = perf_counter() - started if self.duration is None else self.duration
        return ProbeResult(status, reason, took, self.phases, tuple(self.samples), self.facts, inventories=known)
