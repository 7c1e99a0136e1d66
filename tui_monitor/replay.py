"""The board of a past moment, from stored samples and the alerts that were live then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui_monitor import boards
from tui_monitor.alerts.alert import Alert
from tui_monitor.model import HealthStatus, Labels, is_stale, label, labels_of, worst
from tui_monitor.promql.storage import Matcher
from tui_monitor.stats import WINDOWS, read_windows, sparks_of
from tui_monitor.store.history_reader import HistoryReader
from tui_monitor.views import Board, CheckView, DiskView, InterfaceView, MountView, Resources, spark_series

REACH_MS = 300_000
SPARK_POINTS = 120
_EVERYTHING = (Matcher("__name__", "=~", ".+"),)
_MODES = "cpu_mode_ratio"
_REASONS = {
    HealthStatus.HEALTHY: "",
    HealthStatus.DEGRADED: "see the alerts of that moment",
    HealthStatus.UNHEALTHY: "see the alerts of that moment",
    HealthStatus.UNKNOWN: "nothing was measured then",
}


class Moment:
    """The samples of the five minutes before a moment, by label set."""

    def __init__(self, reader: HistoryReader, at: int) -> None:
        self.at = at
        self._found: dict[Labels, tuple[Sequence[int], Sequence[float]]] = {}
        for series in reader.select(_EVERYTHING, at - REACH_MS, at):
            self._found[series.labels] = series.window(at - REACH_MS, at)

    def value(self, labels: Labels) -> float | None:
        """The newest value; None where there is none or the series had ended."""
        times, values = self._found.get(labels, ((), ()))
        index = bisect_right(times, self.at) - 1
        return None if index < 0 or is_stale(values[index]) else values[index]

    def recent(self, labels: Labels) -> Sequence[float]:
        """The newest values, for a spark."""
        return list(self._found.get(labels, ((), ()))[1])[-SPARK_POINTS:]

    def by(self, metric: str, name: str) -> Mapping[str, float]:
        """The values of a metric by one label."""
        found = {}
        for labels in self._found:
            if label(labels, "__name__") == metric and (value := self.value(labels)) is not None:
                found[label(labels, name)] = value
        return found


def past_board(reader: HistoryReader, at: int, now: Board, alerts: Sequence[Alert]) -> Board:
    """The board as it was. Which checks there are is taken from the present configuration; what was not stored is left empty."""
    moment = Moment(reader, at)
    windows = read_windows(reader, {check.name: _labels(check) for check in now.checks}, at, tuple(WINDOWS))
    checks = tuple(replace(_check(check, moment), windows=windows.get(check.name, {})) for check in now.checks)
    then = [_as_it_was(alert, at) for alert in alerts]
    views = sorted((boards.alert_view(alert, "") for alert in then), key=boards.alert_order)
    board = replace(
        now,
        at=at,
        status=worst(check.status for check in checks),
        checks=checks,
        resources=_resources(moment, now.resources),
        alerts=tuple(views),
        own_cpu=moment.value(labels_of("tui_monitor_cpu_ratio")),
        own_memory=int(moment.value(labels_of("tui_monitor_memory_bytes")) or 0),
        trouble=tuple(reason for reason, value in moment.by("tui_monitor_trouble", "reason").items() if value > 0),
        past=True,
        loading=False,
        advice=(),
    )
    return replace(board, sparks={key: sparks_of(moment.recent(labels)) for key, labels in spark_series(board).items()})


def _as_it_was(alert: Alert, at: int) -> Alert:
    firing = bool(alert.starts_at) and alert.starts_at <= at
    taken = alert.acknowledged if alert.acknowledged and alert.acknowledged.at <= at else None
    return replace(alert, state="firing" if firing else "pending", ends_at=None, acknowledged=taken)


def _labels(check: CheckView) -> dict[str, str]:
    labels = {"check": check.name, "type": check.type}
    return {**labels, "category": check.category} if check.category else labels


def _check(check: CheckView, moment: Moment) -> CheckView:
    labels = _labels(check)
    health = moment.value(labels_of("check_health", **labels))
    status = HealthStatus.UNKNOWN if health is None else list(HealthStatus)[int(health)]
    phases = {
        phase: value
        for phase in check.phases
        if (value := moment.value(labels_of("probe_phase_seconds", phase=phase, **labels))) is not None
    }
    return replace(
        check,
        status=status,
        reason=_REASONS[status],
        since=0,
        at=moment.at,
        duration=moment.value(labels_of("probe_duration_seconds", **labels)),
        phases={phase: value for phase, value in phases.items() if value is not None},
        facts={},
        figures={},
    )


def _resources(moment: Moment, now: Resources) -> Resources:
    free, total = moment.by("disk_free_bytes", "mount"), moment.by("disk_total_bytes", "mount")
    usage, inodes = moment.by("disk_usage_ratio", "mount"), moment.by("disk_inodes_usage_ratio", "mount")
    receive, transmit = (
        moment.by("network_receive_bytes_per_second", "interface"),
        moment.by("network_transmit_bytes_per_second", "interface"),
    )
    read, write, busy = (moment.by(f"disk_{name}", "device") for name in ("read_bytes_per_second", "write_bytes_per_second", "io_ratio"))
    return Resources(
        cpu=moment.value(labels_of("cpu_usage_ratio")),
        cores=tuple(value for _, value in sorted(moment.by("cpu_core_usage_ratio", "core").items())),
        modes=moment.by(_MODES, "mode"),
        load=tuple(value for name in ("load1", "load5", "load15") if (value := moment.value(labels_of(name))) is not None),
        memory=moment.value(labels_of("memory_usage_ratio")),
        memory_total=int(moment.value(labels_of("memory_total_bytes")) or 0),
        memory_available=int(moment.value(labels_of("memory_available_bytes")) or 0),
        swap=moment.value(labels_of("swap_usage_ratio")),
        swap_total=int(moment.value(labels_of("swap_total_bytes")) or 0),
        mounts=tuple(
            MountView(m, int(total.get(m, 0)), int(total.get(m, 0) - free.get(m, 0)), int(free.get(m, 0)), usage[m], inodes.get(m))
            for m in usage
        ),
        interfaces=tuple(InterfaceView(i.name, receive.get(i.name), transmit.get(i.name)) for i in now.interfaces),
        disks=tuple(DiskView(d.name, read.get(d.name), write.get(d.name), busy.get(d.name)) for d in now.disks),
        pressure=moment.by("pressure_ratio", "resource"),
        uptime=moment.value(labels_of("uptime_seconds")),
    )
