"""Changes of rules that a backtest tries: `for=10m`, `critical.expr=...`; parsed, checked and applied to copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.alerts.presence import presence_text, reads_absence
from tui_monitor.alerts.rules.rule import WIDE_MS, Rule
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import near
from tui_monitor.core.units import parse_duration, parse_rate
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.promql.engine import Query, compile_expr
from tui_monitor.promql.errors import PromqlError


class ChangeFault(ValueError):
    """The change is invalid; the text says what to write."""


@frozen
class Change:
    """One --set option: ``severity`` selects one rule of the alert, "" all of them."""

    severity: str
    key: str
    value: str


def parse_change(text: str) -> Change:
    """Read "for=10m" or "critical.for=10m". Raises ChangeFault."""
    where, equals, value = text.partition("=")
    severity, _, key = where.strip().rpartition(".")
    severity = SEVERITY_ALIASES.get(severity, severity)
    if not equals:
        raise ChangeFault(f'"{text}" is no change; write for example for=10m')
    if key not in _KEYS:
        meant = near(key, _KEYS)
        raise ChangeFault(f'"{key}" cannot be tried; {f"did you mean {meant}?" if meant else "try one of " + ", ".join(_KEYS)}')
    if severity and severity not in SEVERITIES:
        raise ChangeFault(f'"{severity}" is not a severity; one of {", ".join(SEVERITIES)}')
    return Change(severity, key, value.strip())


def apply_changes(rules: Sequence[Rule], alert: str, changes: Sequence[Change]) -> list[Rule]:
    """All rules, with the changes applied to those of the alert. Raises ChangeFault."""
    own = [rule for rule in rules if rule.alert == alert]
    for change in changes:
        chosen = [rule for rule in own if change.severity in ("", rule.severity)]
        if not chosen:
            raise ChangeFault(f"{alert} has no rule of severity {change.severity}; it has {', '.join(rule.severity for rule in own)}")
        if len(chosen) > 1 and change.key in ("expr", "severity"):
            ways = " or ".join(f"{rule.severity}.{change.key}=..." for rule in chosen)
            raise ChangeFault(f"{alert} has several rules: write {ways}")
        fields = _KEYS[change.key](change.value)
        own = [replace(rule, **fields) if rule in chosen else rule for rule in own]
    changed = {rule.key: rule for rule in own}
    return [changed.get(rule.key, rule) for rule in rules]


def _seconds(field: str) -> Callable[[str], Mapping[str, Any]]:
    def read(value: str) -> Mapping[str, Any]:
        try:
            return {field: parse_duration(value)}
        except ValueError as reason:
            raise ChangeFault(str(reason)) from None

    return read


def _compiled(key: str, value: str) -> Query:
    try:
        query = compile_expr(value)
    except PromqlError as reason:
        raise ChangeFault(f"{key}: {reason}") from None
    if query.kind not in ("vector", "scalar"):
        raise ChangeFault(f'{key}: "{value}" is a {"range vector" if query.kind == "matrix" else query.kind}, not an instant vector')
    return query


def _expr(value: str) -> Mapping[str, Any]:
    query = _compiled("expr", value)
    return {
        "expr": value,
        "query": query,
        "presence": presence_text(value),
        "wide": query.longest_window_ms > WIDE_MS,
        "absent": reads_absence(value),
    }


def _severity(value: str) -> Mapping[str, Any]:
    word = SEVERITY_ALIASES.get(value, value)
    if word not in SEVERITIES:
        raise ChangeFault(f'severity: "{value}" is not a severity; one of {", ".join(SEVERITIES)}')
    return {"severity": word}


def _flap_limit(value: str) -> Mapping[str, Any]:
    if not value.isdecimal() or int(value) < 2:
        raise ChangeFault(f'flap_limit: "{value}" is not a number from 2 on')
    return {"flap_limit": int(value)}


def _rate_limit(value: str) -> Mapping[str, Any]:
    try:
        parse_rate(value)
    except ValueError as reason:
        raise ChangeFault(f"rate_limit: {reason}") from None
    return {"rate_limit": value}


_KEYS: dict[str, Callable[[str], Mapping[str, Any]]] = {
    "for": _seconds("for_s"),
    "keep_firing_for": _seconds("keep_firing_for_s"),
    "expr": _expr,
    "severity": _severity,
    "resolve_when": lambda value: {"resolve_when": _compiled("resolve_when", value)},
    "cooldown": _seconds("cooldown_s"),
    "flap_limit": _flap_limit,
    "rate_limit": _rate_limit,
}
