"""The values that all rooms exchange: labels, samples, observations, health. Standard library only."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple, Protocol

from tui_monitor.core.frozen import frozen

Labels = tuple[tuple[str, str], ...]
"""A label set: pairs sorted by name; the metric's name is the label ``__name__``. Empty values do not exist."""

METRIC_NAME = "__name__"
ALERT_SERIES = ("ALERTS", "ALERTS_FOR_STATE")
"""The series about alerts. They carry the labels of their alerts, so also those of a check, but no check makes them."""
STALE_BITS = 0x7FF0000000000002
STALE_NAN: float = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
"""Prometheus' staleness marker: this value ends a series (source: prometheus/model/value/value.go)."""
ENDED_BITS = 0x7FF0000000000003
ENDED_NAN: float = struct.unpack("<d", struct.pack("<Q", ENDED_BITS))[0]
"""The staleness marker of a series that its source no longer has, though the source answered. Rules count it as false and resolve;
after STALE_NAN the value is unknown (as for an unknown check), and alerts hold."""

SEVERITIES = ("info", "warning", "error", "critical")
SEVERITY_ALIASES = {"low": "info", "medium": "warning", "high": "error"}
_FOREIGN_SEVERITIES = {
    "page": "critical", "emergency": "critical", "fatal": "critical", "major": "error",
    "minor": "warning", "notice": "info", "none": "info",
}  # fmt: skip
"""Severities that are common in rule files of Prometheus, and ours for each."""


def labels_of(name: str = "", /, **labels: str) -> Labels:
    """Make a label set from a metric's name and keyword labels; empty values are left out."""
    pairs = [(key, value) for key, value in labels.items() if value]
    if name:
        pairs.append((METRIC_NAME, name))
    return tuple(sorted(pairs))


def with_labels(labels: Labels, extra: Mapping[str, str]) -> Labels:
    """The label set with ``extra`` set over it; an empty value in ``extra`` removes the label."""
    merged = {**dict(labels), **extra}
    return tuple(sorted((key, value) for key, value in merged.items() if value))


def label(labels: Labels, name: str) -> str:
    """The value of one label, "" where it is absent."""
    for key, value in labels:
        if key == name:
            return value
    return ""


def is_stale(value: float) -> bool:
    """Whether the value is one of the two staleness markers and not an ordinary NaN."""
    return value != value and struct.pack("<d", value) in _MARKERS


def is_ended(value: float) -> bool:
    """Whether the value is the marker of a series that its source has ended."""
    return value != value and struct.pack("<d", value) == _ENDED_BYTES


_ENDED_BYTES = struct.pack("<Q", ENDED_BITS)
_MARKERS = (struct.pack("<Q", STALE_BITS), _ENDED_BYTES)


def known_severity(word: str) -> str:
    """The severity for any word; an unknown word is a warning."""
    word = word.lower()
    word = SEVERITY_ALIASES.get(word, _FOREIGN_SEVERITIES.get(word, word))
    return word if word in SEVERITIES else "warning"


def severity_rank(severity: str) -> int:
    """0 info, 1 warning, 2 error, 3 critical; -1 for any other word."""
    word = SEVERITY_ALIASES.get(severity, severity)
    return SEVERITIES.index(word) if word in SEVERITIES else -1


class HealthStatus(StrEnum):
    """The health of a target; `exit_code` follows the contract."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 degraded, 2 unhealthy, 3 unknown."""
        return _BY_EXIT_CODE.index(self)


_BY_EXIT_CODE = tuple(HealthStatus)
_WORST_LAST = (HealthStatus.HEALTHY, HealthStatus.UNKNOWN, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)


def worst(statuses: Iterable[HealthStatus]) -> HealthStatus:
    """The overall status: unhealthy > degraded > unknown > healthy; of nothing it is healthy."""
    return max(statuses, key=_WORST_LAST.index, default=HealthStatus.HEALTHY)


_MEANING = {"warning": HealthStatus.DEGRADED, "error": HealthStatus.UNHEALTHY, "critical": HealthStatus.UNHEALTHY}
_NO_NEWS = {"CheckUnhealthy", "ClockSkew", "MonitorTrouble", "ReportFailed", "SenderSilent"}
"""Alerts that do not count: the status of the check itself does, and own trouble says nothing of the targets."""


class Judged(Protocol):
    """The part of an alert that decides the overall status."""

    @property
    def name(self) -> str:
        """The rule's name."""
        ...

    @property
    def severity(self) -> str:
        """info, warning, error or critical."""
        ...

    @property
    def state(self) -> str:
        """pending, firing or resolved."""
        ...


def overall(checks: Iterable[HealthStatus], alerts: Iterable[Judged]) -> HealthStatus:
    """The overall health: the worst of the checks and of the firing alerts, acknowledged or not.

    A warning means degraded, error and critical unhealthy, info nothing.
    """
    firing = (alert.severity for alert in alerts if alert.state == "firing" and alert.name not in _NO_NEWS)
    return worst([*checks, *(_MEANING[severity] for severity in firing if severity in _MEANING)])


class Sample(NamedTuple):
    """One value of one series; its time stands in the observation that carries it."""

    labels: Labels
    value: float


@frozen
class AllSeries:
    """All series of a source at one moment, with all their labels; a series that is missing since the last time has ended.

    ``stamped`` are samples with their own times (UTC ms); such series end without a marker. Not ``answered``: the source failed, these are
    our own series about it, and the state of the others is unknown.
    """

    samples: tuple[Sample, ...] = ()
    stamped: tuple[tuple[int, Sample], ...] = ()
    answered: bool = True


@frozen
class Inventory:
    """The complete list of a source's subjects: ``metrics`` have one series for each of these values of ``label``.

    A series of them with another value has ended. A source gives it only after an answer that was complete.
    """

    metrics: tuple[str, ...]
    label: str
    values: frozenset[str]


@frozen
class UnitState:
    """One unit of systemd as a check saw it, for people. ``state`` and ``sub`` are systemd's words, for example "active" and "running".

    ``since``: when it changed to that (UTC ms), 0: not known. ``restarts``: how often systemd started it again since somebody did.
    ``memory`` in bytes, ``cpu`` as a ratio of one core; None: not known. ``last_trigger``: of a timer (UTC ms), 0: none yet.
    """

    name: str
    status: HealthStatus
    state: str
    sub: str
    since: int = 0
    restarts: int | None = None
    memory: int | None = None
    cpu: float | None = None
    last_trigger: int = 0


@frozen
class ContainerState:
    """One container as a check saw it, for people. ``state`` and ``health`` ("": no health check) are the words of Docker.

    ``since``: when the state began (UTC ms), 0: not known. ``restarts``: by its engine. ``cpu`` is a ratio of one core, memory in bytes
    without page cache that the kernel can take back; None: not known.
    """

    name: str
    status: HealthStatus
    image: str
    state: str
    reason: str = ""
    health: str = ""
    since: int = 0
    restarts: int | None = None
    memory: int | None = None
    memory_limit: int | None = None
    cpu: float | None = None


@frozen
class ProbeResult:
    """The verdict of one probe, before failure and success thresholds.

    ``duration`` and ``phases`` are seconds. ``samples`` are extra series; the poller adds the labels check, type
    and category. ``facts`` are short texts for people (detail view). ``reason`` is "" only when healthy. ``all_series`` comes from
    sources that name all their series each time (scrapes); with None no series ends. ``inventories`` list the subjects of the
    target, so that the series of removed ones end. ``saved`` is the state of a feed, which it gets back after a restart (JSON
    values); it counts the same events as ``samples``, and both are stored in one transaction. ``units`` and
    ``containers`` are what a check of systemd or of Docker watches, for the board.
    """

    status: HealthStatus
    reason: str = ""
    duration: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    all_series: AllSeries | None = None
    inventories: tuple[Inventory, ...] = ()
    saved: Mapping[str, object] | None = None
    units: tuple[UnitState, ...] = ()
    containers: tuple[ContainerState, ...] = ()


@frozen
class CheckResult:
    """The state of a check after thresholds: what the board shows and `check --json` prints.

    ``status`` obeys ``failures``/``successes``; ``probe`` is the newest plain verdict. Times are UTC milliseconds.
    """

    name: str
    type: str
    category: str
    status: HealthStatus
    reason: str
    at: int
    since: int
    probe: ProbeResult
    consecutive_failures: int = 0


@frozen
class Observation:
    """The outcome of one run of a source: samples of one moment (UTC ms) and, for a check, its result."""

    at: int
    samples: tuple[Sample, ...]
    check: CheckResult | None = None


class SavedState(NamedTuple):
    """The state of a source (a check's name) as bytes, stored together with the samples that count the same; b"" deletes it."""

    source: str
    data: bytes


class Batch(NamedTuple):
    """Samples of one moment (UTC ms) on their way to the history, and the state of their source that belongs to them."""

    at: int
    samples: Sequence[Sample]
    lookback_ms: int
    saved: SavedState | None = None
