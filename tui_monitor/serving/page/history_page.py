"""The history: a strip of 90 days per check, and the incidents by day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tui_monitor.board.strip import Strip, mean_uptime, with_present
from tui_monitor.board.svg import strip_svg
from tui_monitor.board.values import AlertView, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.serving.page.data import DAYS
from tui_monitor.serving.page.days import day_tips, days_label
from tui_monitor.serving.page.parts import PageContent
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView, content, notices
from tui_monitor.serving.page.words import shade

MOST_ROWS, MOST_INCIDENTS = 200, 100
_strip = marked(strip_svg)


@frozen
class DayRow:
    """One check with its 90 days."""

    name: str
    shade: str
    strip: object
    figures: str


async def history_page(view: PageView, name: str) -> PageContent:
    """The parts of the history."""
    checks = view.board.checks[:MOST_ROWS]
    strips = await view.data.days([check.name for check in checks], view.board.at) if checks else {}
    rows = [day_row(view, check, strips[check.name]) for check in checks if check.name in strips]
    known = next(iter(strips.values()), ())
    first, last = (view.words.day(known[0].begin), view.words.day(known[-1].begin)) if known else ("", "")
    days = view.part("days", "history_days.html", rows=rows, count=DAYS, first=first, last=last, trouble=view.data.trouble)
    incidents = [alert for alert in await view.data.ended() if alert.severity != "info"]
    listed = view.part(
        "incidents", "history_incidents.html", groups=by_day(view, incidents[:MOST_INCIDENTS]), total=len(incidents)
    )  # fmt: skip
    return content(view, [notices(view), days, listed], view.words.t.history)


def day_row(view: PageView, check: CheckView, strip: Strip) -> DayRow:
    """A check's row."""
    strip = with_present(strip, check.status, check.since)
    drawn = _strip(strip, days_label(view.words, check.name, strip), day_tips(view.words, strip))
    uptime = view.words.uptime(mean_uptime(strip, view.board.at))
    return DayRow(check.name, shade(check.status), drawn, uptime)


def by_day(view: PageView, alerts: Sequence[AlertView]) -> list[tuple[str, list[AlertView]]]:
    """The alerts under the day on which they began, newest first."""
    ordered = sorted(alerts, key=lambda alert: -(alert.starts_at or alert.active_at))
    return [(day, list(group)) for day, group in groupby(ordered, key=lambda alert: view.words.day(alert.starts_at or alert.active_at))]
