"""The HTTP interface of the real daemon, over one kept connection; prints JSON.

    python bench/serving.py [--requests 100] [--hours 24]

A history of ``--hours`` with one sample a second is written first. Times are from the request to the whole answer, client included
(median); CPU is that of the daemon above what it uses without requests. Requests come at 18 a second, below the rate limit.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import selectors
import socket
import statistics
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from harness import ROOT, compile_program, figure, finish, origins, place, rss_mib

sys.path.insert(0, str(ROOT))

from tests.support.stored_history import write_history
from tui_monitor.core.values import labels_of

SAMPLES = 950
"""Of each of two checks; with those of the machine /metrics has about 2,000."""
PAUSE = 1 / 18
SETTLE = 6.0
GRID = 0.2
"""Seconds between two probes of a check whose delay is measured."""
HTTP = '\n[http]\nlisten = "127.0.0.1:{port}"\nsocket = false\nopen = ["metrics", "read"]\n'
CHECK = """
[[checks]]
name = "many-{number}"
type = "command"
output = "prometheus"
interval = "10s"
argv = ["{python}", "-c", "for n in range({samples}): print(f'shop_value{{{{n=\\"{{n}}\\"}}}} {{n}}')"]
"""


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def written(path: Path, hours: int) -> int:
    """A history that ends now; returns its end in seconds."""
    end = round(time.time())
    curves = {labels_of("bench_ratio", n=str(n)): lambda at, n=n: (at // 1000 + n) % 97 / 97 for n in range(4)}
    write_history(path, curves, (end - 3600 * hours) * 1000, end * 1000, 1.0).close()
    return end


@contextlib.contextmanager
def daemon(configuration: str, hours: int) -> Iterator[tuple[psutil.Process, int]]:
    """The daemon over a written history, settled; and the history's end in seconds."""
    with place(configuration) as (directory, command):
        state = directory / "state"
        state.mkdir(exist_ok=True)
        end = written(state / "history.db", hours) if hours else 0
        process = psutil.Popen([*command, "--headless"], stdout=-3, stderr=-3)
        try:
            time.sleep(SETTLE)
            yield process, end
        finally:
            process.terminate()
            process.wait(10)


def connected(port: int) -> http.client.HTTPConnection:
    """A connection to the daemon, once it listens and the check has answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(120):
        with contextlib.suppress(OSError):
            connection.request("GET", "/federate?match[]=shop_value")
            if connection.getresponse().read():
                return connection
        connection.close()
        time.sleep(0.5)
    raise SystemExit("the daemon does not answer, or its check gives nothing")


def asked(connection: http.client.HTTPConnection, path: str, process: psutil.Process, requests: int) -> tuple[float, float, int]:
    """Median milliseconds of a request, milliseconds of the daemon's CPU for each, and the bytes of an answer."""
    times, size = [], 0
    idle = cpu_rate(process)
    before, begin = own_cpu(process), time.monotonic()
    for _ in range(requests):
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        size = len(answer.read())
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status == 200, (path, answer.status)
        time.sleep(max(0.0, PAUSE - times[-1] / 1000))
    used = own_cpu(process) - before - idle * (time.monotonic() - begin)
    return statistics.median(times), max(0.0, 1000 * used / requests), size


def cpu_rate(process: psutil.Process, seconds: float = 3.0) -> float:
    """The daemon's CPU seconds a second without requests."""
    before = own_cpu(process)
    time.sleep(seconds)
    return (own_cpu(process) - before) / seconds


def own_cpu(process: psutil.Process) -> float:
    """User and system seconds so far, without the programs of command checks, which come and go."""
    times = process.cpu_times()
    return float(times.user + times.system)


def viewers(port: int, process: psutil.Process, count: int, seconds: float = 10.0) -> float:
    """CPU seconds a second that this many open pages cost, above what the daemon uses without them."""
    idle = cpu_rate(process, seconds)
    with contextlib.ExitStack() as stack:
        for number in range(count):
            reader = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            reader.sendall(b"GET /live?page=overview&span=1h&name=&language=en HTTP/1.1\r\nHost: localhost\r\n\r\n")
            threading.Thread(target=drained, args=(reader,), daemon=True).start()
            if number % 15 == 14:
                time.sleep(1)
        time.sleep(5)
        return max(0.0, cpu_rate(process, seconds) - idle)


def drained(reader: socket.socket) -> None:
    """Read and forget until the end."""
    with contextlib.suppress(OSError):
        while reader.recv(65536):
            pass


class Arrivals(threading.Thread):
    """A server on loopback that notes when each connection comes, by the address that it is for."""

    def __init__(self, count: int) -> None:
        super().__init__(daemon=True)
        self.times: dict[str, list[float]] = {address: [] for address in origins(count)}
        self.listeners = [socket.create_server((address, 0)) for address in self.times]
        self._selector = selectors.DefaultSelector()
        for listener in self.listeners:
            self._selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                self.times[connection.getsockname()[0]].append(time.perf_counter())
                connection.close()

    def lateness(self, begin: float, end: float) -> list[float]:
        """Milliseconds between each connection of a while and its check's usual place on the grid, sorted; at most half a grid."""
        late: list[float] = []
        for times in self.times.values():
            usual = statistics.median((moment - times[-1] + GRID / 2) % GRID for moment in times) + times[-1]
            late += [1000 * ((moment - usual + GRID) % GRID - GRID / 2) for moment in times if begin <= moment <= end]
        return sorted(late)


def delay_of_probes(hours: int, seconds: float = 20.0) -> dict[str, Any]:
    """How late probes are at p99, without and with a heavy query that always runs."""
    arrivals = Arrivals(20)
    arrivals.start()
    port = free_port()
    checks = "".join(
        f'[[checks]]\nname = "tcp-{number}"\ntype = "tcp"\nhost = "{address}"\nport = {listener.getsockname()[1]}\ninterval = "{GRID}s"\n'
        for number, (address, listener) in enumerate(zip(arrivals.times, arrivals.listeners, strict=True))
    )
    with daemon("default_rules = false\n" + checks + HTTP.format(port=port), hours) as (_, end):
        begin = time.perf_counter()
        time.sleep(seconds)
        calm = arrivals.lateness(begin, begin + seconds)
        heavy = {"query": "quantile_over_time(0.9, bench_ratio[1h])", "start": end - 3600 * hours, "end": end, "step": 60}
        path = "/api/v1/query_range?" + urllib.parse.urlencode(heavy)
        connection, begin, count = http.client.HTTPConnection("127.0.0.1", port), time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.read() and answer.status == 200, answer.status
            count += 1
        busy = arrivals.lateness(begin, time.perf_counter())
    p99 = [late[int(0.99 * len(late))] for late in (calm, busy)]
    return figure(p99[1] - p99[0], "ms", 20.0, calm_p99=round(p99[0], 1), busy_p99=round(p99[1], 1), queries=count, probes=len(busy))


def memory_of_idle_http() -> tuple[float, float]:
    """RSS in MiB of a daemon without and with [http], before any request."""
    sizes = []
    for more in ("", HTTP.format(port=free_port())):
        with daemon("default_rules = false\n" + more, 0) as (process, _):
            sizes.append(rss_mib(process))
    return sizes[0], sizes[1]


def measure(requests: int, hours: int) -> dict[str, Any]:
    without, idle = memory_of_idle_http()
    figures = {"idle_memory": figure(idle - without, "MiB", 7.0), "delay_by_heavy_query": delay_of_probes(hours)}
    port = free_port()
    checks = "".join(CHECK.format(python=sys.executable, samples=SAMPLES, number=number) for number in (1, 2))
    with daemon("default_rules = false\n" + checks + HTTP.format(port=port), hours) as (process, end):
        connection = connected(port)
        day = {"query": 'bench_ratio{n="0"}', "start": end - 3600 * hours, "end": end, "step": 12 * hours}
        windows = {**day, "query": 'avg_over_time(bench_ratio{n="0"}[5m])'}
        four = {**day, "query": "bench_ratio"}
        for name, path, target in (
            ("live", "/api/live", None),
            ("instant_memory", "/api/v1/query?query=sum(probe_success)", 3.0),
            ("range_plain", "/api/v1/query_range?" + urllib.parse.urlencode(day), 25.0),
            ("range_window", "/api/v1/query_range?" + urllib.parse.urlencode(windows), 25.0),
            ("range_four_series", "/api/v1/query_range?" + urllib.parse.urlencode(four), None),
            ("metrics_2000", "/metrics", 5.0),
            ("federate_1900", "/federate?match[]=shop_value", None),
            ("labels", "/api/v1/labels", None),
            ("health", "/api/health/system", None),
            ("dashboard", "/api/dashboard", None),
            ("alertmanager_status", "/api/v2/status", None),
            ("statistics_four_series", f"/api/metrics?hours={hours}&match=bench_ratio", None),
            ("statistics_1900_series", "/api/metrics?hours=1&match=shop_value", None),
            ("page", "/", None),
        ):
            median, cpu, size = asked(connection, path, process, requests * 4 if name == "live" else requests)
            figures[name] = figure(median, "ms", target, cpu_ms=round(cpu, 2), bytes=size)
        figures["viewers_50"] = figure(100 * viewers(port, process, 50), "% of a core", 1.0)
        figures["cpu_small"] = figure(figures["live"]["cpu_ms"], "ms", 0.8)
        figures["memory_used"] = figure(rss_mib(process) - without, "MiB")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    compile_program()
    finish(measure(options.requests, options.hours))


if __name__ == "__main__":
    main()
