"""How late the probes of good targets are while 500 hostile targets are probed too: the real daemon; prints JSON.

    python bench/hostile.py [--targets 500] [--good 20] [--seconds 40]

The hostile ones hang, drip, cut, lie and flood at each point of the exchange, as checks of the kinds http, json, prometheus, tcp (with
and without TLS), postgres, redis, smtp, imap, ssh and websocket, each every 10 s with a time limit of 5 s. The good ones are probed each
second; their server, in a process of its own, writes down when each request comes. ``late`` is how far behind its own grid a request
comes: the grid of a check begins with its most punctual request. ``alone`` is the same without hostile targets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from harness import ANSWER, compile_program, environment, figure, finish, headless, others_busy, rss_mib

EVERY = 1.0
SETTLE = 15.0
KINDS: Mapping[str, str] = {
    "http": 'url = "http://{place}/"\nexpect_regex = "x+y"',
    "http-tls": 'url = "https://{place}/"',
    "json": 'url = "http://{place}/"\nvalues = [{{ metric = "m", path = "a" }}]',
    "prometheus": 'url = "http://{place}/metrics"',
    "tcp": 'host = "{host}"\nport = {port}\nexpect = "y"',
    "tcp-tls": 'host = "{host}"\nport = {port}\ntls = true',
    "postgres": 'dsn = "postgresql://u:p@{place}/app?sslmode=disable"',
    "redis": 'url = "redis://{place}"',
    "smtp": 'host = "{host}"\nport = {port}',
    "imap": 'host = "{host}"\nport = {port}',
    "ssh": 'host = "{host}"\nport = {port}',
    "websocket": 'url = "ws://{place}/"',
}


async def serve_hostile() -> None:
    """One server for each behaviour, until killed; prints their ports."""
    from tests.support.peers.hostile import BEHAVIOURS

    os.nice(19)  # they stand for other machines, whose floods cost this one no processor time
    ports = {}
    for name, behaviour in BEHAVIOURS.items():
        server = await asyncio.start_server(_bounded(behaviour), "127.0.0.1", 0, backlog=1024)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


def _bounded(behaviour: Any) -> Any:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(20):
                await behaviour(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return serve


class _PunctualServer(asyncio.Protocol):
    """Answers, and writes down the path and the moment of each request."""

    arrivals: ClassVar[dict[str, list[float]]] = defaultdict(list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1].decode()
        if path == "/arrivals":
            body = json.dumps(self.arrivals).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)  # type: ignore[attr-defined]
        else:
            self.arrivals[path].append(time.monotonic())
            self.transport.write(ANSWER)  # type: ignore[attr-defined]
        self.transport.close()


async def serve_good() -> None:
    """The good targets' server, until killed; prints its port."""
    server = await asyncio.get_running_loop().create_server(_PunctualServer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def configuration(good: int, port: int, hostile: int, ports: Mapping[str, int]) -> str:
    """Checks of good targets, and of hostile ones: each behaviour with each kind in turn."""
    text = ["default_rules = []\n[system]\nprocesses = false\n"]
    for number in range(good):
        text.append(
            f'[[checks]]\nname = "good-{number}"\ntype = "http"\nurl = "http://127.0.0.1:{port}/{number}"\ninterval = "{EVERY:g}s"\n'
        )
    pairs = [(kind, behaviour) for behaviour in ports for kind in KINDS]
    for number in range(hostile):
        kind, behaviour = pairs[number % len(pairs)]
        host, place = "127.0.0.1", f"127.0.0.1:{ports[behaviour]}"
        keys = KINDS[kind].format(host=host, port=ports[behaviour], place=place)
        text.append(f'[[checks]]\nname = "hostile-{number}"\ntype = "{kind.partition("-")[0]}"\n{keys}\n')
    return "\n".join(text)


def lateness(arrivals: Mapping[str, Sequence[float]], since: float) -> list[float]:
    """Milliseconds of each request behind its check's own grid, in order."""
    late: list[float] = []
    for moments in arrivals.values():
        recent = [moment for moment in moments if moment >= since]
        if len(recent) < 2:
            late.append(float("inf"))
            continue
        phases = [(moment - recent[0]) - round((moment - recent[0]) / EVERY) * EVERY for moment in recent]
        late += [1000 * (phase - min(phases)) for phase in phases]
    return sorted(late)


def measure(good: int, hostile: int, seconds: float) -> dict[str, Any]:
    """p50, p99 and the worst lateness, and what the daemon cost."""
    import urllib.request

    with _ServerProcess("--serve-good") as (_, line), _ServerProcess("--serve-hostile") as (_, ports):
        port = int(line)
        with headless(configuration(good, port, hostile, json.loads(ports))) as process:
            time.sleep(SETTLE)
            since = time.monotonic()
            used, others = others_busy(process, seconds)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/arrivals", timeout=10) as answer:
                late = lateness(json.loads(answer.read()), since)
            return {
                "p50": late[len(late) // 2], "p99": late[int(len(late) * 0.99)], "worst": late[-1], "count": len(late),
                "cpu_pct": 100 * used / seconds, "rss_mib": rss_mib(process), "others_pct": others,
            }  # fmt: skip


class _ServerProcess:
    """One of the servers as a process; gives it and the line that it prints."""

    def __init__(self, option: str) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, option], stdout=subprocess.PIPE, text=True, env=environment())

    def __enter__(self) -> tuple[subprocess.Popen[str], str]:
        assert self._process.stdout is not None
        return self._process, self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=500, help="hostile targets")
    parser.add_argument("--good", type=int, default=20, help="good targets")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each measurement")
    parser.add_argument("--serve-good", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-hostile", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_good or options.serve_hostile:
        asyncio.run(serve_good() if options.serve_good else serve_hostile())
        return
    compile_program()
    alone = measure(options.good, 0, options.seconds)
    beside = measure(options.good, options.targets, options.seconds)
    finish(
        {
            "alone_p99": figure(alone["p99"], "ms late", worst=round(alone["worst"], 1), others_pct=round(alone["others_pct"])),
            "late_p50": figure(beside["p50"], "ms late"),
            "late_p99": figure(beside["p99"], "ms late", 50.0, worst=round(beside["worst"], 1), requests=beside["count"]),
            "cpu": figure(beside["cpu_pct"], "% of a core", others_pct=round(beside["others_pct"])),
            "rss": figure(beside["rss_mib"], "MiB"),
        }
    )


if __name__ == "__main__":
    main()
