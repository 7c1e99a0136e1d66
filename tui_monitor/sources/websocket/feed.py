"""The WebSocket check as a feed: stays connected, counts messages, and says at each moment whether they keep coming."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.humanize import span_words
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean, mask
from tui_monitor.sources.net.expiry import without_expiry
from tui_monitor.sources.net.resolve import RESOLVER, Resolver
from tui_monitor.sources.websocket.connection import Connection
from tui_monitor.sources.websocket.message import LONG_MESSAGE, MessageReader
from tui_monitor.sources.websocket.opener import Opener
from tui_monitor.sources.websocket.settings import WebSocketCheck
from tui_monitor.sources.websocket.state import FeedState

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before the next attempt, by how many failed in a row; each up to a quarter longer, so that clients do not come together."""
LONG_LIFE = 60.0
"""Seconds of a connection after which earlier failures count no more."""
_LOOK = 1.0
"""Seconds between two looks at the age of the newest message."""
_EXCERPT = 200


class WebSocketFeed:
    """One WebSocket check (sources/api.py: Feed). Raises ValueError naming the key where a setting cannot be used."""

    def __init__(
        self, settings: WebSocketCheck, clock: Clock | None = None, *, resolver: Resolver = RESOLVER, chance: random.Random | None = None
    ) -> None:
        self.news = asyncio.Event()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._chance = chance or random.Random()
        self._opener = Opener(settings, resolver)
        self._reader = MessageReader(settings)
        self._state = FeedState()
        self._tried = asyncio.Event()
        self._trouble = ""
        self._newest = b""
        self._connection: Connection | None = None

    @property
    def stage(self) -> str:
        """What is done now."""
        return self._opener.stage

    @stage.setter
    def stage(self, stage: str) -> None:
        self._opener.stage = stage

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Nothing is kept over a restart: a new process has a new connection."""

    async def run(self) -> None:
        """Stay connected. Raises OwnTrouble where this machine cannot connect."""
        failures = 0
        while True:
            began = self._clock.monotonic()
            try:
                await self._session()
            except Failure as failure:
                self._state.has_lost(failure.reason)
                self._trouble = ""
            except OwnTrouble as trouble:
                self._trouble = str(trouble)
                raise
            finally:
                self._tried.set()
                self.news.set()
            failures = 1 if self._clock.monotonic() - began > LONG_LIFE else failures + 1
            self.stage = "waiting before the next attempt to connect"
            await self._clock.sleep(PAUSES[min(failures, len(PAUSES)) - 1] * self._chance.uniform(1, 1.25))

    async def probe(self) -> ProbeResult:
        """How the feed stands; waits for the first attempt to connect. Raises OwnTrouble where this machine could not connect."""
        await self._tried.wait()
        if self._trouble:
            raise OwnTrouble(self._trouble)
        now, wall, expiry, secrets = self._clock.monotonic(), self._clock.wall_ms() / 1000, self._opener.expiry, self._opener.secrets
        status, reason = HealthStatus.HEALTHY, self._state.fault(now, self._settings.max_age)
        if reason:
            status = HealthStatus.UNHEALTHY
        elif expiry is not None and expiry.is_soon(wall):
            status, reason = HealthStatus.DEGRADED, expiry.reason(wall, self._opener.url.host)
        return ProbeResult(
            status,
            mask(reason, secrets),
            self._round_trip(),
            dict(self._opener.phases),
            (*self._state.samples(now), *(expiry.samples() if expiry is not None else ())),
            {name: mask(text, secrets) for name, text in self._told(now).items()},
            inventories=without_expiry(expiry) if status is not HealthStatus.UNHEALTHY else (),
        )

    async def close(self) -> None:
        """Nothing is held beside ``run``."""

    async def _session(self) -> None:
        """One connection from its begin to its end, which is a Failure or OwnTrouble."""
        connection = self._connection = await self._opener.opened()
        try:
            self._trouble = ""
            self._state.has_connected(self._clock.monotonic())
            self._tried.set()
            self.news.set()
            for text in self._settings.send:
                await connection.send(text)
            await self._first_end(connection)
        finally:
            self._connection = None
            connection.close()

    async def _first_end(self, connection: Connection) -> None:
        """Listen, ping and watch beside each other; the first that ends says why."""
        ended: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(connection))
                if self._settings.ping_interval:
                    group.create_task(self._ping(connection))
                if self._settings.max_age is not None:
                    group.create_task(self._watch(self._settings.max_age))
        except* (Failure, OwnTrouble) as several:
            ended += several.exceptions
        raise ended[0]

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.messages():
            now_ms, read = self._clock.wall_ms(), self._reader.read
            facts = await asyncio.to_thread(read, message, now_ms) if len(message) > LONG_MESSAGE else read(message, now_ms)
            was = self._state.bad
            self._state.take(facts, self._clock.monotonic(), now_ms)
            if not facts.ignored:
                self._newest = message[: 4 * _EXCERPT]
            if bool(was) != bool(self._state.bad):
                self.news.set()

    async def _ping(self, connection: Connection) -> None:
        """Own pings, so that a connection whose other side is gone is noticed; TCP alone may take hours."""
        number = 0
        while True:
            await self._clock.sleep(self._settings.ping_interval)
            number += 1
            payload = b"%d" % number
            await connection.ping(payload)
            await self._clock.sleep(self._settings.timeout)
            if connection.answered != payload:
                raise Failure(f"does not answer a ping within {format_duration(self._settings.timeout)}")

    async def _watch(self, max_age: float) -> None:
        """Becoming stale, or fresh again, is news."""
        was = False
        while True:
            await self._clock.sleep(min(_LOOK, max_age))
            stale = self._state.is_stale(self._clock.monotonic(), max_age)
            if stale != was:
                was = stale
                self.news.set()

    def _told(self, now: float) -> dict[str, str]:
        state = self._state
        facts = {"url": self._opener.shown, **self._opener.facts, "messages": f"{state.messages:,}"}
        if state.connected is not None:
            facts["connected"] = f"{span_words(now - state.connected, most=1)} ago"
        if state.ignored:
            facts["ignored"] = f"{state.ignored:,}"
        if state.skipped:
            facts["skipped"] = f"{state.skipped:,} messages are missing by their numbers"
        if state.lag is not None and state.lag < -1:
            facts["stamps"] = f"{span_words(-state.lag, most=1)} ahead of this machine's clock"
        if self._newest:
            facts["newest"] = clean(mask(self._newest.decode("utf-8", "replace"), self._opener.secrets), _EXCERPT)
        return facts

    def _round_trip(self) -> float:
        """Seconds: of the newest ping, before the first one of the connect."""
        measured = self._connection.round_trip if self._connection is not None else None
        return measured if measured is not None else self._opener.phases.get("connect", 0.0)
