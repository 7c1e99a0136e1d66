"""`check`: one probe of each check, in parallel, and its verdict without `for` or thresholds over time."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.board.json_shapes import probe_json
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.checks.groups import Groups, group_faults
from tui_monitor.cli.arguments import add_json
from tui_monitor.cli.options import Refused, configuration, suggestion
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import Configuration
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.core.humanize import latency
from tui_monitor.core.values import HealthStatus, ProbeResult, worst
from tui_monitor.platform.redaction import Redaction
from tui_monitor.sources.api import Feed, Probe
from tui_monitor.sources.kinds import build_probe

Verdicts = Mapping[str, tuple[ProbeResult, int]]
"""By the check's name: its plain verdict, and when (UTC ms)."""


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `check`."""
    parser.add_argument("names", nargs="*", metavar="NAME")
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown; errors: 64 unknown name, 70 failure, 74 output, 78 configuration."""
    loaded = configuration(given)
    groups = Groups(loaded.settings.checks)
    checks = _chosen(loaded.settings.checks, given.names)
    probed = _probed(loaded.settings.checks, checks, groups)
    probes = [
        _from_state(given, check) if isinstance(probe, Feed) else probe for check, probe in zip(probed, _built(loaded, probed), strict=True)
    ]
    found = asyncio.run(_probe_all(probed, probes, Redaction(loaded.settings.redact.patterns)))
    rows = [probe_json(check.name, check.type, *_of(check.name, found, groups)) for check in checks]
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


def _probed(all_checks: list[CheckSettings], chosen: list[CheckSettings], groups: Groups) -> list[CheckSettings]:
    """The chosen checks, with each group replaced by its members."""
    names = {name for check in chosen for name in groups.probed(check.name)}
    return [check for check in all_checks if check.name in names]


def _of(name: str, found: Verdicts, groups: Groups) -> tuple[ProbeResult, int]:
    """Verdict and time of a check; a group's verdict is computed from its members'."""
    if name not in groups:
        return found[name]
    statuses = {member: result.status for member, (result, _) in found.items()}
    for group in groups.innermost_first():
        verdict = groups.verdict(group, statuses)
        if verdict is not None:
            statuses[group] = verdict.status
        if group == name:
            break
    assert verdict is not None  # all members have been probed
    return verdict, max(at for _, at in found.values())


def _built(loaded: Configuration, checks: list[CheckSettings]) -> list[Probe]:
    """All probes, built before the first one runs so that no measurement includes import time. Raises Refused for unusable settings."""
    try:
        if any(group_faults(loaded.settings.checks)):
            raise ValueError("group")  # told below
        return [build_probe(check) for check in checks]
    except ValueError:
        from tui_monitor.runtime.wiring import problems_of

        raise Refused("\n".join(problems_of(loaded)), CONFIGURATION) from None


def _from_state(given: Namespace, check: CheckSettings) -> Probe:
    """The stored verdict of a feed: only the running monitor knows its state."""
    from tui_monitor.cli.stored_check import StoredCheck

    return StoredCheck(given, check)


async def _probe_all(checks: list[CheckSettings], probes: list[Probe], redaction: Redaction) -> Verdicts:
    results = await asyncio.gather(*(_probe(check, probe, redaction) for check, probe in zip(checks, probes, strict=True)))
    return {check.name: result for check, result in zip(checks, results, strict=True)}


async def _probe(check: CheckSettings, probe: Probe, redaction: Redaction) -> tuple[ProbeResult, int]:
    clock = SystemClock()
    try:
        result = await probe_once(probe, check, clock, redact=redaction)
    finally:
        await probe.close()
    return result, clock.wall_ms()


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print_line("no checks are configured; tui-monitor config init writes a file to start from")
    table([_row(row) for row in rows], ("STATUS", "CHECK", "TOOK", "REASON") if rows else ())


def _row(row: dict[str, Any]) -> Sequence[Cell]:
    took = "" if row["duration_ms"] is None else latency(row["duration_ms"] / 1000)
    return (row["status"], row["status"]), Data(row["name"]), (took, "dim"), row["reason"]
