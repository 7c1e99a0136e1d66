"""Conditions as people type them: which PromQL is made of them, and what is refused with which advice."""

from __future__ import annotations

import re

import pytest

from tui_monitor.alerts.rules.condition import promql_of
from tui_monitor.promql.engine import compile_expr

MADE = {
    "cpu_usage > 90": "cpu_usage_ratio > 0.9",
    "memory usage > 90": "memory_usage_ratio > 0.9",
    'disk_usage{mount="/"}>=85.5 %': 'disk_usage_ratio{mount="/"} >= 0.855',
    "response_time > 500": "probe_duration_seconds > 0.5",
    "response_time{check='shop'} > 2s": "probe_duration_seconds{check='shop'} > 2",
    "cpu_usage > 90 and memory_usage > 80": "cpu_usage_ratio > 0.9 and on () memory_usage_ratio > 0.8",
    "cpu_usage > 90 and cpu_usage < 95": "cpu_usage_ratio > 0.9 and cpu_usage_ratio < 0.95",
    'up{note="cpu_usage > 90"} == 0': 'up{note="cpu_usage > 90"} == 0',
    "rate(orders_total[5m]) > 3": "rate(orders_total[5m]) > 3",
    "my_cpu_usage > 90": "my_cpu_usage > 90",
}
REFUSED = {
    "cpu_usage > 0.9": "cpu_usage is in percent here: write cpu_usage > 90 (or 0.9%, if you mean it)",
    "cpu_usage > 90 ms": "cpu_usage is measured in percent, not in ms",
    "response_time > 9 %": "response_time is measured in ms, not in %",
    "avg_over_time(cpu_usage[5m]) > 90": "cpu_usage is understood only in a comparison with a number, as cpu_usage > 90; "
    "elsewhere use cpu_usage_ratio (0 to 1)",
}


@pytest.mark.parametrize(("condition", "expr"), MADE.items())
def test_names_that_people_use_are_read_in_percent_and_milliseconds(condition: str, expr: str) -> None:
    """The series are ratios and seconds; PromQL and texts within it stay as they are; what is made can run."""
    assert promql_of(condition) == expr
    compile_expr(expr)


def test_the_error_rate_is_the_share_of_failed_requests_by_check() -> None:
    """5xx by each of the three usual names of the status label, over all requests, for the selected series only."""
    made = promql_of('error_rate{check="shop"} > 5')
    compile_expr(made)
    assert 'rate(http_requests_total{check="shop", status=~"5.."}[5m])' in made
    assert made.endswith(') / sum by (check) (rate(http_requests_total{check="shop"}[5m])) > 0.05')


@pytest.mark.parametrize(("condition", "advice"), REFUSED.items())
def test_what_would_mean_something_else_is_refused(condition: str, advice: str) -> None:
    """A ratio where percent is read, another unit, and a name where only PromQL goes."""
    with pytest.raises(ValueError, match=re.escape(advice)):
        promql_of(condition)
