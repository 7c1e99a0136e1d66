"""summary: the figures of stored series over an hour, a day or a week."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.cli_tools import Cli, make_state, now_ms
from tui_monitor.core.values import labels_of

MINUTE = 60_000


def test_a_summary_counts_all_samples_of_the_time(cli: Cli, tmp_path: Path) -> None:
    """Count, sum, minimum, average, maximum and last, of old and new samples; what is older than the time does not count."""
    now = now_ms()
    old, new = now - 26 * 60 * MINUTE, now - 10 * MINUTE
    waiting, cpu = labels_of("orders", status="waiting"), labels_of("cpu_usage_ratio")
    samples = {waiting: [(old, 100.0), (new, 4.0), (new + MINUTE, 10.0), (new + 2 * MINUTE, 7.0)], cpu: [(new, 0.25), (new + MINUTE, 0.75)]}
    state = make_state(tmp_path / "s", samples=samples)
    day, orders = (json.loads(cli("summary", *words, "--json", "--state", state).out) for words in ((), ("orders",)))
    assert [one["metric"] for one in day] == ["cpu_usage_ratio", "orders"] and orders == day[1:]
    assert {key: orders[0][key] for key in ("labels", "unit", "count", "sum", "min", "avg", "max", "last")} == {
        "labels": {"status": "waiting"}, "unit": "", "count": 3, "sum": 21.0, "min": 4.0, "avg": 7.0, "max": 10.0, "last": 7.0,
    }  # fmt: skip
    (week,) = json.loads(cli("summary", 'orders{status="waiting"}', "--since", "7d", "--json", "--state", state).out)
    assert (week["count"], week["max"]) == (4, 100.0)
    shown = cli("summary", "cpu_usage_ratio", "--since", "1h", "--state", state).out.splitlines()
    assert shown[0].split() == ["SERIES", "COUNT", "SUM", "MIN", "AVG", "MAX", "LAST"]
    assert shown[1].split() == ["cpu_usage_ratio", "2", "1", "25.0%", "50.0%", "75.0%", "75.0%"]


def test_nothing_to_summarise_is_said(cli: Cli, tmp_path: Path) -> None:
    """No series, an expression in place of a selector, a time without unit, no history."""
    state = make_state(tmp_path / "s")
    assert "no series has samples of the last 1d" in cli("summary", "orders", "--state", state).out
    assert json.loads(cli("summary", "orders", "--json", "--state", state).out) == []
    assert cli("summary", "rate(orders[5m])", "--state", state).code == 64
    assert "needs a unit: 7s" in cli("summary", "--since", "7", "--state", state).err
    assert cli("summary", "--state", tmp_path / "none").code == 1
