"""Warnings about metrics that a configuration's expressions read and that nothing makes: rules, panels of screens, figures of reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.alerts.rules.unmade import ReadMetrics, unmade
from tui_monitor.config.settings import Settings
from tui_monitor.promql.rulefiles import FileRule
from tui_monitor.sources.metric_names import metrics_made

RANGE = "$__range"
"""What a figure of a report writes for the length of its period."""


def rule_warnings(settings: Settings, rules: Sequence[Rule], of_files: Sequence[FileRule]) -> list[str]:
    """Of configured rules and rule files; built-in rules are left out."""
    own = [ReadMetrics("", rule.alert, rule.expr) for rule in rules if rule.source == "config"]
    theirs = [ReadMetrics(f"{rule.file}:{rule.line}" if rule.file else "", rule.name, rule.expr) for rule in of_files]
    return unmade([*own, *theirs], _made(settings, of_files))


def added_warnings(settings: Settings, name: str, expr: str, of_files: Sequence[FileRule]) -> list[str]:
    """Of a rule that was added by a command."""
    return unmade([ReadMetrics("", name, expr)], _made(settings, of_files))


def shown_warnings(settings: Settings, of_files: Sequence[FileRule]) -> list[str]:
    """Of panels and figures; those of an engine elsewhere may read anything."""
    return [] if settings.engine is not None else unmade(_shown(settings), _made(settings, of_files))


def _shown(settings: Settings) -> Iterator[ReadMetrics]:
    for screen in settings.screens:
        for panel in screen.panels:
            for expr in panel.query:
                yield ReadMetrics(f"screen {screen.name}", panel.title or panel.kind, expr)
    for report in settings.reports:
        for figure in report.figures:
            for expr in figure.queries.values():
                yield ReadMetrics(f"report {report.name}", figure.title, expr.replace(RANGE, "1h"))


def _made(settings: Settings, of_files: Sequence[FileRule]) -> frozenset[str] | None:
    """All names that sources and recording rules make; None where a check or an application may make any."""
    made = metrics_made(settings.checks) if settings.push is None else None
    return None if made is None else made | {rule.name for rule in of_files if rule.kind == "record"}
