"""The keys of a group check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.entries import FeedSettings
from tui_monitor.config.fields import Ratio
from tui_monitor.config.section import key

METRICS = ("group_healthy_ratio", "group_members")
"""The names of its series, beside those of every check."""


class GroupCheck(FeedSettings):
    """Several checks judged as one, by how many of them are healthy."""

    members: list[str] = key(default=[], doc="names of checks, groups too", example=["api", "db"], refers=True)
    select: list[str] = key(
        default=[], doc="label matchers: every check (no group) whose labels they match is a member", example=['category="external"']
    )
    healthy: Ratio = key(default=1.0, doc="healthy while this share of the members is healthy", gt=0, le=1)
    degraded: Ratio = key(default=0.5, doc="else degraded while this share is healthy or degraded, else unhealthy", gt=0, le=1)
    required: list[str] = key(default=[], doc="members without which the group is never better than they are", example=["db"], refers=True)
    weights: dict[str, float] = key(default={}, doc="members that count for more or less than 1", example={"db": 2.0})

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: no members, limits in the wrong order, weights without effect."""
        yield from super().problems(given)
        if not self.members and not self.select:
            yield "members", "name the members, or choose them by `select`"
        if self.degraded > self.healthy:
            yield "degraded", "is above `healthy`; the graver limit is the lower one"
        for name, weight in self.weights.items():
            if not 0 < weight < float("inf"):
                yield "weights", f'the weight of "{name}" must be above 0'


def target(check: GroupCheck) -> tuple[str, bool]:
    """The members as the target. Network faults are attributed per member."""
    return ", ".join([*check.members, *check.select]), True
