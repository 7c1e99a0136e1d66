"""The status of a check from its probes' verdicts: slowness, failure and success thresholds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import exact_span, latency
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import STALE_NAN, CheckResult, HealthStatus, ProbeResult, Sample, labels_of, with_labels

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


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
    if probe.status is UNKNOWN:
        new = replace(standing, status=UNKNOWN)
    else:
        counted = _count(standing, probe.status)
        status = _next(counted, check)
        new = replace(counted, status=status, known=status)
    if new.status is not standing.status or not standing.since:
        new = replace(new, since=now)
    reason = probe.reason
    if probe.status is not UNKNOWN and _gravity(probe.status) > _gravity(new.status):
        reason = f"failure {min(new.bad_run, check.failures)} of {check.failures}: {reason}"
    elif probe.status is not UNKNOWN and _gravity(probe.status) < _gravity(new.status) and not reason:
        reason = f"success {new.good_run} of {check.successes}"
    result = CheckResult(check.name, check.type, check.category, new.status, reason, now, new.since, probe, new.bad_run)
    return new, result


def _count(standing: CheckState, status: HealthStatus) -> CheckState:
    return replace(
        standing,
        unhealthy_run=standing.unhealthy_run + 1 if status is UNHEALTHY else 0,
        bad_run=standing.bad_run + 1 if status is not HEALTHY else 0,
        fair_run=standing.fair_run + 1 if status is not UNHEALTHY else 0,
        good_run=standing.good_run + 1 if status is HEALTHY else 0,
    )


def _next(run: CheckState, check: Thresholds) -> HealthStatus:
    was = run.known
    if run.unhealthy_run >= check.failures:
        return UNHEALTHY
    if run.good_run >= check.successes or (was is UNKNOWN and run.good_run):
        return HEALTHY
    if was is UNHEALTHY:
        return DEGRADED if run.fair_run >= check.successes and run.bad_run else UNHEALTHY
    return DEGRADED if run.bad_run >= check.failures else was


def _gravity(status: HealthStatus) -> int:
    return {HEALTHY: 0, UNKNOWN: 0, DEGRADED: 1, UNHEALTHY: 2}[status]


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


def samples_of(result: CheckResult, labels: Mapping[str, str], previous: HealthStatus) -> tuple[Sample, ...]:
    """The series of one result: probe_success and probe_duration_seconds of this probe, check_health, and the probe's own.

    Unknown gives no probe_success (it counts in no uptime), and a stale marker ends check_health once.
    """
    probe, samples = result.probe, []
    if probe.status is not UNKNOWN:
        samples.append(Sample(labels_of("probe_success", **labels), 0.0 if probe.status is UNHEALTHY else 1.0))
        if probe.duration is not None:
            samples.append(Sample(labels_of("probe_duration_seconds", **labels), probe.duration))
        samples += [Sample(with_labels(sample.labels, labels), sample.value) for sample in probe.samples]
    if result.status is not UNKNOWN:
        samples.append(Sample(labels_of("check_health", **labels), float(result.status.exit_code)))
    elif previous is not UNKNOWN:
        samples.append(Sample(labels_of("check_health", **labels), STALE_NAN))
    return tuple(samples)


def _told(seconds: float, *, exact: bool = False) -> str:
    """A latency as all screens spell it, but told apart from its limit below 1 ms and above 100 s; a limit as it is configured."""
    if exact or seconds < 0.001:
        return format_duration(seconds)
    return latency(seconds) if seconds < 99.5 else exact_span(seconds)
