"""Rules and current samples as other programs are shown them (HTTP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Labels


class CurrentSample(NamedTuple):
    """The newest sample of a series that has not ended; ``at`` in UTC milliseconds."""

    labels: Labels
    value: float
    at: int


class ExportedFamily(NamedTuple):
    """The samples of one metric. ``name`` is what HELP and TYPE name: of a histogram its name without _bucket, _sum and _count."""

    name: str
    type: str
    help: str
    samples: Sequence[CurrentSample]


@frozen
class RuleAlertView:
    """A pending or firing alert of a rule; ``active_at`` is when its condition became true (UTC ms)."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: str
    active_at: int
    value: float | None


@frozen
class RuleView:
    """One rule; ``kind`` is "alert" or "record", durations in seconds, ``error`` "" where it can be evaluated."""

    kind: str
    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    error: str = ""
    alerts: tuple[RuleAlertView, ...] = ()

    @property
    def state(self) -> str:
        """firing, pending or inactive."""
        states = {alert.state for alert in self.alerts}
        return next((state for state in ("firing", "pending") if state in states), "inactive")


@frozen
class RuleGroupView:
    """Rules that stand together; ``file`` is the name of their file, "" for built-in ones. ``evaluated_at`` in UTC ms."""

    name: str
    file: str
    interval_s: float
    evaluated_at: int
    rules: tuple[RuleView, ...]
