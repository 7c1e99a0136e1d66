"""The board of a past moment, from stored samples and the alerts that were live then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

from tui_monitor.alerts.alert import Acknowledgement, Alert
from tui_monitor.board import build as boards
from tui_monitor.board.causes import CHECK_RULE, affected_by, explained_then
from tui_monitor.board.check_statistics import WINDOWS, read_windows, with_sparks
from tui_monitor.board.figures import figure_name
from tui_monitor.board.requests import tables_then
from tui_monitor.board.values import Board, CheckView, Delivery, DiskView, InterfaceView, MountView, Resources, Window, alert_order
from tui_monitor.checks.health import check_labels
from tui_monitor.core.values import METRIC_NAME, HealthStatus, Labels, is_stale, label, labels_of, overall
from tui_monitor.promql.query_facts import unit_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.series import StoredSeries
from tui_monitor.storage.records import NOTED_CHANGES, AlertEventRow

REACH_MS = 300_000
_EVERYTHING = (Matcher(METRIC_NAME, "=~", ".+"),)
_MODES = "cpu_mode_ratio"
_NO_FIGURES = ("probe_phase_seconds", "check_health")
_FAILING = (HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)
_REASONS = {
    HealthStatus.HEALTHY: "",
    HealthStatus.DEGRADED: "see the alerts of that moment",
    HealthStatus.UNHEALTHY: "see the alerts of that moment",
    HealthStatus.UNKNOWN: "no measurement at that time",
}


class Moment:
    """Samples current at one time, by label set, and those of the five minutes before for sparklines."""

    def __init__(self, reader: HistoryQueries, at: int) -> None:
        self.at = at
        self._found: dict[str, dict[Labels, StoredSeries]] = {}
        for series in reader.select(_EVERYTHING, at - REACH_MS, at):
            self._found.setdefault(label(series.labels, METRIC_NAME), {})[series.labels] = series

    def _of(self, labels: Labels) -> StoredSeries | None:
        return self._found.get(label(labels, METRIC_NAME), {}).get(labels)

    def value(self, labels: Labels) -> float | None:
        """The newest value; None without one, if it was too old, or if the series had ended."""
        series = self._of(labels)
        newest = series.latest(self.at) if series is not None else None
        if series is None or newest is None or self.at - newest[0] > series.lookback_ms or is_stale(newest[1]):
            return None
        return newest[1]

    def recent(self, labels: Labels, count: int) -> Sequence[float]:
        """The newest values, for a spark."""
        series = self._of(labels)
        return [] if series is None else list(series.values[-count:])

    def of(self, metric: str) -> Mapping[Labels, float]:
        """The values of a metric by label set."""
        return {labels: value for labels in self._found.get(metric, ()) if (value := self.value(labels)) is not None}

    @cached_property
    def phases(self) -> Mapping[str, Mapping[str, float]]:
        """The phases of the last probe by check."""
        found: dict[str, dict[str, float]] = {}
        for labels, value in self.of("probe_phase_seconds").items():
            found.setdefault(label(labels, "check"), {})[label(labels, "phase")] = value
        return found

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Figures of each check's last probe and queries; recorded series (a colon in the name) are left out."""
        found: dict[str, dict[str, float]] = {}
        for metric in self._found:
            if metric not in _NO_FIGURES and ":" not in metric:
                for labels, value in self.of(metric).items():
                    if label(labels, "type"):
                        found.setdefault(label(labels, "check"), {})[figure_name(labels)] = value
        return found

    def by(self, metric: str, name: str) -> Mapping[str, float]:
        """The values of a metric by one label."""
        return {label(labels, name): value for labels, value in self.of(metric).items()}


def past_board(
    reader: HistoryQueries,
    at: int,
    now: Board,
    alerts: Sequence[tuple[Alert, Sequence[AlertEventRow]]],
    told: Mapping[str, Sequence[Delivery]] = MappingProxyType({}),
) -> Board:
    """The board at a past time, with present and past checks. Fields that were not stored are empty.

    ``alerts``: the live ones with their events until then; ``told``: the messages about them until then.
    """
    moment = Moment(reader, at)
    asked = (*now.checks, *_gone(moment, now.checks))
    windows = read_windows(reader, {check.name: check_labels(check) for check in asked}, at, tuple(WINDOWS))
    then = [_as_it_was(alert, events, at) for alert, events in alerts]
    reasons = {alert.labels["check"]: alert for alert in then if alert.name == CHECK_RULE and alert.evidence.get("reason")}
    checks = tuple(
        replace(_check(check, moment, reasons.get(check.name)), windows=_uncounted(windows.get(check.name, {}))) for check in asked
    )
    then = explained_then(then, checks)
    affected = affected_by(then)
    views = sorted(
        (
            boards.alert_view(alert, unit_of(boards.condition_of(alert)), told.get(alert.id, ()), affected.get(alert.id, ()))
            for alert in then
        ),
        key=alert_order,
    )
    board = replace(
        now,
        at=at,
        status=overall((check.status for check in checks), views),
        checks=checks,
        resources=_resources(moment, now.resources),
        alerts=tuple(views),
        own_cpu=moment.value(labels_of("tui_monitor_cpu_ratio")),
        own_memory=int(moment.value(labels_of("tui_monitor_memory_bytes")) or 0),
        trouble=tuple(reason for reason, value in moment.by("tui_monitor_trouble", "reason").items() if value > 0),
        past=True,
        loading=False,
        advice=(),
        requests=tables_then(now.requests, reader, at),
    )
    return with_sparks(board, moment.recent)


def _as_it_was(alert: Alert, events: Sequence[AlertEventRow], at: int) -> Alert:
    """The alert with state, severity, value, summary and acknowledgement of that time; what mutes it is found later."""
    severity, value, taken, annotations = alert.severity, alert.value, None, alert.annotations
    for event in events:
        if event.change in NOTED_CHANGES and event.note:
            annotations = {**annotations, "summary": event.note}
        severity, value = event.severity, event.value if event.value is not None else value
        if event.change == "acknowledged":
            taken = Acknowledgement(event.by, event.at, event.note)
        elif event.change in ("unacknowledged", "ack_expired", "raised"):
            taken = None
    firing = bool(alert.starts_at) and alert.starts_at <= at
    labels = {**alert.labels, "severity": severity} if "severity" in alert.labels else alert.labels
    return replace(
        alert,
        state="firing" if firing else "pending",
        severity=severity,
        labels=labels,
        annotations=annotations,
        value=value,
        ends_at=None,
        acknowledged=taken,
        suppressed_by=(),
        no_data=alert.no_data and alert.state != "resolved",
    )


def _uncounted(windows: Mapping[str, Window]) -> dict[str, Window]:
    """Without the number of probes: how far apart they were then is not stored."""
    return {span: replace(window, seen=None) for span, window in windows.items()}


def _gone(moment: Moment, present: Sequence[CheckView]) -> list[CheckView]:
    """Checks that were probed then and are no longer configured."""
    known = {check.name for check in present}
    found = {}
    for labels in moment.of("probe_success"):
        name = label(labels, "check")
        if name not in known:
            found[name] = CheckView(name, label(labels, "type"), label(labels, "category"), "", HealthStatus.UNKNOWN, "", 0, 0)
    return [found[name] for name in sorted(found)]


def _check(check: CheckView, moment: Moment, alert: Alert | None = None) -> CheckView:
    """The check at that time; reason and start are its alert's."""
    labels = check_labels(check)
    health = moment.value(labels_of("check_health", **labels))
    status = HealthStatus.UNKNOWN if health is None else list(HealthStatus)[int(health)]
    return replace(
        check,
        status=status,
        reason=str(alert.evidence["reason"]) if alert is not None and status in _FAILING else _REASONS[status],
        since=alert.active_at if alert is not None and status in _FAILING else 0,
        at=moment.at,
        duration=moment.value(labels_of("probe_duration_seconds", **labels)),
        phases=moment.phases.get(check.name, {}),
        facts={},
        figures=moment.figures.get(check.name, {}),
        units=(),
        containers=(),
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
