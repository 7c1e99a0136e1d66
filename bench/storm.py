"""A thousand alerts at once through the whole program: loop lag, messages, memory; prints JSON.

    python bench/storm.py [--alerts 1000]

The whole leader runs in this process on the real clock, with a webhook on loopback. ``series``: one rule over a thousand series, which all
fire in one moment and then end in one. ``rules``: a thousand rules of different names, so that nothing can be grouped and the notifier's
rate limit has to hold the messages down. ``lag`` is the sum of how late the loop woke up beyond 5 ms, from the first alert to the last
message; ``worst`` the longest of these; ``memory`` what the process grew by.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from harness import MIB, figure, finish, place

from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.platform.state_directory import LeaderLock, open_directory
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader

FRAME = """
host = "bench"
default_rules = []
[system]
processes = false
[[notifiers]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:{port}/"
[routing]
info = ["hook"]
"""
ONE_RULE = '[[rules]]\nalert = "Storm"\nexpr = "storm == 1"\nseverity = "error"\nsummary = "{{ $labels.item }} is down"\n'
LAG_STEP = 0.005
SETTLE = 3.0


class Hook:
    """A receiver of webhooks that counts the alerts in them."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
                self.bodies.append(json.loads(await reader.readexactly(length)))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        writer.close()

    def notified(self, status: str) -> int:
        """The number of different alerts that were sent in that status."""
        return len({alert["fingerprint"] for body in self.bodies for alert in body["alerts"] if alert["status"] == status})


class Lag:
    """The lag of the event loop."""

    def __init__(self) -> None:
        self.total = self.worst = 0.0

    async def watch(self) -> None:
        while True:
            due = time.perf_counter() + LAG_STEP
            await asyncio.sleep(LAG_STEP)
            late = time.perf_counter() - due
            if late > LAG_STEP:
                self.total += late
                self.worst = max(self.worst, late)


@contextlib.asynccontextmanager
async def running_leader(alerts: int, one_rule: bool) -> AsyncIterator[tuple[Leader, Hook]]:
    """A leader that runs, and its webhook."""
    hook = Hook()
    server = await asyncio.start_server(hook.answer, "127.0.0.1", 0)
    rules = ONE_RULE if one_rule else "".join(_rule(number) for number in range(alerts))
    with place(FRAME.format(port=server.sockets[0].getsockname()[1]) + rules) as (path, _):
        (path / "config.toml").chmod(0o600)
        directory = open_directory(Path(path / "state"))
        lock = LeaderLock(directory)
        assert lock.acquire()
        leader = await open_leader(load(path / "config.toml", {}), directory, SystemClock(), "headless", os.getpid(), lambda board: None)
        running = asyncio.create_task(leader.run())
        try:
            yield leader, hook
        finally:
            leader.stop()
            await running
            lock.release()
            server.close()


def _rule(number: int) -> str:
    return f'[[rules]]\nalert = "Storm{number}"\nexpr = \'storm{{item="{number}"}} == 1\'\nseverity = "error"\n'


async def feed(leader: Leader, alerts: int, value: float) -> None:
    """Give all series this value, each second, for ever."""
    while True:
        samples = [Sample(labels_of("storm", item=str(number)), value) for number in range(alerts)]
        leader._collector.observe(time.time_ns() // 1_000_000, samples)
        await asyncio.sleep(1.0)


async def storm(alerts: int, one_rule: bool) -> dict[str, Any]:
    """Calm, storm, calm again."""
    async with running_leader(alerts, one_rule) as (leader, hook):
        async with phase(leader, alerts, 0.0):
            await asyncio.sleep(SETTLE)
        gc.collect()
        memory = resident()
        lag = Lag()
        watch = asyncio.create_task(lag.watch())
        begin, cpu = time.perf_counter(), time.process_time()
        async with phase(leader, alerts, 1.0):
            await until(lambda: bool(hook.bodies))
            first = time.perf_counter() - begin
            await asyncio.sleep(SETTLE * 2)
        fired = len(hook.bodies)
        async with phase(leader, alerts, 0.0):
            await asyncio.sleep(SETTLE * 4)
        watch.cancel()
        name = "series" if one_rule else "rules"
        return {
            f"{name}_lag": figure(lag.total * 1000, "ms", 2000.0),
            f"{name}_worst": figure(lag.worst * 1000, "ms"),
            f"{name}_first_message": figure(first, "s", 10.0),
            f"{name}_messages": figure(
                len(hook.bodies), "messages", 40.0, firing=fired, told=hook.notified("firing"), ended=hook.notified("resolved")
            ),
            f"{name}_cpu": figure(time.process_time() - cpu, "s"),
            f"{name}_memory": figure((resident() - memory) / MIB, "MiB", 64.0),
        }


@contextlib.asynccontextmanager
async def phase(leader: Leader, alerts: int, value: float) -> AsyncIterator[None]:
    """While the context is open all series have this value."""
    task = asyncio.create_task(feed(leader, alerts, value))
    try:
        yield
    finally:
        task.cancel()


async def until(condition: Any, limit: float = 30.0) -> None:
    """Wait for it."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110  the condition is a counter of messages that arrive
            await asyncio.sleep(0.01)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def main() -> None:
    """Both storms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1000)
    given = parser.parse_args()
    finish({**await storm(given.alerts, one_rule=True), **await storm(given.alerts, one_rule=False)})


if __name__ == "__main__":
    asyncio.run(main())
