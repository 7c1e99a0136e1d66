"""The dead man's ping: what a healthchecks.io-shaped service hears while all is well, while it is not, and when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.support.outbox_tools import HandClock
from tests.support.receivers import Receiver, Reply, receiver
from tui_monitor.checks.dead_mans_ping import TROUBLE, Heartbeat
from tui_monitor.config.settings import HeartbeatSettings
from tui_monitor.core.secret import Secret
from tui_monitor.core.troubles import Troubles


async def pinged(server: Receiver, clock: HandClock, heartbeat: Heartbeat, turns: Sequence[float]) -> list[str]:
    """The paths of the pings while the clock is turned so far after each interval's ping; then it ends."""
    task = asyncio.create_task(heartbeat.run())
    await server.wait_for(2, 60)
    for number, seconds in enumerate(turns, start=3):
        while len(server.requests) < number:
            await clock.turn(seconds)
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [request.path for request in server.requests]


async def test_start_once_then_the_plain_address_each_interval() -> None:
    """`/start` goes into the path, a query stays where it is, and a ping that arrives clears the trouble of one that did not."""
    clock, troubles = HandClock(), Troubles()
    troubles.raise_(TROUBLE, "the dead man's ping does not arrive")
    async with receiver(Reply(200, "OK")) as server:
        settings = HeartbeatSettings(url=Secret(f"{server.url}/ping/uuid?rid=1"))
        async with asyncio.timeout(20):
            paths = await pinged(server, clock, Heartbeat(settings, clock, troubles), [60.0])
    assert paths == ["/ping/uuid/start?rid=1", "/ping/uuid?rid=1", "/ping/uuid?rid=1"]
    assert troubles.reasons == ()


async def test_the_monitors_own_trouble_is_a_failed_ping() -> None:
    """`/fail` while something is wrong with the monitor; that the ping itself does not arrive is no reason for it."""
    clock, troubles = HandClock(), Troubles()
    troubles.raise_("state", "the disk is full")
    async with receiver(Reply(200, "OK")) as server:
        heartbeat = Heartbeat(HeartbeatSettings(url=Secret(f"{server.url}/ping/uuid/")), clock, troubles)
        async with asyncio.timeout(20):
            assert await pinged(server, clock, heartbeat, []) == ["/ping/uuid/start", "/ping/uuid/fail"]
        troubles.clear("state")
        server.requests.clear()
        server.replies += [Reply(404, "not found"), Reply(404, "not found")]
        async with asyncio.timeout(20):
            assert await pinged(server, clock, heartbeat, []) == ["/ping/uuid/start", "/ping/uuid/"]


async def test_a_ping_that_does_not_arrive_is_told_without_the_address() -> None:
    """A refusal is the monitor's own trouble; its reason holds nothing of the secret address."""
    troubles = Troubles()
    async with receiver(Reply(500, "no")) as server:
        heartbeat = Heartbeat(HeartbeatSettings(url=Secret(f"{server.url}/ping/very-secret-uuid")), HandClock(), troubles)
        assert not await heartbeat.ping("")
    assert "500" in troubles.text(TROUBLE) and "very-secret" not in troubles.text(TROUBLE)
