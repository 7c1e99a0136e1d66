"""Usual mistakes in PromQL are answered with the right form."""

from __future__ import annotations

import pytest

from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError

MEANT = {
    "sum by user_role (orders_total)": "sum by (user_role) (orders_total)",
    "sum by [user_role] (orders_total)": "sum by (user_role) (orders_total)",
    "sum(orders_total) by user_role": "sum by (user_role) (orders_total)",
    "sum(orders_total by (user_role))": "sum by (user_role) (orders_total)",
    "sum(orders_total) group by user_role": "sum by (user_role) (orders_total)",
    "orders_total by user_role, kind > 5": "sum by (user_role, kind) (orders_total) > 5",
    "(sum(rate(x[5m])) by job) / 3": "(sum by (job) (rate(x[5m]))) / 3",
    "rate(http_requests_total) > 5": "rate(http_requests_total[5m]) > 5",
    "up = 0": "up == 0",
    'up{job="a"} == 0 && x <> 3': 'up{job="a"} == 0 and x != 3',
}


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_a_usual_mistake_is_answered_with_the_right_form(text: str, meant: str) -> None:
    """Grouping without brackets or in SQL's place, a rate without a range, a single =, && and <>; what is proposed can run."""
    with pytest.raises(PromqlError) as refused:
        compile_expr(text)
    assert refused.value.message.endswith(f"; did you mean {meant}?")
    compile_expr(meant)


@pytest.mark.parametrize("text", ["sum by (user_role) (orders_total", "x >> 1", "holt_winters(x[5m], 1, 1)", "x by " * 300, "a = " * 2000])
def test_nothing_is_proposed_where_nothing_is_sure(text: str) -> None:
    """The error stays as it is, also of very long ones."""
    with pytest.raises(PromqlError) as refused:
        compile_expr(text)
    assert "did you mean" not in refused.value.message
