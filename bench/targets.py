"""Scraping many targets: CPU of fetching and parsing, of taking the samples to memory and history too, and memory for each live series.

    python bench/targets.py [--targets 20] [--samples 2000] [--rounds 6]

The targets are one server in a process of its own. ``probe_share`` is the share of a core for scrapes each 10 s, fetch and parse;
``collect_share`` the same with the whole collector (judging, series that ended, memory), ``store_share`` what the history's writer adds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from scrape import plain

from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.config.settings import GuardSettings, Settings, SystemSettings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.troubles import Troubles
from tui_monitor.sources.prometheus.probe import PrometheusProbe
from tui_monitor.sources.prometheus.settings import PrometheusCheck
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.memory import SeriesMemory

EVERY = 10.0


def serve(samples: int, port: Connection) -> None:
    """A page with other values at each request."""
    pages = [plain(samples, turn) for turn in range(4)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        turn = 0

        def do_GET(self) -> None:
            Handler.turn += 1
            body = pages[Handler.turn % 4]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_port)
    server.serve_forever()


async def probes(checks: list[PrometheusCheck], rounds: int) -> float:
    """CPU seconds of one warm round of fetching and parsing."""
    made = [PrometheusProbe(check) for check in checks]
    for probe in made:
        await probe.probe()
    began = time.process_time()
    for _ in range(rounds):
        for probe in made:
            assert (await probe.probe()).reason == ""
    took = (time.process_time() - began) / rounds
    for probe in made:
        await probe.close()
    return took


async def collected(checks: list[PrometheusCheck], rounds: int, history: Path) -> dict[str, float]:
    """CPU seconds of one warm round with everything, of its writing, and bytes for each live series after ``rounds``."""
    clock, memory, troubles = SystemClock(), SeriesMemory(), Troubles()
    settings = Settings(checks=list(checks), system=SystemSettings(processes=False))
    before = psutil.Process().memory_info().rss
    collector = Collector(settings, clock, memory, Guard(GuardSettings(), troubles, clock.monotonic), lambda result: None)
    writer = History(history)
    work, written = [], []
    async with asyncio.TaskGroup() as group:
        collector._group = group
        for _ in range(rounds):
            began = time.process_time()
            for loop in collector._loops.values():
                await loop.step()
            await asyncio.sleep(0.05)  # the parts of a page that are taken by turns
            work.append(time.process_time() - began)
            began = time.process_time()
            for batch in collector.drain():
                writer.append(batch.at, batch.samples, batch.lookback_ms)
            writer.commit(clock.wall_ms())
            written.append(time.process_time() - began)
    grown = psutil.Process().memory_info().rss - before
    writer.close()
    return {"work": min(work[1:]), "written": min(written[1:]), "bytes": grown / len(memory)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(options.samples, theirs), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{mine.recv()}/metrics"
    checks = [PrometheusCheck(name=f"target{number}", type="prometheus", url=url, timeout=9.0) for number in range(options.targets)]
    try:
        alone = asyncio.run(probes(checks, options.rounds))
        with tempfile.TemporaryDirectory() as place:
            whole = asyncio.run(collected(checks, options.rounds, Path(place) / "history.db"))
    finally:
        server.kill()
    shares = {"probe_share": alone / EVERY, "collect_share": whole["work"] / EVERY, "store_share": whole["written"] / EVERY}
    print(json.dumps({"targets": options.targets, "samples": options.samples, **shares, "bytes_per_series": whole["bytes"]}, indent=1))


if __name__ == "__main__":
    main()
