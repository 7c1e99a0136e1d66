"""The cost of the real daemon: at rest, with 20 checks, and per HTTP probe at 10, 100 and 1,000 endpoints; prints JSON.

    python bench/headless.py [--seconds 40] [--sizes 10,100,1000] [--only steady|kinds|probes]

``probe_N`` is the CPU of the whole process (probes, judging, series, rules, history, board) less that of the same process with no
check, divided by the probes made: every connection is new. The servers are on loopback, in a process of their own.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from harness import checks, compile_program, figure, finish, headless, others_busy, rss_mib, servers

from tui_monitor.sources.kinds import KINDS

EACH_KIND = {
    "http": 'url = "http://{place}/"',
    "tcp": 'host = "127.0.0.1"\nport = 1\ntls = true',
    "postgres": 'dsn = "postgresql://u:p@127.0.0.1:1/app"',
    "redis": 'url = "rediss://127.0.0.1:1"',
    "log": 'path = "/var/log/none.log"',
    "heartbeat": 'every = "1h"',
    "prometheus": 'url = "http://{place}/metrics"',
    "command": 'argv = ["true"]',
    "systemd": 'units = ["*.service"]',
    "json": 'url = "http://{place}/"\nvalues = [{{ metric = "m", path = "status", map = {{ ok = 1 }} }}]',
    "jsonrpc": 'url = "http://{place}/"',
    "grpc": 'host = "127.0.0.1"\nport = 1',
    "websocket": 'url = "ws://127.0.0.1:1/"',
    "group": 'members = ["of-http"]',
    "docker": 'socket = "/run/docker.sock"',
    "dns": 'server = "127.0.0.1"\nquery = "a.test"',
    "icmp": 'host = "127.0.0.1"',
    "tls": 'host = "127.0.0.1"\nport = 1',
    "ssh": 'host = "127.0.0.1"\nport = 1',
    "smtp": 'host = "127.0.0.1"\nport = 1',
    "imap": 'host = "127.0.0.1"\nport = 1',
    "ntp": 'server = "127.0.0.1"',
    "snmp": 'host = "127.0.0.1"\nversion = "3"\nuser = "u"\nauth_password = "12345678"\nprivacy_password = "12345678"',
    "mysql": 'dsn = "mysql://u:p@127.0.0.1:1/app"',
    "sqlite": 'path = "/var/lib/none.db"',
    "process": 'process = "init"',
    "storage": 'path = "/tmp"\nwrite = false',
    "domain": 'domain = "example.com"\nexpires = "2030-01-01"',
    "host": 'ssh = "127.0.0.1"',
}
"""Keys for a check of each kind; nothing answers at most of them, which loads the drivers all the same."""
SETTLE = 12.0
"""Seconds for start-up to end before anything is counted."""


def steady(count: int, interval: str, seconds: float) -> dict[str, Any]:
    """CPU in % of one core and MiB of the daemon with so many checks."""
    with servers(max(count, 1)) as places, headless(checks(places[:count], interval, tcp_every=5)) as process:
        time.sleep(SETTLE)
        used, others = others_busy(process, seconds)
        return {"cpu_pct": 100 * used / seconds, "rss_mib": rss_mib(process), "others_pct": round(others, 1)}


def per_probe(count: int, seconds: float, idle_pct: float) -> dict[str, Any]:
    """CPU ms a probe, at up to 100 probes a second: up to 100 endpoints are probed each second, more of them each 10 s."""
    interval = 1 if count <= 100 else 10
    with servers(count) as places, headless(checks(places, f"{interval}s")) as process:
        time.sleep(SETTLE + (interval if interval > 1 else 0))
        used, others = others_busy(process, seconds)
        milliseconds = (used - idle_pct / 100 * seconds) / (count / interval * seconds) * 1000
        return figure(milliseconds, "ms", 1.2, rss_mib=round(rss_mib(process), 1), others_pct=round(others, 1))


def each_kind(place: str) -> tuple[str, list[str]]:
    """A check of each kind that the program has; and the kinds for which no keys are known here."""
    known = {kind: keys.format(place=place) for kind, keys in EACH_KIND.items() if kind in KINDS}
    text = [f'[[checks]]\nname = "of-{kind}"\ntype = "{kind}"\n{keys}\n' for kind, keys in known.items()]
    return "\n".join(text), sorted(KINDS.keys() - known.keys())


def memory_of_each_kind() -> dict[str, Any]:
    """MiB of the daemon with one check of each kind, drivers loaded."""
    with servers(1) as places:
        text, missing = each_kind(places[0])
        with headless(text) as process:
            time.sleep(2 * SETTLE)
            return figure(rss_mib(process), "MiB", 75.0, kinds=len(KINDS) - len(missing), missing=missing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each measurement")
    parser.add_argument("--sizes", type=lambda text: [int(part) for part in text.split(",")], default=[10, 100, 1000])
    parser.add_argument("--only", choices=["steady", "kinds", "probes"])
    options = parser.parse_args()
    compile_program()
    figures: dict[str, Any] = {}
    if options.only in (None, "kinds"):
        figures["rss_each_kind"] = memory_of_each_kind()
    if options.only in (None, "steady"):
        found = steady(20, "10s", options.seconds)
        figures["cpu_20_checks"] = figure(found["cpu_pct"], "% of a core", 1.0, others_pct=found["others_pct"])
        figures["rss_20_checks"] = figure(found["rss_mib"], "MiB", 55.0)
    if options.only in (None, "probes"):
        idle = steady(0, "10s", options.seconds)
        figures["cpu_idle"] = figure(idle["cpu_pct"], "% of a core", others_pct=idle["others_pct"])
        figures["rss_idle"] = figure(idle["rss_mib"], "MiB")
        for count in options.sizes:
            figures[f"probe_{count}"] = per_probe(count, options.seconds, idle["cpu_pct"])
    finish(figures)


if __name__ == "__main__":
    main()
