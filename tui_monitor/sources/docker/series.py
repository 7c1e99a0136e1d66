"""The series of containers, from what a probe has found."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from tui_monitor.core.values import ContainerState, Inventory, Labels, Sample, labels_of
from tui_monitor.sources.docker.listing import STATES

HEALTHS = {"healthy": 0.0, "starting": 1.0, "unhealthy": 2.0}
"""The order of check_health: a health check that has not answered yet is neither."""
_USAGE = ("container_cpu_usage_ratio", "container_memory_usage_bytes", "container_memory_limit_bytes")
_RUNNING = "running"


class _Of:
    """The label sets of one container, each made once; ``seen``: the states whose series go on."""

    __slots__ = ("metrics", "seen")

    def __init__(self, name: str) -> None:
        self.metrics = [labels_of(metric, container=name) for metric in ("container_health", "container_restarts_total", *_USAGE)]
        self.seen: dict[str, Labels] = {}


class ContainerSeries:
    """Makes samples; of states it gives the present one (1), "running", and those that a container has been in (0).

    The first time it gives all states, so that none of a former run of the monitor goes on at 1; afterwards seven series for each of a
    thousand containers would be 7,000 values for 1,000 facts.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Of] = {}

    def samples(self, found: Sequence[ContainerState]) -> Generator[None, None, tuple[Sample, ...]]:
        """All samples of one probe, a container a step."""
        samples: list[Sample] = []
        for one in found:
            self._add(one, samples)
            yield
        return tuple(samples)

    def _add(self, one: ContainerState, samples: list[Sample]) -> None:
        own = self._known.get(one.name)
        if own is None:
            own = self._known[one.name] = _Of(one.name)
            samples += [Sample(_state(one.name, state), 0.0) for state in STATES if state not in (_RUNNING, one.state)]
        for state in (_RUNNING, one.state):
            if state not in own.seen:
                own.seen[state] = _state(one.name, state)
        samples += [Sample(labels, float(state == one.state)) for state, labels in own.seen.items()]
        values = (HEALTHS.get(one.health), one.restarts, one.cpu, one.memory, one.memory_limit)
        samples += [Sample(labels, float(value)) for labels, value in zip(own.metrics, values, strict=True) if value is not None]

    def inventories(self, found: Sequence[ContainerState]) -> tuple[Inventory, ...]:
        """Which containers have which series, so that those of what is gone, or has stopped, end."""
        names = frozenset(one.name for one in found)
        self._known = {name: own for name, own in self._known.items() if name in names}
        return (
            Inventory(("container_state", "container_restarts_total"), "container", names),
            Inventory(("container_health",), "container", frozenset(one.name for one in found if one.health)),
            Inventory(_USAGE, "container", frozenset(one.name for one in found if one.state == _RUNNING)),
        )


def _state(name: str, state: str) -> Labels:
    return labels_of("container_state", container=name, state=state)
