"""The schedule of groups: when each is to be flushed next."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

from tui_monitor.dispatch.state import Group, GroupId


class GroupSchedule:
    """A heap of (UTC ms, group); an entry counts only while the group is still due then."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, GroupId]] = []

    def add(self, group: Group) -> None:
        """Schedule a group for its due time."""
        if group.due is not None:
            heapq.heappush(self._heap, (group.due, group.id))

    def next_due(self, groups: Mapping[GroupId, Group]) -> int | None:
        """The time at which the next group is due (UTC ms); it may turn out to need nothing."""
        while self._heap and not _counts(self._heap[0], groups):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: int, groups: Mapping[GroupId, Group]) -> Iterator[Group]:
        """The groups whose time has come."""
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if _counts(entry, groups):
                yield groups[entry[1]]


def _counts(entry: tuple[int, GroupId], groups: Mapping[GroupId, Group]) -> bool:
    group = groups.get(entry[1])
    return group is not None and group.due == entry[0]
