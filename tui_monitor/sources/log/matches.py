"""Match rules: lines that are counted, that make the check degraded or unhealthy, and that carry numbers."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.log.histogram import BUCKETS, Histogram
from tui_monitor.sources.log.record import Value
from tui_monitor.sources.log.regex import Pattern, compile_pattern

MOST_SERIES = 100
"""Label sets of one rule's number; further ones are not counted."""


@frozen
class MatchLimit:
    """A number of lines within a window (seconds)."""

    count: int
    window: float


@frozen
class MatchRule:
    """One `[[checks.match]]`. Without ``regex`` every line of at least ``level`` matches.

    ``value`` names a field or group that holds a number in ``unit`` ("ms", "KiB", "%"); it becomes the series ``metric`` in base units, of
    ``kind`` counter (sum), gauge (last) or histogram, with ``labels`` (label: field). ``burst``: this many lines in five minutes fire
    the default rule LogErrorBurst; 0: never.
    """

    name: str
    regex: str = ""
    level: str = ""
    unhealthy: MatchLimit | None = None
    degraded: MatchLimit | None = None
    value: str = ""
    metric: str = ""
    kind: str = "gauge"
    unit: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    buckets: tuple[float, ...] = BUCKETS
    burst: int = 0


_FACTORS = {
    "": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30,
    "KB": 1e3, "MB": 1e6, "GB": 1e9, "%": 0.01,
}  # fmt: skip
"""What a number in a unit is multiplied by for the base unit."""


class MatchState:
    """State of one rule: count, recent matches, and numbers. Raises PatternError."""

    def __init__(self, rule: MatchRule) -> None:
        self.rule = rule
        self.pattern: Pattern | None = compile_pattern(rule.regex) if rule.regex else None
        anchored = "\\A" in rule.regex or "\\Z" in rule.regex or "\\z" in rule.regex or "(?!" in rule.regex or "(?<!" in rule.regex
        self._quick: Pattern | None = compile_pattern(rule.regex, multiline=True) if rule.regex and not anchored else None
        self.total = 0
        self.refused = 0
        self._longest = max((limit.window for limit in (rule.unhealthy, rule.degraded) if limit), default=0.0)
        self._recent: deque[tuple[float, int]] = deque()
        self._numbers: dict[tuple[tuple[str, str], ...], float | Histogram] = {}

    def may_match(self, block: str) -> bool:
        """Whether any line of a block can match, by one search instead of hundreds."""
        return self._quick is None or self._quick.search(block) is not None

    def count(self, now: float, number: int = 1) -> None:
        """Count matched lines. ``now`` in monotonic seconds."""
        self.total += number
        if self._recent and now - self._recent[-1][0] < max(1.0, self._longest / 1000):
            self._recent[-1] = (self._recent[-1][0], self._recent[-1][1] + number)
        else:
            self._recent.append((now, number))
        while now - self._recent[0][0] > self._longest + 1:
            self._recent.popleft()

    def within(self, window: float, now: float) -> int:
        """Number of matched lines in the last ``window`` seconds."""
        return sum(number for at, number in self._recent if now - at < window)

    def take_number(self, fields: Mapping[str, Value]) -> None:
        """Add the number of a line; a line without one counts in ``refused``."""
        number = _number(fields.get(self.rule.value), _FACTORS[self.rule.unit])
        key = tuple((label, clip(clean(str(fields.get(field) or "")), 200)) for label, field in self.rule.labels)
        if number is None or (key not in self._numbers and len(self._numbers) >= MOST_SERIES):
            self.refused += 1
            return
        if self.rule.kind == "histogram":
            histogram = self._numbers.setdefault(key, Histogram(self.rule.buckets))
            assert isinstance(histogram, Histogram)
            histogram.observe(number)
        elif self.rule.kind == "counter":
            before = self._numbers.get(key, 0.0)
            self._numbers[key] = (before if isinstance(before, float) else 0.0) + max(0.0, number)
        else:
            self._numbers[key] = number

    def samples(self) -> Sequence[Sample]:
        """The rule's own count and its numbers."""
        found = [Sample(labels_of("log_match_total", match=self.rule.name), float(self.total))]
        if self.rule.burst:
            found.append(Sample(labels_of("log_burst_lines", match=self.rule.name), float(self.rule.burst)))
        for key, number in self._numbers.items():
            labels = labels_of(self.rule.metric, **dict(key))
            found += number.samples(self.rule.metric, labels) if isinstance(number, Histogram) else [Sample(labels, number)]
        return found

    def to_json(self) -> dict[str, Any]:
        """The state to save for a restart, without gauges."""
        kept = [] if self.rule.kind == "gauge" else list(self._numbers.items())
        return {
            "total": self.total,
            "numbers": [[list(key), each.to_json() if isinstance(each, Histogram) else each] for key, each in kept],
        }

    def restore(self, value: object) -> None:
        """Restore saved counts; invalid parts are ignored."""
        if not isinstance(value, Mapping):
            return
        self.total = whole(value.get("total"))
        for entry in value.get("numbers") or ():
            try:
                key, saved = tuple((str(name), str(text)) for name, text in entry[0]), entry[1]
            except (TypeError, ValueError, IndexError):
                continue
            if tuple(name for name, _ in key) != tuple(label for label, _ in self.rule.labels) or len(self._numbers) >= MOST_SERIES:
                continue
            if self.rule.kind == "histogram":
                self._numbers[key] = histogram = Histogram(self.rule.buckets)
                histogram.restore(saved)
            elif self.rule.kind == "counter" and isinstance(saved, int | float):
                self._numbers[key] = float(saved)


def whole(value: object) -> int:
    """A saved count, 0 for an invalid one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _number(value: Value, factor: float) -> float | None:
    try:
        number = float(value) * factor if value is not None and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
