"""`status`: the board of the running monitor in short; 3 (unknown) wherever nobody can say."""

from __future__ import annotations

import socket
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tui_monitor.alerts.alert import Alert
from tui_monitor.board.codec import board_from_json
from tui_monitor.board.json_shapes import alert_counts_json, leader_json, status_json
from tui_monitor.board.values import AlertView, Board
from tui_monitor.cli.options import Refused, wall_ms
from tui_monitor.cli.output import Cell, print_json, say, table
from tui_monitor.cli.state_access import Looked, look, read_state
from tui_monitor.core.humanize import NOTHING, latency, percent, size, span, stamp
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, overall
from tui_monitor.core.version import VERSION
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board
from tui_monitor.storage.history.reader import HistoryReader

STALE_MS = 30_000
"""The leader writes its board each 5 s at least; one that is older is no news of now."""


def status(given: Namespace) -> int:
    """Exit 0 healthy, 1 degraded, 2 unhealthy, 3 unknown: also where no monitor runs or this user may not read the state."""
    now = wall_ms()
    try:
        report = _report(look(given), now)
    except Refused as refused:
        report = _nothing_known(str(refused))
    given.verdict = HealthStatus(report["status"]).exit_code
    if given.json:
        print_json(report)
    else:
        _print(report, now)
    return int(given.verdict)


def _nothing_known(reason: str) -> dict[str, Any]:
    return status_json(socket.gethostname(), VERSION, reason)


def _report(looked: Looked, now: int) -> dict[str, Any]:
    leader, board = looked.leader, _board(looked.directory.history_db)
    alerts = [alert for alert in read_state(looked.directory, lambda state: state.alerts.live()) if alert.state != "resolved"]
    reason = _why_not_known(looked, board, now)
    if looked.alive and (board is None or leader is None or board.at < leader.since):
        board = None
    unrecorded = _unrecorded(looked, board)
    remark = ""
    if board is not None:
        later = [alert for alert in alerts if alert.name == "CheckUnhealthy" and alert.state == "firing" and alert.starts_at > board.at]
        statuses = (*(check.status for check in board.checks), *map(_meaning, later))
        board = replace(board, status=overall(statuses, [*alerts, *unrecorded]))
        remark = _disagreement(later, unrecorded)
    report = status_json(socket.gethostname(), VERSION, reason, board)
    report["reason"] = reason or remark
    report["alerts"] = alert_counts_json(alerts, unrecorded)
    if looked.alive and leader is not None:
        report.update(leader=leader_json(leader), version=leader.version, uptime_s=round((now - leader.since) / 1000, 3))
    return report


def _disagreement(later: Sequence[Alert], unrecorded: Sequence[AlertView]) -> str:
    """What board and state do not know of each other, as one of the two files cannot be written; "" where they agree."""
    if later:
        return f"the board is older than what fires ({later[0].id}): the history cannot be written"
    if unrecorded:
        return f"what fires is not on record ({unrecorded[0].id} {unrecorded[0].name}): the state cannot be written"
    return ""


def _unrecorded(looked: Looked, board: Board | None) -> list[AlertView]:
    """What fires by the running monitor's board and is unknown to the state, which cannot be written then."""
    firing = [alert for alert in board.alerts if alert.state == "firing"] if board is not None and looked.alive else []
    known = read_state(looked.directory, lambda state: state.alerts.labels([alert.id for alert in firing])) if firing else {}
    return [alert for alert in firing if alert.id not in known]


def _meaning(alert: Alert) -> HealthStatus:
    """What a firing check alert says of its check, where the board does not say it yet."""
    return HealthStatus.DEGRADED if alert.severity == "warning" else HealthStatus.UNHEALTHY


def _why_not_known(looked: Looked, board: Board | None, now: int) -> str:
    """Why the newest board says nothing of now, "" where it does."""
    if not looked.alive:
        return "no monitor runs"
    if board is None or looked.leader is None or board.at < looked.leader.since:
        return "the monitor has just started"
    return f"the monitor has written nothing since {rfc3339(board.at)}" if now - board.at > STALE_MS else ""


def _board(path: Path) -> Board | None:
    """The newest stored board; None where there is none that this version understands."""
    try:
        try:
            data = last_board(path)
        except StorageFault:  # in a directory that may not be written, a file that nobody has open
            with closing(HistoryReader(path)) as reader:
                found = reader.stored_board()
            data = found[1] if found else None
        return board_from_json(data) if data else None
    except (StorageFault, ValueError):
        return None


# --- for people -----------------------------------------------------------------------------------------------------------


def _print(report: Mapping[str, Any], now: int) -> None:
    leader = report["leader"]
    who = f"{leader['kind']}, pid {leader['pid']}, up {max(0, round(report['uptime_s']))}s" if leader else ""
    if leader and report["uptime_s"] >= 60:
        who = f"{leader['kind']}, pid {leader['pid']}, up {span(report['uptime_s'])}"
    say((report["host"], "bold"), (report["status"], report["status"]), (who, "dim"))
    if report["reason"]:
        last = f"; the last board is of {_clock(report['at'], now)}" if report["at"] else ""
        say(f"{report['reason']}{last}")
    if report["at"]:
        _print_resources(report["resources"])
    if report["at"] or leader:
        say(*_alert_counts(report["alerts"]))
    for trouble in report["trouble"]:
        say(("the monitor itself:", "warning"), trouble)
    if report["checks"]:
        print()
        table(
            [_check_row(check, now) for check in report["checks"]],
            ("STATUS", "CHECK", "TYPE", "TOOK", "SINCE", "REASON"),
            spare=("TYPE", "SINCE"),
        )


def _print_resources(known: Mapping[str, Any]) -> None:
    parts = [f"cpu {percent(known['cpu'])}", f"memory {percent(known['memory'])} of {size(known['memory_total'])}"]
    if known["load"]:
        parts.append("load " + " ".join(f"{value:.2f}" for value in known["load"]))
    parts += [f"{mount['mount']} {percent(mount['usage'])}" for mount in known["mounts"][:4]]
    say(*(part for part in parts if not part.endswith(f" {NOTHING}")))


def _alert_counts(counts: Mapping[str, Any]) -> list[Cell]:
    gravest = next((severity for severity, count in counts["by_severity"].items() if count), "")
    each = ", ".join(f"{severity} {count}" for severity, count in counts["by_severity"].items() if count)
    found: list[Cell] = [(f"{counts['firing']} firing", gravest)] if counts["firing"] else [] if each else ["no alert fires"]
    found += [f"{counts[name]} {name}" for name in ("acknowledged", "pending") if counts[name]]
    return [*found, (f"({each})", "dim")] if each else found


def _check_row(check: Mapping[str, Any], now: int) -> list[Cell]:
    took = "" if check["duration_ms"] is None else latency(check["duration_ms"] / 1000)
    return [(check["status"], check["status"]), check["name"], (check["type"], "dim"), took, _clock(check["since"], now), check["reason"]]


def _clock(text: str | None, now: int) -> str:
    return stamp(round(datetime.fromisoformat(text).timestamp() * 1000), now, None) if text else ""
