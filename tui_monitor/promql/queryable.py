"""The interface through which the evaluator reads samples: of memory, of the store, of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.platform.regex import matches_whole

DEFAULT_LOOKBACK_MS = 300_000


@frozen
class Matcher:
    """One label matcher: op is one of = != =~ !~; regular expressions are anchored at both ends."""

    name: str
    op: str
    value: str

    def matches(self, value: str) -> bool:
        """Whether the label value (“” for an absent label) fulfils the matcher."""
        if self.op == "=":
            return value == self.value
        if self.op == "!=":
            return value != self.value
        found = matches_whole(self.value, value)
        return found if self.op == "=~" else not found

    def __str__(self) -> str:
        return f'{self.name}{self.op}"{self.value}"'


class Series(Protocol):
    """One series' samples in time order. Times are UTC milliseconds; staleness markers (values.STALE_NAN) are included."""

    @property
    def labels(self) -> Labels:
        """The full label set, ``__name__`` included."""
        ...

    @property
    def lookback_ms(self) -> int:
        """How long the newest sample stays current: max(5 m, 2 x interval + timeout)."""
        ...

    def window(self, after_ms: int, until_ms: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values with after < time <= until."""
        ...

    def latest(self, until_ms: int) -> tuple[int, float] | None:
        """The newest sample with time <= until, stale markers too."""
        ...


OVER_WHOLE = frozenset({"avg_over_time", "count_over_time", "max_over_time", "min_over_time", "quantile_over_time", "sum_over_time"})
"""The functions that a series may answer itself, where it knows of more samples than it still has."""


class Folded(Protocol):
    """A series of last samples of minutes and hours, whose counts, sums and extremes are known too.

    All series of one ``select`` are such, or none is.
    """

    def over(self, name: str, parameter: float, after_ms: int, until_ms: int) -> float | None:
        """The answer of a function of OVER_WHOLE over after < time <= until; None: work it out from the samples."""
        ...


class Queryable(Protocol):
    """A set of series that can be asked by matchers.

    Two attributes are optional. ``generation``: an int that changes whenever ``select`` may give other series; with it a
    query keeps what it selected (the times of the call are then ignored). ``max_lookback_ms``: the longest look-back of
    any series, asked for before each instant selector (default: DEFAULT_LOOKBACK_MS).
    """

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Iterable[Series]:
        """The series that fulfil all matchers and may have samples with after < time <= until."""
        ...


def fulfils(labels: Labels, matchers: tuple[Matcher, ...]) -> bool:
    """Whether a label set fulfils all matchers; an absent label counts as empty."""
    values = dict(labels)
    return all(matcher.matches(values.get(matcher.name, "")) for matcher in matchers)


def exact_name(matchers: tuple[Matcher, ...]) -> str:
    """The metric's name if the matchers demand one, else ""."""
    return next((matcher.value for matcher in matchers if matcher.name == METRIC_NAME and matcher.op == "="), "")
