"""The page being read: its samples so far, and the slow path, which parses a line in full."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels, Sample
from tui_monitor.promql.exposition_comment import Comment, Metadata, read_comment
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.exposition_labels import finished, normal_float
from tui_monitor.promql.exposition_line import read_head, read_milliseconds, read_seconds, read_value

DROPPED: Labels = (("", ""),)
"""Stands for the labels of a series that is not kept. Compare by identity."""
TOLERANCE_MS = 600_000
"""How far a sample's own time may lie from now (source: prometheus/scrape, the bound for the future; ours on both sides)."""

_EXEMPLAR = re.compile(r"[ \t]#[ \t]")
_WITH_CREATED = {"counter", "histogram", "gaugehistogram", "summary"}


@frozen
class PageLimits:
    """Bounds of one page: samples kept, labels of a series, characters of a name and of a value, bytes of a line."""

    samples: int = 20_000
    labels: int = 128
    name: int = 512
    value: int = 8192
    line: int = 65_536


class Stamped(NamedTuple):
    """A sample with its own time (UTC ms)."""

    at: int
    sample: Sample


class Rules(Protocol):
    """The settings that parsing a line needs (a part of ScrapeRules)."""

    @property
    def labels(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def defaults(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def wanted(self) -> Callable[[str], bool] | None: ...  # noqa: D102
    @property
    def honor_labels(self) -> bool: ...  # noqa: D102
    @property
    def honor_timestamps(self) -> bool: ...  # noqa: D102
    @property
    def limits(self) -> PageLimits: ...  # noqa: D102


class PageMemory:
    """A cache from a target's last good page: head to labels, labels to the head in use, comment lines, types, metadata."""

    __slots__ = ("comments", "heads", "kind", "metadata", "spelled", "types")

    def __init__(self, kind: Format) -> None:
        self.kind = kind
        self.heads: dict[str, Labels] = {}
        self.spelled: dict[Labels, str] = {}
        self.comments: dict[str, Comment] = {}
        self.types: dict[str, str] = {}
        self.metadata: Mapping[str, Metadata] = {}


class PageReading:
    """One page while it is read, with the cache of the page before."""

    def __init__(self, rules: Rules, now_ms: int, before: PageMemory) -> None:
        self.limits = rules.limits
        self.openmetrics = before.kind == "openmetrics"
        self.known = before.heads
        self.heads: dict[str, Labels] = {}
        self.samples: list[Sample] = []
        self.stamped: list[Stamped] = []
        self.comments: dict[str, Comment] = {}
        self.types: dict[str, str] = {}
        self.scraped = self.dropped = self.duplicates = self.ignored_times = self.refused_times = 0
        self.new_heads = 0
        self.full = self.ended = False
        self._rules = rules
        self._now = now_ms
        self._before = before
        self._spelled = before.spelled
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}
        self._wanted: dict[str, bool] = {}

    @property
    def count(self) -> int:
        """The samples that count for the limit."""
        return len(self.samples) + len(self.stamped) + self.refused_times

    def line(self, line: str) -> None:
        """Read any line. Raises ValueError with what is wrong."""
        text = line.strip(" \t")
        if not text:
            if self.openmetrics:
                raise ValueError("an empty line")
        elif text[0] == "#":
            self._comment(text)
        elif text[0] != line[0]:
            raise ValueError("a space before the metric's name")
        else:
            self.scraped += 1
            self._sample(text)

    # --- metadata -----------------------------------------------------------------------------------------------------

    def _comment(self, line: str) -> None:
        comment = self._before.comments.get(line) or read_comment(line, self.openmetrics)
        if comment is None or len(self.comments) >= 3 * self.limits.samples:
            return
        self.comments[line] = comment
        if comment.kind == "TYPE":
            self.types[comment.name] = comment.text

    def metadata(self) -> Mapping[str, Metadata]:
        """What the comments say, by metric; the last line of several wins. The old value where they are the same lines."""
        if list(self.comments) == list(self._before.comments):
            return self._before.metadata
        found: dict[str, dict[str, str]] = {}
        for kind, name, text in self.comments.values():
            found.setdefault(name, {})[kind.lower()] = text
        return {name: Metadata(**said) for name, said in found.items()}

    # --- samples ------------------------------------------------------------------------------------------------------

    def _sample(self, line: str) -> None:
        head, words = self._known_head(line)
        if not words:
            pairs, at = read_head(line)
            head, words = line[:at], self._words(line[at:])
            labels = self._labels(head, pairs)
        else:
            labels = self.known[head]
        if not 1 <= len(words) <= 2:
            raise ValueError("a value and perhaps a time are expected")
        value = read_value(words[0])
        at_ms = (read_seconds if self.openmetrics else read_milliseconds)(words[1]) if len(words) == 2 else None
        self._keep(head, labels, value, at_ms)

    def _known_head(self, line: str) -> tuple[str, list[str]]:
        """Head and words of a line with a time or an exemplar, where the head is known; no words where it is not."""
        if "\t" in line:
            return "", []
        if self.openmetrics and (cut := line.find(" # {")) > 0:
            line = line[:cut]
        head, _, last = line.rpartition(" ")
        if head in self.known:
            return head, [last]
        head, _, first = head.rpartition(" ")
        return (head, [first, last]) if first and head in self.known else ("", [])

    def _words(self, rest: str) -> list[str]:
        exemplar = _EXEMPLAR.search(rest)
        if exemplar and self.openmetrics:
            if rest[exemplar.end() : exemplar.end() + 1] != "{":
                raise ValueError("an exemplar's labels are expected after #")
            rest = rest[: exemplar.start()]
        return [word for word in rest.replace("\t", " ").split(" ") if word]

    def _keep(self, head: str, labels: Labels, value: float, at_ms: int | None) -> None:
        if labels is DROPPED:
            self.dropped += 1
            if len(self.heads) < 2 * self.limits.samples:
                self.heads[head] = labels
            return
        if head in self.heads or ((other := self._spelled.setdefault(labels, head)) != head and other in self.heads):
            self.duplicates += 1
            return
        if other != head:  # the series is spelled in another way than before
            self.known.pop(other, None)
            self._spelled[labels] = head
        self.heads[head] = labels
        self._place(Sample(labels, value), at_ms)

    def _place(self, sample: Sample, at_ms: int | None) -> None:
        if at_ms is None or not self._rules.honor_timestamps:
            self.ignored_times += at_ms is not None
            self.samples.append(sample)
        elif abs(at_ms - self._now) > TOLERANCE_MS:
            self.refused_times += 1
        else:
            self.stamped.append(Stamped(at_ms, sample))

    # --- labels -------------------------------------------------------------------------------------------------------

    def _labels(self, head: str, pairs: dict[str, str]) -> Labels:
        """The finished labels of a head that is not known, or DROPPED."""
        self.new_heads += 1
        name = pairs[METRIC_NAME]
        self._check(pairs)
        wanted = self._wanted.get(name)
        if wanted is None:
            wanted = self._wanted[name] = self._is_wanted(name)
        if not wanted:
            return DROPPED
        for label in ("le", "quantile"):
            if label in pairs and (label == "quantile" or name.endswith("_bucket")):
                pairs[label] = normal_float(pairs[label])
        labels = finished(pairs, self._rules.labels, self._rules.defaults, self._rules.honor_labels, self._pairs)
        return self.known.get(self._spelled.get(labels, head), labels)

    def _is_wanted(self, name: str) -> bool:
        if not name:
            raise ValueError("the metric has no name")
        base = name.removesuffix("_created")
        if self.openmetrics and base != name and self.types.get(base) in _WITH_CREATED:
            return False
        return self._rules.wanted is None or self._rules.wanted(name)

    def _check(self, pairs: dict[str, str]) -> None:
        limits = self.limits
        if len(pairs) > limits.labels + 1:
            raise ValueError(f"{len(pairs) - 1} labels, more than {limits.labels}")
        for name, value in pairs.items():
            if len(name) > limits.name or (name == METRIC_NAME and len(value) > limits.name):
                raise ValueError(f"a name longer than {limits.name} characters")
            if len(value) > limits.value:
                raise ValueError(f"the label {name!r} is longer than {limits.value} characters")
