"""kill -9 at each point of a report's way: while it is made, before and after each commit, between send and record."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.receivers import receiver
from tests.support.report_world import MIDNIGHT
from tui_monitor.reports.dues import KNOWN
from tui_monitor.storage.records import ReportOutcome
from tui_monitor.storage.state.database import SqliteRepository
from tui_monitor.storage.state.reader import StateReader

LIFE = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support.settings import made
from tests.support.report_world import NOW
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.origin import Origin
from tui_monitor.notifiers.webhook import Webhook
from tui_monitor.runtime.report_job import ReportJob
from tui_monitor.runtime.report_messages import Sender
from tui_monitor.storage.state.database import SqliteRepository

path, url, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
commits = 0

def reach(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)

class Fixed(SystemClock):
    def wall_ms(self):
        return NOW + 1000

class Dying(SqliteRepository):
    def _transact(self, work, durable):
        global commits
        commits += 1
        number = commits
        reach(f"before {number}")
        answer = super()._transact(work, durable)
        reach(f"after {number}")
        return answer

async def make(name, order):
    reach("make")
    forms = dict.fromkeys(("title", "text", "chat", "brief", "html"), "x")
    return {**forms, "severity": "info", "incidents": 1, "images": {}, "data": {}}

class Sending(Webhook):
    async def send(self, *given, **more):
        answer = await super().send(*given, **more)
        reach("sent")
        return answer

async def main():
    report = {"name": "morning", "timezone": "Europe/Berlin", "to": ["hook"]}
    settings = made(Settings, {"notifiers": [{"name": "hook", "type": "webhook", "url": url}], "reports": [report]})
    state = await Dying.open(path)
    clock = Fixed()
    outbox = Outbox(state, {"hook": Sending(settings.notifiers[0], clock)}, clock, lambda event: None)
    sender = Sender("web-1", "en", "", Origin("", "", ""))
    job = ReportJob(settings, sender, state, clock, ReportFailures(), make, lambda messages: outbox.wake())
    await job.step(settings.reports[0])
    running = asyncio.create_task(outbox.run())
    busy = lambda tables: any(row.next_try is not None or row.state == "sending" for row in tables.outbox.newest())
    while await state.read(busy):
        await asyncio.sleep(0.005)
    await outbox.close(5)
    await running
    await state.close()

asyncio.run(main())
"""
POINTS = ("make", "before 1", "after 1", "after 3", "sent", "after 4")
"""Commit 1 queues the report and its row, 2 recovers, 3 claims, 4 records what became of it."""


async def life(path: Path, url: str, point: str) -> int:
    """One process; its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIFE, str(path), url, point, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    async with asyncio.timeout(60):
        return await process.wait()


async def begin(path: Path) -> None:
    """A state in which the recipient is known since the day before."""
    store = await SqliteRepository.open(path)
    await store.transaction(lambda state: state.reports.add(ReportOutcome("morning", "hook", "", KNOWN, MIDNIGHT)))
    await store.close()


@pytest.mark.parametrize("point", POINTS)
async def test_no_kill_loses_or_doubles_a_report(tmp_path: Path, point: str) -> None:
    """One process is killed at the point, a whole one follows: the report arrived once, or twice with the mark where it was under way."""
    path = tmp_path / "state.db"
    await begin(path)
    async with receiver() as server:
        assert await life(path, server.url, point) == -9
        for _ in range(2 if point == POINTS[-1] else 1):
            assert await life(path, server.url, "") == 0
        ours = [request for request in server.requests if "idempotency-key" in request.headers]
        seen = [(request.headers["idempotency-key"], request.headers.get("x-possible-repeat")) for request in ours]
    assert {key for key, _ in seen} == {"report/morning/2026-03-01"}
    under_way = point in ("after 3", "sent")
    assert [mark for _, mark in seen] in ([[None], ["1"], [None, "1"]] if under_way else [[None]]), (point, seen)
    reader = StateReader(path)
    rows = reader.read(lambda state: state.reports.of("morning"))
    sent = reader.read(lambda state: [row.state for row in state.outbox.newest()])
    reader.close()
    assert [row.outcome for row in rows] == ["known", "queued"] and sent == ["sent"]
