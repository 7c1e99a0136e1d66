"""One alert: what fires, what to do, the form, its trend, evidence, timeline, notifications."""

from __future__ import annotations

from tui_monitor.board.svg import share_bar_svg
from tui_monitor.board.values import AlertDetail, AlertView
from tui_monitor.serving.page.charts import charts_of
from tui_monitor.serving.page.parts import PageContent, PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView, content, notices
from tui_monitor.serving.page.words import severity_shade, subject

_shares = marked(share_bar_svg)
MOST_ID = 64


async def alert_page(view: PageView, ident: str) -> PageContent | None:
    """The parts of an alert's page; None where there is no such alert."""
    detail = await view.data.detail(ident) if ident and len(ident) <= MOST_ID else None
    if detail is None:
        return None
    parts = [notices(view), head(view, detail.alert), view.part("actions", "alert_actions.html", alert=detail.alert)]
    parts.append(await trend(view, detail))
    phases = [(f"{phase} {view.words.latency(seconds)}", seconds) for phase, seconds in detail.evidence.phases.items()]
    drawn = _shares(phases, view.words.t.phases) if phases else ""
    values = {name: getattr(detail, name) for name in ("alert", "evidence", "events", "deliveries", "notes")}
    parts.append(view.part("detail", "alert_detail.html", phases=phases, shares=drawn, **values))
    return content(view, parts, f"{subject(detail.alert)} {detail.alert.name}", _shade(detail.alert))


def head(view: PageView, alert: AlertView) -> PagePart:
    """What it is, since when, who takes care."""
    t = view.words.t
    state = {"firing": t.firing, "pending": t.pending}.get(alert.state, t.over)
    chip = severity_shade(alert.severity) if alert.state == "firing" else "off"
    return view.part("verdict", "alert_head.html", alert=alert, shade=_shade(alert), state_word=state, chip=chip)


def _shade(alert: AlertView) -> str:
    if alert.state == "resolved":
        return "ok"
    return "warn" if severity_shade(alert.severity) != "bad" or alert.state == "pending" else "bad"


async def trend(view: PageView, detail: AlertDetail) -> PagePart:
    """Its series as a chart."""
    charts: list[object] = []
    if detail.series:
        chart = await view.data.chart(detail.series, view.span, view.board.at)
        charts = charts_of(view, chart, f"{view.words.t.trend}: {subject(detail.alert)}") if chart.lines else []
    return view.part("trend", "alert_trend.html", charts=charts, expr=detail.expr, span=view.span)
