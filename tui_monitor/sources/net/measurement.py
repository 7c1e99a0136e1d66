"""Data gathered by one probe run, and the result made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from time import perf_counter

from tui_monitor.core.values import HealthStatus, Inventory, ProbeResult, Sample
from tui_monitor.sources.net.connect import Failure, Staged


class Phase:
    """The timing of one block, added to the seconds of its phase."""

    __slots__ = ("_name", "_phases", "_started")

    def __init__(self, phases: dict[str, float], name: str) -> None:
        self._phases, self._name = phases, name

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._phases[self._name] += perf_counter() - self._started


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

    def phase(self, name: str) -> Phase:
        """A `with` block that is timed as a phase, also where it fails."""
        return Phase(self.phases, name)

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
