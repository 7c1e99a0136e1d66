"""The real dashboard at 120x40 with 10 checks and 15 firing alerts, beside htop, btop and glances where installed; prints JSON.

    python bench/dashboard.py [--seconds 20] [--starts 5] [--keys 15] [--no-peers] [--viewer] [--many]

A first run prepares the state, as any second start finds it; then the dashboard starts, leads and is measured under a pseudo-terminal by
tools/tuibench.py: start-up (median of ``--starts``), steady state, and how long a key takes to the screen. ``--viewer`` measures the
dashboard that looks on at a daemon instead, ``--many`` 200 checks each minute and 100 alerts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness import checks, compile_program, environment, figure, finish, place, servers

TOOL = Path(__file__).parent / "tools" / "tuibench.py"
PEERS = {"htop": ["htop", "-d", "10"], "btop": ["btop"], "glances": ["glances", "--time", "1", "--disable-check-update"]}
"""Each refreshing once a second or, for btop, each two seconds: its own default."""
PREPARE = 12.0


def configuration(places: list[str]) -> str:
    """Ten checks; a rule that fires for each of them, and five whose value changes each second."""
    rules = [
        '[[rules]]\nalert = "ServiceNoted"\nexpr = "probe_success >= 0"\nseverity = "warning"\nsummary = "{{ $labels.check }} is watched"\n'
    ]
    rules += [
        f'[[rules]]\nalert = "Memory{number}"\nexpr = "memory_usage_ratio > 0.00{number}"\nseverity = "{severity}"\n'
        'summary = "Memory at {{ $value | humanizePercentage }}"\n'
        for number, severity in enumerate(("warning", "error", "error", "critical", "critical"), 1)
    ]
    return f"{checks(places, '10s', tcp_every=3)}\n" + "\n".join(rules)


def many(places: list[str]) -> str:
    """200 checks; a rule that fires for 99 of them, and one whose value changes each second."""
    noted = '[[rules]]\nalert = "ServiceNoted"\nexpr = \'probe_success{check=~"service-00.*"} >= 0\'\nseverity = "warning"\n'
    memory = '[[rules]]\nalert = "Memory1"\nexpr = "memory_usage_ratio > 0.001"\nseverity = "error"\n'
    return "\n".join((checks(places, "60s", tcp_every=3), noted, memory))


def tuibench(arguments: list[str], command: list[str]) -> dict[str, Any]:
    """The summary of a measurement: figure → {min, median, max}."""
    done = subprocess.run(
        [sys.executable, str(TOOL), "--brief", *arguments, "--", *command],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    run = json.loads(done.stdout)["series"]["run"]
    problems = [problem for one in run["runs"] for problem in one["problems"]]
    return {"summary": run["summary"], "problems": problems}


def prepare(command: list[str], path: Path) -> None:
    """A first run, so that the state holds a board and some history."""
    with (path / "log").open("wb") as log:
        first = subprocess.Popen([*command, "--headless"], stderr=log, env=environment())
        time.sleep(PREPARE)
        first.terminate()
        first.wait(10)


def measure(command: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one start and of the steady state of our dashboard."""
    fires = r"1\d\d firing" if options.many else "15 firing"
    warmup = "60" if options.many else "15"  # 200 checks answer within a minute
    starts = tuibench(["--runs", str(options.starts), "--warmup", "4", "--seconds", "1", "--expect", fires], command)
    keys = ["--key", "down,up", "--key-count", str(options.keys)] if options.keys else []
    steady = tuibench(["--warmup", warmup, "--seconds", str(options.seconds), "--expect", fires, "--quit-key", "q", *keys], command)
    start, run = starts["summary"], steady["summary"]
    others = run["other_cpu_pct"]["median"]
    figures = {
        "cpu": figure(run["cpu_pct"]["median"], "% of a core", 1.5, others_pct=others),
        "terminal": figure(run["bytes_per_s"]["median"], "bytes/s", 6144),
        "terminal_ssh_C": figure(run["bytes_per_s_zlib"]["median"], "bytes/s"),
        "rss": figure(run["rss_mib"]["median"], "MiB", 60.0, pss_mib=run["pss_mib"]["median"], peak_mib=run["rss_peak_mib"]["median"]),
        "cpu_to_full_paint": figure(start["full_paint_cpu_ms"]["median"], "ms", 450.0, least=start["full_paint_cpu_ms"]["min"]),
        "cpu_to_first_paint": figure(start["first_paint_cpu_ms"]["median"], "ms"),
        "time_to_full_paint": figure(start["full_paint_ms"]["median"], "ms"),
        "quit": figure(run["quit_ms"]["median"] if "quit_ms" in run else None, "ms"),
    }
    if keys:
        figures["key_to_screen_p95"] = figure(run["key_ms_p95"]["median"], "ms", 20.0, median_ms=run["key_ms_median"]["median"])
    for problem in starts["problems"] + steady["problems"]:
        print(f"dashboard: {problem}", file=sys.stderr)
        figures["problem"] = {"value": problem, "unit": "", "target": None, "ok": False}
    return figures


def measure_peer(command: list[str], seconds: float) -> dict[str, Any]:
    """The same figures of another program, without keys: theirs redraw by themselves too often to tell."""
    run = tuibench(["--warmup", "5", "--seconds", str(seconds)], command)["summary"]
    return {
        "cpu": figure(run["cpu_pct"]["median"], "% of a core", others_pct=run["other_cpu_pct"]["median"]),
        "terminal": figure(run["bytes_per_s"]["median"], "bytes/s"),
        "rss": figure(run["rss_mib"]["median"], "MiB"),
        "cpu_to_full_paint": figure(run.get("full_paint_cpu_ms", {}).get("median"), "ms"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the steady state")
    parser.add_argument("--starts", type=int, default=4, help="starts whose median counts")
    parser.add_argument("--keys", type=int, default=12, help="key presses; 0: none")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="htop, btop and glances, where installed")
    parser.add_argument("--viewer", action="store_true", help="a daemon leads, the dashboard looks on")
    parser.add_argument("--many", action="store_true", help="200 checks each minute and 100 alerts")
    options = parser.parse_args()
    compile_program()
    figures: dict[str, Any] = {}
    with servers(200 if options.many else 10) as places, place((many if options.many else configuration)(places)) as (path, command):
        prepare(command, path)
        daemon = None
        if options.viewer:
            daemon = subprocess.Popen([*command, "--headless", "--log-level", "warning"], env=environment())
            time.sleep(3)
        try:
            figures |= measure(command, options)
        finally:
            if daemon is not None:
                daemon.terminate()
                daemon.wait(10)
    for name, peer in PEERS.items() if options.peers else ():
        if shutil.which(peer[0]):
            figures |= {f"{name}.{what}": value for what, value in measure_peer(peer, min(options.seconds, 10.0)).items()}
    finish(figures)


if __name__ == "__main__":
    main()
