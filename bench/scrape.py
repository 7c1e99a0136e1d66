"""Reading scraped pages: CPU ms for 2,000 and 20,000 samples, cold and warm, the longest slices, and memory; prints JSON.

    python bench/scrape.py [--sizes 2000,20000] [--times 15]

Two pages: ``plain`` has node_exporter's short lines with HELP and TYPE, ``wide`` seven labels on every line. ``slice_ms`` is the
CPU time for which the event loop was held (2 ms is the aim; the p99 of all slices and the longest), so that a busy machine does
not count. ``bytes_per_series`` is what a reader keeps for each series: the text before the value and the finished labels.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Generator
from typing import Any

from tui_monitor.checks.series_ends import SeriesEnds
from tui_monitor.promql.exposition import Exposition, Page, ScrapeRules
from tui_monitor.sources.net.slices import SLICE

RULES = ScrapeRules(labels={"check": "node", "instance": "192.0.2.1:9100"}, defaults={"job": "node"})
PIECE = 65_536


def plain(count: int, turn: int) -> bytes:
    """Eight series a metric, as node_exporter's are on average."""
    lines = []
    for number in range(count):
        name = f"node_subsystem_{number // 8}_seconds_total"
        if number % 8 == 0:
            lines += [f"# HELP {name} Seconds that the subsystem spent in each mode.", f"# TYPE {name} counter"]
        lines.append(f'{name}{{cpu="{number % 8}",mode="idle"}} {number * 1.37 + turn:.6g}')
    return ("\n".join(lines) + "\n").encode()


def wide(count: int, turn: int) -> bytes:
    """Seven labels each."""
    labels = 'cluster="prod-eu-1",namespace="payments",pod="api-{0}-7c9f",container="app",method="GET",route="/v1/orders/{1}",code="200"'
    lines = ["# TYPE http_requests_total counter"]
    lines += [f"http_requests_total{{{labels.format(n % 50, n)}}} {n * 1.37 + turn:.6g}" for n in range(count)]
    return ("\n".join(lines) + "\n").encode()


def read(reader: Exposition, body: bytes, slices: list[float]) -> Page:
    """The page, read in slices as the probe does it; how long each took."""
    work: Generator[None, None, Page] = reader.read([body[at : at + PIECE] for at in range(0, len(body), PIECE)], "text", 0)
    try:
        while True:
            began, cpu = time.perf_counter(), time.thread_time()
            try:
                while time.perf_counter() - began < SLICE:
                    next(work)
            finally:
                slices.append((time.thread_time() - cpu) * 1000)
    except StopIteration as done:
        page: Page = done.value
        return page


def measure(make: Callable[[int, int], bytes], count: int, times: int) -> dict[str, Any]:
    """One page's figures."""
    reader, ends = Exposition(RULES), SeriesEnds()
    cold_slices: list[float] = []
    slices: list[float] = []
    warm, ended = [], []
    body = make(count, 0)
    began = time.process_time()
    page = read(reader, body, cold_slices)
    cold = (time.process_time() - began) * 1000
    ends.ends(page.samples)
    for turn in range(1, times + 1):
        body = make(count, turn)
        began = time.process_time()
        page = read(reader, body, slices)
        warm.append((time.process_time() - began) * 1000)
        assert len(page.samples) == count, page.fault
        began = time.perf_counter()
        assert not ends.ends(page.samples)
        ended.append((time.perf_counter() - began) * 1000)
    figures = {"samples": count, "page_kib": len(body) / 1024, "cold_ms": cold, "warm_ms": statistics.median(warm)}
    figures |= {"slice_ms_p99": _p99(slices), "slice_ms_longest": max(slices), "cold_slice_ms_p99": _p99(cold_slices)}
    return {**figures, "series_ends_ms": statistics.median(ended), "bytes_per_series": memory(make, count)}


def memory(make: Callable[[int, int], bytes], count: int) -> float:
    """What the reader and the list of live series keep after a scrape whose samples are gone."""
    body = make(count, 0)
    gc.collect()
    tracemalloc.start()
    reader, ends = Exposition(RULES), SeriesEnds()
    ends.ends(read(reader, body, []).samples)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(ends) == count
    return kept / count


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, int(len(values) * 0.99) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(part) for part in text.split(",")], default=[2000, 20_000])
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    rows = [{"page": make.__name__, **measure(make, size, options.times)} for make in (plain, wide) for size in options.sizes]
    print(
        json.dumps(
            [{name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()} for row in rows], indent=1
        )
    )


if __name__ == "__main__":
    main()
