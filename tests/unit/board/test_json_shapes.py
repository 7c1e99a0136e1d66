"""What commands print with --json: the contract's keys, each shape made in one place."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tui_monitor.cli.commands
from tests.support import sample_boards as boards
from tests.support.outbox_tools import message
from tui_monitor.alerts.alert import Acknowledgement, Alert
from tui_monitor.alerts.measure import Measure
from tui_monitor.board import json_shapes as shapes
from tui_monitor.core.audit import Audit
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
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
        "name type status reason duration_ms phases_ms at figures facts",
    ),
    "status": (
        shapes.status_json("web-1", "1.0", board=boards.busy()),
        "host status reason leader summary checks alerts resources trouble version uptime_s at",
    ),
    "status, leader": (shapes.leader_json(LeaderRow(7, "headless", "1.0", "c", AT, AT)), "pid kind since heartbeat"),
    "status, alerts": (
        shapes.alert_counts_json([ALERT]),
        "firing muted acknowledged pending by_severity by_name by_category total_history last_at",
    ),
    "status, summary": (shapes.check_summary_json(boards.busy().checks), "total healthy degraded unhealthy unknown healthy_ratio"),
    "alerts": (
        shapes.listed_alert_json(ALERT, "wallet", [ROW]),
        "id fingerprint labels annotations severity state value starts_at ends_at acknowledged suppressed_by title message category service"
        " metric current_value threshold unit resolved deliveries",
    ),
    "alerts, resolved": (shapes.listed_alert_json(replace(ALERT, state="resolved", ends_at=AT), "", ())["resolved"], "by at note"),
    "alerts, deliveries": (shapes.listed_alert_json(ALERT, "", [ROW])["deliveries"][0], "notifier kind state at"),
    "alerts, acknowledged": (shapes.alert_json(ALERT)["acknowledged"], "by at note until"),
    "silences": (shapes.silence_json(make_silence(["a=b"], AT, AT + 1, "kim"), AT), "id state matchers starts_at ends_at by comment"),
    "audit": (shapes.audit_json(Audit(AT, "kim", "ack", "1a2b A")), "at by verb subject note"),
    "notifications": (
        shapes.notification_json(ROW, message()),
        "id notifier alerts kind state attempts next_try created_at sent_at provider_id error title severity",
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


def test_an_alert_says_what_people_are_told_of_it() -> None:
    """Title, message, category, service, value, limit and unit; who resolved it and the note; what became of each message."""
    alert = replace(
        ALERT,
        state="resolved",
        ends_at=AT,
        resolved_by="root",
        note="deployed",
        value=17.0,
        labels={"alertname": "Waiting", "check": "shop", "category": "business"},
        annotations={"summary": "17 orders wait", "description": "Restart the workers"},
        measure=Measure("orders", "", 10.0),
    )
    found = shapes.listed_alert_json(alert, "wallet", [ROW])
    told = {"title": "17 orders wait", "message": "Restart the workers", "category": "business", "service": "wallet", "metric": "orders"}
    told |= {"current_value": 17.0, "threshold": 10.0, "unit": "", "resolved": {"by": "root", "at": rfc3339(AT), "note": "deployed"}}  # type: ignore[dict-item]
    assert told.items() <= found.items()
    assert found["deliveries"] == [{"notifier": "mail", "kind": "firing", "state": "sent", "at": rfc3339(AT)}]
    own = shapes.listed_alert_json(replace(alert, annotations={}, labels={**alert.labels, "service": "cart"}), "wallet", ())
    assert (own["title"], own["service"]) == ("Waiting check=shop category=business service=cart", "cart")


def test_status_counts_checks_and_alerts() -> None:
    """Checks by state with the share of healthy ones, null without checks; firing alerts by name and category, without empty ones."""
    states = [HealthStatus.HEALTHY, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN]
    checks = [replace(boards.busy().checks[0], status=status) for status in states]
    assert shapes.check_summary_json(checks) == {
        "total": 4, "healthy": 2, "degraded": 0, "unhealthy": 1, "unknown": 1, "healthy_ratio": 0.5,
    }  # fmt: skip
    assert shapes.check_summary_json(checks, "no monitor runs")["unknown"] == 4 and shapes.check_summary_json([])["healthy_ratio"] is None
    system = replace(ALERT, labels={"alertname": "HighCPU", "category": "system"})
    counts = shapes.alert_counts_json([ALERT, system, system], history=7, last_at=AT)
    assert (counts["by_name"], counts["by_category"]) == ({"HighCPU": 2, "A": 1}, {"system": 2})
    assert (counts["total_history"], counts["last_at"]) == (7, rfc3339(AT))


def test_figures_and_facts_are_in_check_and_status() -> None:
    """Numbers by the short name of their series, without the phases, which stand by themselves; what is no number is a text."""
    series = {labels_of("redis_keys", db="0"): 3.0, labels_of("redis_lag"): float("nan"), labels_of("probe_phase_seconds"): 1.0}
    samples = tuple(Sample(*pair) for pair in series.items())
    result = ProbeResult(HealthStatus.HEALTHY, samples=samples, facts={"version": "7.2"})
    found = shapes.probe_json("cache", "redis", result, AT)
    assert (found["figures"], found["facts"]) == ({"redis_keys{0}": 3.0, "redis_lag": "NaN"}, {"version": "7.2"})
    view = replace(boards.busy().checks[0], figures={"redis_keys": 3.0}, facts={"version": "7.2"})
    assert (shapes.check_json(view)["figures"], shapes.check_json(view)["facts"]) == ({"redis_keys": 3.0}, {"version": "7.2"})


def test_commands_make_no_shape_of_their_own() -> None:
    """Every --json output is built in board.json_shapes (or analysis, promql.http_json): no command prints a dictionary it wrote itself."""
    for path in sorted(Path(tui_monitor.cli.commands.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print_json", "to_text"):
                assert not any(isinstance(inner, ast.Dict) and inner.keys for inner in ast.walk(node)), f"{path.name}:{node.lineno}"
