"""Parsers of a command's output, one per ``output`` format: first line, values, facts and faults."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.command.perfdata import PerformanceValue, PluginOutput, read_output
from tui_monitor.sources.distinct import kept_apart
from tui_monitor.sources.net.excerpt import clean

Format = Literal["nagios", "exit", "json", "prometheus"]

VALUE = "command_value"
COUNTER = "command_value_total"
MAX_SERIES = 1000

_MAX_FACTS = 20
_TEXT, _LONG_TEXT, _LABEL = 200, 500, 100


@frozen
class CommandReading:
    """``text``: the first line, clean. ``facts``: short texts for people. ``fault``: reason for unusable output, "" without one."""

    text: str = ""
    samples: tuple[Sample, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def read_nagios(output: str) -> CommandReading:
    """Text and performance data of a Nagios plugin."""
    plugin = read_output(output)
    labels = kept_apart(clean(value.label, _LABEL) for value in plugin.values)
    samples = [Sample(labels_of(_metric(value), label=label), value.value) for label, value in zip(labels, plugin.values, strict=True)]
    return CommandReading(clean(plugin.text, _TEXT), tuple(samples), _facts(plugin, labels))


def _metric(value: PerformanceValue) -> str:
    return COUNTER if value.unit == "c" else VALUE


def _facts(plugin: PluginOutput, labels: list[str]) -> dict[str, str]:
    facts = {label: _described(value) for label, value in zip(labels[:_MAX_FACTS], plugin.values, strict=False)}
    if plugin.long_text:
        facts["details"] = clean(plugin.long_text, _LONG_TEXT)
    if plugin.broken:
        facts["unreadable values"] = clean(", ".join(plugin.broken[:_MAX_FACTS]), _TEXT)
    return facts


def _described(value: PerformanceValue) -> str:
    return clean(f"{value.text} ({value.limits})" if value.limits else value.text, _TEXT)


def read_plain(output: str) -> CommandReading:
    """Read the first non-empty line; all else is ignored."""
    return CommandReading(_first_line(output))


def read_json(output: str) -> CommandReading:
    """Read an object of numbers (true and false are 1 and 0) as one series per key; other values are skipped."""
    try:
        found = json.loads(output.removeprefix("\ufeff"), parse_int=float)
    except (ValueError, RecursionError):
        return CommandReading(_first_line(output), fault="the output is not JSON")
    if not isinstance(found, dict):
        return CommandReading(fault="the output is JSON, but not an object of numbers")
    numbers = {name: float(value) for name, value in found.items() if _is_number(value)}
    others = [name for name in found if name not in numbers]
    return CommandReading(samples=_samples(numbers), facts=_left_out(others, len(numbers)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _samples(numbers: Mapping[str, float]) -> tuple[Sample, ...]:
    labels = kept_apart(clean(name, _LABEL) for name in list(numbers)[:MAX_SERIES])
    return tuple(Sample(labels_of(VALUE, label=label), value) for label, value in zip(labels, numbers.values(), strict=False))


def _left_out(others: Iterable[str], count: int) -> dict[str, str]:
    facts = {}
    if names := ", ".join(list(others)[:_MAX_FACTS]):
        facts["not numbers"] = clean(names, _TEXT)
    if count > MAX_SERIES:
        facts["left out"] = f"{count - MAX_SERIES} of {count} values, as at most {MAX_SERIES} are kept"
    return facts


def _first_line(output: str) -> str:
    return next((line for text in output.splitlines() if (line := clean(text, _TEXT))), "")


def last_line(text: str) -> str:
    """The last non-empty line, cleaned: usually a failing program's error message."""
    return _first_line("\n".join(reversed(text.splitlines())))


READERS: Mapping[Format, Callable[[str], CommandReading]] = {"nagios": read_nagios, "exit": read_plain, "json": read_json}
