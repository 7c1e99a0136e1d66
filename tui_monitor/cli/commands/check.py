"""`check`: one probe of each check, side by side, and its plain verdict."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from tui_monitor.board.json_shapes import probe_json
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.cli.options import Refused, configuration, suggestion
from tui_monitor.cli.output import Cell, print_json, table
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import Configuration
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.core.humanize import latency
from tui_monitor.core.values import HealthStatus, worst
from tui_monitor.sources.api import Feed, Probe
from tui_monitor.sources.kinds import build_probe


def run(given: Namespace) -> int:
    """Exit 0 healthy, 1 degraded, 2 unhealthy, 3 unknown; no verdict: 64 a name that is none, 70 a failure, 74 output, 78 configuration."""
    loaded = configuration(given)
    checks = _chosen(loaded.settings.checks, given.names)
    probes = _built(loaded, checks)
    probes = [_from_state(given, check) if isinstance(probe, Feed) else probe for check, probe in zip(checks, probes, strict=True)]
    rows = asyncio.run(_probe_all(checks, probes))
    given.verdict = worst(HealthStatus(row["status"]) for row in rows).exit_code
    if given.json:
        print_json(rows)
    else:
        _print(rows)
    return int(given.verdict)


def _chosen(checks: list[CheckSettings], names: list[str]) -> list[CheckSettings]:
    known = [check.name for check in checks]
    for name in names:
        if name not in known:
            raise Refused(f'there is no check "{name}"{suggestion(name, known)}', USAGE)
    return [check for check in checks if not names or check.name in names]


def _built(loaded: Configuration, checks: list[CheckSettings]) -> list[Probe]:
    """All before the first begins, so that none measures how long the others take to load; a setting nobody can use is refused."""
    try:
        return [build_probe(check) for check in checks]
    except ValueError:
        from tui_monitor.runtime.wiring import problems_of

        raise Refused("\n".join(problems_of(loaded)), CONFIGURATION) from None


def _from_state(given: Namespace, check: CheckSettings) -> Probe:
    """Of a feed only the running monitor knows how it stands."""
    from tui_monitor.cli.stored_check import StoredCheck

    return StoredCheck(given, check)


async def _probe_all(checks: list[CheckSettings], probes: list[Probe]) -> list[dict[str, Any]]:
    return await asyncio.gather(*map(_probe, checks, probes))


async def _probe(check: CheckSettings, probe: Probe) -> dict[str, Any]:
    clock = SystemClock()
    try:
        result = await probe_once(probe, check, clock)
    finally:
        await probe.close()
    return probe_json(check.name, check.type, result, clock.wall_ms())


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("no checks are configured; tui-monitor config init writes a file to start from")
    table([_row(row) for row in rows], ("STATUS", "CHECK", "TOOK", "REASON") if rows else ())


def _row(row: dict[str, Any]) -> Sequence[Cell]:
    took = "" if row["duration_ms"] is None else latency(row["duration_ms"] / 1000)
    return (row["status"], row["status"]), row["name"], (took, "dim"), row["reason"]
