"""What a probe of a container engine offers beside its result: its containers, as the board shows them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus


@frozen
class Container:
    """One container. ``state`` and ``health`` ("" without a health check) are the engine's words; ``since``: UTC ms, 0 not known.

    ``cpu`` is a ratio of one core, memory in bytes without the page cache that can be given back; None: not known.
    """

    name: str
    image: str
    state: str
    health: str = ""
    since: int = 0
    restarts: int | None = None
    cpu: float | None = None
    memory: int | None = None
    memory_limit: int | None = None
    status: HealthStatus = HealthStatus.UNKNOWN
    reason: str = ""


@runtime_checkable
class HasContainers(Protocol):
    """A probe that knows containers."""

    @property
    def containers(self) -> tuple[Container, ...]:
        """As of the last good answer, the worst first; () after a failure."""
        ...
