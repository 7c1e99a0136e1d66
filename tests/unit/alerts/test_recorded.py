"""Recorded series of the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.alerts.rules.recorded import recorded_rules
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.settings import Settings
from tui_monitor.runtime.recording_rules import RecordingRules

RECORD = {"record": "orders:rate5m", "expr": "sum(rate(orders_total[5m]))", "labels": {"team": "shop"}}


def settings(*rules: dict[str, Any]) -> Settings:
    return made(Settings, {"default_rules": False, "rules": list(rules)})


def test_a_recorded_series_is_a_recording_rule_and_no_alert() -> None:
    """It has the shape of a rule file's, so the same code records it; alerting rules beside it are not touched."""
    given = settings(RECORD, {"alert": "Few", "expr": "orders:rate5m < 1"})
    (rule,), faults = recorded_rules(given)
    assert (rule.kind, rule.name, rule.expr, rule.labels, faults) == ("record", RECORD["record"], RECORD["expr"], {"team": "shop"}, [])
    assert RecordingRules([rule]).errors == {}
    assert [rule.alert for rule in build_rules(given)[0]] == ["Few"]


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"expr": "rate(orders_total"}, "expr", "unclosed"),
        ({"expr": "orders_total[5m]"}, "expr", "gives no series of one moment"),
        ({"labels": {"a-b": "x"}}, "labels", "is not a label name"),
    ],
)
def test_a_series_that_cannot_be_recorded_is_a_fault_with_its_place(changes: dict[str, Any], key: str, words: str) -> None:
    """The others are recorded all the same."""
    rules, faults = recorded_rules(settings({**RECORD, **changes}, RECORD))
    assert len(rules) == 1 and [fault.path for fault in faults] == [("rules", 0, key)] and words in faults[0].text


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"expr": "x > 1"}, "give either `alert`"),
        ({**RECORD, "alert": "Few"}, "give either `alert`"),
        ({**RECORD, "severity": "critical"}, "severity: has no meaning for a recorded series; take the key out"),
        ({**RECORD, "for": "5m"}, "for: has no meaning for a recorded series"),
        ({**RECORD, "record": "a b"}, "record"),
    ],
)
def test_a_rule_alerts_or_records(rule: dict[str, Any], words: str) -> None:
    """Neither, both, and keys of alerts beside `record` are refused with what to change."""
    with pytest.raises(ConfigurationError, match="rules") as refused:
        settings(rule)
    assert words in str(refused.value)
