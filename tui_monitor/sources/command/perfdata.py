"""Parser of Nagios plugin output: text, and performance data as values in base units.

Format: the Monitoring Plugins development guidelines, sections "Plugin Output for Nagios" and "Performance data". Real plugins deviate:
comma decimals, lists with commas or semicolons, an unclosed quote, performance data after the first line and after the long text. An
invalid pair is skipped without affecting the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice

from tui_monitor.core.frozen import frozen

MAX_VALUES = 1000
MAX_LABEL = 200
_MAX_WORDS = 2 * MAX_VALUES
"""Pairs and other words that are looked at: a few milliseconds, whatever 64 KiB of output hold."""

_NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>[^\s;,'=\d.][^\s;,'=]*)?(?=[\s;,]|$)|U?(?=[\s;]|$)")
_LIMIT = re.compile(r";([-+\d.,~:@eE]*)(?=[;\s]|$)")
_LABEL = re.compile(r"[^\s='][^\s=']*")
_SEPARATORS = re.compile(r"[\s;,]+")
_NEXT = re.compile(r"\S*")

_KIB = 1024.0
_UNITS: dict[str, tuple[float, str]] = {
    "": (1.0, ""),
    "s": (1.0, "s"), "ms": (1e-3, "s"), "us": (1e-6, "s"), "µs": (1e-6, "s"), "μs": (1e-6, "s"), "ns": (1e-9, "s"),
    "%": (0.01, "ratio"),
    "b": (1.0, "B"), "byte": (1.0, "B"), "bytes": (1.0, "B"),
    "kb": (_KIB, "B"), "mb": (_KIB**2, "B"), "gb": (_KIB**3, "B"), "tb": (_KIB**4, "B"), "pb": (_KIB**5, "B"),
    "kib": (_KIB, "B"), "mib": (_KIB**2, "B"), "gib": (_KIB**3, "B"), "tib": (_KIB**4, "B"), "pib": (_KIB**5, "B"),
    "c": (1.0, "c"),
}  # fmt: skip
"""Unit in lower case: factor and base unit. KB to TB are powers of 1,024, as the plugins that write them count (check_disk, check_swap)."""


@frozen
class PerformanceValue:
    """One value in its base unit: "s", "B", "ratio" (0 to 1), "c" (a counter), "" or an unknown unit as written.

    ``text``: the value as the plugin wrote it. ``warning``, ``critical``, ``minimum``, ``maximum``: as written too, "" where absent.
    """

    label: str
    value: float
    unit: str
    text: str
    warning: str = ""
    critical: str = ""
    minimum: str = ""
    maximum: str = ""

    @property
    def limits(self) -> str:
        """The limits in words, "" without any: "warning 5, critical 10"."""
        named = {"warning": self.warning, "critical": self.critical, "least": self.minimum, "most": self.maximum}
        return ", ".join(f"{name} {limit}" for name, limit in named.items() if limit)


@frozen
class PluginOutput:
    """Parsed output of a plugin: first line's text, long text, values, and invalid pairs as written."""

    text: str
    long_text: str
    values: tuple[PerformanceValue, ...]
    broken: tuple[str, ...]


def read_output(output: str) -> PluginOutput:
    """Parse a plugin's standard output, at most 1,000 values. Never raises; the last value of a repeated label counts."""
    first, *rest = output.strip("\r\n").splitlines() or [""]
    text, _, data = first.partition("|")
    long_text, _, more = "\n".join(rest).partition("|")
    values: dict[str, PerformanceValue] = {}
    broken: list[str] = []
    for pair in islice(_pairs(f"{data}\n{more}"), _MAX_WORDS):
        if isinstance(pair, PerformanceValue):
            if pair.label in values or len(values) < MAX_VALUES:
                values[pair.label] = pair
        elif pair:
            broken.append(pair)
    return PluginOutput(text.strip(), long_text.strip(), tuple(values.values()), tuple(broken))


def _pairs(data: str) -> Iterator[PerformanceValue | str]:
    """The values, invalid pairs as text, and "" for parts that are not pairs or have no value."""
    at = _skip(data, 0)
    while at < len(data):
        found, end = _pair(data, at)
        yield found
        at = _skip(data, end)


def _skip(data: str, at: int) -> int:
    found = _SEPARATORS.match(data, at)
    return found.end() if found else at


def _pair(data: str, at: int) -> tuple[PerformanceValue | str, int]:
    label, value_at = _label(data, at)
    if value_at < 0:
        return "", _word_end(data, at)
    found = _VALUE.match(data, value_at)
    if found is None:
        end = _word_end(data, value_at)
        return data[at : min(end, at + MAX_LABEL)], end
    limits, end = _limits(data, found.end())
    if found["number"] is None:
        return "", end
    return _value(label, found, limits) or data[at : min(end, at + MAX_LABEL)], end


def _label(data: str, at: int) -> tuple[str, int]:
    """The label and the position of its value; -1 without a pair."""
    if data[at] == "'":
        label, end = _quoted(data, at + 1)
    else:
        found = _LABEL.match(data, at)
        label, end = (found.group(), found.end()) if found else ("", at)
    return (label, end + 1) if label and data[end : end + 1] == "=" else ("", -1)


def _quoted(data: str, at: int) -> tuple[str, int]:
    """The label up to its closing quote and the position after it; a doubled quote is one in the label."""
    begun, last = at, at + 2 * MAX_LABEL
    while (quote := data.find("'", at, last)) >= 0:
        if data[quote + 1 : quote + 2] != "'":
            return data[begun:quote].replace("''", "'"), quote + 1
        at = quote + 2
    return "", begun


def _limits(data: str, at: int) -> tuple[list[str], int]:
    limits: list[str] = []
    while found := _LIMIT.match(data, at):
        limits.append(found.group(1))
        at = found.end()
    return [*limits, "", "", "", ""][:4], at


def _value(label: str, found: re.Match[str], limits: list[str]) -> PerformanceValue | None:
    written = found["unit"] or ""
    factor, unit = _UNITS.get(written.lower(), (1.0, written))
    value = float(found["number"].replace(",", ".")) * factor
    if not math.isfinite(value):
        return None
    return PerformanceValue(label[:MAX_LABEL], value, unit, found["number"] + written, *limits)


def _word_end(data: str, at: int) -> int:
    found = _NEXT.match(data, at)
    return max(at + 1, found.end() if found else at)
