"""From a fault to its webhook, through the real daemon and real sockets; prints JSON.

    python bench/latency.py [--trials 20] [--no-defaults]

``fault_to_webhook``: checks at a 1 s interval with ``failures = 1``, each broken once at a random moment; from the moment the service
begins to answer 500 to the arrival of the webhook. ``first_message_*``: all at its defaults (10 s, two failures, retry after 2 s), from
the first failed probe to the first message: for a plain check, for a child whose parent is well, and for a parent failing with its child.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
from collections.abc import AsyncIterator
from typing import Any

from harness import compile_program, figure, finish, headless

SETTLE = 8.0
FRAME = 'host = "bench"\ndefault_rules = ["CheckUnhealthy"]\n[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "http://127.0.0.1:{port}/hook"\n'
"""The notifier that every configuration here has."""
EACH_ALONE = 'rate_limit = "1000/1m"\n[[routes]]\nnotifiers = ["hook"]\ngroup_by = ["alertname", "check"]\n'
DEFAULT_ROUTE = '[routing]\ninfo = ["hook"]\n'


class Bench:
    """One loopback server: services that can be broken by path, and the receiver of webhooks."""

    def __init__(self) -> None:
        self.broken: dict[str, float] = {}
        self.failed: dict[str, float] = {}
        self.told: dict[str, asyncio.Future[float]] = {}
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                arrived = asyncio.get_running_loop().time()
                _method, path, _ = head.split(" ", 2)
                length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
                body = await reader.readexactly(length)
                writer.write(self.respond(path, body, arrived))
                await writer.drain()
        writer.close()

    def respond(self, path: str, body: bytes, arrived: float) -> bytes:
        if path == "/hook":
            for alert in json.loads(body)["alerts"]:
                waiting = self.told.get(f"{alert['status']} {alert['labels'].get('check', '')}")
                if waiting is not None and not waiting.done():
                    waiting.set_result(arrived)
        elif path.strip("/") in self.broken:
            self.failed.setdefault(path.strip("/"), arrived)
            return b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def break_down(self, name: str) -> asyncio.Future[float]:
        """From now on the service answers 500; the future is done when its webhook has come."""
        loop = asyncio.get_running_loop()
        self.told[f"firing {name}"] = loop.create_future()
        self.broken[name] = loop.time()
        return self.told[f"firing {name}"]


@contextlib.asynccontextmanager
async def bench_server() -> AsyncIterator[Bench]:
    bench = Bench()
    server = await asyncio.start_server(bench.answer, "127.0.0.1", 0, backlog=256)
    bench.port = server.sockets[0].getsockname()[1]
    try:
        yield bench
    finally:
        server.close()


def check(name: str, port: int, more: str = "") -> str:
    return f'[[checks]]\nname = "{name}"\ntype = "http"\nurl = "http://127.0.0.1:{port}/{name}"\n{more}\n'


async def at_one_second(trials: int) -> dict[str, Any]:
    """Median and worst of the trials, in seconds."""
    names = [f"service-{number}" for number in range(trials)]
    took = []
    async with bench_server() as bench:
        text = FRAME.format(port=bench.port) + EACH_ALONE
        text += "\n".join(check(name, bench.port, 'interval = "1s"\nfailures = 1') for name in names)
        with headless(text):
            await asyncio.sleep(SETTLE)
            for name in names:
                await asyncio.sleep(random.random())
                told = bench.break_down(name)
                async with asyncio.timeout(30):
                    took.append(await told - bench.broken[name])
    return {
        "fault_to_webhook": figure(statistics.median(took), "s", 1.0, trials=trials),
        "fault_to_webhook_worst": figure(max(took), "s"),
    }


async def with_defaults(kind: str) -> dict[str, Any]:
    """Seconds from the first failed probe to the first message, with the configuration's defaults."""
    async with bench_server() as bench:
        text = FRAME.format(port=bench.port) + DEFAULT_ROUTE + check("db", bench.port)
        text += check("api", bench.port, 'depends_on = ["db"]' if kind != "plain" else "")
        with headless(text):
            await asyncio.sleep(12 + 5 * random.random())
            told = [bench.break_down("api")]
            if kind == "parent":
                told.append(bench.break_down("db"))
            async with asyncio.timeout(60):
                await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
            arrived = min(one.result() for one in told if one.done())
            return {f"first_message_{kind}": figure(arrived - min(bench.failed.values()), "s", 10.0)}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    figures = await at_one_second(options.trials)
    if options.defaults:
        for found in await asyncio.gather(*(with_defaults(kind) for kind in ("plain", "child", "parent"))):
            figures |= found
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--defaults", action=argparse.BooleanOptionalAction, default=True, help="also the first message with all defaults")
    options = parser.parse_args()
    compile_program()
    finish(asyncio.run(measure(options)))


if __name__ == "__main__":
    main()
