"""The rules in force as groups: those of each file by its groups, then the configuration's, then the built-in ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.board.rule_views import RuleAlertView, RuleGroupView, RuleView
from tui_monitor.promql.rulefiles import FileRule
from tui_monitor.runtime.recording_rules import DEFAULT_INTERVAL_S

CONFIGURATION, BUILT_IN = ("configuration", ""), ("built-in", "")
MOST_ALERTS = 1000
"""Alerts that are shown of one rule."""

_Key = tuple[str, str, float]


def rule_groups(
    rules: Iterable[Rule],
    recording: Iterable[FileRule],
    alerts: Sequence[Alert],
    errors: Mapping[str, str],
    recording_errors: Mapping[str, str],
    at: int,
) -> list[RuleGroupView]:
    """``errors``: rule key → the error of its evaluation, ``recording_errors``: recorded name → the same; ``at``: last tick (UTC ms)."""
    by_ladder: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_ladder[alert.rule].append(alert)
    groups: defaultdict[_Key, list[RuleView]] = defaultdict(list)
    for one in recording:
        name, file = (one.group, Path(one.file).name) if one.file else CONFIGURATION
        view = RuleView("record", one.name, one.expr, one.labels, error=recording_errors.get(one.name, ""))
        groups[name, file, one.interval_s or DEFAULT_INTERVAL_S].append(view)
    for rule in rules:
        name, file = _place(rule)
        own = [alert for alert in by_ladder[rule.ladder] if _is_of(alert, rule)]
        groups[name, file, DEFAULT_INTERVAL_S].append(_view(rule, own, errors.get(rule.key, "")))
    return [RuleGroupView(name, file, interval, at, tuple(views)) for (name, file, interval), views in groups.items()]


def _place(rule: Rule) -> tuple[str, str]:
    if rule.source == "file":
        file, group = rule.group
        return group, file
    return CONFIGURATION if rule.source == "config" else BUILT_IN


def _is_of(alert: Alert, rule: Rule) -> bool:
    """Whether the alert stands on this rung of its ladder."""
    return rule.severity_in_identity or alert.severity == rule.severity


def _view(rule: Rule, alerts: Sequence[Alert], error: str) -> RuleView:
    shown = tuple(RuleAlertView(one.labels, one.annotations, one.state, one.active_at, one.value) for one in alerts[:MOST_ALERTS])
    labels = rule.labels if rule.severity_in_identity else {**rule.labels, "severity": rule.severity}
    return RuleView("alert", rule.alert, rule.expr, labels, rule.annotations, rule.for_s, rule.keep_firing_for_s, error=error, alerts=shown)
