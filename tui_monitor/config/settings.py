"""The sections of the file: one record each, the one source of keys, defaults and help. Kinds of checks and notifiers have their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from tui_monitor.config.engine import EngineSettings
from tui_monitor.config.entries import CheckSettings, NotifierSettings
from tui_monitor.config.export import ExportSettings
from tui_monitor.config.fields import (
    BySeverity,
    Duration,
    FilePath,
    FooterText,
    HostAndPort,
    Interval,
    Name,
    RateLimitText,
    ResponseTime,
    SecretHttpAddress,
    Severity,
    Size,
)
from tui_monitor.config.hosts import HostSettings
from tui_monitor.config.kinds import Kinds
from tui_monitor.config.operation import ActionSettings, LogSettings, RedactSettings
from tui_monitor.config.push import PushSettings
from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.config.reports import ReportSettings
from tui_monitor.config.screens import ScreenSettings
from tui_monitor.config.section import Section, key
from tui_monitor.config.serving import HttpSettings

CHECKS = Kinds("tui_monitor.sources.kinds:KINDS", "tui_monitor.checks")
NOTIFIERS = Kinds("tui_monitor.notifiers.kinds:KINDS", "tui_monitor.notifiers")


class SystemSettings(Section):
    """This machine."""

    interval: Interval = key(default=1.0, doc="how often this machine is read", gt=0)
    mounts: list[str] | None = key(
        default=None, doc="the file systems to show; default: all real ones", shown="all real ones", example=["/"]
    )
    processes: bool = key(default=True, doc="show the process table")
    hardware: bool = key(default=True, doc="read temperatures, disks' health (smartctl) and NVIDIA GPUs where there are any")


class StoreSettings(Section):
    """History: how long each resolution is kept, and how large the file may get."""

    raw: Duration = key(default=86400.0, doc="every sample")
    minutes: Duration = key(default=30 * 86400.0, doc="one row per series and minute")
    hours: Duration = key(default=2 * 31536000.0, doc="one row per series and hour")
    max_size: Size = key(default=2**30, doc="the oldest of the finest resolution goes first when the file gets larger; 0: no limit")


class GuardSettings(Section):
    """What tells the monitor's own trouble from the target's ("is it me?")."""

    reference: list[HostAndPort] = key(
        default=[],
        doc="host:port addresses that are reachable when this machine's network is well",
        example=["192.0.2.1:443"],
    )
    dns: list[str] = key(default=[], doc="names that resolve when this machine's resolver is well", example=["example.com"])
    loop_lag: Duration = key(default=1.0, doc="a later wake-up than this makes the probes of that moment unknown", gt=0)


class HeartbeatSettings(Section):
    """A dead man's ping to another service: it tells when this monitor is silent."""

    url: SecretHttpAddress = key(
        doc="healthchecks.io shape: the address, /start and /fail below it",
        example="https://hc.example.com/ping/uuid",
    )
    ca_file: FilePath | None = key(
        default=None, doc="certificate authorities to trust instead of the usual ones (PEM)", example="/etc/ssl/my-ca.pem"
    )
    interval: Interval = key(default=60.0, doc="how often", gt=0)
    timeout: Duration = key(default=10.0, doc="a ping that takes longer has failed", gt=0)


class RequestSettings(Section):
    """The request table: which series count an application's requests, and what their labels are called. Of several names all count."""

    count: list[str] = key(default=["http_requests_total"], doc="counters of requests", min_length=1)
    duration: list[str] = key(default=["http_request_duration_seconds"], doc="histograms of their durations in seconds")
    in_flight: list[str] = key(
        default=["http_requests_in_flight", "http_requests_in_progress"], doc="gauges of requests that are being answered"
    )
    route: list[str] = key(
        default=["route", "handler", "path", "endpoint"], doc="labels that hold the route; the first that a series has", min_length=1
    )
    method: list[str] = key(default=["method"], doc="labels that hold the method")
    status: list[str] = key(default=["status_code", "status", "code"], doc="labels that hold the status, as 500 or 5xx")
    errors: Literal["5xx", "4xx"] = key(default="5xx", doc="from which status on a request is an error")
    window: Duration = key(default=300.0, doc="how far the table looks back, at most 10m", ge=10, le=600)
    top: int = key(default=10, doc="how many routes the table shows", ge=1, le=100)


class RuleSettings(Section):
    """One alerting rule, or with `record` one recorded series."""

    alert: str = key(
        default="", doc="the alert's name", pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", example="ManyOrdersWaiting", shown="required, or `record`"
    )
    record: str = key(
        default="",
        doc="in place of `alert`: the name of a series that keeps the answer of `expr`, each second",
        pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$",
        example="orders_per_minute",
    )
    expr: str = key(doc="PromQL; every series of the answer is one alert", min_length=1, example='orders{status="waiting"} > 10')
    for_: Duration = key(default=0.0, doc="how long it must hold before it fires")
    keep_firing_for: Duration = key(default=0.0, doc="how long it keeps firing after the condition ended")
    labels: dict[str, str] = key(default={}, doc="labels of the alert (identity, routing)", example={"team": "shop"})
    annotations: dict[str, str] = key(default={}, doc="texts of the alert", example={"note": "{{ $labels.status }}"})
    severity: Severity | None = key(default=None, doc="info < warning < error < critical", shown="`warning`", example="warning")
    summary: str | None = key(
        default=None, doc="one line: what is wrong, with {{ $value }} and {{ $labels.x }}", example="{{ $value }} orders wait"
    )
    description: str | None = key(default=None, doc="what to do", example="See whether the workers run: systemctl status shop-worker")
    runbook_url: str | None = key(default=None, doc="where it is described", example="https://wiki.example.com/orders")
    category: str | None = key(default=None, doc="any word; business, application, infrastructure, external by custom", example="business")
    to: list[str] = key(default=[], doc="notifiers or recipient groups that hear of it, in place of all routes", example=["ops-chat"])
    resolve_when: str | None = key(
        default=None, doc="PromQL that must be true to resolve (hysteresis)", example='orders{status="waiting"} < 5'
    )
    cooldown: Duration | None = key(default=None, doc="after a resolve, fire again no sooner than this", shown="off", example="10m")
    flap_limit: int | None = key(
        default=None, doc="this many fire-resolve cycles in 10 minutes become one flapping alert", shown="off", ge=2, example=5
    )
    rate_limit: RateLimitText | None = key(
        default=None, doc="at most N notifications in a window, for example 3/1h", shown="off", example="3/1h"
    )
    no_data: Literal["hold", "resolve", "alert"] = key(
        default="hold", doc="what a missing series does to a firing alert: hold, resolve or alert"
    )
    no_data_for: Duration = key(default=300.0, doc="with no_data = alert: how long it may be missing")
    no_data_severity: Severity = key(default="warning", doc="with no_data = alert: the severity of that alert")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A rule alerts or records; a recorded series has neither severity nor texts."""
        if ("alert" in given) == ("record" in given):
            yield "", "give either `alert` (the name of an alert) or `record` (the name of a series)"
        elif self.record:
            for name in given:
                if name not in ("record", "expr", "labels"):
                    yield name, "has no meaning for a recorded series; take the key out"


class ResponseSettings(Section):
    """Response times: how soon somebody has to acknowledge an alert, by severity."""

    critical: ResponseTime = key(default=0.0, doc='a time, or "office": within the office hours')
    error: ResponseTime = key(default=3600.0, doc="the same for errors")
    warning: ResponseTime = key(default=4 * 3600.0, doc="the same for warnings")
    info: ResponseTime = key(default="office", doc="the same for infos")
    office_hours: str = key(
        default="Mon-Fri 09:00-18:00",
        doc="what office means: the end of the hours that run or come next; without a zone this machine's",
        example="Mon-Fri 09:00-18:00 Asia/Seoul",
    )
    overdue: list[str] = key(
        default=[],
        doc="notifiers or recipient groups that hear once of what is overdue; none: those that were told of the alert",
        example=["ops-chat"],
        shown="those that were told",
    )


class EscalationStep(Section):
    """Who hears of it when nobody has acknowledged."""

    after: Duration = key(doc="how long unacknowledged", example="15m")
    notifiers: list[str] = key(doc="notifiers or recipient groups", min_length=1, example=["ops-chat"])


class RouteSettings(Section):
    """One route: which alerts go to which notifiers, and in what rhythm. A sub-route has what it does not say from the route above."""

    match: list[str] = key(
        default=[], doc='label matchers, for example category="business"; none: all', shown="all", example=['category="business"']
    )
    notifiers: list[str] | None = key(default=None, doc="notifiers or recipient groups", example=["ops-chat"], shown="none")
    continue_: bool = key(default=False, doc="look at the next routes too")
    group_by: list[str] | None = key(
        default=None,
        doc='labels that make one message; ["..."]: every alert its own',
        example=["alertname"],
        shown='`["alertname"]`',
    )
    group_wait: Duration | None = key(default=None, doc="how long a new group waits for more", example="0s", shown="`0s`")
    group_interval: Duration | None = key(default=None, doc="the least pause between messages of a group", example="5s", shown="`5s`")
    repeat_interval: Duration | None = key(default=None, doc="when a firing alert is told again", gt=0, example="4h", shown="`4h`")
    refire_interval: Duration | None = key(
        default=None,
        doc="the same alert is told as firing at most once in this time, unless its severity rises; 0s: each time",
        example="5m",
        shown="`5m`",
    )
    active: str | None = key(
        default=None,
        doc="only at these times, for example Mon-Fri 09:00-18:00 Asia/Seoul; several are joined with ;",
        shown="always",
        example="Mon-Fri 09:00-18:00 Asia/Seoul",
    )
    escalate: list[EscalationStep] | None = key(default=None, doc="further notifiers while nobody acknowledges")
    routes: list[RouteSettings] = key(default=[], doc="sub-routes, tried first")


class InhibitSettings(Section):
    """While an alert that matches `source` fires, alerts that match `target` are not told."""

    source: list[str] = key(doc="matchers of the cause", min_length=1, example=['alertname="HostDown"'])
    target: list[str] = key(doc="matchers of what it explains", min_length=1, example=['severity="warning"'])
    equal: list[str] = key(default=[], doc="labels that must be equal in both", example=["host"])


class MaintenanceSettings(Section):
    """A window in which matching alerts are not told."""

    name: Name = key(doc="the window's name", example="my-maintenance")
    match: list[str] = key(default=[], doc="label matchers; none: all", example=['category="business"'])
    active: str | None = key(
        default=None, doc="weekly times, for example Sun 02:00-04:00 Europe/Berlin", example="Mon-Fri 09:00-18:00 Asia/Seoul"
    )
    cron: str | None = key(default=None, doc="start times as a cron line, with `duration`", example="0 3 * * sun")
    duration: Duration = key(default=3600.0, doc="length of a window that cron starts")
    timezone: str | None = key(default=None, doc="IANA zone of the cron line", example="UTC", shown="`UTC`")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A window has one schedule."""
        if (self.active is None) == (self.cron is None):
            yield "", "give either `active` or `cron`"


class DashboardSettings(Section):
    """How dashboards look that are opened on this machine."""

    theme: Literal["auto", "night", "day", "contrast", "solarized", "gruvbox", "nord", "catppuccin", "dracula", "terminal"] = key(
        default="auto", doc="colours; auto: night or day by the terminal's background, terminal: its own sixteen on its own background"
    )
    colors: Literal["auto", "16", "256", "true"] = key(default="auto", doc="how many colours the terminal has; auto: it is asked")
    layout: Literal["auto", "incident", "services", "machine", "wall"] = key(
        default="auto", doc="which panes of the main screen have the room (b); auto: those that have trouble"
    )
    columns: list[Literal["now", "p50", "p95", "p99", "5m", "1h", "24h", "cert", "since"]] = key(
        default=[],
        doc="figures beside the strip of a service, as far as they fit; default: now, p95 and 24h, more where there is room",
        example=["now", "p95", "24h"],
    )
    sort: Literal["status", "configured", "latency", "name"] = key(default="status", doc="order of the services (o)")
    kill: bool = key(default=False, doc="let a dashboard on this machine send signals to processes, with the rights of who runs it (K)")
    title: bool = key(default=True, doc="say in the terminal's title what is wrong: `✗2 web-1`; the title before comes back at the end")
    notices: bool = key(default=False, doc="ask the terminal for a desktop notice (OSC 9) at a new alert")


class Settings(Section):
    """The whole file."""

    host: Name | None = key(default=None, doc="this machine's name in alerts; default: its host name", example="web-1")
    service: str = key(default="", doc="the service that this machine is part of, named in messages and logs", example="wallet")
    environment: str = key(default="", doc="its environment, named in mails and logs", example="production")
    footer: FooterText = key(default="{service} · {host}", doc="last line of every message: {service}, {environment}, {host}; empty: none")
    language: Literal["", "en", "ko"] = key(
        default="", doc="language of dashboard and messages, en or ko; default: that of LANG", example="ko", wanted="en or ko"
    )
    bell: bool = key(default=False, doc="ring the terminal's bell at a new alert")
    dashboard_url: str | None = key(
        default=None, doc="link in messages; default: how to open the dashboard over SSH", example="ssh://admin@web-1"
    )
    rule_files: list[str] = key(default=[], doc="Prometheus rule files, patterns relative to this file", example=["rules/*.yml"])
    default_rules: bool | list[str] = key(
        default=True, doc="the built-in rules: all, none, or those named", wanted="true, false or a list of names"
    )
    dashboard: DashboardSettings = key(default_factory=DashboardSettings)
    system: SystemSettings = key(default_factory=SystemSettings)
    store: StoreSettings = key(default_factory=StoreSettings)
    guard: GuardSettings = key(default_factory=GuardSettings)
    heartbeat: HeartbeatSettings | None = key(default=None)
    requests: RequestSettings = key(default_factory=RequestSettings)
    http: HttpSettings | None = key(default=None)
    push: PushSettings | None = key(default=None)
    remote_write: RemoteWriteSettings | None = key(default=None)
    engine: EngineSettings | None = key(default=None)
    export: ExportSettings | None = key(default=None)
    checks: Annotated[list[CheckSettings], CHECKS] = key(default=[])
    hosts: list[HostSettings] = key(default=[])
    screens: list[ScreenSettings] = key(default=[])
    rules: list[RuleSettings] = key(default=[])
    notifiers: Annotated[list[NotifierSettings], NOTIFIERS] = key(default=[])
    recipients: dict[str, list[str]] = key(default={}, doc="recipient groups: a name for several notifiers")
    routing: BySeverity = key(default={}, doc="the simple form: severity = notifiers")
    routes: list[RouteSettings] = key(default=[])
    response: ResponseSettings | None = key(default=None)
    inhibit: list[InhibitSettings] = key(default=[])
    maintenance: list[MaintenanceSettings] = key(default=[])
    actions: list[ActionSettings] = key(default=[])
    reports: list[ReportSettings] = key(default=[])
    redact: RedactSettings = key(default_factory=RedactSettings)
    log: LogSettings = key(default_factory=LogSettings)
