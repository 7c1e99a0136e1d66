"""kill -9 of the whole daemon at every commit and between send and record, with a real receiver that counts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.processes import environment, is_about, marked, until
from tests.support.receivers import Receiver, Request, receiver

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "api"
type = "http"
url = "{target}/{name}"
interval = "100ms"
timeout = "2s"
failures = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}/{name}"
[[routes]]
notifiers = ["hook"]
group_interval = "0s"
"""
SIDE_BY_SIDE = 3
UNFINISHED = "SELECT COUNT(*) FROM notifications WHERE next_try IS NOT NULL OR state IN ('queued', 'sending')"


class Runner:
    """The warm process that forks lives."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            return dict(json.loads(await self._process.stdout.readline()))

    async def begin(self, life: dict[str, Any]) -> tuple[int, asyncio.Task[dict[str, Any]]]:
        """Begin a life: its process id, and a task that ends with it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(life).encode() + b"\n")
        return (await self._answer())["pid"], asyncio.create_task(self._answer())


@contextlib.asynccontextmanager
async def runners(count: int) -> AsyncIterator[asyncio.Queue[Runner]]:
    """So many runners, to be borrowed."""
    free: asyncio.Queue[Runner] = asyncio.Queue()
    processes = []
    for _ in range(count):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "tests/support/crash_runner.py", cwd=ROOT, env=environment(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        processes.append(process)
    try:
        for process in processes:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                assert await process.stdout.readline() == b"ready\n"
            free.put_nowait(Runner(process))
        yield free
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@dataclass(frozen=True)
class Story:
    """One alert's whole life on a path of its own, with one kill in it."""

    place: Path
    name: str
    target: HttpServer
    hook: Receiver

    def told(self, status: str) -> list[Request]:
        """What the receiver got."""
        return [r for r in self.hook.requests if r.path == f"/{self.name}" and is_about(r.json(), "CheckUnhealthy", status)]

    async def run(self, runner: Runner, point: str = "", count: int = 0, when: str = "") -> dict[str, Any]:
        """Down, told, up, told; killed once; begun again until all is told. What the first life came to."""
        (self.place / "config.toml").write_text(CONFIG.format(target=self.target.url, hook=self.hook.url, name=self.name))
        life = {"config": str(self.place / "config.toml"), "state": str(self.place / "state"), "log": str(self.place / "log")}
        self.target.at(f"/{self.name}", status=500)
        first = await self._live(runner, {**life, "point": point, "count": count, "when": when})
        if first["status"] == 0:
            return first
        assert first["status"] == -signal.SIGKILL, first
        again = await self._live(runner, {**life, "point": "", "count": 0, "when": ""})
        assert again["status"] == 0, (self.place / "log").read_text()
        return first

    async def _live(self, runner: Runner, life: dict[str, Any]) -> dict[str, Any]:
        log = self.place / "log"
        begin = len(log.read_text()) if log.exists() else 0
        pid, end = await runner.begin(life)
        await until(lambda: end.done() or self.told("firing"), what=f"{self.name}: firing")
        if not end.done():
            self.target.at(f"/{self.name}", status=200)
        await until(
            lambda: end.done() or (self.told("resolved") and self._leads(begin) and self._finished()), what=f"{self.name}: resolved"
        )
        if not end.done():
            with contextlib.suppress(ProcessLookupError):  # it may have reached its own end since
                os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(20):
            return await end

    def _leads(self, begin: int) -> bool:
        return "is now leader" in (self.place / "log").read_text()[begin:]

    def _finished(self) -> bool:
        with contextlib.closing(sqlite3.connect(self.place / "state" / "state.db", timeout=5)) as db:
            return bool(db.execute(UNFINISHED).fetchone()[0] == 0)

    def judge(self) -> None:
        """Nothing lost, nothing doubled but the one message that was out when the process died, and that one marked."""
        seen: dict[str, list[Request]] = {}
        for request in (*self.told("firing"), *self.told("resolved")):
            seen.setdefault(request.headers["idempotency-key"], []).append(request)
        kinds = sorted(requests[0].json()["status"] for requests in seen.values())
        assert kinds == ["firing", "resolved"], f"{self.name}: told {kinds}"
        repeated = [requests for requests in seen.values() if len(requests) > 1]
        assert len(repeated) <= 1, f"{self.name}: {len(repeated)} messages repeated"
        for requests in repeated:
            assert [marked(request) for request in requests] == [False, True], f"{self.name}: the repeat is not marked"
            assert requests[0].body == requests[1].body


@pytest.mark.slow
@pytest.mark.parametrize("point", ["commit", "send"])
async def test_a_kill_anywhere_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    """The daemon dies before and after each commit (each send) of an alert's life; firing and resolved arrive once each."""
    async with HttpServer() as target, receiver() as hook, runners(SIDE_BY_SIDE) as free:

        async def story(name: str, count: int, when: str) -> dict[str, Any]:
            (tmp_path / name).mkdir()
            told = Story(tmp_path / name, name, target, hook)
            runner = await free.get()
            try:
                first = await told.run(runner, point, count, when)
            finally:
                free.put_nowait(runner)
            told.judge()
            return first

        whole = await story("whole", 0, "")
        assert whole["status"] == 0 and whole["commit"] >= 8 and whole["send"] == 2
        points = [(count, when) for count in range(1, whole[point] + 1) for when in ("before", "after")]
        ends = await asyncio.gather(*(story(f"{point}-{count}-{when}", count, when) for count, when in points))
        assert sum(end["status"] != 0 for end in ends) >= len(points) * 0.8, "the kills did not happen"
