"""The series of containers, from what a probe has found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui_monitor.core.values import Inventory, Labels, Sample, labels_of
from tui_monitor.sources.containers import Container
from tui_monitor.sources.docker.listing import STATES

HEALTHS = {"healthy": 0.0, "starting": 1.0, "unhealthy": 2.0}
"""The order of check_health: a health check that has not answered yet is neither."""
_ALWAYS = "running"


class ContainerSeries:
    """Makes samples; of states it gives the present one (1), "running", and those that a container has been in (0).

    The first time it gives all states, so that none of a former run of the monitor goes on at 1; afterwards seven series for each of a
    thousand containers would be 7,000 values for 1,000 facts. A state's series is made once.
    """

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Labels]] = {}

    def samples(self, found: Iterable[Container]) -> Iterator[Sample]:
        """All of one probe."""
        for one in found:
            yield from self._of(one)

    def _of(self, one: Container) -> Iterator[Sample]:
        seen = self._states.get(one.name)
        states: Iterable[str] = STATES if seen is None else ()
        seen = self._states.setdefault(one.name, {})
        for state in (_ALWAYS, one.state):
            if state not in seen:
                seen[state] = labels_of("container_state", container=one.name, state=state)
        for state in states:
            if state not in seen:
                yield Sample(labels_of("container_state", container=one.name, state=state), 0.0)
        for state, labels in seen.items():
            yield Sample(labels, float(state == one.state))
        for metric, value in _values(one):
            if value is not None:
                yield Sample(labels_of(metric, container=one.name), float(value))

    def inventories(self, found: Sequence[Container]) -> tuple[Inventory, ...]:
        """Which containers have which series, so that those of what is gone, or has stopped, end."""
        names = frozenset(one.name for one in found)
        running = frozenset(one.name for one in found if one.state == "running")
        self._states = {name: seen for name, seen in self._states.items() if name in names}
        return (
            Inventory(("container_state", "container_restarts_total"), "container", names),
            Inventory(("container_health",), "container", frozenset(one.name for one in found if one.health)),
            Inventory(("container_cpu_usage_ratio", "container_memory_usage_bytes", "container_memory_limit_bytes"), "container", running),
        )


def _values(one: Container) -> Iterator[tuple[str, float | None]]:
    yield "container_health", HEALTHS.get(one.health)
    yield "container_restarts_total", one.restarts
    yield "container_cpu_usage_ratio", one.cpu
    yield "container_memory_usage_bytes", one.memory
    yield "container_memory_limit_bytes", one.memory_limit
