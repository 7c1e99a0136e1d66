"""A leader over a long driven time: threads, descriptors and everything it holds stay flat."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from tests.support.clocks import ManualClock
from tests.support.receivers import receiver
from tui_monitor.checks import collector
from tui_monitor.checks.self_diagnosis import TimeWatch
from tui_monitor.config.load import load
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader
from tui_monitor.sources.api import Probe
from tui_monitor.storage.memory import SeriesMemory

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[system]
interval = "10s"
[store]
raw = "1m"
minutes = "5m"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
rate_limit = "100000/1m"
[[routes]]
notifiers = ["hook"]
refire_interval = "0s"
""" + "".join(f'[[checks]]\nname = "check {n}"\ntype = "tcp"\nhost = "::1"\nport = 9\ninterval = "1s"\nfailures = 1\n' for n in range(10))


class Flapping:
    """A probe that fails for ten seconds of each minute: alerts come and go all the time."""

    stage = ""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def probe(self) -> ProbeResult:
        """By the clock."""
        bad = self._clock.monotonic() % 60 < 10
        samples = (Sample(labels_of("answer_bytes"), 1.0),)
        return ProbeResult(HealthStatus.UNHEALTHY if bad else HealthStatus.HEALTHY, "refused" if bad else "", 0.01, samples=samples)

    async def close(self) -> None:
        """Nothing to give back."""


class Leading:
    """A leader whose time the test drives."""

    def __init__(self, leader: Leader, clock: ManualClock) -> None:
        self.leader = leader
        self.clock = clock

    async def go(self, seconds: int) -> None:
        """So many seconds, each to the end of its tick and of what was sent."""
        for _ in range(seconds):
            await self.clock.advance(1.0)
            now = self.clock.monotonic()
            async with asyncio.timeout(20):
                while self.leader.progressed_at < now - 1e-6:  # noqa: ASYNC110  real threads are at work: their end sets no event
                    await asyncio.sleep(0.001)

    def holds(self) -> dict[str, int]:
        """What could grow, by name."""
        leader = self.leader
        gc.collect()
        return {
            "threads": threading.active_count(),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "tasks": len(asyncio.all_tasks()),
            "series": len(leader.live_data.memory),
            "samples": leader.live_data.memory.sample_count,
            "alerts": len(leader.engine.alerts),
            "pending": leader._collector._sink.waiting,
            "told": len(leader.engine.planner._told) if hasattr(leader.engine.planner, "_told") else 0,
        }


async def test_ten_checks_that_flap_for_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a warm-up nothing that the leader holds grows: threads, descriptors, tasks, series, samples, Python's own memory."""
    clock = ManualClock()

    def build(_check: object) -> Probe:
        return Flapping(clock)

    monkeypatch.setattr(collector, "build_probe", build)
    async with receiver() as hook:
        file = tmp_path / "config.toml"
        file.write_text(CONFIG.format(hook=hook.url))
        leader = await open_leader(
            load(file, {}), open_directory(tmp_path / "state"), clock, "headless", os.getpid(), lambda board: None,
            time_watch=TimeWatch(clock.monotonic), memory=SeriesMemory(60.0),
        )  # fmt: skip
        task = asyncio.create_task(leader.run())
        soak = Leading(leader, clock)
        try:
            await soak.go(130)
            tracemalloc.start(1)
            await soak.go(50)
            before, memory = soak.holds(), tracemalloc.get_traced_memory()[0]
            messages = len(hook.requests)
            await soak.go(120)
            after, grown = soak.holds(), tracemalloc.get_traced_memory()[0] - memory
            tracemalloc.stop()
        finally:
            leader.stop()
            done = asyncio.ensure_future(asyncio.wait({task}, timeout=20))
            while not done.done():
                await clock.advance(1.0)
                await asyncio.sleep(0.01)
            await task
        assert len(hook.requests) > messages + 2, "alerts came and went all the time"
        assert {key: after[key] - before[key] for key in after if after[key] > before[key] * 1.1 + 2} == {}
        assert grown < 1_500_000, f"{grown} bytes more"
        sizes = {path.name: path.stat().st_size for path in (tmp_path / "state").iterdir()}
        assert sizes.get("history.db-wal", 0) < 16_000_000 and sizes["history.db"] < 16_000_000
