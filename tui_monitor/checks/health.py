"""The status of a check from its probes' verdicts: slowness, failure and success thresholds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import exact_span, latency
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import STALE_NAN, CheckResult, HealthStatus, Labels, ProbeResult, Sample, labels_of, with_labels

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
_SUCCESS, _DURATION, _HEALTH = labels_of("probe_success"), labels_of("probe_duration_seconds"), labels_of("check_health")
MOST_LABEL_SETS = 500
"""Of one check; those of one with more are made anew, as 1,000 containers would double their memory."""


class CheckNames(Protocol):
    """The settings of a check from which its labels come."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def category(self) -> str: ...  # noqa: D102
    @property
    def labels(self) -> Mapping[str, str]: ...  # noqa: D102


class Thresholds(CheckNames, Protocol):
    """The settings of a check that decide its status."""

    @property
    def failures(self) -> int: ...  # noqa: D102
    @property
    def successes(self) -> int: ...  # noqa: D102
    @property
    def interval(self) -> float: ...  # noqa: D102
    @property
    def retry_interval(self) -> float: ...  # noqa: D102
    @property
    def degraded_above(self) -> float | None: ...  # noqa: D102
    @property
    def unhealthy_above(self) -> float | None: ...  # noqa: D102


@frozen
class CheckState:
    """The state of a check between two probes. ``status`` is after thresholds, ``known`` the last that was not unknown."""

    status: HealthStatus = UNKNOWN
    known: HealthStatus = UNKNOWN
    since: int = 0
    unhealthy_run: int = 0
    bad_run: int = 0
    fair_run: int = 0
    good_run: int = 0


def judge_slowness(probe: ProbeResult, check: Thresholds) -> ProbeResult:
    """Apply `degraded_above` and `unhealthy_above` to a verdict."""
    if probe.duration is None or probe.status not in (HEALTHY, DEGRADED):
        return probe
    for limit, status in ((check.unhealthy_above, UNHEALTHY), (check.degraded_above, DEGRADED)):
        if limit is not None and probe.duration > limit:
            if status == DEGRADED and probe.status == DEGRADED:
                return probe
            return replace(probe, status=status, reason=f"slow: {_told(probe.duration)} (limit {_told(limit, exact=True)})")
    return probe


def judge(standing: CheckState, probe: ProbeResult, check: Thresholds, now: int) -> tuple[CheckState, CheckResult]:
    """The new state and the result; `judge_slowness` was already applied to ``probe``.

    The status changes after `failures` bad or `successes` good verdicts in a row. An unknown verdict applies at once and changes
    no count.
    """
    new = replace(standing, status=UNKNOWN) if probe.status is UNKNOWN else _count(standing, probe.status, check)
    if new.status is not standing.status or not standing.since:
        new = replace(new, since=now)
    reason = probe.reason
    if probe.status is not UNKNOWN and _gravity(probe.status) > _gravity(new.status):
        reason = f"failure {min(new.bad_run, check.failures)} of {check.failures}: {reason}"
    elif probe.status is not UNKNOWN and _gravity(probe.status) < _gravity(new.status) and not reason:
        reason = f"success {new.good_run} of {check.successes}"
    result = CheckResult(check.name, check.type, check.category, new.status, reason, now, new.since, probe, new.bad_run)
    return new, result


def _count(standing: CheckState, verdict: HealthStatus, check: Thresholds) -> CheckState:
    unhealthy = standing.unhealthy_run + 1 if verdict is UNHEALTHY else 0
    bad = standing.bad_run + 1 if verdict is not HEALTHY else 0
    fair = standing.fair_run + 1 if verdict is not UNHEALTHY else 0
    good = standing.good_run + 1 if verdict is HEALTHY else 0
    if unhealthy >= check.failures:
        status = UNHEALTHY
    elif good >= check.successes or (standing.known is UNKNOWN and good):
        status = HEALTHY
    elif standing.known is UNHEALTHY:
        status = DEGRADED if fair >= check.successes and bad else UNHEALTHY
    else:
        status = DEGRADED if bad >= check.failures else standing.known
    return CheckState(status, status, standing.since, unhealthy, bad, fair, good)


def _gravity(status: HealthStatus) -> int:
    return _GRAVITY[status]


_GRAVITY = {HEALTHY: 0, UNKNOWN: 0, DEGRADED: 1, UNHEALTHY: 2}


def next_pause(standing: CheckState, check: Thresholds) -> float:
    """Seconds until the next probe: the short `retry_interval` between a first failure and the threshold, else `interval`."""
    unsure = 0 < standing.bad_run < check.failures or 0 < standing.unhealthy_run < check.failures
    if unsure and standing.known is not UNHEALTHY:
        return min(check.retry_interval, check.interval)
    return check.interval


def check_labels(check: CheckNames) -> dict[str, str]:
    """The labels that every series of a check carries: its own, and a category that is not empty."""
    labels = {"check": check.name, "type": check.type}
    return {**check.labels, **labels, **({"category": check.category} if check.category else {})}


class LabelSets:
    """The label sets of a check's series, each made once."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """``labels``: those of the check."""
        self._labels = labels
        self._made: dict[Labels, Labels] = {}

    def of(self, labels: Labels) -> Labels:
        """The label set with those of the check over it."""
        made = self._made.get(labels)
        if made is None:
            if len(self._made) >= MOST_LABEL_SETS:
                self._made.clear()
            made = self._made[labels] = with_labels(labels, self._labels)
        return made


def samples_of(result: CheckResult, labels: LabelSets, previous: HealthStatus) -> tuple[Sample, ...]:
    """The series of one result: probe_success and probe_duration_seconds of this probe, check_health, and the probe's own.

    Unknown gives no probe_success (it counts in no uptime), and a stale marker ends check_health once.
    """
    probe, samples = result.probe, []
    if probe.status is not UNKNOWN:
        samples.append(Sample(labels.of(_SUCCESS), 0.0 if probe.status is UNHEALTHY else 1.0))
        if probe.duration is not None:
            samples.append(Sample(labels.of(_DURATION), probe.duration))
        samples += [Sample(labels.of(sample.labels), sample.value) for sample in probe.samples]
    if result.status is not UNKNOWN:
        samples.append(Sample(labels.of(_HEALTH), float(result.status.exit_code)))
    elif previous is not UNKNOWN:
        samples.append(Sample(labels.of(_HEALTH), STALE_NAN))
    return tuple(samples)


def _told(seconds: float, *, exact: bool = False) -> str:
    """A latency as all screens spell it, but told apart from its limit below 1 ms and above 100 s; a limit as it is configured."""
    if exact or seconds < 0.001:
        return format_duration(seconds)
    return latency(seconds) if seconds < 99.5 else exact_span(seconds)
