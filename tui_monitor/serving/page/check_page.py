"""One check: its state, latency, windows, figures, facts, members, incidents, 90 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.svg import share_bar_svg
from tui_monitor.board.values import AlertView, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.values import quote
from tui_monitor.serving.page.charts import charts_of
from tui_monitor.serving.page.data import SPANS
from tui_monitor.serving.page.days import days_part
from tui_monitor.serving.page.parts import PageContent, PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.verdict import check_verdict
from tui_monitor.serving.page.view import PageView, content, notices, verdict_part
from tui_monitor.serving.page.words import check_at, shade, tidy

MOST_ROWS = 50
_shares = marked(share_bar_svg)


@frozen
class MemberRow:
    """A member, unit or container of a check."""

    name: str
    shade: str
    text: str


async def check_page(view: PageView, name: str) -> PageContent | None:
    """The parts of a check's page; None where there is no such check."""
    check = check_at(name, view.board)
    if check is None:
        return None
    name = check.name
    ended = [alert for alert in await view.data.ended() if alert.labels.get("check") == name]
    parts = [
        notices(view), verdict_part(view, check_verdict(check, view.board, view.words)), await latency(view, check),
        view.part("facts", "check_facts.html", check=check, members=members(view, check), windows=windows(check)),
        incidents_of(view, name, ended),
    ]  # fmt: skip
    if strip := (await view.data.days([name], view.board.at)).get(name):
        parts.append(days_part(view, tidy(name, 80), strip, ended, check))
    return content(view, parts, name, shade(check.status))


async def latency(view: PageView, check: CheckView) -> PagePart:
    """Its latency as a chart for wide and one for narrow screens, and the phases of the last probe."""
    words, span = view.words, view.span
    expr = f"probe_duration_seconds{{check={quote(check.name)}}}"
    chart = await view.data.chart(expr, span, view.board.at)
    label = words.say(words.t.latency_label, name=tidy(check.name, 80), span=words.t.spans[span.name])
    charts = charts_of(view, chart, label) if chart.lines else []
    phases = [(f"{phase} {words.latency(seconds)}", seconds) for phase, seconds in check.phases.items()]
    drawn = _shares(phases, words.t.phases) if phases else ""
    return view.part(
        "latency", "check_latency.html", charts=charts, error=chart.error, phases=phases, shares=drawn, span=span, spans=list(SPANS)
    )


def windows(check: CheckView) -> Mapping[str, object]:
    """Its windows, the shortest first."""
    return {name: check.windows[name] for name in ("5m", "1h", "24h") if name in check.windows}


def members(view: PageView, check: CheckView) -> Sequence[MemberRow]:
    """Members of a group, systemd units, containers: the ill ones first."""
    found = [MemberRow(each.name, shade(each.status), view.words.status(each.status)) for each in check.members]
    for unit in check.units:
        found.append(MemberRow(unit.name, shade(unit.status), str(unit.state)))
    for container in check.containers:
        found.append(MemberRow(container.name, shade(container.status), str(container.state)))
    return found[:MOST_ROWS]


def incidents_of(view: PageView, name: str, ended: Sequence[AlertView]) -> PagePart:
    """Its alerts: those that fire, and the last ones that ended."""
    firing = [alert for alert in view.board.alerts if alert.state == "firing" and alert.labels.get("check") == name]
    return view.part(
        "incidents", "incidents.html", firing=firing[:MOST_ROWS], further=(), further_count=0, over=ended[:10], counts="", aside=""
    )
