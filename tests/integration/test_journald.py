"""The journal of a real systemd through a real journalctl: following, going on, long and binary messages, rate limit, missing rights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.support.peers.systemd import Systemd
from tests.support.settings import made
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.platform.child_lines import FollowedProgram
from tui_monitor.sources.log.journal_command import Followed, JournalBatch, JournalPosition
from tui_monitor.sources.log.journald import JournalFollower
from tui_monitor.sources.log.probe import LogProbe
from tui_monitor.sources.log.settings import LogCheck

MAX_LINE = 1024 * 1024


@asynccontextmanager
async def start(argv: Sequence[str]) -> AsyncIterator[Followed]:
    async with FollowedProgram(argv, max_line=MAX_LINE) as program:
        yield program


class Reader:
    """A follower that runs for a block."""

    def __init__(self, systemd: Systemd, unit: str, saved: JournalPosition | None = None, wrap: Sequence[str] = ()) -> None:
        program = systemd.journalctl_argv()
        program = [*program[: program.index("journalctl")], *wrap, "journalctl"]
        self.follower = JournalFollower([unit], start, SystemClock(), saved, program)
        self.batches: list[JournalBatch] = []

    async def __aenter__(self) -> Reader:
        self._task = asyncio.create_task(self.follower.run(self._take))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _take(self, batch: JournalBatch) -> None:
        self.batches.append(batch)

    @property
    def messages(self) -> list[str]:
        return [entry.message.decode("utf-8", "replace") for batch in self.batches for entry in batch.entries]

    async def until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, (self.messages, self.follower.trouble, list(self.follower.notes))
            await asyncio.sleep(0.02)


def unit(systemd: Systemd, name: str, script: str, more: str = "") -> None:
    """A unit that runs a shell script once."""
    systemd.write_unit(f"{name}.service", f"[Service]\nType=oneshot\n{more}\nExecStart=/bin/sh -c '{script}'\n")


async def run(systemd: Systemd, name: str) -> None:
    await asyncio.to_thread(systemd.systemctl, "start", f"{name}.service")


async def test_follows_and_goes_on_behind_its_position(systemd_peer: Systemd) -> None:
    """J1, J2: entries arrive live; a new follower with the saved position gives those that came meanwhile, each once."""
    unit(systemd_peer, "talk", "echo one; echo two")
    await run(systemd_peer, "talk")
    async with Reader(systemd_peer, "talk") as reader:
        while "one" not in reader.messages:  # a follower without a position begins at some moment after its start
            await run(systemd_peer, "talk")
            await asyncio.sleep(0.2)
        unit(systemd_peer, "talk", "echo mark")
        await run(systemd_peer, "talk")
        await reader.until(lambda: "mark" in reader.messages and "Finished" in reader.messages[-1])
    position = reader.follower.position
    unit(systemd_peer, "talk", "echo three; echo four")
    await run(systemd_peer, "talk")
    async with Reader(systemd_peer, "talk", position) as again:
        await again.until(lambda: any("Finished" in message for message in again.messages))
    assert [message for message in again.messages if message in ("one", "two", "three", "four")] == ["three", "four"]


async def test_j4_real_binary_and_long_messages(systemd_peer: Systemd) -> None:
    """J4: bytes that are no UTF-8, and a line of 100,000 bytes, arrive whole."""
    first = JournalPosition("no cursor", time.time_ns() // 1000)
    unit(systemd_peer, "shapes", r'printf "\\377x\\n"; printf "%%0100000d\\n" 7; echo end')
    await run(systemd_peer, "shapes")
    async with Reader(systemd_peer, "shapes", first) as reader:
        await reader.until(lambda: "end" in reader.messages)
    assert "\ufffdx" in reader.messages
    assert [len(message) for message in reader.messages if message.endswith("07")] == [100_000]
    assert "cursor" in reader.follower.notes[0]  # J1: a real journalctl refuses the cursor, and time is used


async def test_j5_a_real_rate_limit_is_counted(systemd_peer: Systemd) -> None:
    """J5: lines that arrived and lines that journald says it suppressed are all that were written."""
    first = JournalPosition("no cursor", time.time_ns() // 1000)
    limits = "LogRateLimitIntervalSec=1s\nLogRateLimitBurst=50"
    unit(systemd_peer, "flood", "i=0; while [ $i -lt 2000 ]; do echo n $i; i=$((i+1)); done; sleep 1.3; echo end", limits)
    await run(systemd_peer, "flood")
    async with Reader(systemd_peer, "flood", first) as reader:
        await reader.until(lambda: "end" in reader.messages and bool(sum(batch.suppressed for batch in reader.batches)))
    arrived = sum(message.startswith("n ") for message in reader.messages)
    assert arrived + sum(batch.suppressed for batch in reader.batches) == 2000 > arrived


async def test_j6_a_real_refusal_is_our_trouble(systemd_peer: Systemd) -> None:
    """J6: a user outside of group systemd-journal gets the advice."""
    async with Reader(systemd_peer, "talk", wrap=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]) as reader:
        await reader.until(lambda: bool(reader.follower.trouble))
    assert "group systemd-journal" in reader.follower.trouble


@pytest.mark.parametrize("vacuum", ["--rotate", "--vacuum-files=1"])
async def test_j3_survives_rotation_and_vacuum(systemd_peer: Systemd, vacuum: str) -> None:
    """J3: a journal that is rotated or emptied under the follower goes on."""
    unit(systemd_peer, "kept", "echo before")
    await run(systemd_peer, "kept")
    async with Reader(systemd_peer, "kept", JournalPosition("no cursor", time.time_ns() // 1000)) as reader:
        await run(systemd_peer, "kept")
        await reader.until(lambda: "before" in reader.messages)
        await asyncio.to_thread(systemd_peer.journalctl, "--rotate")
        await asyncio.to_thread(systemd_peer.journalctl, vacuum)
        unit(systemd_peer, "kept", "echo after")
        await run(systemd_peer, "kept")
        await reader.until(lambda: "after" in reader.messages)


async def test_the_log_check_reads_the_journal_of_a_unit(systemd_peer: Systemd) -> None:
    """The kind log with `unit`: lines by level, evidence, a state from which another process goes on, lines to keep."""
    check = made(
        LogCheck, {"name": "talk", "unit": "shout.service", "match": [{"name": "oom", "regex": "out of memory", "degraded": "1/1h"}]}
    )
    program = systemd_peer.journalctl_argv()
    unit(systemd_peer, "shout", 'echo "<3>out of memory"; echo fine')
    probe = LogProbe(check, program=program)
    probe.restore(None, 0)
    task = asyncio.create_task(probe.run())
    try:
        result = await probe.probe()
        runs = 1  # that of the second process
        while result.status is not HealthStatus.DEGRADED:
            await run(systemd_peer, "shout")
            runs += 1
            await asyncio.sleep(0.3)
            result = await probe.probe()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "oom" in result.reason and any("> out of memory" in line for line in probe.evidence("oom"))
    result = await probe.probe()
    kept = probe.take_lines()
    assert any(b"out of memory" in each.block.data and each.block.format.name.startswith("journal/") for each in kept)
    again = LogProbe(check, program=program)
    again.restore(result.saved, 1)
    task = asyncio.create_task(again.run())
    try:
        await run(systemd_peer, "shout")
        end = time.monotonic() + 30
        while (found := await again.probe()) and _matched(found) <= _matched(result):
            assert time.monotonic() < end, found
            await asyncio.sleep(0.05)
        assert _matched(found) <= runs, "a line counts twice"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _matched(result: ProbeResult) -> float:
    return next(s.value for s in result.samples if label(s.labels, "match") == "oom" and label(s.labels, "__name__") == "log_match_total")
