"""The last day of the demo's shop, written into its history before the dashboard opens: strips and charts begin filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_monitor.checks.health import check_labels
from tui_monitor.cli.demo.shop import CYCLE_S, STORM_S, found
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.values import HealthStatus, Sample, labels_of
from tui_monitor.storage.history.writer import History

HOUR_MS = 3_600_000
FINE_MS, COARSE_MS = 10_000, 300_000
"""Between samples: within the last hour, and before it."""
INCIDENTS_MS = (23 * 60_000, 47 * 60_000, 7 * HOUR_MS, 16 * HOUR_MS)
"""How long before now something failed, for 2 minutes (10 where samples are coarse)."""


def write_past(path: Path, checks: Sequence[CheckSettings], now: int) -> None:
    """Write a day of samples of these checks up to ``now`` (UTC ms)."""
    history = History(path)
    for at in _moments(now):
        history.append(at, [(sample.labels, sample.value) for check in checks for sample in _samples(check, at, now)])
    history.commit(now)
    history.close()


def _moments(now: int) -> Iterator[int]:
    yield from range(now - 24 * HOUR_MS, now - HOUR_MS, COARSE_MS)
    yield from range(now - HOUR_MS, now - FINE_MS, FINE_MS)


def _samples(check: CheckSettings, at: int, now: int) -> Iterator[Sample]:
    result = found(check.name, _second(at, now))
    labels = check_labels(check)
    yield Sample(labels_of("probe_success", **labels), float(result.status is not HealthStatus.UNHEALTHY))
    yield Sample(labels_of("probe_duration_seconds", **labels), result.duration or 0.0)
    yield Sample(labels_of("check_health", **labels), float(result.status.exit_code))


def _second(at: int, now: int) -> int:
    """The second of the demo that this moment looks like: calm, but for the incidents."""
    ago = now - at
    for number, began in enumerate(INCIDENTS_MS):
        lasting = 120_000 if began < HOUR_MS else 600_000
        if 0 <= began - ago < lasting:
            return (number + 1) % 2 * CYCLE_S + STORM_S // 2
    return STORM_S + ago // 1000 * CYCLE_S
