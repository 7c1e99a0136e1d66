"""What the evaluator asks of whoever holds samples: memory, the store, a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_monitor.model import Labels

DEFAULT_LOOKBACK_MS = 300_000


@dataclass(frozen=True, slots=True)
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
        found = re.fullmatch(self.value, value) is not None
        return found if self.op == "=~" else not found

    def __str__(self) -> str:
        return f'{self.name}{self.op}"{self.value}"'


class Series(Protocol):
    """One series' samples in time order. Times are UTC milliseconds; staleness markers (model.STALE_NAN) are included."""

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


class Queryable(Protocol):
    """A set of series that can be asked by matchers."""

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Iterable[Series]:
        """The series that fulfil all matchers and may have samples with after < time <= until."""
        ...
