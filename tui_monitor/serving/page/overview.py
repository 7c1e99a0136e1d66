"""The overview: verdict, incidents, services with their strips, this machine, the last 90 days."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from tui_monitor.board.strip import Strip, with_present
from tui_monitor.board.svg import strip_svg
from tui_monitor.board.values import AlertView, Window
from tui_monitor.core.values import HealthStatus, severity_rank
from tui_monitor.serving.page.data import RECENT_MS, SPANS
from tui_monitor.serving.page.days import count_of, whole_days
from tui_monitor.serving.page.parts import PageContent, PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.services import PageService, ordered, split
from tui_monitor.serving.page.tiles import tiles
from tui_monitor.serving.page.verdict import verdict
from tui_monitor.serving.page.view import PageView, content, notices, verdict_part
from tui_monitor.serving.page.words import Words, tidy

MOST_FIRING, MOST_FURTHER, MOST_OVER = 8, 50, 5
_strip = marked(strip_svg)


async def overview(view: PageView) -> PageContent:
    """The parts of the overview."""
    ended = await view.data.ended()
    last_end = max((alert.ends_at or 0 for alert in ended), default=0) or None
    found = verdict(view.board, view.words, last_end)
    parts = [notices(view), verdict_part(view, found), incidents(view, ended), await services(view), await tiles(view)]
    if days := await whole_days(view, ended):
        parts.append(days)
    return content(view, parts)


# --- incidents -----------------------------------------------------------------------------------------------------------------


def incidents(view: PageView, ended: Sequence[AlertView]) -> PagePart:
    """What fires, unacknowledged first, and what has ended in the last hour."""
    firing = [alert for alert in view.board.alerts if alert.state == "firing" and not alert.suppressed_by]
    muted = sum(1 for alert in view.board.alerts if alert.state == "firing" and alert.suppressed_by)
    taken = sum(1 for alert in firing if alert.acknowledged_by)
    over = [alert for alert in ended if (alert.ends_at or 0) > view.board.at - RECENT_MS]
    t, say = view.words.t, view.words.say
    aside = ", ".join(
        text for count, text in ((muted, say(t.muted, count=muted)), (taken, say(t.acknowledged_count, count=taken))) if count
    )
    first = MOST_FIRING if len(firing) > MOST_FIRING + 2 else len(firing)
    counted = Counter(alert.severity for alert in firing)
    order = sorted(counted, key=severity_rank, reverse=True)
    summary = ", ".join(f"{counted[name]} {view.words.severity(name).lower()}" for name in order)
    return view.part(
        "incidents", "incidents.html", firing=firing[:first], further=firing[first : first + MOST_FURTHER],
        further_count=len(firing) - first, over=over[:MOST_OVER], counts=summary, aside=aside
    )  # fmt: skip


# --- services ------------------------------------------------------------------------------------------------------------------


async def services(view: PageView) -> PagePart:
    """A row per service; each row is sent by itself when it changes."""
    shown, named = split(ordered(view.board.checks))
    strips = await view.data.strips([row.check.name for row in shown], view.span, view.board.at)
    before = view.html("services_before.html", span=view.span, spans=list(SPANS), trouble=view.data.trouble)
    rows = tuple((row_id(row.check.name), service_row(view, row, strips.get(row.check.name, ()))) for row in shown)
    return PagePart("services", before, rows, view.html("services_after.html", named=named))


def row_id(name: str) -> str:
    """The element's id of a check: names may hold anything."""
    return "c-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:10]


def service_row(view: PageView, row: PageService, strip: Strip) -> str:
    """One row. In the span of 30 days a slot is half a day, so the present status shows in its last bar only."""
    check = row.check
    strip = with_present(strip, check.status, check.since)
    window = check.windows.get(view.span.window, Window())
    uptime = check.windows.get("24h", Window()).uptime
    drawn = _strip(strip, strip_label(view.words, tidy(check.name, 80), view.words.t.spans[view.span.name], strip))
    return view.html("service_row.html", ident=row_id(check.name), row=row, check=check, strip=drawn, p95=window.p95, uptime=uptime)


def strip_label(words: Words, name: str, span: str, strip: Strip) -> str:
    """The strip in words."""
    down, degraded = count_of(strip, HealthStatus.UNHEALTHY), count_of(strip, HealthStatus.DEGRADED)
    phrase = words.t.strip_label if down or degraded else words.t.strip_label_quiet
    return words.say(phrase, name=name, span=span, down=down, degraded=degraded, count=len(strip))
