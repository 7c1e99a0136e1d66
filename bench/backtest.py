"""The backtest of the default rules over seven days of 300 series each second; prints JSON, asserts nothing.

    python bench/backtest.py [--days 7]

A measured hour and a bit are written through the real store and repeated into the past: 24 h of every sample, minutes before. In each
hour the CPU is busy for five minutes, a check fails for three and one file system fills. Files are real, in a temporary directory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store import NOW, repeat

from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.analysis.advice import remarks
from tui_monitor.analysis.backtest import backtest
from tui_monitor.config.settings import Settings
from tui_monitor.core.values import Labels, labels_of
from tui_monitor.dispatch.routing import compile_routing
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import HOUR_MS
from tui_monitor.storage.history.writer import History

SERIES = 300
WRITTEN_S = 3920
DAY_MS = 86_400_000


def population(second: int) -> list[tuple[Labels, float]]:
    """300 samples of one second: what the default rules read, and others."""
    busy = 0.95 if 600 <= second % 3600 < 900 else 0.2
    rows = [
        (labels_of("cpu_usage_ratio"), min(1.0, random.gauss(busy, 0.02))),
        (labels_of("memory_usage_ratio"), random.gauss(0.5, 0.01)),
        (labels_of("tui_monitor_clock_skew_seconds"), 0.0),
    ]
    for number, mount in enumerate(("/", "/home", "/srv")):
        free = 50e9 - number * 1e9 - (second % 3600) * 1e6 * (number == 2) + random.randint(0, 9) * 4096
        rows.append((labels_of("disk_free_bytes", mount=mount), free))
        rows.append((labels_of("disk_usage_ratio", mount=mount), 1 - free / 100e9))
    for number in range(20):
        down = number == 3 and 1200 <= second % 3600 < 1380
        name = f"check-{number:02d}"
        rows.append((labels_of("check_health", check=name, type="http"), 2.0 if down else 0.0))
        rows.append((labels_of("probe_duration_seconds", check=name, type="http"), random.lognormvariate(-3, 0.4)))
        if number < 5:
            rows.append((labels_of("probe_ssl_earliest_cert_expiry", check=name, type="http"), NOW / 1000 + 40 * 86_400))
    rows += [(labels_of("filler", n=str(number)), random.random()) for number in range(SERIES - len(rows))]
    return rows


def write(path: Path, days: int) -> int:
    """Write the store; returns its last moment."""
    history = History(path)
    for second in range(WRITTEN_S):
        history.append(NOW + second * 1000, population(second))
        history.commit(NOW + second * 1000)
    history.close()
    db = sqlite3.connect(path, isolation_level=None)
    repeat(db, {"raw": 23, "axes": 23, "minutes": days * 24, "hours": 30 * 24})
    db.close()
    return NOW + (WRITTEN_S - 1) * 1000


def once(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result, and seconds of the clock and of the CPU."""
    begin, spent = time.perf_counter(), time.process_time()
    answer = call()
    return answer, round(time.perf_counter() - begin, 3), round(time.process_time() - spent, 3)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    days = parser.parse_args().days
    random.seed(7)
    settings = Settings()
    rules, _ = build_rules(settings, (), "bench")
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history.db"
        now = write(path, days)
        reader = HistoryReader(path)
        for name, span, step in (("days", days * DAY_MS, None), ("day_fine", DAY_MS, None), ("hour_fine", HOUR_MS, 1000)):
            found, clock, cpu = once(lambda: backtest(rules, reader, now - span, now, step, routing=compile_routing(settings)))  # noqa: B023
            fired = {rule.alert: rule.fired for rule in found.present.rules}
            figures.append(
                {"name": name, "s": clock, "cpu_s": cpu, "steps": found.steps, "fired": fired, "told": found.present.messages.total}
            )
        took = [once(lambda: remarks(reader, now))[1] * 1000 for _ in range(7)]
        figures.append({"name": "advice", "first_ms": took[0], "median_ms": statistics.median(took), "says": remarks(reader, now).advice})
        reader.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"bench": "backtest", "series": SERIES, "rules": len(rules), "peak_mib": round(peak), "figures": figures}, indent=2))


if __name__ == "__main__":
    main()
