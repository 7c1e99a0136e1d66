"""Values as people read them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tests.support.alert_world import World, rules_of
from tui_monitor.alerts.alert import Alert, Peak
from tui_monitor.alerts.received import RECEIVED
from tui_monitor.board.build import alert_view, check_view, condition_of, evidence_view, member_views, series_of_alert
from tui_monitor.board.values import EvidenceProcess, MemberView
from tui_monitor.core.humanize import measured
from tui_monitor.core.values import CheckResult, HealthStatus, ProbeResult, Sample, UnitState, labels_of
from tui_monitor.promql.query_facts import unit_of


@pytest.mark.parametrize(
    ("expr", "value", "text"),
    [
        ("avg_over_time(cpu_usage_ratio[15s]) > 0.7", 0.913, "91.3%"),
        ("check_health >= 1", 2.0, "unhealthy"),
        ("probe_duration_seconds > 0.5", 0.7042, "704ms"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", 794_800.0, "9d 4h"),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", -200.0, "-3m"),
        ("disk_free_bytes / -deriv(disk_free_bytes[1h]) and disk_free_bytes > 0", 7_500.0, "2h 05m"),
        ("network_receive_bytes_per_second > 1e6", 3 * 2**20, "3.0M/s"),
        ("orders > 10", 42.0, "42"),
        ("orders > 10", float("nan"), "nan"),
        ("orders > 10", None, ""),
    ],
)
def test_a_value_is_told_in_the_unit_of_its_expression(expr: str, value: float | None, text: str) -> None:
    """The metrics' names say the unit; a difference to time() and a quantity by its slope are durations."""
    assert measured(value, unit_of(expr)) == text


def test_the_figures_of_a_check_are_bounded() -> None:
    """A check of 1,000 units has 5,000 series, which are no row of a table; its units come along, its own queries' values too."""
    samples = tuple(Sample(labels_of("systemd_unit_state", unit=f"u{number}.service", state="active"), 1.0) for number in range(1000))
    units = (UnitState("u1.service", HealthStatus.HEALTHY, "active", "running"),)
    probe = ProbeResult(HealthStatus.HEALTHY, samples=samples, units=units)
    view = check_view(CheckResult("x", "systemd", "", HealthStatus.HEALTHY, "", 1, 1, probe), "u*", {}, (), {"rows": 7.0})
    assert len(view.figures) == 101 and view.figures["rows"] == 7 and view.units == units


def test_stored_evidence_becomes_view_values() -> None:
    """Figures stay figures, and what is missing or has another shape is empty."""
    rows = [{"pid": 7, "cpu": None, "memory": 3 << 20, "name": "new"}]
    found = evidence_view({"phases": {"connect": 0.0124}, "processes": rows, "values": [[1000, 2.5]], "log": "not a list"})
    assert (found.phases, found.values, found.log, found.reason) == ({"connect": 0.0124}, (2.5,), (), "")
    assert found.processes == (EvidenceProcess(7, "new", None, 3 << 20),)


def drawn(expr: str, **labels: str) -> str:
    """The series drawn beside a firing alert of this rule over a metric that the expression names first."""
    world = World(rules_of({"alert": "A", "expr": expr}, default_rules=False))
    for name in ("orders", "disk_usage_ratio", "errors_total", "check_health"):
        world.put(name, 9.0, **labels)
    world.tick()
    return series_of_alert(world.alert, expr)


@pytest.mark.parametrize(
    ("expr", "series"),
    [
        ('orders{check="pg", a!="x_ratio"} > 5', 'orders{check="pg", status="new"}'),
        ("avg_over_time(disk_usage_ratio[15s]) > 0.5", 'disk_usage_ratio{check="pg", status="new"}'),
        ("check_health >= 1", 'probe_duration_seconds{check="pg"}'),
        ("errors_total * 2 > 5", "errors_total * 2"),
    ],
)
def test_beside_an_alert_its_own_series_is_drawn(expr: str, series: str) -> None:
    """The metric of the rule with the alert's labels; a check's health is drawn as its duration."""
    assert drawn(expr, check="pg", status="new") == series


def test_members_of_a_group_come_the_worst_first() -> None:
    """Within a status in the order of the file."""
    found = member_views({"a": HealthStatus.HEALTHY, "b": HealthStatus.UNHEALTHY, "c": HealthStatus.HEALTHY, "d": HealthStatus.UNKNOWN})
    assert [member.name for member in found] == ["b", "d", "a", "c"]
    assert found[0] == MemberView("b", HealthStatus.UNHEALTHY)


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ('up{job="shop"} == 0', 'up{host="web-2", instance="web-2:9100", job="shop"}'),
        ("memory_usage_ratio > 0.9", 'memory_usage_ratio{host="web-2", instance="web-2:9100", job="node"}'),
        ("sum(rate(errors_total[5m])) > 1", "sum(rate(errors_total[5m]))"),
        ("sum(", ""),
    ],
)
def test_the_series_of_a_received_alert_is_in_its_link(expression: str, series: str) -> None:
    """Prometheus sends the expression within generatorURL; the labels that its rule added select nothing."""
    link = f"http://prometheus:9090/graph?{urlencode({'g0.expr': expression, 'g0.tab': 1})}"
    labels = {"alertname": "Down", "team": "shop", "host": "web-2", "instance": "web-2:9100", "job": "node"}
    alert = Alert("a", "f", RECEIVED, "firing", "error", labels, {}, None, 1, evidence={"generator_url": link})
    assert condition_of(alert) == expression
    assert series_of_alert(alert, condition_of(alert)) == series
    for other in ("", "http://[bad", "https://grafana/alerting/1"):
        assert condition_of(replace(alert, evidence={"generator_url": other})) == ""


def test_an_ended_alert_is_listed_as_the_gravest_that_it_was() -> None:
    """Down, then slow, then well: history says critical and why it was down; while it still lasts the present is shown."""
    peak = Peak("critical", "db is unhealthy: 503")
    live = Alert("a", "f", "r", "firing", "warning", {}, {"summary": "db is degraded: slow"}, 1.0, 1, peak=peak)
    ended = alert_view(replace(live, state="resolved", ends_at=5), "")
    assert (ended.severity, ended.summary) == ("critical", "db is unhealthy: 503")
    assert (alert_view(live, "").severity, alert_view(live, "").summary) == ("warning", "db is degraded: slow")
