"""The keys of a JSON check."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tui_monitor.config.entries import OWN_LABELS
from tui_monitor.config.section import Section, key
from tui_monitor.sources.http.settings import METRICS, HttpCheck

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class JsonValueSettings(Section):
    """A number in a JSON answer that becomes a series, or one series per element of a list."""

    metric: str = key(doc="the metric's name", pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", example="ticker_price")
    path: str = key(doc="JMESPath (jmespath.org) of the number, or of a list", min_length=1, example="tickers")
    value: str | None = key(default=None, doc="of a list of objects: JMESPath of the number in each", shown="`value`", example="last")
    labels: dict[str, str] = key(
        default={}, doc="label = JMESPath, in each element of a list, else in the object that path gives, else in the answer",
        example={"symbol": "symbol"},
    )  # fmt: skip
    map: dict[str, float] = key(default={}, doc="numbers for words, also for true, false and null", example={"ok": 1, "down": 0})
    required: bool = key(default=True, doc="unhealthy where there is no number; false: only this series is missing")
    max_series: int = key(default=1000, doc="more elements of a list are not read", ge=1, le=20_000)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: reserved or invalid labels."""
        for name in self.labels:
            if name in OWN_LABELS:
                yield "labels", f'"{name}" is a label that the monitor sets; choose another name'
            elif not _LABEL.fullmatch(name):
                yield "labels", f'"{name}" is not a label name; letters, digits and _ are possible'


class JsonCheck(HttpCheck):
    """An HTTP API whose JSON answer contains numbers for series."""

    values: list[JsonValueSettings] = key(default=[], doc="the numbers: [[checks.values]]")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: no values."""
        yield from super().problems(given)
        if not self.values:
            yield "values", "at least one [[checks.values]] is wanted; for an answer without numbers there is the type http"


def metrics(check: JsonCheck) -> tuple[str, ...]:
    """Names of the check's own series."""
    return (*METRICS, *(value.metric for value in check.values))
