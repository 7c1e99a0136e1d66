"""A burst of log lines through the tailer, the level counts and the kept lines: MB per CPU second and memory; prints JSON.

    python bench/logs.py [--size 1GB] [--kind plain|json|logfmt|combined|mixed] [--matches 3] [--keep 10MiB]

The file is written first (in a process of its own), then read by this one as the monitor reads it: one poll after the other, 64 KiB a
block. ``speed`` counts CPU of this process only; ``memory`` is its growth, the ring of kept lines included; ``block`` the longest time
for which the loop would have been held.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import MIB, figure, finish

from tui_monitor.core.units import parse_size
from tui_monitor.sources.log.generation import ReadOptions
from tui_monitor.sources.log.matches import MatchRule
from tui_monitor.sources.log.multiline import multiline_of
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions
from tui_monitor.sources.log.ring import LineRing
from tui_monitor.sources.log.tailer import Tailer

LEVELS = ("INFO", "DEBUG", "INFO", "WARNING", "INFO", "ERROR", "INFO", "INFO")
TEXT = "request {n} of the customer was answered by worker {w} after some milliseconds and a look into the cache, which had it"
LINES = {
    "plain": "2026-11-29 10:{m:02}:{s:02},123 {level} [worker-{w}] app.orders: " + TEXT + " x" * 20,
    "json": '{{"time":"2026-11-29T10:{m:02}:{s:02}.123Z","level":"{lower}","logger":"app.orders","n":{n},"msg":"' + TEXT + '"}}',
    "logfmt": 'time=2026-11-29T10:{m:02}:{s:02}.123Z level={lower} logger=app.orders n={n} msg="' + TEXT + '"',
    "combined": '203.0.113.{w} - - [29/Nov/2026:10:{m:02}:{s:02} +0000] "GET /orders/{n}/items HTTP/1.1" 200 512 "-" "Agent/5" 0.0{m:02}',
}
COUNT = 50_000


def write(log: str, kind: str, size: int) -> int:
    """The log of about that size; gives the number of its lines. In a process of its own, since memory is measured."""
    levels = [LEVELS[n % 8] for n in range(COUNT)]
    kinds = ("json", "plain") if kind == "mixed" else (kind,)
    made = (
        LINES[kinds[n % len(kinds)]].format(n=n, w=n % 17, m=n // 60 % 60, s=n % 60, level=each, lower=each.lower())
        for n, each in enumerate(levels)
    )
    block = "".join(line + "\n" for line in made).encode()
    times = max(1, size // len(block))
    with open(log, "ab") as out:
        for _ in range(times):
            out.write(block)
    return COUNT * times


def rss() -> float:
    """Resident memory now, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1GB")
    parser.add_argument("--kind", choices=[*sorted(LINES), "mixed"], default="plain")
    parser.add_argument("--matches", type=int, default=0, help="match rules whose pattern is in no line")
    parser.add_argument("--keep", default="10MiB", help="bytes of kept lines; 0: none")
    parser.add_argument("--write", metavar="LOG", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        print(write(given.write, given.kind, parse_size(given.size)))
        return
    with tempfile.TemporaryDirectory(prefix="tui-monitor-bench-") as name:
        log = Path(name) / "app.log"
        log.touch()
        tailer = Tailer([str(log)], ReadOptions(multiline=multiline_of("auto")))
        tailer.poll(time.monotonic())
        command = [sys.executable, __file__, "--write", str(log), "--kind", given.kind, "--size", given.size]
        lines = int(subprocess.run(command, check=True, capture_output=True).stdout)
        size = log.stat().st_size
        rules = tuple(MatchRule(f"m{number}", regex=f"never (seen|heard) {number}") for number in range(given.matches))
        keep = parse_size(given.keep)
        pipeline = Pipeline(PipelineOptions(matches=rules), LineRing(keep) if keep else None)
        before, cpu, begin, worst = rss(), time.process_time(), time.perf_counter(), 0.0
        while True:
            batch = tailer.poll(time.monotonic())
            for block in batch.blocks:
                held = time.perf_counter()
                pipeline.feed(block.path, block.events, time.monotonic(), int(time.time() * 1000))
                worst = max(worst, time.perf_counter() - held)
            if not batch.more and pipeline.counts.lines >= lines:
                break
        used, taken = time.process_time() - cpu, time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert pipeline.counts.lines == lines
    speed = size / 1e6 / used
    finish({
        "speed": {**figure(speed, "MB per CPU second", 200.0, lines_per_s=round(lines / used)), "ok": speed >= 200.0},
        "memory": figure(peak - before, "MiB", 20.0, keep=given.keep),
        "block": figure(worst * 1000, "ms", 15.0),
        "wall": figure(taken, "s", kind=given.kind, megabytes=round(size / 1e6), lines=lines),
    })  # fmt: skip


if __name__ == "__main__":
    main()
