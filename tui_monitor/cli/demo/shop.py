"""The made-up shop of `tui-monitor demo`: its services, and what a probe of each finds at a moment. Pure.

Every two minutes something fails for 55 s: in turn the database (and with it all that depends on it) and the payment provider.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from zlib import crc32

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus, ProbeResult

CYCLE_S = 120
STORM_S = 55
"""Seconds from the beginning of a cycle in which something fails."""
NO_ROOM = "too many connections"
"""Why the database fails: it says so at once, so that a dozen tries fit in half a minute."""
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY


@frozen
class DemoService:
    """One service: the keys of its check in the configuration, its usual latency in seconds, and its size of swings."""

    name: str
    type: str
    keys: str
    category: str
    usual: float
    swing: float = 0.25
    depends_on: tuple[str, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    """Shares of the latency by phase."""


_HTTP = {"connect": 0.06, "tls": 0.14, "processing": 0.7, "transfer": 0.1}


def _http(name: str, usual: float, category: str = "application", depends_on: tuple[str, ...] = (), swing: float = 0.25) -> DemoService:
    return DemoService(name, "http", f'url = "https://{name}.shop.example/health"', category, usual, swing, depends_on, _HTTP)


SERVICES = (
    DemoService("db", "postgres", 'dsn = "postgresql://monitor@db.shop.example/shop"', "infrastructure", 0.006, 0.4, (), {"connect": 0.4}),
    _http("billing", 0.088, depends_on=("db",)),
    _http("cart", 0.041, depends_on=("db",)),
    _http("checkout", 0.058, "business", ("db",)),
    DemoService("sessions", "redis", 'url = "redis://sessions.shop.example"', "infrastructure", 0.0008, 0.3, (), {"connect": 0.5}),
    _http("payments", 0.131, "external", swing=0.4),
    _http("api", 0.104),
    _http("search", 0.071, swing=0.5),
    _http("shop", 0.046, "business"),
    _http("login", 0.062),
    _http("images", 0.114, "external", swing=0.3),
    _http("admin", 0.133),
    _http("webhooks-in", 0.022),
    _http("inventory", 0.041, "business", ("db",)),
    DemoService("cdn-edge", "tcp", 'host = "cdn.shop.example"\nport = 443', "external", 0.019, 0.3, (), {"connect": 1.0}),
    DemoService("smtp", "tcp", 'host = "mail.shop.example"\nport = 587', "external", 0.023, 0.2, (), {"connect": 1.0}),
)
BY_NAME = {service.name: service for service in SERVICES}


def found(name: str, second: int) -> ProbeResult:
    """What a probe of this service finds at this second of the demo; second 0 begins a storm."""
    service = BY_NAME[name]
    usual = _latency(service, second)
    cycle, place = divmod(second, CYCLE_S)
    trouble = _trouble(service, place, database=cycle % 2 == 1, usual=usual) if place < STORM_S else None
    return trouble or _well(service, usual)


def _well(service: DemoService, seconds: float, status: HealthStatus = HEALTHY, reason: str = "") -> ProbeResult:
    facts = {"status": "200 OK"} if service.type == "http" else {}
    phases = {name: seconds * share for name, share in service.phases.items()}
    return ProbeResult(status, reason, seconds, phases, facts=facts)


def _trouble(service: DemoService, place: int, *, database: bool, usual: float) -> ProbeResult | None:
    """What is wrong ``place`` seconds into a storm; None for what goes on well."""
    if database and service.name == "db":
        return ProbeResult(UNHEALTHY, NO_ROOM, usual, {"connect": usual})
    if database and "db" in service.depends_on and place >= 2:
        return ProbeResult(UNHEALTHY, "503 Service Unavailable", usual, {"connect": usual}, facts={"status": "503 Service Unavailable"})
    if service.name == "sessions" and place >= 12:
        return _well(service, usual * 2, DEGRADED, f"memory {min(98, 84 + place // 4)}% of maxmemory")
    if not database and service.name == "payments":
        return ProbeResult(UNHEALTHY, "503 Service Unavailable", usual, {"connect": usual}, facts={"status": "503 Service Unavailable"})
    if not database and service.name == "search" and place >= 8:
        return _well(service, usual * 9, DEGRADED, f"slow: {usual * 9000:.0f}ms (limit 250ms)")
    return None


def _latency(service: DemoService, second: int) -> float:
    """The usual latency with a slow wave and jitter: the same second gives the same."""
    jitter = 2 * _chance(f"{service.name} {second}") - 1
    wave = math.sin(second / 47 + len(service.name))
    peak = 2.2 if _chance(f"{service.name} peak {second // 10}") < 0.03 else 1.0
    return service.usual * peak * (1 + service.swing * (0.5 * wave + 0.5 * jitter))


def orders_waiting(status: HealthStatus, second: int) -> float:
    """How many orders wait while checkout has this status: more and more where it fails."""
    return float(4 + (second % 120) // 2 if status is UNHEALTHY else 4 + second % 5)


def _chance(text: str) -> float:
    """A number from 0 to 1, the same for the same text; much quicker than a generator with a seed of its own."""
    return crc32(text.encode()) / 0xFFFFFFFF


def configuration(log: str, access_log: str) -> str:
    """The configuration of the demo as TOML, with these paths of its log files; it loads as any other."""
    return "\n".join(
        [_GENERAL, *(_check(service, log) for service in SERVICES), _LOGS.format(log=log, access_log=access_log), _NOTIFIERS, _SCREENS]
    )


def _check(service: DemoService, log: str) -> str:
    depends = f"depends_on = {list(service.depends_on)}".replace("'", '"') if service.depends_on else ""
    return (
        f'[[checks]]\nname = "{service.name}"\ntype = "{service.type}"\n{service.keys}\ncategory = "{service.category}"\n'
        f'interval = "2s"\nretry_interval = "1s"\nlog_file = "{log}"\n{depends}\n'
    )


_GENERAL = """# The shop of `tui-monitor demo`: all of it is made up, nothing is asked over a network.
host = "shop-1"
service = "shop"
environment = "demo"
default_rules = ["CheckUnhealthy"]      # this machine's own load is not part of the story

[[rules]]
alert = "OrdersWaiting"
expr = "orders{status=\\"waiting\\"} > 20"
for = "5s"
severity = "warning"
category = "business"
summary = "{{ $value | humanize }} orders wait to be packed"
description = "See whether billing and inventory answer: an order waits until both have."
"""
_LOGS = """[[checks]]
name = "app-log"
type = "log"
path = "{log}"

[[checks]]
name = "web-log"
type = "log"
path = "{access_log}"
format = "json"

[[checks]]
name = "containers"
type = "docker"
"""
_NOTIFIERS = """[[notifiers]]
name = "ops-chat"
type = "command"
argv = ["true"]

[[notifiers]]
name = "ops-mail"
type = "command"
argv = ["false"]

[routing]
warning = ["ops-chat"]
critical = ["ops-chat", "ops-mail"]
"""
_SCREENS = """
[[screens]]
name = "business"
title = "Orders"

[[screens.panels]]
kind = "stat"
title = "Orders that wait"
query = 'orders{status="waiting"}'
thresholds = { warning = 10, critical = 20 }

[[screens.panels]]
kind = "alerts"

[[screens.panels]]
kind = "checks"
title = "What sells"
select = 'category="business"'

[[screens.panels]]
kind = "chart"
title = "Time to check out"
query = 'probe_duration_seconds{check="checkout"}'

[[screens]]
name = "platform"
title = "Platform"

[[screens.panels]]
kind = "resources"

[[screens.panels]]
kind = "containers"

[[screens.panels]]
kind = "requests"

[[screens.panels]]
kind = "traces"

[[screens.panels]]
kind = "logs"
select = 'check="app-log"'
"""
PANELS = (
    ("Slowest services", "topk(3, probe_duration_seconds)"),
    ("Orders that wait", 'orders{status="waiting"}'),
    ("Services that fail", "count(probe_success == 0)"),
)
"""Saved queries: name and PromQL."""
