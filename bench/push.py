"""Push: share of a core for StatsD at 20,000 packets a second, cost of a line and of each decoder, memory; prints JSON.

    python bench/push.py [--rate 20000] [--seconds 5]

The packets come over UDP on loopback from another process (one line each, 200 metrics: counters, gauges and timers, tags); what the
kernel drops is told. Decoders get bodies of 2,000 points, spans or lines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from harness import figure, finish

from tui_monitor.board.push import PushKind, PushRequest
from tui_monitor.sources.push.bodies import decode
from tui_monitor.sources.push.statsd import StatsdReader
from tui_monitor.sources.push.statsd_listener import open_udp
from tui_monitor.sources.push.table import SeriesTable

COUNT = 2000
SENDER = """
import socket, sys, time
port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", port))
lines = [b"shop.orders.%d:%d|%s|#kind:web,region:eu" % (n % 200, n, (b"c", b"g", b"ms")[n % 200 % 3]) for n in range(600)]
begin, sent = time.monotonic(), 0
while (now := time.monotonic() - begin) < seconds:
    for _ in range(max(0, int(now * rate) - sent)):
        client.send(lines[sent % 600])
        sent += 1
    time.sleep(0.002)
print(sent)
"""


def cpu() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def statsd(rate: int, seconds: float) -> dict[str, Any]:
    """Share of a core while packets come, with a flush each second."""
    table = SeriesTable(1000, 86_400)
    reader = StatsdReader(table, lambda event: None)
    listener = open_udp("127.0.0.1", 0, reader.packet)
    argv = [sys.executable, "-c", SENDER, str(listener.port), str(rate), str(seconds)]
    sender = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    async with asyncio.timeout(30):
        while not reader.lines:  # noqa: ASYNC110  the reader has no event
            await asyncio.sleep(0.01)
    began, used, before = time.monotonic(), cpu(), reader.lines
    flushes: list[float] = []
    while sender.returncode is None and time.monotonic() - began < seconds - 0.5:
        await asyncio.sleep(1)
        at = time.thread_time()
        table.flush(time.monotonic())
        flushes.append(1000 * (time.thread_time() - at))
    lines, span, used = reader.lines - before, time.monotonic() - began, cpu() - used
    await sender.communicate()
    lost = listener.lost
    listener.close()
    return {
        "statsd": figure(100 * used / span, "% of a core", 15.0, packets_per_second=round(lines / span), lost=lost),
        "statsd_line": figure(1e6 * used / max(1, lines), "us"),
        "flush_200_series": figure(max(flushes), "ms"),
    }


def bodies() -> dict[str, tuple[PushKind, bytes, str]]:
    """A body for each decoder."""
    page = "".join(f'jobs_done{{worker="{number}"}} {number}\n' for number in range(COUNT)).encode()
    points = [{"name": "stock", "value": number, "labels": {"item": str(number)}} for number in range(COUNT)]
    lines = [{"level": "info", "message": f"order {number}", "service": "shop", "order": number} for number in range(COUNT)]
    otlp = [{"asDouble": number, "attributes": [{"key": "item", "value": {"stringValue": str(number)}}]} for number in range(COUNT)]
    metrics = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "stock", "gauge": {"dataPoints": otlp}}]}]}]}
    spans = [
        {"traceId": f"{number:032x}", "spanId": f"{number + 1:016x}", "name": "GET", "startTimeUnixNano": "1", "endTimeUnixNano": "9000"}
        for number in range(1, COUNT + 1)
    ]
    traces = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    as_json, protobuf = "application/json", "application/x-protobuf"
    return {
        "pushgateway": ("pushgateway", page, "text/plain"),
        "json": ("metrics", json.dumps(points).encode(), as_json),
        "lines": ("logs", json.dumps(lines).encode(), as_json),
        "otlp_json": ("otlp_metrics", json.dumps(metrics).encode(), as_json),
        "otlp_protobuf": ("otlp_metrics", protobuf_of(metrics, "metrics"), protobuf),
        "traces_protobuf": ("otlp_traces", protobuf_of(traces, "traces"), protobuf),
    }


def protobuf_of(value: Any, signal: Any) -> bytes:
    """The request as protobuf."""
    from tui_monitor.sources.push.otlp import request_of

    return bytes(request_of(signal, json.dumps(value).encode(), "application/json").SerializeToString())


def timed(work: Callable[[], object]) -> float:
    """CPU microseconds of each of COUNT, the best of five."""
    times = []
    for _ in range(5):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return 1e6 * min(times) / COUNT


def memory() -> float:
    """MiB of resident memory."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=20_000, help="packets a second")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    found = asyncio.run(statsd(options.rate, options.seconds))
    before = memory()
    for name, (kind, body, content_type) in bodies().items():
        request = PushRequest(kind, body, content_type=content_type, group="job/bench")
        found[f"decode_{name}"] = figure(timed(partial(decode, request, (), 0)), "us each")
    found["memory_of_otlp"] = figure(memory() - before, "MiB")
    finish(found)


if __name__ == "__main__":
    main()
