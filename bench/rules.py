"""Measures one evaluation of many rules over many series in memory, and prints JSON. Not a test: figures depend on the machine.

Usage: python bench/rules.py [--rules 1000] [--series 3000] [--ticks 20]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time

from tui_monitor.core.values import Sample, labels_of
from tui_monitor.promql.engine import Query, compile_expr
from tui_monitor.storage.memory import SeriesMemory

PER_METRIC = 10
MINUTES = 10


def fill(series: int) -> SeriesMemory:
    """Ten minutes of one-second samples: gauges in even metrics, counters in odd ones."""
    draw = random.Random(1)
    memory = SeriesMemory(window_s=MINUTES * 60)
    times = [second * 1000 for second in range(MINUTES * 60)]
    for index in range(series):
        metric = index // PER_METRIC
        labels = labels_of(f"metric_{metric}", instance=f"host-{index % PER_METRIC}", job=f"job-{index % 3}")
        if metric % 2:
            values = [float(7 * second + index) for second in range(len(times))]
        else:
            values = [0.5 + 0.4 * math.sin(second / 60) + draw.random() / 10 for second in range(len(times))]
        memory.load(labels, times, values)
    return memory


def expressions(rules: int, metrics: int) -> list[str]:
    """Half simple comparisons, the rest windows, rates and sums."""
    kinds = (
        "metric_{even} > 0.9",
        "metric_{odd} > 1e9",
        'metric_{even}{{job="job-1"}} > 0.9 and metric_{even} < 2',
        "metric_{even} > 0.7",
        "avg_over_time(metric_{even}[1m]) > 0.9",
        "max_over_time(metric_{even}[1m]) > 2",
        "rate(metric_{odd}[5m]) > 10",
        "sum by (job) (rate(metric_{odd}[1m])) > 100",
        "sum by (job) (metric_{even}) > 8",
        "1 - avg(metric_{even}) < 0.05",
    )
    found = []
    for index in range(rules):
        metric = (index // len(kinds) * 2) % metrics
        found.append(kinds[index % len(kinds)].format(even=metric, odd=metric + 1))
    return found


def measure(queries: list[Query], memory: SeriesMemory, ticks: int) -> tuple[list[float], int]:
    """Milliseconds of CPU for each tick, and how many elements the last tick gave. A tick also takes one new sample a series."""
    labels = memory.series_labels()
    start = MINUTES * 60_000
    spent, found = [], 0
    for tick in range(ticks):
        at = start + tick * 1000
        memory.append(at, [Sample(one, 0.5) for one in labels])
        before = time.process_time()
        found = sum(len(answer) for query in queries if isinstance(answer := query.instant(memory, at), list))
        spent.append((time.process_time() - before) * 1000)
    return spent, found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--series", type=int, default=3000)
    parser.add_argument("--ticks", type=int, default=20)
    options = parser.parse_args()
    memory = fill(options.series)
    before = time.process_time()
    queries = [compile_expr(text) for text in expressions(options.rules, options.series // PER_METRIC)]
    compiled = (time.process_time() - before) * 1000
    spent, found = measure(queries, memory, options.ticks)
    spent.sort()
    kinds = {}
    for text in expressions(10, 2):
        query = compile_expr(text)
        query.instant(memory, MINUTES * 60_000)
        before = time.perf_counter()
        for _ in range(200):
            query.instant(memory, MINUTES * 60_000)
        kinds[text] = round((time.perf_counter() - before) / 200 * 1e6, 1)
    print(
        json.dumps(
            {
                "rules": options.rules,
                "series": options.series,
                "samples": memory.sample_count,
                "compile_ms": round(compiled, 1),
                "tick_ms_median": round(spent[len(spent) // 2], 1),
                "tick_ms_max": round(spent[-1], 1),
                "elements": found,
                "microseconds_by_kind": kinds,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
