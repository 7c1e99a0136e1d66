"""Unit, limits, series and checks of an expression come from its parsed form: names inside label values mean nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import sample_boards
from tests.support.alert_world import rules_of
from tests.support.settings import made
from tui_monitor.board.build import chart_limits, limits_of, own_limits
from tui_monitor.promql.query_facts import Limit, limits_for, parts_of, query_facts, unit_of
from tui_monitor.sources.http.settings import HttpCheck


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        ('queue_length{job="a_ratio"} > 5', ""),
        ('up{check="check_health", x="time() - y_seconds"} == 0', ""),
        ("cpu_usage_ratio > 0.9", "ratio"),
        ("0.9 < avg_over_time(cpu_usage_ratio[15s])", "ratio"),
        ("cpu_usage_ratio * 100 > 90", ""),
        ("1 - disk_usage_ratio", "ratio"),
        ("count(cpu_usage_ratio > 0.9) > 3", ""),
        ("cpu_usage_ratio > bool 0.9", ""),
        ("memory_used_bytes / memory_total_bytes", "ratio"),
        ("rate(disk_read_bytes_total[5m])", "bytes_per_second"),
        ("sum by (x) (increase(disk_read_bytes_total[5m]))", "bytes"),
        ("rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])", "seconds"),
        ("histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", "seconds"),
        ("histogram_fraction(0, 0.1, rate(x_bucket[5m]))", "ratio"),
        ('sum(rate(http_requests_total{status_code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))', "ratio"),
        ("rate(queries_total[5m]) / rate(requests_total[5m])", ""),
        ("probe_ssl_earliest_cert_expiry - time() < 14 * 86400", "duration"),
        ("time() - backup_last_timestamp_seconds", "duration"),
        ("(probe_ssl_earliest_cert_expiry - time()) / 86400 < 14", ""),
        ("queue_length / -deriv(queue_length[1h])", "duration"),
        ("tui_time_to_zero(disk_free_bytes[1d]) < 3600", "duration"),
        ("tui_usual_ratio(orders[14d]) > 2", "ratio"),
        ("max(check_health)", "health"),
        ("a_seconds or b_bytes", ""),
        ("a_seconds and b_bytes", "seconds"),
        ("a_bytes; b_bytes", "bytes"),
        ("a_bytes; b_seconds", ""),
        ("{__name__=~\".+_ratio\"}", ""),
        ("not a query(", ""),
    ],
)  # fmt: skip
def test_the_unit_follows_the_parsed_expression(expr: str, unit: str) -> None:
    """Functions and operators keep, change or end the unit that a metric's name says."""
    assert unit_of(expr) == unit


@pytest.mark.parametrize(
    ("expr", "limits"),
    [
        ('queue_length{job="> 7"} > 5', [Limit('queue_length{job="> 7"}', ">", 5)]),
        ("5 < x", [Limit("x", ">", 5)]),
        ("x > 5 or x < -5", [Limit("x", ">", 5), Limit("x", "<", -5)]),
        ("x > 2 * 3600", [Limit("x", ">", 7200)]),
        ("x > 5 and y > 1", [Limit("x", ">", 5)]),
        ("x > 1 < 10", [Limit("x", "<", 10), Limit("x", ">", 1)]),
        ("probe_ssl_earliest_cert_expiry - time() < 1209600", [Limit("probe_ssl_earliest_cert_expiry - time()", "<", 1209600)]),
        ("sum(rate(e[5m])) > 3", [Limit("sum(rate(e[5m]))", ">", 3)]),
        ("count(x > 5) > 3", [Limit("count(x > 5)", ">", 3)]),
        ("x > bool 5", []),
        ("x > y", []),
        ("x > time()", []),
        ("x", []),
    ],
)
def test_limits_are_the_comparisons_that_decide(expr: str, limits: list[Limit]) -> None:
    """A number on either side, worked out; what stands behind `and` is a condition and no limit."""
    assert list(query_facts(expr).limits) == limits


RULES = rules_of(
    {"alert": "A", "expr": "avg_over_time(cpu_usage_ratio[15s]) > 0.7", "severity": "warning"},
    {"alert": "A", "expr": "avg_over_time(cpu_usage_ratio[15s]) > 0.9", "severity": "critical"},
    {"alert": "B", "expr": 'disk_usage_ratio{mount!="/boot"} > 0.8', "severity": "warning"},
    {"alert": "C", "expr": 'disk_usage_ratio{mount="/data"} > 0.95', "severity": "critical"},
    {"alert": "D", "expr": "rate(errors_total[5m]) > 1", "severity": "error"},
    {"alert": "E", "expr": "sum(rate(errors_total[5m])) > 9", "severity": "error"},
    default_rules=False,
)


@pytest.mark.parametrize(
    ("chart", "limits"),
    [
        ('up{x="cpu_usage_ratio"}', ()),
        ("cpu_usage_ratio", ((0.7, "warning"), (0.9, "critical"))),
        ("max_over_time(cpu_usage_ratio[5m])", ((0.7, "warning"), (0.9, "critical"))),
        ("cpu_usage_ratio * 100", ()),
        ("count(cpu_usage_ratio)", ()),
        ("disk_usage_ratio", ((0.8, "warning"),)),
        ('disk_usage_ratio{mount="/data"}', ((0.8, "warning"), (0.95, "critical"))),
        ('disk_usage_ratio{mount="/boot"}', ()),
        ("errors_total", ()),
        ("rate(errors_total[1m])", ((1.0, "error"),)),
        ("sum(rate(errors_total[5m]))", ((9.0, "error"),)),
        ("up; cpu_usage_ratio", ((0.7, "warning"), (0.9, "critical"))),
        ("not a query(", ()),
    ],
)
def test_a_chart_has_the_limits_of_the_rules_that_select_its_series(chart: str, limits: tuple[tuple[float, str], ...]) -> None:
    """By metric and labels and only on the same scale; never by a name in a label's value."""
    assert limits_for(chart, limits_of(RULES)) == limits


@pytest.mark.parametrize(
    ("chart", "limits"),
    [
        ('probe_duration_seconds{check="api"}', ((0.25, "degraded"), (1.0, "unhealthy"))),
        ('max_over_time(probe_duration_seconds{check="api"}[5m])', ((0.25, "degraded"), (1.0, "unhealthy"))),
        ('rate(probe_duration_seconds{check="api"}[1m])', ()),
        ('probe_duration_seconds{check="smtp"}', ()),
        ("probe_duration_seconds", ()),
        ('check_health{check="api"}', ()),
    ],
)
def test_the_latency_of_a_check_has_the_limits_of_the_check_itself(chart: str, limits: tuple[tuple[float, str], ...]) -> None:
    """`degraded_above` and `unhealthy_above` are drawn on that check's latency and on nothing else; a rule on other checks is not."""
    api = made(HttpCheck, name="api", url="http://127.0.0.1/", degraded_above="250ms", unhealthy_above="1s")
    checks = tuple(replace(check, limits=own_limits(api) if check.name == "api" else ()) for check in sample_boards.busy().checks)
    other = rules_of({"alert": "Slow", "expr": 'probe_duration_seconds{check=~"shop|search"} > 0.3'}, default_rules=False)
    assert chart_limits(chart, replace(sample_boards.busy(), checks=checks, limits=limits_of(other))) == limits


def test_a_chart_names_its_checks_by_matchers() -> None:
    """A label value that looks like a matcher names no check."""
    [facts] = parts_of('up{check="api", note="check=\\"db\\""} / x{check!="web"}')
    assert facts.checks == {"api"}
    assert facts.metrics == {"up", "x"}
