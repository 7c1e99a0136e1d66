"""`status`: a summary of the running monitor's board; exit code 3 (unknown) wherever the state is not known."""

from __future__ import annotations

import os
import socket
import sys
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
from tui_monitor.board.strip import slot_bounds
from tui_monitor.board.values import AlertView, Board
from tui_monitor.cli.language import words_of_person
from tui_monitor.cli.one_line import one_line
from tui_monitor.cli.options import Refused, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table, terminal_width
from tui_monitor.cli.state_access import StateAccess, open_state, read_state
from tui_monitor.cli.watch import watch
from tui_monitor.core.humanize import NOTHING, latency, percent, size, span, stamp
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, overall
from tui_monitor.core.version import VERSION
from tui_monitor.runtime.strips import read_strips
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.widgets.glyphs import glyphs_for
from tui_monitor.widgets.strip_cells import strip_runs

STALE_MS = 30_000
"""The leader writes its board each 5 s at least; one that is older is no news of now."""
STRIPS_FROM, STRIP_SLOT_MS, STRIP_CELLS = 110, 120_000, 30
"""Columns from which the last hour stands at the end of a line, as cells of two minutes."""
FAILING_FIRST = ("unhealthy", "degraded", "unknown", "healthy")


def status(given: Namespace) -> int:
    """Exit code: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown (also without a running monitor or a readable state)."""
    return watch(lambda: _answer(given)) if given.watch else _answer(given)


def _answer(given: Namespace) -> int:
    now = wall_ms()
    board: Board | None = None
    try:
        report, board = _report(open_state(given), now)
    except Refused as refused:
        report = _nothing_known(str(refused))
    given.verdict = HealthStatus(report["status"]).exit_code
    if given.json:
        print_json(report)
    elif given.oneline:
        say = words_of_person(sys.stdout).say
        print(clean(one_line(HealthStatus(report["status"]), report["reason"], board, now, glyphs_for(os.environ), say)))
    else:
        _print(report, now, _strips(given, report, now))
    return int(given.verdict)


def _strips(given: Namespace, report: Mapping[str, Any], now: int) -> Mapping[str, str]:
    """The last hour of each check as text, for a terminal wide enough; {} elsewhere: scripts read the columns."""
    if not report["checks"] or not STRIPS_FROM <= terminal_width() < 1000:
        return {}
    names, glyphs = [check["name"] for check in report["checks"]], glyphs_for(os.environ | {"NO_COLOR": "1"})
    try:
        with closing(HistoryReader(open_state(given).directory.history_db)) as reader:
            found = read_strips(reader, names, slot_bounds(now, STRIP_SLOT_MS, STRIP_CELLS), level=False)
    except (StorageFault, Refused):
        return {}
    return {name: "".join(text for text, _ in strip_runs(strip, STRIP_CELLS, glyphs)) for name, strip in found.items()}


def _nothing_known(reason: str) -> dict[str, Any]:
    return status_json(socket.gethostname(), VERSION, reason)


def _report(access: StateAccess, now: int) -> tuple[dict[str, Any], Board | None]:
    """What `status --json` prints, and the board where it is of now."""
    leader, board = access.leader, stored_board(access.directory.history_db)
    alerts = [alert for alert in read_state(access.directory, lambda state: state.alerts.live()) if alert.state != "resolved"]
    reason = _why_not_known(access, board, now)
    if access.alive and (board is None or leader is None or board.at < leader.since):
        board = None
    unrecorded = _unrecorded(access, board)
    remark = ""
    if board is not None:
        later = [alert for alert in alerts if alert.name == "CheckUnhealthy" and alert.state == "firing" and alert.starts_at > board.at]
        statuses = (*(check.status for check in board.checks), *map(_meaning, later))
        board = replace(board, status=overall(statuses, [*alerts, *unrecorded]))
        remark = _disagreement(later, unrecorded)
    report = status_json(socket.gethostname(), VERSION, reason, board)
    report["reason"] = reason or remark
    report["alerts"] = alert_counts_json(alerts, unrecorded, *read_state(access.directory, lambda state: state.alerts.totals()))
    if access.alive and leader is not None:
        report.update(leader=leader_json(leader), version=leader.version, uptime_s=round((now - leader.since) / 1000, 3))
    return report, None if reason else board


def _disagreement(later: Sequence[Alert], unrecorded: Sequence[AlertView]) -> str:
    """Difference between board and state while one of their files cannot be written; "" where they agree."""
    if later:
        return f"the board is older than the firing alerts ({later[0].id}): the history cannot be written"
    if unrecorded:
        return f"firing alerts are not recorded ({unrecorded[0].id} {unrecorded[0].name}): the state cannot be written"
    return ""


def _unrecorded(access: StateAccess, board: Board | None) -> list[AlertView]:
    """Alerts that fire on the board but are missing in the state, which then cannot be written."""
    firing = [alert for alert in board.alerts if alert.state == "firing"] if board is not None and access.alive else []
    known = read_state(access.directory, lambda state: state.alerts.labels([alert.id for alert in firing])) if firing else {}
    return [alert for alert in firing if alert.id not in known]


def _meaning(alert: Alert) -> HealthStatus:
    """Health status that a firing check alert implies, for a board that is older than the alert."""
    return HealthStatus.DEGRADED if alert.severity == "warning" else HealthStatus.UNHEALTHY


def _why_not_known(access: StateAccess, board: Board | None, now: int) -> str:
    """Reason why the newest board is not current; "" where it is."""
    if not access.alive:
        return "no monitor runs"
    if board is None or access.leader is None or board.at < access.leader.since:
        return "the monitor has just started"
    return f"the daemon is not responding since {rfc3339(board.at)}" if now - board.at > STALE_MS else ""


def stored_board(path: Path) -> Board | None:
    """The newest stored board; None without one that this version can read."""
    try:
        try:
            data = last_board(path)
        except StorageFault:  # a file that no process has open, in a directory without write permission
            with closing(HistoryReader(path)) as reader:
                found = reader.stored_board()
            data = found[1] if found else None
        return board_from_json(data) if data else None
    except (StorageFault, ValueError):
        return None


# --- for people -----------------------------------------------------------------------------------------------------------


def _print(report: Mapping[str, Any], now: int, strips: Mapping[str, str]) -> None:
    leader = report["leader"]
    who = f"{leader['kind']}, pid {leader['pid']}, up {max(0, round(report['uptime_s']))}s" if leader else ""
    if leader and report["uptime_s"] >= 60:
        who = f"{leader['kind']}, pid {leader['pid']}, up {span(report['uptime_s'])}"
    print_line((Data(report["host"]), "bold"), (report["status"], report["status"]), (who, "dim"))
    if report["reason"]:
        last = f"; the last board is of {_clock(report['at'], now)}" if report["at"] else ""
        print_line(f"{report['reason']}{last}")
    if report["at"]:
        _print_resources(report["resources"])
    if report["at"] or leader:
        print_line(*_alert_counts(report["alerts"]))
    for trouble in report["trouble"]:
        print_line(("the monitor itself:", "warning"), trouble)
    if report["checks"]:
        print()
        table(
            [[*_check_row(check, now), strips.get(check["name"], "")] for check in _failing_first(report["checks"])],
            ("STATUS", "CHECK", "TYPE", "TOOK", "SINCE", "REASON", "LAST HOUR"),
            spare=("TYPE", "SINCE"),
        )


def _failing_first(checks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The checks by status, the gravest first, within a status in the file's order: what fails stands where the eye is."""
    return sorted(checks, key=lambda check: FAILING_FIRST.index(check["status"]))


def _print_resources(known: Mapping[str, Any]) -> None:
    parts = [f"cpu {percent(known['cpu'])}", f"memory {percent(known['memory'])} of {size(known['memory_total'])}"]
    if known["load"]:
        parts.append("load " + " ".join(f"{value:.2f}" for value in known["load"]))
    parts += [f"{mount['mount']} {percent(mount['usage'])}" for mount in known["mounts"][:4]]
    print_line(*(part for part in parts if not part.endswith(f" {NOTHING}")))


def _alert_counts(counts: Mapping[str, Any]) -> list[Cell]:
    gravest = next((severity for severity, count in counts["by_severity"].items() if count), "")
    each = ", ".join(f"{severity} {count}" for severity, count in counts["by_severity"].items() if count)
    open_ = counts["firing"] - counts["muted"]
    found: list[Cell] = [(f"{open_} firing", gravest)] if open_ else [] if each else ["no alert fires"]
    found += [f"{counts[name]} {name}" for name in ("muted", "acknowledged", "pending") if counts[name]]
    return [*found, (f"({each})", "dim")] if each else found


def _check_row(check: Mapping[str, Any], now: int) -> list[Cell]:
    took = "" if check["duration_ms"] is None else latency(check["duration_ms"] / 1000)
    return [
        (check["status"], check["status"]),
        Data(check["name"]),
        (Data(check["type"]), "dim"),
        took,
        _clock(check["since"], now),
        check["reason"],
    ]


def _clock(text: str | None, now: int) -> str:
    return stamp(round(datetime.fromisoformat(text).timestamp() * 1000), now, None) if text else ""
