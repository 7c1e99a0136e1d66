"""Strips of the last 90 days with their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.strip import STATES, Strip, down_seconds, mean_uptime, with_present, worst_of
from tui_monitor.board.svg import strip_svg
from tui_monitor.board.values import AlertView, CheckView
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.page.data import DAYS
from tui_monitor.serving.page.parts import PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView
from tui_monitor.serving.page.words import Words, tidy

_strip = marked(strip_svg)


def count_of(strip: Strip, status: HealthStatus | None) -> int:
    """The bars of a state."""
    return sum(1 for slot in strip if slot.status is status)


async def whole_days(view: PageView, ended: Sequence[AlertView]) -> PagePart | None:
    """The worst state of each day over all services; None without services."""
    names = [check.name for check in view.board.checks]
    strips: Mapping[str, Strip] = await view.data.days(names, view.board.at) if names else {}
    strip = worst_of(list(strips.values()))
    return days_part(view, view.words.t.all_services, strip, [one for one in ended if one.labels.get("check")]) if strip else None


def days_part(view: PageView, name: str, strip: Strip, ended: Sequence[AlertView], present: CheckView | None = None) -> PagePart:
    """A strip of days with its figures: uptime, incidents, time down."""
    if present is not None:
        strip = with_present(strip, present.status, present.since)
    words = view.words
    drawn = _strip(strip, days_label(words, name, strip), day_tips(words, strip))
    first, last = words.day(strip[0].begin), words.day(strip[-1].begin)
    figures = days_figures(view, strip, ended, single=present is not None)
    return view.part("days", "days.html", name=name, count=len(strip), strip=drawn, figures=figures, first=first, last=last)


def days_figures(view: PageView, strip: Strip, ended: Sequence[AlertView], *, single: bool) -> str:
    """ "99.94%, 5 incidents, 41m down"; ``single``: of one check, as the time down of several is no length of time."""
    words, t, now = view.words, view.words.t, view.board.at
    figures = [f"{t.uptime} {words.uptime(mean_uptime(strip, now))}"]
    recent = [alert for alert in ended if (alert.starts_at or alert.active_at) >= strip[0].begin and alert.severity != "info"]
    figures.append(words.incidents(len(recent)))
    if single and (down := down_seconds(strip, now)) >= 1:
        figures.append(words.say(t.down_time, time=words.span(down)))
    return ", ".join(figures)


def days_label(words: Words, name: str, strip: Strip) -> str:
    """The days in words."""
    down, degraded, missing = (count_of(strip, status) for status in (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, None))
    return words.say(words.t.days_label, name=tidy(name, 80), count=DAYS, down=down, degraded=degraded, missing=missing)


def day_tips(words: Words, strip: Strip) -> list[str]:
    """What a pointer on a bar shows."""
    tips = []
    for slot in strip:
        day, state = words.day(slot.begin), words.status(slot.status)
        tips.append(
            words.say(words.t.day_tip, day=day, state=state, uptime=words.uptime(slot.uptime))
            if slot.status in STATES
            else f"{day}: {state}"
        )
    return tips
