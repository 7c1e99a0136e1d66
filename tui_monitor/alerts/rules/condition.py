"""Conditions as people type them ("cpu_usage > 90"), turned into PromQL; anything else is PromQL already.

Five names stand for what this monitor measures: `cpu_usage`, `memory_usage`, `disk_usage` and `error_rate` in percent,
`response_time` in milliseconds. The series themselves are ratios (0 to 1) and seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from tui_monitor.core.frozen import frozen

_STATUS_LABELS = ("status_code", "status", "code")
"""The three usual names of the label that holds a request's status."""


def _errors(selector: str) -> str:
    """The share of requests that failed, by check; ``selector`` is `{...}` or ""."""
    inner = selector[1:-1].strip().rstrip(",")
    selectors = (_joined(inner, f'{name}=~"5.."') for name in _STATUS_LABELS)
    failed = " or ".join(f"rate(http_requests_total{{{one}}}[5m])" for one in selectors)
    return f"sum by (check) ({failed}) / sum by (check) (rate(http_requests_total{selector}[5m]))"


def _joined(first: str, second: str) -> str:
    return f"{first}, {second}" if first else second


@frozen
class Figure:
    """A name that a condition may use: its PromQL for a selector, how many of its units make one of the series', their spellings."""

    expr: Callable[[str], str]
    per_unit: int
    units: Mapping[str, int]
    series: str
    """What to write in PromQL in its place."""


_PERCENT = {"": 100, "%": 100, "percent": 100}
_TIME = {"": 1000, "ms": 1000, "s": 1}
FIGURES: Mapping[str, Figure] = {
    "cpu_usage": Figure(lambda selector: f"cpu_usage_ratio{selector}", 100, _PERCENT, "cpu_usage_ratio (0 to 1)"),
    "memory_usage": Figure(lambda selector: f"memory_usage_ratio{selector}", 100, _PERCENT, "memory_usage_ratio (0 to 1)"),
    "disk_usage": Figure(lambda selector: f"disk_usage_ratio{selector}", 100, _PERCENT, "disk_usage_ratio (0 to 1)"),
    "error_rate": Figure(_errors, 100, _PERCENT, "a quotient of rates (0 to 1)"),
    "response_time": Figure(lambda selector: f"probe_duration_seconds{selector}", 1000, _TIME, "probe_duration_seconds (seconds)"),
}
_NAME = "|".join(name.replace("_", "[_ ]") for name in FIGURES)
_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`'
_CLAUSE = (
    rf"(?<![\w:])(?P<name>{_NAME})\s*(?P<selector>\{{[^{{}}]*\}})?\s*(?P<op>>=|<=|==|!=|>|<)\s*"
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%|percent\b|ms\b|s\b)?(?![\w.])"
)
_PART = re.compile(rf"(?P<string>{_STRING})|{_CLAUSE}")
_LEFT = re.compile(rf"{_STRING}|(?<![\w:])(?P<name>{_NAME})(?![\w:])")
_UNNAMED = re.sub(r"[(][?]P<[a-z]+>", "(?:", _CLAUSE)
_ONLY_CLAUSES = re.compile(rf"\s*{_UNNAMED}(?:\s+(?:and|or)\s+{_UNNAMED})+\s*")


def promql_of(condition: str) -> str:
    """The PromQL of a condition, not compiled yet. Raises ValueError with what to write instead."""
    made = _PART.sub(lambda found: found[0] if found["string"] else _clause(found), condition.strip())
    for found in _LEFT.finditer(made):
        if found["name"]:
            name = found["name"].replace(" ", "_")
            raise ValueError(
                f"{name} is understood only in a comparison with a number, as {name} > 90; elsewhere use {FIGURES[name].series}"
            )
    names = {found["name"] for found in _PART.finditer(condition) if found["name"]}
    if len(names) > 1 and _ONLY_CLAUSES.fullmatch(condition):
        made = made.replace(" and ", " and on () ")  # the parts have different labels, of which none would match
    return made


def _clause(found: re.Match[str]) -> str:
    name, unit, number = found["name"].replace(" ", "_"), found["unit"] or "", found["number"]
    figure = FIGURES[name]
    if unit not in figure.units:
        raise ValueError(f"{name} is measured in {'ms' if figure.units is _TIME else 'percent'}, not in {unit}")
    if name.endswith("_usage") and 0 < Decimal(number) <= 1 and not unit:
        raise ValueError(
            f"{name} is in percent here: write {name} {found['op']} {_plain(Decimal(number) * 100)} (or {number}%, if you mean it)"
        )
    return f"{figure.expr(found['selector'] or '')} {found['op']} {_plain(Decimal(number) / figure.units[unit])}"


def _plain(number: Decimal) -> str:
    """Without exponent and trailing zeros: 0.9, 90, 1500."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
