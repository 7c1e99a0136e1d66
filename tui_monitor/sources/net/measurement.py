"""Data gathered by one probe run, and the result made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

from tui_monitor.core.values import HealthStatus, Inventory, ProbeResult, Sample
from tui_monitor.sources.net.connect import Failure, Staged


class Measurement:
    """Phases (seconds), samples, facts and the reason for degraded, if any.

    ``inventories`` list what an answering target has, so that all other series end. ``duration``: seconds, where the target's
    time is not that of the whole run.
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
        """Time the block as a phase, also where it fails."""
        started = perf_counter()
        try:
            yield
        finally:
            self.phases[name] += perf_counter() - started

    async def result(self, staged: Staged, work: Awaitable[None]) -> ProbeResult:
        """Run the work: a Failure is unhealthy with its reason, ``degraded`` is degraded, else healthy. OwnTrouble is passed on."""
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
