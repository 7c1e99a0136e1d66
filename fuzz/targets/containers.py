"""What a container engine answers: its list, the inspection of a container, CPU and memory."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.fences import unfenced
from fuzz.target import Target
from fuzz.targets.answers import driven
from tui_monitor.checks.fence import admit_samples
from tui_monitor.core.values import ContainerState, HealthStatus
from tui_monitor.sources.docker import inspection, listing, usage
from tui_monitor.sources.docker.judge import Expectation, health_of, verdict
from tui_monitor.sources.docker.series import ContainerSeries
from tui_monitor.sources.net.slices import in_slices


def _list(data: bytes) -> bool:
    try:
        found, _ = driven(in_slices(listing.reading(data)))
    except listing.NoList:
        return False
    series, containers = ContainerSeries(), []
    for one in found:
        assert one.name.isprintable() and one.id.isalnum() and one.at_least >= 0
        status, reason = verdict(one, None, 0, HealthStatus.HEALTHY, Expectation("healthy", True))
        assert bool(reason) == (status is not HealthStatus.HEALTHY) and reason.isprintable()
        containers.append(ContainerState(one.name, status, one.image, one.state, health=health_of(one, None), restarts=0))
    samples = driven(in_slices(series.samples(containers)))
    assert not admit_samples(samples)[1]
    return bool(found)


def _inspection(data: bytes) -> bool:
    try:
        found = inspection.inspection_of(data)
    except ValueError:
        return False
    return found.restarts >= 0 and found.started >= 0 and found.output.isprintable()


def _usage(data: bytes) -> bool:
    try:
        found = usage.usage_of(data)
    except ValueError:
        return False
    cores = found.cpu_since(usage.Usage(0, 1, None, None))
    return (cores is None or cores >= 0) and found.memory != 0


_WORDS = (
    '{"Id":"', "c0ffee" * 10, '"Names":["/web"]', '"Names":["/a/b","/c"]', '"State":"running"', '"State":"exited"', '"State":"stopped"',
    '"Status":"Up 5 hours (healthy)"', '"Status":"Exited (137) About an hour ago"', '"Status":"Up Less than a second (health: starting)"',
    '"Image":"', '"RestartCount":', '"State":{', '"Health":{"Status":"', '"Log":[{"Output":"', '"OOMKilled":true', '"StartedAt":"',
    "0001-01-01T00:00:00Z", "2026-11-30T05:12:33.839975225+09:00", '"memory_stats":{', '"usage":', '"stats":{"inactive_file":',
    '"cpu_stats":{"cpu_usage":{"total_usage":', '"read":"', "null", "1e999", "9" * 5000, "[" * 2000, "NaN", "Infinity", "\\ud800",
    "},{", "]", ",",
)  # fmt: skip


def _target(name: str, call: Callable[[bytes], bool], guarded: Callable[..., object]) -> Target:
    return Target(name=name, kind="bytes", call=call, words=_WORDS, fence=lambda: unfenced(guarded))


TARGETS = (
    _target("container-list", _list, listing._entry),
    _target("container-inspection", _inspection, inspection.inspection_of),
    _target("container-usage", _usage, usage.usage_of),
)
