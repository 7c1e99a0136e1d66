"""What every kind of check offers to the poller: one probe, and an end."""

from __future__ import annotations

from typing import Protocol

from tui_monitor.core.values import ProbeResult


class Probe(Protocol):
    """A configured test of one target.

    ``probe`` measures once and answers with a verdict; whatever the target does wrong is a verdict (unhealthy with a
    reason), not an exception. ``OwnTrouble`` is raised where the monitor itself could not measure. The poller puts
    ``timeout`` around it and judges ``degraded_above`` / ``unhealthy_above``; a probe must be cancellable at any await
    and leave no connection behind when cancelled. ``stage`` names what the probe is doing now ("connect", "tls",
    "query") so that a timeout can say where it happened.
    """

    stage: str

    async def probe(self) -> ProbeResult:
        """Measure once."""
        ...

    async def close(self) -> None:
        """Give back every connection; the probe may be used again afterwards."""
        ...


class OwnTrouble(Exception):
    """The monitor could not measure for reasons of its own (no descriptors, no route, no resolver): unknown, not down."""
