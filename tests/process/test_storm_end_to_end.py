"""A thousand alerts at once through the whole program: samples, rules, planner, store, outbox and a webhook on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.processes import until
from tests.support.receivers import Receiver, receiver
from tui_monitor.board.codec import board_to_json
from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.platform.state_directory import LeaderLock, open_directory
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader

COUNT = 1000
LIMIT = 20
FRAME = """
host = "web-1"
default_rules = []
[system]
processes = false
[[notifiers]]
name = "hook"
type = "webhook"
url = "{url}"
rate_limit = "{limit}/3s"
[routing]
info = ["hook"]
"""
ONE = '[[rules]]\nalert = "Storm"\nexpr = "storm == 1"\nseverity = "error"\n'
MANY = "".join(f'[[rules]]\nalert = "Storm{number}"\nexpr = \'storm{{item="{number}"}} == 1\'\n' for number in range(COUNT))


@contextlib.asynccontextmanager
async def leading(place: Path, hook: Receiver, rules: str) -> AsyncIterator[Leader]:
    """A leader that runs."""
    file = place / "config.toml"
    file.write_text(FRAME.format(url=hook.url, limit=LIMIT) + rules)
    file.chmod(0o600)
    directory = open_directory(place / "state")
    lock = LeaderLock(directory)
    assert lock.acquire()
    leader = await open_leader(load(file, {}), directory, SystemClock(), "headless", os.getpid(), lambda board: None)
    running = asyncio.create_task(leader.run())
    try:
        yield leader
    finally:
        leader.stop()
        await running
        lock.release()


def told(hook: Receiver, status: str) -> list[str]:
    """The fingerprints that were told in that status, as often as they were."""
    return [a["fingerprint"] for request in hook.requests for a in request.json()["alerts"] if a["status"] == status]


@pytest.mark.parametrize(("rules", "most"), [(ONE, 2), (MANY, 2 * LIMIT)], ids=["one rule", "a thousand rules"])
async def test_a_storm_is_told_whole_in_few_messages(tmp_path: Path, rules: str, most: int) -> None:
    """Every alert is told once and ended once, in one message where they belong together, else in as many as the rate limit lets go."""
    async with receiver() as hook, leading(tmp_path, hook, rules) as leader:

        def all_are(value: float) -> None:
            samples = [Sample(labels_of("storm", item=str(number)), value) for number in range(COUNT)]
            leader._collector.observe(leader._clock.wall_ms(), samples)

        all_are(1.0)
        await until(lambda: len(told(hook, "firing")) >= COUNT)
        in_storm = len(hook.requests)
        all_are(0.0)
        await until(lambda: len(told(hook, "resolved")) >= COUNT)
        for status in ("firing", "resolved"):
            assert len(set(told(hook, status))) == len(told(hook, status)) == COUNT
        assert in_storm <= most and len(hook.requests) <= 2 * most
        assert len({request.headers["idempotency-key"] for request in hook.requests}) == len(hook.requests)
        await until(lambda: not leader.engine.alerts)
        assert leader.board is None or len(board_to_json(leader.board)) < 1_000_000
