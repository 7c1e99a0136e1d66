"""A monitor in this process that takes pushes: HTTP and StatsD on free ports, a token, and its series."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

from tests.support.http_face import Answer
from tests.support.processes import eventually, running, until
from tests.support.servers import free_port
from tui_monitor.config.load import load
from tui_monitor.core.access_token import digest_of
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import AddToken
from tui_monitor.core.trace import TraceQuery, TraceSummary
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.values import Vector
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.serving.service import HttpService

TOKEN = "tm_push_token"
CONFIG = """
host = "web-1"
default_rules = false
[http]
listen = "127.0.0.1:{port}"
{http}
[push]
statsd = "127.0.0.1:{statsd}"
statsd_socket = "{place}/statsd.sock"
{more}
"""


class PushWorld:
    """``url`` of HTTP, ``statsd`` port, ``statsd_socket`` and ``socket`` paths."""

    def __init__(self, runtime: Runtime, place: Path, port: int, statsd: int) -> None:
        self.runtime = runtime
        self.place = place
        self.port, self.statsd = port, statsd
        self.url = f"http://127.0.0.1:{port}"
        self.statsd_socket = str(place / "statsd.sock")
        self.socket = str(place / "state" / "http.sock")

    async def series(self, expr: str) -> dict[frozenset[tuple[str, str]], float]:
        """The present answer of an expression: labels without the name, and values."""
        found = cast("Vector", await self.runtime.query(expr, SystemClock().wall_ms()))
        return {frozenset(pair for pair in labels if pair[0] != "__name__"): value for labels, value in found}

    async def value(self, expr: str, wanted: float | None = None) -> float:
        """The value of an expression with one series, as soon as it is there (and as wanted)."""
        found = await eventually(lambda: self.series(expr), lambda found: len(found) == 1 and wanted in (None, *found.values()), expr)
        return next(iter(found.values()))

    async def traces(self, count: int, **query: Any) -> list[TraceSummary]:
        """The stored traces, as soon as there are so many."""
        return [*await eventually(lambda: self.runtime.traces(TraceQuery(**query)), lambda found: len(found) >= count)]

    async def ask(self, method: str, path: str, body: bytes = b"", *, token: str = TOKEN, unix: bool = False, **headers: str) -> Answer:
        """One request."""
        opened = asyncio.open_unix_connection(self.socket) if unix else asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = await opened
        lines = {"host": "localhost", "connection": "close", "content-length": str(len(body))}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            lines["authorization"] = f"Bearer {token}"
        writer.write(
            f"{method} {path} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode() + b"\r\n" + body
        )
        try:
            return Answer(await reader.read())
        finally:
            writer.close()

    @property
    def troubles(self) -> tuple[str, ...]:
        """The present own troubles."""
        return self.runtime.board.trouble


@contextlib.asynccontextmanager
async def push_world(
    place: Path, more: str = "", http: str = "", checks: str = "", ports: tuple[int, int] | None = None
) -> AsyncIterator[PushWorld]:
    """``more``: further lines of [push], ``http`` of [http], ``checks``: whole tables."""
    port, statsd = ports or (free_port(), free_port())
    file = place / "config.toml"
    file.write_text(CONFIG.format(port=port, http=http, statsd=statsd, place=place, more=more) + checks)
    directory = open_directory(place / "state")
    clock = SystemClock()
    runtime = Runtime(
        directory, lambda: load(file, {}), clock, "headless", "test",
        service=lambda backend, report: HttpService(backend, directory, clock, report, {}),
    )  # fmt: skip
    async with running(runtime.run(), runtime.stop):
        await until(lambda: runtime.leader is not None and runtime.leader.board is not None)
        await runtime.command(AddToken("test", ("push",), digest_of(TOKEN)))
        await until(lambda: runtime.leader is not None and runtime.leader.push.statsd_port == statsd)
        world = PushWorld(runtime, place, port, statsd)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    if (await world.ask("GET", "/-/ready", token="")).status == 200:
                        break
                await asyncio.sleep(0.02)
        yield world


def environment_of(world: PushWorld) -> Mapping[str, str]:
    """Of an application that uses tui_monitor.client."""
    return {"TUI_MONITOR_STATSD": f"127.0.0.1:{world.statsd}", "TUI_MONITOR_URL": world.url, "TUI_MONITOR_TOKEN": TOKEN}
