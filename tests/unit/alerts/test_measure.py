"""Metric, unit and limit of an alert, from the parsed expression of its rule."""

from __future__ import annotations

import pytest

from tests.support.alert_world import World, changes, rules_of
from tui_monitor.alerts.commands import apply
from tui_monitor.alerts.measure import Measure
from tui_monitor.core.commands import Resolve


@pytest.mark.parametrize(
    ("expr", "value", "measure"),
    [
        ("orders_waiting > 10", 17.0, Measure("orders_waiting", "", 10.0)),
        ("10 < orders_waiting", 17.0, Measure("orders_waiting", "", 10.0)),
        ("avg_over_time(cpu_usage_ratio[15s]) > 0.9", 0.95, Measure("cpu_usage_ratio", "ratio", 0.9)),
        ("errors / requests * 100 > 5", 7.0, Measure("errors / requests * 100", "", 5.0)),
        ("skew_seconds > 5 or skew_seconds < -5", -7.0, Measure("skew_seconds", "seconds", -5.0)),
        ("free_bytes < 2 * 1024 and used_bytes > 7", 1024.0, Measure("free_bytes", "bytes", 2048.0)),
        ("heat > on() limit", 3.0, Measure("heat", "", None)),
        ("absent(heat)", 1.0, Measure("heat", "", None)),
    ],
)
def test_an_expression_says_metric_unit_and_limit(expr: str, value: float, measure: Measure) -> None:
    """Of several limits the one that the value has passed; conditions behind `and` are none; what compares with no number has none."""
    (rule,) = rules_of({"alert": "X", "expr": expr})
    assert rule.measure.of(value) == measure


def test_a_ladder_names_the_limit_of_its_gravest_rung() -> None:
    """The limit rises and falls with the severity, as the value does."""
    world = World(rules_of(*({"alert": "Hot", "expr": f"heat > {n}", "severity": s} for n, s in ((10, "warning"), (20, "critical")))))
    world.step("heat", 15)
    assert (world.alert.value, world.alert.measure.threshold) == (15, 10)
    world.step("heat", 25)
    assert (world.alert.value, world.alert.measure.threshold) == (25, 20)
    world.step("heat", 16)
    assert (world.alert.value, world.alert.measure.threshold) == (16, 10)


def test_closed_by_hand_knows_whether_the_condition_holds() -> None:
    """What is only kept (`keep_firing_for`) is not said to hold still."""
    world = World(rules_of({"alert": "Hot", "expr": "heat > 10", "keep_firing_for": "1h"}))
    world.step("heat", 11)
    (step,) = apply(world.evaluator, Resolve((world.alert.id,)), "root", world.now).transitions
    assert step.alert.still_true and changes(world.tick()) == []
    world.step("heat", 9)
    world.step("heat", 11)
    world.step("heat", 9)
    (step,) = apply(world.evaluator, Resolve((world.alert.id,)), "root", world.now).transitions
    assert step.alert.held and not step.alert.still_true
