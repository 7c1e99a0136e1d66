"""View values: one frozen Board per tick, the same for the leader's dashboard, a viewer, `status` and replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import ContainerState, HealthStatus, Labels, UnitState, labels_of, severity_rank

Spark = tuple[float | None, ...]
"""Newest last; None is a moment without a value (a failed probe, a gap)."""


@frozen
class Window:
    """Statistics of a check over one window: latencies in seconds, uptime as a ratio; None: no data."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    uptime: float | None = None
    seen: float | None = None
    """Seconds of the window that were measured; None: not known."""


@frozen
class MemberView:
    """One member of a group, and its judged status."""

    name: str
    status: HealthStatus


@frozen
class CheckView:
    """One check. Durations in seconds, stamps in UTC ms, 0: never."""

    name: str
    type: str
    category: str
    target: str
    status: HealthStatus
    reason: str
    since: int
    at: int
    duration: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    """Keys "5m", "1h", "24h"."""
    certificate_expires: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    """Newest values of the check's own series by short name, for example postgres_connections."""
    consecutive_failures: int = 0
    depends_on: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the configuration adds to its series and alerts."""
    units: tuple[UnitState, ...] = ()
    """The systemd units that it watches, unhealthy ones first; at most 100."""
    containers: tuple[ContainerState, ...] = ()
    """The containers that it watches, unhealthy ones first; at most 200."""
    limits: tuple[tuple[float, str], ...] = ()
    """(seconds, "degraded" or "unhealthy"): its own limits of latency."""
    members: tuple[MemberView, ...] = ()
    """The members of a group, unhealthy ones first; at most 200."""

    @property
    def series(self) -> Labels:
        """The label set of its latency."""
        return labels_of("probe_duration_seconds", **{**self.labels, "check": self.name, "type": self.type, "category": self.category})


@frozen
class MountView:
    """One file system in bytes; ``error`` is the reason for missing figures."""

    mount: str
    total: int = 0
    used: int = 0
    free: int = 0
    usage: float | None = None
    inodes: float | None = None
    forecast: str = ""
    """Advice such as "full in 3 d 4 h", "" where none."""
    error: str = ""


@frozen
class InterfaceView:
    """One network interface in bytes per second."""

    name: str
    receive: float | None = None
    transmit: float | None = None


@frozen
class DiskView:
    """One block device in bytes per second; ``busy`` is a ratio."""

    name: str
    read: float | None = None
    write: float | None = None
    busy: float | None = None


@frozen
class ProcessView:
    """One process: CPU as a ratio of one core, memory in bytes."""

    pid: int
    name: str
    user: str
    cpu: float
    memory: int
    command: str


@frozen
class Resources:
    """Resources of this machine. Ratios 0 to 1, bytes, bytes per second; None: not known (yet)."""

    cpu: float | None = None
    cores: tuple[float, ...] = ()
    modes: Mapping[str, float] = field(default_factory=dict)
    load: tuple[float, ...] = ()
    memory: float | None = None
    memory_total: int = 0
    memory_available: int = 0
    swap: float | None = None
    swap_total: int = 0
    mounts: tuple[MountView, ...] = ()
    interfaces: tuple[InterfaceView, ...] = ()
    disks: tuple[DiskView, ...] = ()
    pressure: Mapping[str, float] = field(default_factory=dict)
    """Keys "cpu", "memory", "io": share of time in which some task waited."""
    uptime: float | None = None
    processes: tuple[ProcessView, ...] = ()
    process_count: int = 0
    error: str = ""


@frozen
class RequestRow:
    """The requests of one route, or of all (``route`` and ``method`` are ""), in the table's window. Times in seconds; None: not known."""

    route: str
    method: str
    count: float
    per_second: float
    errors: float | None = None
    error_ratio: float | None = None
    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    in_flight: float | None = None

    @property
    def per_minute(self) -> float:
        """Requests a minute."""
        return self.per_second * 60


@frozen
class RequestNames:
    """The series that a request table was made of: names of counter and histogram, and of the labels that say what is counted.

    ``source`` is the label that holds the table's ``check``; "": there is none.
    """

    count: str = ""
    duration: str = ""
    source: str = ""
    method: str = ""
    route: str = ""
    status: str = ""


@frozen
class RequestTable:
    """Request table of one application, the busiest routes first. ``check``: the check (or job) that the requests belong to.

    ``window``: counted seconds. ``errors``: the lowest status class that counts as error, "4xx" or "5xx". ``routes``: the number
    of routes, including those not in ``rows``. ``names``: the series, for charts of a route.
    """

    check: str
    window: float
    errors: str
    routes: int
    total: RequestRow
    rows: tuple[RequestRow, ...]
    names: RequestNames = RequestNames()


@frozen
class Delivery:
    """Delivery state of one message about an alert."""

    notifier: str
    kind: str
    state: str
    at: int
    error: str = ""
    attempts: int = 0
    next_try: int | None = None
    """When it is tried again (UTC ms); known in the details of an alert only."""


@frozen
class AlertView:
    """One alert; ``summary`` is the rendered text, ``value_text`` the value with its unit."""

    id: str
    name: str
    severity: str
    state: str
    summary: str
    value: float | None
    value_text: str
    active_at: int
    starts_at: int
    ends_at: int | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    acknowledged_by: str = ""
    acknowledged_at: int = 0
    acknowledged_note: str = ""
    acknowledged_until: int | None = None
    suppressed_by: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    flaps: int = 0
    no_data: bool = False
    affected: int = 0
    """How many subjects this alert mutes as their cause."""
    affects: tuple[str, ...] = ()
    """Their names, at most 50."""
    due_at: int | None = None
    """Until when somebody has to acknowledge it; None: no response time is set."""
    escalates_at: int | None = None
    escalates_to: tuple[str, ...] = ()
    """When its next notifiers hear of it unless somebody acknowledges, and who they are; None: no route of it escalates further."""

    @property
    def open(self) -> bool:
        """Whether it fires and is neither acknowledged nor muted."""
        return self.state == "firing" and not self.acknowledged_by and not self.suppressed_by


def alert_order(alert: AlertView) -> tuple[bool, bool, int, int]:
    """Sort key of the board: firing before pending, unacknowledged first, then severity, then newest."""
    quiet = bool(alert.acknowledged_by or alert.suppressed_by)
    return (alert.state != "firing", quiet, -severity_rank(alert.severity), -(alert.starts_at or alert.active_at))


@frozen
class LeaderView:
    """The leading process, and this process's role: "leader", "viewer" or "standby"."""

    role: str
    pid: int = 0
    kind: str = ""
    since: int = 0
    heartbeat: int = 0
    alive: bool = True
    """False: no leader runs, and the board is the last one's."""


@frozen
class Board:
    """The content of the dashboard's main screen at one time."""

    at: int
    host: str
    version: str
    status: HealthStatus
    checks: tuple[CheckView, ...]
    resources: Resources
    alerts: tuple[AlertView, ...]
    leader: LeaderView
    own_cpu: float | None = None
    own_memory: int = 0
    uptime: float = 0.0
    """Seconds since the leader began."""
    trouble: tuple[str, ...] = ()
    """The monitor's own trouble: "history cannot be written: disk full"."""
    notifiers: tuple[str, ...] = ()
    read_only: str = ""
    """Reason why this process is read-only, "" where commands are allowed."""
    past: bool = False
    """Replay: the board of a past moment."""
    bell: bool = False
    """Whether the leader's configuration rings the terminal's bell at a new alert."""
    loading: bool = False
    """True until the first measurement is complete."""
    advice: tuple[str, ...] = ()
    """Remarks without alarm: "disk / full in 3 d 4 h", "CPU twice the usual for this hour"."""
    limits: Mapping[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    """(limit, severity) by metric: the bounds of simple rules, drawn on the metric's chart."""
    sparks: Mapping[str, Spark] = field(default_factory=dict)
    """Recent values by key: "cpu", "memory", "swap", "receive:eth0", "transmit:eth0", "read:sda", "write:sda", "check:api"."""

    requests: tuple[RequestTable, ...] = ()
    """The request tables, the busiest application first."""
    service: str = ""
    environment: str = ""
    """What the configuration says that this machine belongs to."""
    theme: str = ""
    colors: str = ""
    """How the configuration wants dashboards to look: `theme` and `colors` of [dashboard], "" where it is not known yet."""
    layout: str = ""
    columns: tuple[str, ...] = ()
    sort: str = ""
    """The same of the main screen: which panes have the room, the figures and the order of the services."""
    kill: bool = False
    """Whether a dashboard on this machine may send signals to processes."""
    redacted: bool = False
    """Whether the configuration hides parts of texts: only the leader knows which."""
    language: str = ""
    """The configured language, "" where it is unset: each dashboard then takes that of its own locale."""
    title: bool = True
    """Whether dashboards set the terminal's title."""
    notices: bool = False
    """Whether dashboards ask the terminal for a desktop notice at a new alert."""

    @property
    def firing(self) -> int:
        """Number of unacknowledged firing alerts."""
        return sum(1 for alert in self.alerts if alert.state == "firing" and not alert.acknowledged_by)

    @property
    def open(self) -> int:
        """Number of firing alerts that are neither acknowledged nor muted: every screen's "firing"."""
        return sum(alert.open for alert in self.alerts)

    @property
    def muted(self) -> int:
        """Number of unacknowledged firing alerts that are muted."""
        return self.firing - self.open

    @property
    def acknowledged(self) -> int:
        """Number of acknowledged firing alerts."""
        return sum(1 for alert in self.alerts if alert.state == "firing" and alert.acknowledged_by)


def spark_series(board: Board) -> dict[str, Labels]:
    """The series of each sparkline of the board."""
    keys = {
        "cpu": labels_of("cpu_usage_ratio"),
        "memory": labels_of("memory_usage_ratio"),
        "swap": labels_of("swap_usage_ratio"),
    }
    for interface in board.resources.interfaces:
        keys[f"receive:{interface.name}"] = labels_of("network_receive_bytes_per_second", interface=interface.name)
        keys[f"transmit:{interface.name}"] = labels_of("network_transmit_bytes_per_second", interface=interface.name)
    for disk in board.resources.disks:
        keys[f"read:{disk.name}"] = labels_of("disk_read_bytes_per_second", device=disk.name)
        keys[f"write:{disk.name}"] = labels_of("disk_write_bytes_per_second", device=disk.name)
    return keys


@frozen
class AlertEvent:
    """One line of an alert's history."""

    at: int
    change: str
    by: str = ""
    note: str = ""


@frozen
class EvidenceProcess:
    """One of the busiest processes when an alert fired: CPU as a ratio of one core (None: not known then), memory in bytes."""

    pid: int
    name: str
    cpu: float | None
    memory: int


@frozen
class Evidence:
    """Evidence gathered when an alert fired; empty where nothing was stored."""

    reason: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each phase of the probe."""
    processes: tuple[EvidenceProcess, ...] = ()
    log: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    """The last values of the rule's series, newest last."""


@frozen
class AlertDetail:
    """Details of one alert."""

    alert: AlertView
    expr: str = ""
    events: tuple[AlertEvent, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    evidence: Evidence = Evidence()
    series: str = ""
    """PromQL of the series to show as its trend, "" where there is none."""
    notes: tuple[tuple[int, str], ...] = ()
    """(UTC ms, text) of annotations from an hour before the alert's start until its end."""


@frozen
class NotificationView:
    """One row of the outbox."""

    id: str
    notifier: str
    kind: str
    state: str
    title: str
    attempts: int
    created_at: int
    next_try: int | None = None
    sent_at: int | None = None
    provider_id: str = ""
    error: str = ""
    alerts: tuple[str, ...] = ()


@frozen
class ChartLine:
    """One line of a chart: times in UTC ms and values, NaN for a gap."""

    name: str
    times: tuple[int, ...]
    values: tuple[float, ...]


@frozen
class AlertSpan:
    """When an alert fired (UTC ms; ``end`` None: it still does); ``text`` is its rule and subject."""

    start: int
    end: int | None
    severity: str
    text: str


@frozen
class Chart:
    """Content of a chart; ``unit`` is "ratio", "seconds", "bytes", "bytes_per_second" or ""; ``error`` instead of lines."""

    lines: tuple[ChartLine, ...] = ()
    unit: str = ""
    thresholds: tuple[tuple[float, str], ...] = ()
    """(value, severity)."""
    marks: tuple[tuple[int, str], ...] = ()
    """(UTC ms, text): alerts that fired and annotations."""
    spans: tuple[AlertSpan, ...] = ()
    """The alerts that fired in the chart's range, oldest first; each has a mark too where it began within it."""
    error: str = ""
    error_position: int | None = None


@frozen
class SilenceView:
    """One silence that is or will be active (UTC ms); ``matchers`` as typed text."""

    id: str
    matchers: str
    starts_at: int
    ends_at: int
    by: str = ""
    comment: str = ""
    until_resolved: bool = False
    """It ends earlier, once no alert that it matches is left."""


@frozen
class ActView:
    """One line of the audit log: person, command, subject (alert, silence or notifier) and time (UTC ms)."""

    at: int
    by: str
    verb: str
    subject: str
    note: str = ""
    alert_id: str = ""
    """Id of the alert, "" where the subject is something else."""


@frozen
class PanelView:
    """A saved query on the dashboard; ``span`` is the range of its chart in milliseconds."""

    name: str
    expr: str
    span: int
    by: str = ""
    at: int = 0


@frozen
class BacktestRow:
    """Backtest result of one alert's rules; durations in seconds, ``last`` in UTC ms. ``tried`` is the change, "" for the present rules."""

    alert: str
    tried: str
    severity: str
    fired: int
    subjects: int = 0
    nearly: int = 0
    firing_s: float = 0.0
    longest_s: float = 0.0
    last: int | None = None
    messages: int = 0
    reminders: int = 0
    condition: str = ""
    error: str = ""


@frozen
class BacktestView:
    """A backtest from start to end (UTC ms); ``notes`` are its caveats."""

    start: int
    end: int
    rows: tuple[BacktestRow, ...]
    notes: tuple[str, ...] = ()


@frozen
class NoiseRow:
    """Noise figures of one alert; ``came_back`` within ten minutes, ``still`` fires, ``messages`` with reminders; ``advice`` may be ""."""

    alert: str
    severity: str
    fired: int
    median_s: float
    came_back: int
    acknowledged: int
    still: int
    messages: int
    reminders: int
    advice: str = ""
