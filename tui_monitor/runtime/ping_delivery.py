"""Delivery of pings stored in state.db to the heartbeat checks: one short query a tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.repository import StateRepository

if TYPE_CHECKING:
    from tui_monitor.core.ping import StoredPing
    from tui_monitor.sources.api import Feed

PAGE = 1000


@runtime_checkable
class TakesPings(Protocol):
    """A feed that waits for pings of its check's name."""

    @property
    def last_ping(self) -> int:
        """The number of the newest ping that it received, also before a restart."""
        ...

    def take(self, pings: Sequence[StoredPing]) -> None:
        """Receive newer pings, perhaps none, the oldest first."""
        ...

    def cannot_hear(self, reason: str) -> None:
        """Pings cannot be read now; the state of the job is unknown."""
        ...


class PingDelivery:
    """The delivery. Each feed stores the number of its newest ping, so that a restart neither repeats nor loses one."""

    def __init__(self, state: StateRepository) -> None:
        self._state = state
        self._read_to: dict[TakesPings, int] = {}

    async def deliver(self, feeds: Mapping[str, Feed]) -> None:
        """Read new pings and pass them to their feeds. ``feeds``: all running feeds by check."""
        takers = {name: feed for name, feed in feeds.items() if isinstance(feed, TakesPings)}
        if not takers:
            return
        read_to = {feed: self._read_to.get(feed, -1) for feed in takers.values()}
        begin = min(feed.last_ping if to < 0 else to for feed, to in read_to.items())
        try:
            pings = await self._state.read(lambda state: state.pings.after(begin, PAGE))
        except StorageFault as error:
            for feed in takers.values():
                feed.cannot_hear(f"pings cannot be read: {error}")
            return
        for name, feed in takers.items():
            mine = [ping for ping in pings if ping.ping.name == name and ping.id > feed.last_ping]
            if mine or read_to[feed] < 0:
                feed.take(mine)
        last = pings[-1].id if pings else begin
        self._read_to = {feed: max(last, read_to[feed]) for feed in takers.values()}
