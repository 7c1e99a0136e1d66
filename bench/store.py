"""The history store's budgets for 300 series each second: WAL, CPU, bytes a sample, charts, start; prints JSON, asserts nothing.

    python bench/store.py [--hours 2]

What the 300 series are: the monitor's own `system` source (bench data follows its formulas) and checks yield mostly figures that are
not noise: of 300, 90 are constant (totals, success, health, idle devices), 60 change now and then (space, counts, load with two
decimals), 45 are counters, 60 are CPU shares (1 - idle/total - iowait/total and mode/total of kernel ticks, 4 and 16 cores'
sums among them), 15 are memory (bytes in pages, and their share of a fixed total) and 30, a tenth, are full-precision noise
(bytes per second over a measured time, durations). Noise alone takes some 7 bytes a sample, as no bit may be lost; a store of
nothing but noise would not keep to 4 bytes. Stamps have the jitter of a real loop (0 to 6 ms), which costs bytes too.

CPU is process time of append, commit and retain over the simulated time, all folds included; WAL is every frame that was
written, read from the WAL index after each commit. The 30-day store repeats the measured hours; files are real, in a temporary directory.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tui_monitor.core.values import Labels, labels_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import HOUR_MS, SERIES_BITS
from tui_monitor.storage.history.writer import History

NOW = 1_700_000_000_000 // HOUR_MS * HOUR_MS
FRAME_HEAD = 24
PAGE = 4096


def ticks_of(cores: int, busy: float) -> tuple[int, int, int]:
    """Kernel ticks of one second: all, idle, waiting."""
    total = sum(random.choice((99, 100, 100, 100, 101)) for _ in range(cores))
    used = min(total, max(0, round(random.gauss(busy, 0.05) * total)))
    waiting = random.choice((0, 0, 0, 0, 1)) * min(1, total - used)
    return total, total - used - waiting, waiting


def usage(cores: int, busy: float) -> float:
    total, idle, waiting = ticks_of(cores, busy)
    return min(1.0, max(0.0, 1.0 - idle / total - waiting / total))


def mode(cores: int, busy: float) -> float:
    total, idle, waiting = ticks_of(cores, busy)
    return (total - idle - waiting) / total


def counter(rate: float) -> Callable[[], float]:
    state = float(random.randint(0, 10**9))

    def step() -> float:
        nonlocal state
        state += random.randint(0, round(2 * rate))
        return state

    return step


def slow(begin: float, step: float, chance: float, divide: float = 1.0) -> Callable[[], float]:
    state = begin

    def now() -> float:
        nonlocal state
        if random.random() < chance:
            state = max(0.0, state + random.choice((-step, step)))
        return state / divide

    return now


def population() -> list[tuple[Labels, Callable[[], float]]]:
    """300 series and what makes their next value."""
    rows: list[tuple[Labels, Callable[[], float]]] = []

    def add(count: int, name: str, make: Callable[[int], Callable[[], float]]) -> None:
        rows.extend((labels_of(name, instance=f"node-{number:02d}", job="bench"), make(number)) for number in range(count))

    add(50, "memory_total_bytes", lambda number: lambda: 8_201_928_704.0 + number)
    add(40, "network_errors", lambda _: lambda: 0.0)
    add(20, "disk_usage_ratio", lambda _: slow(13_000_000, 1, 0.3, 41_152_000))
    add(20, "connections", lambda _: slow(40, 1, 0.2))
    add(20, "load1", lambda _: slow(120, 3, 0.2, 100))
    add(45, "requests_total", lambda number: counter(1 + number * 10))
    add(40, "cpu_core_usage_ratio", lambda number: lambda: usage(1, 0.1 + number / 50))
    add(10, "cpu_usage_ratio", lambda _: lambda: usage(4, 0.2))
    add(10, "cpu_mode_ratio", lambda _: lambda: mode(16, 0.2))
    add(8, "memory_available_bytes", lambda _: slow(2_000_000 * 4096, 4096 * 17, 0.9))
    add(7, "memory_usage_ratio", lambda _: slow(1_200_000 * 4096, 4096 * 17, 0.9, 8_201_928_704))
    add(20, "network_receive_bytes_per_second", lambda _: lambda: random.randint(0, 200_000) / (1 + random.gauss(0, 0.001)))
    add(10, "probe_duration_seconds", lambda _: lambda: (86_400.123 + random.lognormvariate(-3, 0.4)) - 86_400.123)
    return rows


def frames(path: Path) -> int:
    """Frames in the WAL now (mxFrame of the WAL index header)."""
    with path.with_name(path.name + "-shm").open("rb") as index:
        return int(struct.unpack_from("=I", index.read(20), 16)[0])


class Writer:
    """Feeds a store and keeps count of what it costs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.history = History(path)
        self.rows = population()
        self.cpu = 0.0
        self.worst = 0.0
        self.frames = 0
        self._before = frames(path)

    def run(self, seconds: int, now: int) -> int:
        for _ in range(seconds):
            at = now + random.choice((0, 1, 1, 1, 2, 2, 3, 6))
            samples = [(labels, make()) for labels, make in self.rows]
            begin = time.process_time()
            self.history.append(at, samples)
            self.history.commit(at)
            if now % 60_000 == 0:
                self.history.retain(at)
            took = time.process_time() - begin
            self.cpu += took
            self.worst = max(self.worst, took)
            after = frames(self.path)
            self.frames += after - self._before if after >= self._before else after
            self._before = after
            now += 1000
        return now


def table_bytes(db: sqlite3.Connection, *tables: str) -> int:
    """Bytes of the pages of some tables; of their rows where SQLite was built without dbstat."""
    marks = ",".join("?" * len(tables))
    try:
        return int(db.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({marks})", tables).fetchone()[0])
    except sqlite3.OperationalError:
        return sum(int(db.execute(f"SELECT sum(length(data) + 16) FROM {table}").fetchone()[0]) for table in tables)


def repeat(db: sqlite3.Connection, hours: dict[str, int]) -> None:
    """Fill the past with copies of the first whole hour."""
    db.execute("BEGIN IMMEDIATE")
    for table, count in hours.items():
        first = db.execute(f"SELECT min(key) >> {SERIES_BITS} FROM {table}").fetchone()[0]
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")][1:]
        names = ", ".join(columns)
        rows = db.execute(
            f"SELECT key, {names} FROM {table} WHERE key >= ? AND key < ?", (first << SERIES_BITS, first + 1 << SERIES_BITS)
        ).fetchall()
        marks = ", ".join("?" * (len(columns) + 1))
        for back in range(count, 0, -1):
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", [(row[0] - (back << SERIES_BITS), *row[1:]) for row in rows])
    db.execute("COMMIT")


def timed(call: Callable[[], Any], times: int = 7) -> tuple[float, float]:
    """Milliseconds: the first call (caches of this process cold) and the median."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        took.append((time.perf_counter() - begin) * 1000)
    return round(took[0], 1), round(statistics.median(took), 1)


def figure(name: str, value: float, target: float | None, unit: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "target": target, "unit": unit, "ok": target is None or value <= target, **more}


def writing(path: Path, hours: int) -> Iterator[dict[str, Any]]:
    writer = Writer(path)
    now = writer.run(120, NOW)
    yield figure("cpu_120_s", 100 * writer.cpu / 120, 1.0, "% of a core")
    now = writer.run(hours * 3600 + 200, now)
    seconds = (now - NOW) / 1000
    yield figure("cpu", 100 * writer.cpu / seconds, 1.0, "% of a core", worst_commit_ms=round(writer.worst * 1000, 1), simulated_s=seconds)
    yield figure("wal", writer.frames * (PAGE + FRAME_HEAD) / 1024 / seconds, 60.0, "KiB/s")
    writer.history.close()
    db = sqlite3.connect(path)
    count = db.execute("SELECT sum(n) FROM raw").fetchone()[0]
    yield figure("bytes_per_raw_sample", table_bytes(db, "raw", "axes") / count, 4.0, "bytes", samples=count)
    yield figure("bytes_per_minute_row", table_bytes(db, "minutes") / db.execute("SELECT sum(n) FROM minutes").fetchone()[0], None, "bytes")
    kinds: dict[str, list[int]] = {}
    for text, data, n in db.execute("SELECT labels, sum(length(data)), sum(n) FROM raw JOIN series ON id = key & 16777215 GROUP BY id"):
        total = kinds.setdefault(json.loads(text)["__name__"], [0, 0])
        total[0] += data
        total[1] += n
    yield {"name": "bytes_by_kind", "value": {name: round(size / n, 2) for name, (size, n) in kinds.items()}}
    db.close()


def reading(path: Path, hours: int) -> Iterator[dict[str, Any]]:
    db = sqlite3.connect(path, isolation_level=None)
    repeat(db, {"raw": 24 - hours, "axes": 24 - hours, "minutes": 720 - hours, "hours": 2 * 365 * 24 - hours})
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    now = NOW + (hours * 3600 + 320) * 1000
    reader = HistoryReader(path)
    for name, span, target in (("trend_24h", 24, 30.0), ("trend_30d", 720, 60.0), ("trend_1h", 1, None), ("trend_2y", 17_000, None)):
        worst = 0.0
        points = 0
        for kind in ("cpu_usage_ratio", "probe_duration_seconds", "requests_total"):
            labels = labels_of(kind, instance="node-05", job="bench")
            matchers = tuple(Matcher(name, "=", value) for name, value in labels)
            first, median = timed(partial(reader.downsampled_all, matchers, now - span * HOUR_MS, now, 300))
            points = len(reader.downsampled_all(matchers, now - span * HOUR_MS, now, 300)[labels])
            worst = max(worst, first, median)
        yield figure(name, worst, target, "ms", points=points, last_median_ms=median)
    probe = labels_of("probe_duration_seconds", instance="node-05", job="bench")
    _, median = timed(lambda: reader.percentiles(probe, (0.5, 0.95, 0.99), now - 720 * HOUR_MS, now))
    yield figure("percentiles_30d", median, None, "ms")
    _, median = timed(lambda: list(reader.recent_ticks(now - 600_000)), 3)
    yield figure("prefill_10_min", median, 400.0, "ms", samples=sum(len(tick.samples) for tick in reader.recent_ticks(now - 600_000)))
    reader.close()
    yield figure("startup_30d_store", startup(path, now), 300.0, "ms", file_mib=round(path.stat().st_size / 2**20))


def startup(path: Path, now: int) -> float:
    """Milliseconds in a fresh process: open for writing, open for reading, load the last ten minutes; without the imports."""
    code = (
        "import sys, time, pathlib\n"
        "from tui_monitor.storage.history.writer import History\nfrom tui_monitor.storage.history.reader import HistoryReader\n"
        "begin = time.perf_counter()\npath = pathlib.Path(sys.argv[1])\nhistory = History(path)\nreader = HistoryReader(path)\n"
        "reader.prefill(lambda *what: None, int(sys.argv[2]))\nprint((time.perf_counter() - begin) * 1000)\n"
    )
    took = [float(subprocess.check_output([sys.executable, "-c", code, str(path), str(now)])) for _ in range(3)]
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=2, help="simulated hours of writing")
    hours = parser.parse_args().hours
    random.seed(7)
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history.db"
        figures.extend(writing(path, hours))
        figures.extend(reading(path, hours))
    print(
        json.dumps(
            {"bench": "store", "series": 300, "figures": figures}, indent=2, default=lambda value: None if math.isnan(value) else value
        )
    )


if __name__ == "__main__":
    main()
