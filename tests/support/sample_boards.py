"""Example boards for tests, pictures and measuring: empty, loading, busy, broken, quiet, hostile, Korean."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import lru_cache

from tests.support.sample_history import latency, windows
from tui_monitor.board.process_list import ListedProcess
from tui_monitor.board.values import (
    AlertView,
    Board,
    CheckView,
    Delivery,
    DiskView,
    InterfaceView,
    LeaderView,
    MemberView,
    MountView,
    ProcessView,
    RequestRow,
    RequestTable,
    Resources,
)
from tui_monitor.core.values import ContainerState, HealthStatus, UnitState, worst

AT = 1_790_000_000_000
"""2026-09-21 14:13:20 UTC."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
GIB = 1 << 30
HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]markup[/] \u202egnp.exe\x9b2J \x00 \udcff [@click=app.quit]x[/]"


def wave(count: int, middle: float, swing: float, at: int = AT, period: int = 60, noise: float = 0.25) -> tuple[float, ...]:
    """A plausible series of one value a second that ends at ``at``; the same for the same arguments."""
    last = at // 1000
    return tuple(_moment(second, middle, swing, period, noise) for second in range(last - count + 1, last + 1))


@lru_cache(8192)
def _moment(second: int, middle: float, swing: float, period: int, noise: float) -> float:
    jitter = random.Random(second * 7919 + period).uniform(-1, 1)
    turn = second * 2 * math.pi / period
    slow = 0.55 * math.sin(turn) + 0.3 * math.sin(turn * 0.31 + 2) + 0.25 * math.sin(turn * 2.7 + 1)
    return max(0.0, middle + swing * (slow + noise * jitter))


def resources(at: int = AT) -> Resources:
    """A busy four-core machine."""
    cpu = wave(1, 0.42, 0.25, at)[-1]
    names = ("postgres", "python3", "nginx", "redis-server", "node", "containerd", "systemd-journald", "sshd", "cron", "tui-monitor")
    return Resources(
        cpu=min(1.0, cpu),
        cores=tuple(min(1.0, round(cpu * share, 2)) for share in (1.25, 0.85, 0.7, 1.2)),
        modes={"user": cpu * 0.7, "system": cpu * 0.2, "iowait": cpu * 0.1},
        load=(0.84, 1.02, 0.97),
        memory=0.634,
        memory_total=8 * GIB,
        memory_available=round(2.93 * GIB),
        swap=0.08,
        swap_total=2 * GIB,
        mounts=(
            MountView("/", 80 * GIB, 66 * GIB, 14 * GIB, 0.825, 0.12, "full in 3d 4h"),
            MountView("/var/lib/postgresql", 200 * GIB, 82 * GIB, 118 * GIB, 0.41, 0.02),
            MountView("/mnt/nfs", error="does not answer for 40s"),
        ),
        interfaces=(InterfaceView("eth0", wave(1, 1.2e6, 6e5, at)[-1], wave(1, 3.1e5, 1e5, at)[-1]),),
        disks=(DiskView("sda", wave(1, 2e5, 1e5, at)[-1], wave(1, 3.4e6, 1e6, at)[-1], 0.12),),
        pressure={"cpu": 0.021, "memory": 0.0, "io": 0.053},
        uptime=12 * 86400 + 3 * 3600,
        processes=tuple(
            ProcessView(
                1200 + 37 * i,
                name,
                "root" if i % 3 else "postgres",
                wave(1, max(0.0, 0.31 - 0.05 * i), 0.02, at + 1000 * i)[-1],
                (900 - 80 * i) << 20,
                f"/usr/bin/{name} --serve",
            )
            for i, name in enumerate(names)
        ),
        process_count=187,
    )


def all_processes(count: int = 187) -> tuple[ListedProcess, ...]:
    """The processes of the busy machine: a small tree of services below systemd, the others idle."""
    shown = resources().processes
    busy = [
        ListedProcess(one.pid, one.name, one.command, one.user, one.cpu, one.memory, "S", 1, 4, 1000 + i, 86_400.0)
        for i, one in enumerate(shown)
    ]
    workers = [
        ListedProcess(3000 + i, "postgres", f"postgres: writer {i}", "postgres", 0.004, 12 << 20, "S", shown[0].pid, 1, 5000, 3600.0)
        for i in range(3)
    ]
    idle = [
        ListedProcess(4000 + i, f"kworker/{i}", f"[kworker/{i}]", "root", 0.0, 0, "I", 2, 1, 10, 1_000_000.0)
        for i in range(count - len(busy) - len(workers) - 2)
    ]
    first = ListedProcess(1, "systemd", "/sbin/init", "root", 0.001, 12 << 20, "S", 0, 1, 0, 1_050_000.0)
    return (first, ListedProcess(2, "kthreadd", "[kthreadd]", "root", 0.0, 0, "S", 0, 1, 0, 1_050_000.0), *busy, *workers, *idle)


def check(
    name: str, kind: str = "http", status: HealthStatus = HealthStatus.HEALTHY, reason: str = "", seconds: float = 0.13, **more: object
) -> CheckView:
    """One check with believable windows."""
    healthy = status is HealthStatus.HEALTHY
    since = int(more.get("since", AT - (3 * DAY if healthy else 4 * MINUTE)))  # type: ignore[call-overload]
    values: dict[str, object] = {
        "category": "application",
        "target": f"https://{name}.example.com/health",
        "since": since,
        "at": AT - 3000,
        "duration": None if status is HealthStatus.UNKNOWN else seconds,
        "phases": {"resolve": 0.004, "connect": 0.011, "tls": 0.024, "processing": seconds * 0.6, "transfer": 0.002}
        if kind == "http"
        else {},
        "windows": windows(name, status, seconds, since, AT),
        **more,
    }
    return CheckView(name=name, type=kind, status=status, reason=reason, **values)  # type: ignore[arg-type]


def checks() -> tuple[CheckView, ...]:
    """Ten checks, some of them in trouble."""
    down, slow, unknown = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN
    return (
        check("api", seconds=0.132, certificate_expires=AT + 42 * DAY),
        check("shop", status=down, reason="HTTP 500, wanted 200-299", certificate_expires=AT + 42 * DAY, consecutive_failures=24),
        check("search", status=slow, reason="slower than 500ms", seconds=0.812, certificate_expires=AT + 9 * DAY),
        check("login", seconds=0.047, certificate_expires=AT + 9 * DAY),
        check("partner", status=unknown, reason="no answer from the name server", category="external"),
        check(
            "db",
            "postgres",
            seconds=0.0041,
            category="infrastructure",
            depends_on=(),
            figures={
                "postgres_connections": 23,
                "postgres_connections_max": 100,
                "postgres_cache_hit_ratio": 0.987,
                "postgres_longest_transaction_seconds": 4.2,
            },
            facts={"version": "PostgreSQL 17.2"},
        ),
        check(
            "cache",
            "redis",
            slow,
            "memory 93.1% of 512M",
            0.0009,
            category="infrastructure",
            figures={
                "redis_memory_used_bytes": 499e6,
                "redis_memory_max_bytes": 512 << 20,
                "redis_connected_clients": 41,
                "redis_hit_ratio": 0.91,
            },
        ),
        check("smtp", "tcp", seconds=0.021, category="external"),
        check("orders", "sql", seconds=0.031, figures={"orders_waiting": 7, "orders_late": 2}, category="business"),
        check("backup", "heartbeat", down, "no heartbeat for 26h", category="business"),
    )


def alert(number: int, name: str, severity: str, summary: str, minutes: float, **more: object) -> AlertView:
    """One firing alert."""
    starts = AT - round(minutes * MINUTE)
    labels = {"alertname": name, "severity": severity, "host": "web-1", **more.pop("labels", {})}  # type: ignore[dict-item]
    values: dict[str, object] = {
        "id": f"a{number:05x}",
        "state": "firing",
        "value": 1.0,
        "value_text": "",
        "active_at": starts,
        "starts_at": starts,
        "ends_at": None,
        "annotations": {
            "summary": summary,
            "description": "Look at the service's log, then restart it.",
            "runbook_url": "https://wiki.example.com/run/1",
        },
        "deliveries": (Delivery("ops-chat", "firing", "sent", starts + 400),),
        **more,
    }
    return AlertView(name=name, severity=severity, summary=summary, labels=labels, **values)  # type: ignore[arg-type]


def alerts() -> tuple[AlertView, ...]:
    """Fifteen alerts in all states."""
    found = [
        alert(
            1,
            "CheckUnhealthy",
            "critical",
            "shop is unhealthy: HTTP 500, wanted 200-299",
            4.2,
            value_text="unhealthy",
            labels={"check": "shop"},
            deliveries=(Delivery("ops-chat", "firing", "sent", AT), Delivery("ops-mail", "firing", "failed", AT, "550 no such user")),
        ),
        alert(2, "CheckUnhealthy", "critical", "backup: no heartbeat for 26h", 125, value_text="unhealthy", labels={"check": "backup"}),
        alert(
            3,
            "HighErrorRate",
            "error",
            "12.4% of requests to /checkout fail",
            3.1,
            value_text="12.4%",
            labels={"route": "/checkout"},
            deliveries=(Delivery("ops-chat", "firing", "retrying", AT, "429 Too Many Requests"),),
        ),
        alert(
            4, "CheckUnhealthy", "warning", "search is degraded: slower than 500ms", 11, value_text="degraded", labels={"check": "search"}
        ),
        alert(
            5, "CheckUnhealthy", "warning", "cache is degraded: memory 93.1% of 512M", 47, value_text="degraded", labels={"check": "cache"}
        ),
        alert(
            6,
            "DiskSpace",
            "warning",
            "/ is 82.5% full, 14G free: remove what is not needed",
            190,
            value_text="82.5%",
            labels={"mount": "/"},
        ),
        alert(
            7,
            "CertificateExpiry",
            "warning",
            "the certificate of search ends in 9 days",
            1500,
            value_text="9d",
            labels={"check": "search"},
        ),
        alert(8, "OrdersLate", "info", "2 orders are late", 22, value_text="2", labels={"category": "business"}),
        alert(9, "LowUtilisation", "info", "vehicles in use 24%", 300, value_text="24.0%"),
        alert(
            10,
            "DiskFullSoon",
            "warning",
            "/ will be full in 3d 4h",
            62,
            value_text="3d 4h",
            labels={"mount": "/"},
            acknowledged_by="kim",
            acknowledged_at=AT - 20 * MINUTE,
            acknowledged_note="ordering a bigger disk",
        ),
        alert(
            11,
            "HighMemory",
            "warning",
            "memory at 91.0% on web-1",
            80,
            value_text="91.0%",
            acknowledged_by="lee",
            acknowledged_at=AT - HOUR,
        ),
        alert(
            12,
            "CheckUnhealthy",
            "critical",
            "partner is unhealthy: connection refused",
            15,
            value_text="unhealthy",
            labels={"check": "partner"},
            suppressed_by=("silence 7f3a",),
            deliveries=(),
        ),
        alert(
            13,
            "QueueLength",
            "error",
            "queue mail holds 1,204 jobs",
            9,
            value_text="1204",
            flaps=6,
            acknowledged_by="kim",
            acknowledged_at=AT,
        ),
        alert(14, "HighCPU", "warning", "CPU at 74.0% on web-1", 0.6, state="pending", starts_at=0, value_text="74.0%", deliveries=()),
        alert(
            15,
            "ReplicationLag",
            "warning",
            "the replica is 12s behind",
            0.4,
            state="pending",
            starts_at=0,
            value_text="12.0s",
            deliveries=(),
        ),
    ]
    return tuple(found)


def sparks(at: int = AT, count: int = 120) -> dict[str, tuple[float | None, ...]]:
    """Sparks of every key that `resources` and `checks` need."""
    found: dict[str, tuple[float | None, ...]] = {
        "cpu": wave(count, 0.42, 0.25, at),
        "memory": wave(count, 0.63, 0.01, at, 300),
        "swap": wave(count, 0.08, 0.0, at),
        "receive:eth0": wave(count, 1.2e6, 6e5, at, 11, 0.9),
        "transmit:eth0": wave(count, 3.1e5, 1e5, at, 45, 0.9),
        "read:sda": wave(count, 2e5, 1e5, at, 20, 0.9),
        "write:sda": wave(count, 3.4e6, 2.4e6, at, 9, 0.9),
    }
    for number, one in enumerate(checks()):
        found[f"check:{one.name}"] = wave(count, 0.13, 0.05, at, 40 + number)
    return found


def busy(at: int = AT) -> Board:
    """Ten checks and fifteen alerts."""
    found = checks()
    return Board(
        at=at,
        host="web-1",
        version="0.1.0",
        status=worst(one.status for one in found),
        checks=found,
        resources=resources(at),
        alerts=alerts(),
        leader=LeaderView("leader", pid=812, kind="dashboard", since=AT - 3 * HOUR, heartbeat=at),
        own_cpu=0.008,
        own_memory=48 << 20,
        uptime=10800,
        notifiers=("ops-chat", "ops-mail"),
        sparks=sparks(at),
    )


def empty(at: int = AT) -> Board:
    """A first start without a configuration: this machine only."""
    return replace(busy(at), status=HealthStatus.HEALTHY, checks=(), alerts=(), notifiers=())


def loading() -> Board:
    """Before the first reading."""
    return Board(AT, "web-1", "0.1.0", HealthStatus.UNKNOWN, (), Resources(), (), LeaderView("leader"), loading=True)


def quiet(at: int = AT) -> Board:
    """Everything is healthy."""
    found = tuple(
        replace(one, status=HealthStatus.HEALTHY, reason="", since=AT - 3 * DAY, duration=one.duration or 0.02) for one in checks()
    )
    return replace(busy(at), status=HealthStatus.HEALTHY, checks=found, alerts=())


def broken(at: int = AT) -> Board:
    """The monitor itself is in trouble and nobody leads."""
    board = busy(at)
    leader = LeaderView("viewer", 812, "headless", AT - 3 * DAY, AT - 95_000, alive=False)
    here = replace(board.resources, cpu=None, memory=None, processes=(), error="/proc/stat: permission denied")
    return replace(board, leader=leader, resources=here, trouble=("history cannot be written: disk full",))


def hostile(at: int = AT) -> Board:
    """Every external text is an attack."""
    board = busy(at)
    bad = tuple(replace(one, name=f"{HOSTILE}{i}", reason=HOSTILE, target=HOSTILE) for i, one in enumerate(board.checks))
    worse = tuple(
        replace(one, name=HOSTILE, summary=HOSTILE * 50, labels={"check": HOSTILE}, acknowledged_by=HOSTILE) for one in board.alerts
    )
    rows = tuple(replace(one, name=HOSTILE, user=HOSTILE, command=HOSTILE) for one in board.resources.processes)
    mounts = (
        replace(board.resources.mounts[0], mount=HOSTILE, forecast=HOSTILE),
        replace(board.resources.mounts[2], mount=HOSTILE, error=HOSTILE),
    )
    here = replace(board.resources, processes=rows, mounts=mounts, error=HOSTILE)
    return replace(board, host=HOSTILE, checks=bad, alerts=worse, resources=here, trouble=(HOSTILE,), advice=(HOSTILE,))


def korean(at: int = AT) -> Board:
    """Wide characters everywhere."""
    board = busy(at)
    named = tuple(replace(one, name=f"결제서버{i}", reason=one.reason and "응답이 너무 느립니다") for i, one in enumerate(board.checks))
    told = tuple(
        replace(
            one,
            name="디스크공간부족",
            summary="루트 파일 시스템이 거의 가득 찼습니다. 필요 없는 파일을 지우십시오.",
            acknowledged_note="확인했습니다",
        )
        for one in board.alerts
    )
    rows = tuple(replace(one, name="데이터베이스서버") for one in board.resources.processes)
    return replace(board, host="서울-웹서버-1", checks=named, alerts=told, resources=replace(board.resources, processes=rows))


def watched(at: int = AT) -> Board:
    """The busy machine with containers, units of systemd, and a group of checks of one service."""
    container, unit, ill, well = ContainerState, UnitState, HealthStatus.UNHEALTHY, HealthStatus.HEALTHY
    containers = (
        container("shop-worker", ill, "shop/worker:41", "restarting", "restarting again and again", "", at - 9000, 7),
        container("shop-web-1", well, "shop/web:41", "running", "", "healthy", at - 2 * DAY, 0, 212 << 20, 512 << 20, 0.31),
        container("shop-db", well, "postgres:17", "running", "", "healthy", at - 40 * DAY, 1, 1900 << 20, 2 * GIB, 0.08),
        container("mailhog", well, "mailhog/mailhog:latest", "exited", "", "", at - DAY, 0),
    )
    units = (
        unit("app@1.service", ill, "activating", "auto-restart", at - 4000, 12, 12 << 20, 0.02),
        unit("nginx.service", well, "active", "running", at - 12 * DAY, 0, 48 << 20, 0.011),
        unit("backup.timer", well, "active", "waiting", at - 12 * DAY, None, None, None, at - 5 * HOUR),
    )
    board = busy(at)
    web = replace(check("web", seconds=0.06), depends_on=("db",))
    docker = replace(check("containers", "docker", ill, "shop-worker: restarting again and again", 0.02), containers=containers)
    systemd = replace(check("units", "systemd", ill, "app@1.service restarts again and again", 0.004), units=units)
    members = (MemberView("shop", ill), MemberView("api", well), MemberView("containers", ill))
    group = replace(check("shop-service", "group", ill, "33 % of its members are healthy", 0.0), members=members)
    routes = (
        RequestRow("/checkout", "POST", 1240, 4.1, 154, 0.124, 0.21, 0.11, 0.74, 1.9),
        RequestRow("/products/{id}", "GET", 5100, 17.0, 2, 0.0004, 0.03, 0.02, 0.08, 0.2),
    )
    total = RequestRow("", "", 6340, 21.1, 156, 0.0246, 0.07, 0.03, 0.31, 1.2)
    requests = (RequestTable("shop", 300.0, "5xx", 2, total, routes),)
    return replace(board, checks=(*board.checks, web, docker, systemd, group), requests=requests)


STORM = """payments 113 api 82 search 71 shop 46 login 62 images 114 admin 133 webhooks-in 22 inventory 41 mailer 81 reports 57 sso 96
geo 83 cache 1 cdn 34 queue 3 refunds 68 smtp 26 status 12"""
"""The healthy services of the storm and their usual latencies (ms)."""


def storm(at: int = AT) -> Board:
    """A shop of 24 services whose database has been down for three minutes."""
    down, slow = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED
    since = at - 192_000
    usual = {"billing": 0.088, "cart": 0.042, "checkout": 0.058}
    broken = [
        check("db", "postgres", down, "timed out after 5s (connect)", 0.0062, category="infrastructure", since=since,
              target="127.0.0.1:5432/app",
              phases={"connect": 5.0}, consecutive_failures=19, limits=((0.01, "degraded"),)),
        *(check(name, status=down, reason="503 Service Unavailable", seconds=seconds, since=since + 7000, depends_on=("db",))
          for name, seconds in usual.items()),
        check("sessions", "redis", slow, "memory 51% of maxmemory", 0.0006, since=at - 12 * MINUTE, target="127.0.0.1:6379"),
    ]  # fmt: skip
    words = STORM.split()
    well = [
        check(name, seconds=latency(name, int(usual_ms) / 1000, at), limits=((0.25, "degraded"),))
        for name, usual_ms in zip(words[::2], words[1::2], strict=True)
    ]
    texts = {"description": "No connection is made: systemctl status postgresql; ss -ltn 'sport = :5432'; then firewall and route",
             "runbook_url": "https://wiki.example.com/db"}  # fmt: skip
    chat, mail = Delivery("ops-chat", "firing", "sent", since + 900), Delivery("ops-mail", "firing", "retrying", since + 900, "refused")
    found = [
        alert(1, "CheckUnhealthy", "critical", "db is unhealthy: timed out after 5s (connect)", 3.2, labels={"check": "db"},
              annotations=texts,
              deliveries=(chat, mail), affected=3, affects=("billing", "cart", "checkout")),
        alert(2, "RedisMemory", "warning", "sessions: memory 51% of maxmemory", 12, labels={"check": "sessions"}, value_text="51%"),
        *(alert(3 + number, "CheckUnhealthy", "critical", f"{name} is unhealthy: 503 Service Unavailable", 3.0, labels={"check": name},
                suppressed_by=("depends_on:db",), deliveries=()) for number, name in enumerate(usual)),
    ]  # fmt: skip
    here = resources(at)
    here = replace(here, load=(1.22, 1.91, 2.27), uptime=52 * 86400.0, memory=0.34, mounts=(replace(here.mounts[1], mount="/"),))
    machine = replace(here, cores=(0.81, 0.27), cpu=0.54)
    return replace(busy(at), status=down, checks=(*broken, *well), alerts=tuple(found), resources=machine)


def ended(at: int = AT) -> tuple[AlertView, ...]:
    """Alerts of the storm's shop that are over."""

    def over(number: int, name: str, severity: str, reason: str, check: str, began: float, ended: float) -> AlertView:
        labels, moment = {"check": check}, at - round(began * MINUTE)
        found = alert(
            number, name, severity, f"{check} {reason}", began, labels=labels, state="resolved", active_at=moment, starts_at=moment
        )
        return replace(found, ends_at=at - round(ended * MINUTE))

    return (
        over(61, "CheckUnhealthy", "critical", "is unhealthy: 503 Service Unavailable", "payments", 13.9, 12.4),
        over(62, "CheckUnhealthy", "warning", "is degraded: slow: 108ms (limit 100ms)", "inventory", 30.9, 28.6),
        over(63, "CheckUnhealthy", "warning", "is degraded: slow: 640ms (limit 250ms)", "search", 46.8, 39.0),
        over(64, "CheckUnhealthy", "warning", "is degraded: slow: 310ms (limit 250ms)", "reports", 53.7, 49.5),
        over(65, "CheckUnhealthy", "critical", "is unhealthy: connection refused", "db", 411.8, 409.0),
        over(66, "CheckUnhealthy", "warning", "is degraded: slow: 705ms (limit 250ms)", "cdn", 632.5, 601.0),
    )
