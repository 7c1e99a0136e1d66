"""Every bench, one after the other: one JSON object {figure: {value, unit, target, ok}} on standard output, a table on standard error.

    python bench/run.py [--only PART ...] [--list] [--quick]

About nine minutes. Nothing is asserted: a figure that misses its target says so, and the exit code is 0. Each part is a program of its own
(`python bench/PART.py --help`). Do nothing else on the machine meanwhile: `others_pct` tells what else was running (100 = one core).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness import environment, figure, finish

HERE = Path(__file__).parent
Figures = dict[str, dict[str, Any]]


def as_they_are(found: Any) -> Figures:
    """The output of a part that already prints figures."""
    return dict(found)


def of_rules(found: Any) -> Figures:
    return {
        "tick": figure(found["tick_ms_median"], "ms", 150.0, rules=found["rules"], series=found["series"]),
        "tick_worst": figure(found["tick_ms_max"], "ms"),
        "compile": figure(found["compile_ms"], "ms"),
    }


def of_outbox(found: Any) -> Figures:
    return {
        "messages": figure(found["messages_per_second"], "per second"),
        "cpu": figure(found["cpu_ms_per_message"], "ms per message"),
    }


def of_store(found: Any) -> Figures:
    rows = [row for row in found["figures"] if isinstance(row["value"], int | float)]
    return {row["name"]: figure(row["value"], row["unit"], row["target"]) for row in rows}


def of_probes(found: Any) -> Figures:
    return {f"probe_{row['endpoints']}": figure(row["probe_ms"], "ms", 1.2) for row in found["sizes"]}


def of_scrape(found: Any) -> Figures:
    targets = {2000: 3.0, 20_000: 80.0}
    figures = {f"{row['page']}_{row['samples']}_warm": figure(row["warm_ms"], "ms", targets.get(row["samples"])) for row in found}
    figures |= {f"{row['page']}_{row['samples']}_slice_p99": figure(row["slice_ms_p99"], "ms", 5.0) for row in found}
    return figures | {f"{row['page']}_{row['samples']}_memory": figure(row["bytes_per_series"], "bytes a series", 1536) for row in found}


def of_containers(found: Any) -> Figures:
    return {
        "probe": figure(found["cpu_ms"], "ms", 30.0, containers=found["containers"]),
        "first_probe": figure(found["first_cpu_ms"], "ms"),
        "held": figure(found["held_ms"], "ms"),
    }


def of_targets(found: Any) -> Figures:
    whole = found["collect_share"] + found["store_share"]
    return {
        "fetch_and_parse": figure(100 * found["probe_share"], "% of a core", 1.0, targets=found["targets"], samples=found["samples"]),
        "whole": figure(100 * whole, "% of a core", 4.0),
        "memory": figure(found["bytes_per_series"], "bytes a series", 1536),
    }


def of_backtest(found: Any) -> Figures:
    rows = {row["name"]: row for row in found["figures"]}
    return {
        "seven_days": figure(rows["days"]["s"], "s", rules=found["rules"], series=found["series"]),
        "peak": figure(found["peak_mib"], "MiB"),
    }


PARTS: Mapping[str, tuple[list[str], list[str], Callable[[Any], Figures]]] = {
    "dashboard": (["dashboard.py"], ["--seconds", "8", "--starts", "1", "--keys", "5", "--no-peers"], as_they_are),
    "viewer": (["dashboard.py", "--viewer", "--no-peers", "--keys", "0", "--starts", "3", "--seconds", "10"], [], as_they_are),
    "headless": (["headless.py", "--seconds", "16"], ["--seconds", "8", "--sizes", "100"], as_they_are),
    "latency": (["latency.py"], ["--trials", "5", "--no-defaults"], as_they_are),
    "rules": (["rules.py"], [], of_rules),
    "outbox": (["outbox.py"], [], of_outbox),
    "probes": (["probes.py", "--seconds", "4"], ["--sizes", "100"], of_probes),
    "scrape": (["scrape.py"], ["--times", "5"], of_scrape),
    "targets": (["targets.py"], ["--rounds", "3"], of_targets),
    "containers": (["containers.py"], ["--containers", "100"], of_containers),
    "storm": (["storm.py"], ["--alerts", "200"], as_they_are),
    "icmp": (["icmp.py"], ["--hosts", "100", "--seconds", "15"], as_they_are),
    "units": (["units.py"], ["--probes", "5"], as_they_are),
    "hostile": (["hostile.py", "--seconds", "30"], ["--seconds", "15"], as_they_are),
    "push": (["push.py"], ["--seconds", "3"], as_they_are),
    "logs": (["logs.py"], ["--size", "100MB"], as_they_are),
    "log_screen": (["log_screen.py"], ["--keys", "60"], as_they_are),
    "store": (["store.py", "--hours", "1"], [], of_store),
    "fleet": (["fleet.py"], ["--seconds", "10"], as_they_are),
    "remote_write": (["remote_write.py"], ["--seconds", "20"], as_they_are),
    "serving": (["serving.py"], ["--requests", "20", "--hours", "6"], as_they_are),
    "backtest": (["backtest.py"], ["--days", "1"], of_backtest),
}
"""Name → program, options for a quick run, and the conversion of its output to figures."""


def run(name: str, quick: bool) -> Figures:
    """The figures of one part; a part that fails is a figure that is not ok."""
    (program, *arguments), fewer, read = PARTS[name]
    command = [sys.executable, str(HERE / program), *arguments, *(fewer if quick else [])]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    try:
        return read(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        print(done.stderr[-2000:], file=sys.stderr)
        return {"failed": {"value": f"exit code {done.returncode}", "unit": "", "target": None, "ok": False}}


def line(name: str, one: Mapping[str, Any]) -> str:
    """A row of the table."""
    value, target = one["value"], one["target"]
    shown = f"{value:,.2f}" if isinstance(value, int | float) else str(value)
    aim = "" if target is None else f"<= {target:g}"
    mark = {True: "ok", False: "MISSED", None: ""}[one["ok"]]
    more = " ".join(f"{key} {text}" for key, text in one.items() if key not in ("value", "unit", "target", "ok"))
    return f"{name:<34}{shown:>12} {one['unit']:<15}{aim:<9}{mark:<7}{more}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", default=list(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--list", action="store_true", help="name the parts and end")
    parser.add_argument("--quick", action="store_true", help="shorter and less exact")
    options = parser.parse_args()
    if options.list:
        print("\n".join(PARTS))
        return
    figures: Figures = {}
    for name in options.only:
        begin = time.monotonic()
        found = {f"{name}.{key}": value for key, value in run(name, options.quick).items()}
        print(f"-- {name} ({time.monotonic() - begin:.0f} s)", file=sys.stderr)
        for key, value in found.items():
            print(line(key, value), file=sys.stderr, flush=True)
        figures |= found
    finish(figures)


if __name__ == "__main__":
    main()
