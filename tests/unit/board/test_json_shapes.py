"""What commands print with --json: the contract's keys, each shape made in one place."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tui_monitor.cli.commands
from tests.support import sample_boards as boards
from tui_monitor.alerts.alert import Acknowledgement, Alert
from tui_monitor.board import json_shapes as shapes
from tui_monitor.core.audit import Audit
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.dispatch.silences import make_silence
from tui_monitor.storage.records import LeaderRow, OutboxRow

AT = boards.AT
ALERT = Alert(
    id="1a2b",
    fingerprint="ff",
    rule="r",
    state="firing",
    severity="warning",
    labels={"alertname": "A"},
    annotations={},
    value=float("nan"),
    active_at=AT,
    starts_at=AT,
    acknowledged=Acknowledgement("kim", AT),
)
ROW = OutboxRow("n1", "mail", "firing", "sent", 1, AT, None, AT, AT, "", "", False, None, "", ("1a2b",), "")
SHAPES: dict[str, tuple[Mapping[str, Any], str]] = {
    "check": (
        shapes.probe_json("api", "http", ProbeResult(HealthStatus.HEALTHY, duration=0.0125, phases={"dns": 0.002}), AT),
        "name type status reason duration_ms phases_ms at",
    ),
    "status": (
        shapes.status_json("web-1", "1.0", board=boards.busy()),
        "host status reason leader checks alerts resources trouble version uptime_s at",
    ),
    "status, leader": (shapes.leader_json(LeaderRow(7, "headless", "1.0", "c", AT, AT)), "pid kind since heartbeat"),
    "status, alerts": (shapes.alert_counts_json([ALERT]), "firing acknowledged pending by_severity"),
    "alerts": (
        shapes.alert_json(ALERT),
        "id fingerprint labels annotations severity state value starts_at ends_at acknowledged suppressed_by",
    ),
    "alerts, acknowledged": (shapes.alert_json(ALERT)["acknowledged"], "by at note until"),
    "silences": (shapes.silence_json(make_silence(["a=b"], AT, AT + 1, "kim"), AT), "id state matchers starts_at ends_at by comment"),
    "audit": (shapes.audit_json(Audit(AT, "kim", "ack", "1a2b A")), "at by verb subject note"),
    "notifications": (
        shapes.notification_json(ROW),
        "id notifier alerts kind state attempts next_try created_at sent_at provider_id error",
    ),
}


@pytest.mark.parametrize("command", SHAPES)
def test_each_shape_has_the_keys_of_the_contract(command: str) -> None:
    """In its order, and as JSON that has no NaN."""
    found, keys = SHAPES[command]
    assert list(found) == keys.split()
    json.dumps(found, allow_nan=False)


def test_where_nothing_is_known_status_has_the_same_keys() -> None:
    """A script needs no second case."""
    nothing = shapes.status_json("web-1", "1.0", "no monitor runs")
    assert list(nothing) == list(SHAPES["status"][0]) and (nothing["status"], nothing["checks"]) == ("unknown", [])


def test_a_row_that_waits_no_more_has_no_next_try() -> None:
    """The stored time of a message that was sent says nothing."""
    assert SHAPES["notifications"][0]["next_try"] is None


def test_commands_make_no_shape_of_their_own() -> None:
    """Every --json output is built in board.json_shapes (or analysis, promql.http_json): no command prints a dictionary it wrote itself."""
    for path in sorted(Path(tui_monitor.cli.commands.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print_json", "to_text"):
                assert not any(isinstance(inner, ast.Dict) and inner.keys for inner in ast.walk(node)), f"{path.name}:{node.lineno}"
