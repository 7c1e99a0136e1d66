"""The running log check over files: samples and saved state that agree, restarts, missing files, stuck mounts."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tui_monitor.core.values import HealthStatus, label
from tui_monitor.sources.log.buffer import LineBuffer
from tui_monitor.sources.log.feed import Committed, FileFeed
from tui_monitor.sources.log.matches import MatchLimit, MatchRule
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions

RULE = MatchRule("oom", regex="Out of memory", unhealthy=MatchLimit(2, 60))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.touch()
    return path


def feed(log: Path, saved: object = None, **more: Any) -> FileFeed:
    given = json.loads(json.dumps(saved)) if saved is not None else None
    return FileFeed([str(log)], Pipeline(PipelineOptions(matches=(RULE,))), ManualClock(), saved=given, **more)


def lines(committed: Committed) -> float:
    return sum(sample.value for sample in committed.samples if label(sample.labels, "__name__") == "log_lines_total")


def write(log: Path, text: str, count: int = 1) -> None:
    with log.open("a") as file:
        file.write((text + "\n") * count)


async def test_counts_judges_and_explains(log: Path) -> None:
    """A match beyond its limit makes the check unhealthy, with the line as evidence; the lag is a series."""
    running = feed(log)
    await running.step()
    write(log, "INFO a")
    write(log, "ERROR Out of memory", 2)
    await running.step()
    result = running.result()
    assert result.status is HealthStatus.UNHEALTHY and result.reason == "oom: 2 lines in 1m, limit 2 (ERROR Out of memory)"
    assert "> ERROR Out of memory" in result.facts["oom"]
    assert lines(running.committed()) == 3
    assert [sample.value for sample in result.samples if label(sample.labels, "__name__") == "log_lag_bytes"] == [0.0]
    running.close()


async def test_l15_samples_and_saved_state_count_the_same_lines(log: Path) -> None:
    """L15: whenever it is asked, also in the middle of a burst, a restart from the saved state counts every line once."""
    running = feed(log)
    await running.step()
    running.committed()
    write(log, "INFO line of a burst, long enough to be one of many", 60_000)
    asked: list[Committed] = []

    async def ask() -> None:
        while True:
            asked.append(running.committed())
            await asyncio.sleep(0)

    task = asyncio.create_task(ask())
    while lines(running.committed()) < 60_000:
        await running.step()
    task.cancel()
    running.close()
    different = {lines(each): each for each in asked}
    assert len(different) > 2
    for counted, each in different.items():
        again = feed(log, each.saved)
        assert lines(again.committed()) == counted
        while lines(again.committed()) < 60_000:
            await again.step()
        await again.step()
        assert lines(again.committed()) == 60_000
        again.close()


@pytest.mark.parametrize(("wait", "status"), [(True, HealthStatus.HEALTHY), (False, HealthStatus.UNHEALTHY)])
async def test_l5_a_missing_file_is_what_missing_says(log: Path, wait: bool, status: HealthStatus) -> None:
    """L5: `missing = "wait"` is healthy and says so, "unhealthy" is unhealthy."""
    os.unlink(log)
    running = feed(log, wait=wait)
    await running.step()
    assert running.result().status is status and str(log) in running.result().reason
    running.close()


async def test_l17_a_stuck_look_is_unknown_and_loses_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L17: a mount that does not answer makes the check unknown, and the loop runs on; what the look then gives is counted."""
    running = feed(log)
    await running.step()
    write(log, "INFO a")
    gate = threading.Event()
    read = os.pread
    monkeypatch.setattr(os, "pread", lambda *given: (gate.wait(), read(*given))[1])
    await running.step(0.01)
    await running.step(0.01)
    result = running.result()
    assert result.status is HealthStatus.UNKNOWN and "look at the mount" in result.reason
    gate.set()
    while not lines(running.committed()):
        await running.step(30)
    assert lines(running.committed()) == 1 and running.result().status is HealthStatus.HEALTHY
    running.close()


async def test_nonsense_in_the_saved_state_is_nothing(log: Path) -> None:
    """A saved state that cannot be understood begins anew."""
    for saved in ({}, {"position": 3, "counts": "x"}, {"position": {"files": 1}, "counts": {"matches": {"oom": 1}}}):
        running = feed(log, saved)
        await running.step()
        assert running.result().status is HealthStatus.HEALTHY
        running.close()


MIB = 1024 * 1024
BURST = 100_000


def stored(buffer: LineBuffer) -> int:
    return sum(each.block.data.count(b"\0") + 1 for each in buffer.take())


async def test_a_burst_waits_for_the_store_and_loses_no_line(log: Path) -> None:
    """20 MB at once, of which 50 MiB may be kept: reading stops while the store has not taken what was read."""
    buffer, clock = LineBuffer(50 * MIB), ManualClock()
    running = FileFeed([str(log)], Pipeline(PipelineOptions(), buffer), clock)
    await running.step()
    task = asyncio.create_task(running.run())
    write(log, "x" * 200, BURST)
    found = 0
    while found < BURST:
        while not buffer.is_full and lines(running.committed()) < BURST:
            await clock.advance(0.25)
            await asyncio.sleep(0.001)
        found += stored(buffer)
    assert found == BURST and buffer.lost == 0
    task.cancel()


async def test_a_store_that_takes_nothing_does_not_hold_up_counts(log: Path) -> None:
    """The lines are counted and given up, and the check says how many; with the default of 10 MiB there is nothing to wait for."""
    for keep, lost in ((50 * MIB, True), (10 * MIB, False)):
        buffer, clock = LineBuffer(keep), ManualClock()
        running = FileFeed([str(log)], Pipeline(PipelineOptions(), buffer), clock)
        await running.step()
        task = asyncio.create_task(running.run())
        write(log, "x" * 200, BURST)
        while lines(running.committed()) < BURST:
            await clock.advance(0.25)
            await asyncio.sleep(0.001)
        assert (buffer.lost > 0) is lost
        assert buffer.lost + stored(buffer) == BURST or not lost
        notes = [f"{buffer.lost} lines are not kept: the disk was too slow for them"] if lost else []
        assert [*running.result().facts.values()] == notes
        task.cancel()
