"""kill -9 at every commit of the outbox and between send and record: nothing lost, at most one repeat, and that one marked."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.outbox_tools import StateDb, message
from tests.support.paths import ROOT
from tests.support.receivers import receiver

CHILD = """
import asyncio, os, signal, sys
sys.path.insert(0, "")
from pathlib import Path
from tests.support.outbox_tools import StateDb
from tui_monitor.notifiers.webhook import Webhook
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.core.clock import SystemClock
from tui_monitor.notifiers.webhook import WebhookNotifier
from tests.support.settings import made

path, url, point, when = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
commits, finished = 0, 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(StateDb):
    def now(self, work):
        global commits
        commits += 1
        if commits == point and when == "before":
            die()
        result = super().now(work)
        if commits == point and when == "after":
            die()
        return result

state = Dying(path)

async def main():
    def on_event(event):
        global finished
        finished += 1
    outbox = Outbox(state, {"hook": Webhook(made(WebhookNotifier, name="hook", url=url), SystemClock())}, SystemClock(), on_event)
    task = asyncio.create_task(outbox.run())
    while state.db.execute("SELECT COUNT(*) FROM notifications WHERE next_try IS NOT NULL OR state = 'sending'").fetchone()[0]:
        await asyncio.sleep(0.005)
    await outbox.close(5)
    await task

asyncio.run(main())
"""


async def run_child(path: Path, url: str, point: int, when: str) -> int:
    """Run the outbox in a process of its own that dies at its ``point``-th commit; its exit status."""
    root = ROOT
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(path), url, str(point), when, cwd=root)
    async with asyncio.timeout(20):
        return await process.wait()


POINTS = {"before": [1, 2, 3, 5, 7], "after": [1, 2, 4, 6]}
"""Commit 1 recovers, 2 claims, 3 records, 4 claims the next, ..."""


@pytest.mark.parametrize("when", list(POINTS))
async def test_no_kill_loses_or_doubles_a_message(tmp_path: Path, when: str) -> None:
    """Three messages, a process killed at each of its first commits in turn, each followed by a whole one."""
    await asyncio.gather(*(crash_once(tmp_path, point, when) for point in POINTS[when]))


async def crash_once(tmp_path: Path, point: int, when: str) -> None:
    """One kill and what the receiver saw of it."""
    path = tmp_path / f"{when}{point}.db"
    state = StateDb(path)
    state.put(*(message(f"k{n}", thread=f"t{n}") for n in range(3)))
    async with receiver() as server:
        assert await run_child(path, server.url, point, when) == -9
        assert await run_child(path, server.url, 0, "") == 0
        seen: dict[str, list[str | None]] = {}
        for request in server.requests:
            seen.setdefault(request.headers["idempotency-key"], []).append(request.headers.get("x-possible-repeat"))
    assert sorted(seen) == ["k0", "k1", "k2"], f"lost at {when} {point}"
    repeated = [marks for marks in seen.values() if len(marks) > 1]
    assert len(repeated) <= 1 and all(marks == [None, "1"] for marks in repeated), f"{when} {point}: {seen}"
    states = {row[0] for row in state.db.execute("SELECT state FROM notifications")}
    state.db.close()
    assert states == {"sent"}
