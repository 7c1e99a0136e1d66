"""Draw the page's pictures for docs/images: `python -m tests.support.page_pictures DIRECTORY` (needs the peer chromium)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from PIL import Image

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.http_face import face, token_of
from tests.support.peers.chromium import Browser, chromium
from tests.support.role_backend import RoleBackend
from tui_monitor.board.strip import SlotSamples, Strip, strip
from tui_monitor.board.values import (
    AlertDetail,
    AlertEvent,
    AlertView,
    Board,
    Chart,
    ChartLine,
    CheckView,
    Delivery,
    Evidence,
    EvidenceProcess,
    Window,
)
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.access import COOKIE

AT, MINUTE, DAY = boards.AT, boards.MINUTE, boards.DAY
DOWN, SLOW, FINE = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.HEALTHY
NEED_DB = ("billing", "cart", "checkout")
PUBLIC = {"show": ["shop", "login", "checkout", "payments", "search"], "title": "Example Shop"}
PICTURES = (
    ("page", "/", 1440, "light"), ("page-dark", "/", 1440, "dark"), ("page-phone", "/", 390, "dark"),
    ("page-alert", "/alerts/b00001", 1440, "light"), ("page-check", "/checks/api", 1440, "dark"),
    ("page-history", "/history", 820, "light"), ("page-status", "/status", 820, "light"),
    ("page-report", "/reports/daily", 820, "light"),
)  # fmt: skip


def service(name: str, seconds: float, status: HealthStatus = FINE, reason: str = "", **more: object) -> CheckView:
    """A service with windows that fit its latency."""
    window = Window(seconds * 0.9, seconds * 1.6, seconds * 2.4, 0.971 if status is DOWN else 1.0 if status is SLOW else 0.9998)
    windows = {"5m": window, "1h": window, "24h": window}
    since = AT - (3 * MINUTE + 12_000 if status is DOWN else 12 * MINUTE if status is SLOW else 9 * DAY)
    made = boards.check(name, status=status, reason=reason, seconds=seconds)
    return replace(made, windows=windows, since=since, **more)  # type: ignore[arg-type]


def outage() -> Board:
    """A database is down, three services with it; one is degraded; the rest is healthy."""
    checks = (
        service("shop", 0.046), service("api", 0.104, certificate_expires=AT + 42 * DAY), service("login", 0.062),
        service("checkout", 0.059, DOWN, "HTTP 503, wanted 200-299", depends_on=("db",)),
        service("payments", 0.074), service("search", 0.071), service("images", 0.114), service("admin", 0.133),
        service("billing", 0.096, DOWN, "HTTP 503, wanted 200-299", depends_on=("db",)),
        service("cart", 0.087, DOWN, "HTTP 503, wanted 200-299", depends_on=("db",)),
        service("db", 0.007, DOWN, "no TCP connection in 5s", type="postgres", target="127.0.0.1:5432/app", consecutive_failures=19),
        service("sessions", 0.0006, SLOW, "memory 93% of maxmemory", type="redis", target="127.0.0.1:6379"),
    )  # fmt: skip
    listed = tuple(replace(check, duration=5.0 if check.name == "db" else check.duration) for check in checks)
    return replace(boards.busy(), checks=listed, status=DOWN, alerts=alerts())


def alerts() -> tuple[AlertView, ...]:
    """One critical alert, one warning, what the database explains, and one acknowledged."""
    advice = "Try systemctl status postgresql, then ss -ltnp 'sport = :5432'. Last line of the log: FATAL: too many clients already"
    told = (Delivery("ops-chat", "firing", "sent", AT - 3 * MINUTE), Delivery("ops-mail", "firing", "retrying", AT, "421 try again later"))
    db = boards.alert(
        1, "CheckUnhealthy", "critical", "db is unhealthy: no TCP connection in 5s", 3.2, labels={"check": "db"}, deliveries=told
    )
    muted = [
        boards.alert(
            2 + number, "CheckUnhealthy", "critical", f"{name} is unhealthy", 3.1, labels={"check": name}, suppressed_by=("depends_on:db",)
        )
        for number, name in enumerate(NEED_DB)
    ]
    memory = boards.alert(7, "CheckUnhealthy", "warning", "sessions is degraded: memory 93% of maxmemory", 12, labels={"check": "sessions"})
    disk = boards.alert(
        8, "DiskFullSoon", "warning", "/ will be full in 3d 4h", 62, labels={"mount": "/"}, acknowledged_by="kim", acknowledged_at=AT,
        acknowledged_note="a bigger disk is ordered",
    )  # fmt: skip
    db = replace(db, annotations={**db.annotations, "description": advice})
    return tuple(replace(alert, id=alert.id.replace("a", "b")) for alert in (db, memory, disk, *muted))


class PictureBackend(FakeBackend):
    """The outage with believable strips and charts."""

    def __init__(self) -> None:
        super().__init__()
        self.example = outage()

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> dict[str, Strip]:
        known = {check.name: (number, check) for number, check in enumerate(self.example.checks)}
        return {name: strip(bounds, [slot(*known[name], begin, end) for begin, end in pairwise(bounds)], level=level) for name in checks}

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        past = boards.alert(20, "CheckUnhealthy", "critical", "payments is unhealthy: HTTP 503", 14, labels={"check": "payments"})
        old = [
            boards.alert(30 + number, "CheckUnhealthy", "critical", f"{name} is unhealthy: {reason}", days * 1440, labels={"check": name})
            for number, (name, reason, days) in enumerate(
                (("shop", "HTTP 502", 4), ("search", "no answer in 5s", 21), ("db", "too many clients", 39), ("images", "HTTP 500", 56))
            )
        ]
        past = replace(past, acknowledged_by="anna", acknowledged_note="rollback")
        return [
            replace(one, id=f"c{one.id}", state="resolved", ends_at=one.starts_at + 19_000 + 60_000 * n * 3)
            for n, one in enumerate([past, *old])
        ]

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        found = await super().alert_detail(alert_id)
        log = ("FATAL:  sorry, too many clients already", "FATAL:  remaining connection slots are reserved for superusers")
        processes = (EvidenceProcess(812, "postgres", 0.94, 3_100_000_000), EvidenceProcess(2041, "python3", 0.26, 120_000_000))
        evidence = Evidence("no TCP connection in 5s", {}, processes, log)
        events = (AlertEvent(found.alert.starts_at, "firing"),)
        return replace(
            found, expr="check_health == 2", events=events, evidence=evidence, deliveries=found.alert.deliveries,
            series='probe_duration_seconds{check="db"}', notes=((AT - 9 * MINUTE, "deploy: shop 4.2"),),
        )  # fmt: skip

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        middle, swing = {"cpu": (0.5, 0.12), "mem": (0.63, 0.02), "dis": (0.82, 0.004), "sum": (1.9e6, 6e5)}.get(expr[:3], (0.1, 0.02))
        times = tuple(range(start, end + 1, max(1, (end - start) // points)))
        values = tuple(boards.wave(1, middle, swing, at, 2400, 0.4)[0] * (1 + 0.1 * boards.wave(1, 1, 1, at, 700)[0]) for at in times)
        thresholds = ((0.5, "warning"),) if expr.startswith("probe") else ()
        return Chart((ChartLine(expr, times, values),), "seconds" if expr.startswith("probe") else "", thresholds)


def slot(number: int, check: CheckView, begin: int, end: int) -> SlotSamples:
    """One slot of a check: its present trouble, two old incidents, nothing before it was watched."""
    day = (AT - begin) // DAY
    if day > 84:
        return SlotSamples()
    seconds = boards.wave(1, check.windows["5m"].p50 or 0.05, 0.012 * (check.windows["5m"].p50 or 0), begin + number * 7000)[0]
    seconds *= 1 + 0.25 * boards.wave(1, 0.5, 0.5, begin, 1500 + 130 * number)[0]
    if check.status is not FINE and end > check.since:
        return SlotSamples(float(check.status.exit_code), float(check.status is SLOW), seconds * (1.8 if check.status is SLOW else 1))
    minute = (AT - begin) // MINUTE
    if end - begin <= MINUTE and (check.name, minute) in {("payments", 13), ("payments", 14)}:
        return SlotSamples(2.0, 0.7, seconds)
    if end - begin <= MINUTE and check.name == "search" and 34 <= minute <= 43:
        return SlotSamples(1.0, 1.0, seconds * 1.9)
    if end - begin > MINUTE and (number * 31 + day * 17) % 97 == 3:
        return SlotSamples(2.0, 0.998, seconds)
    return SlotSamples(1.0 if end - begin > MINUTE and (number * 13 + day * 29) % 71 == 5 else 0.0, 1.0, seconds)


SCREENS = (
    ("screen-portfolio", "trading", "/screens/portfolio", 1200, "light"),
    ("screen-platform", "trading", "/screens/system", 1200, "light"), ("screen-orders", "dispatch", "/screens/business", 1200, "light"),
    ("screen-servers", "dispatch", "/screens/system", 1200, "dark"), ("screen-management", "shop", "/screens/management", 1200, "light"),
    ("screen-business", "shop", "/screens/business", 1200, "dark"), ("screen-application", "shop", "/screens/application", 1200, "light"),
    ("screen-phone", "shop", "/screens/management", 390, "dark"),
)  # fmt: skip
"""Name, example, path, width, scheme."""


async def draw_screens(directory: Path, browser: Browser, language: str = "en", names: Sequence[str] = ()) -> None:
    """The screens by role of the examples."""
    for name, example, path, width, scheme in SCREENS:
        if names and name not in names:
            continue
        async with face(RoleBackend(example, language=language), open=["read"]) as server:
            url = f"http://127.0.0.1:{server.port}{path}"
            await asyncio.to_thread(browser.open, url, width=width, scheme=scheme, language=language)
            await asyncio.to_thread(_kept, directory / f"{name}.png", browser)


def _kept(path: Path, browser: Browser) -> None:
    """A picture of what is open, with 128 colours."""
    browser.picture(path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128).save(path, optimize=True)


async def draw(directory: Path, browser: Browser) -> None:
    """All pictures."""
    backend = PictureBackend()
    secret, token = token_of("act", name="kim", kind="session")
    backend.access_tokens.append(token)
    async with face(backend, status_page=PUBLIC) as server:
        for name, path, width, scheme in PICTURES:
            cookies = [{"name": COOKIE, "value": secret}]
            await asyncio.to_thread(browser.open, f"http://127.0.0.1:{server.port}{path}", width=width, scheme=scheme, cookies=cookies)
            await asyncio.to_thread(_kept, directory / f"{name}.png", browser)
    await draw_screens(directory, browser)


if __name__ == "__main__":
    with chromium() as started:
        asyncio.run(draw(Path(sys.argv[1]), started))
