"""Opens the screens beside the main one: asks the backend for what they show. Part of the app, loaded when first used."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_monitor.board.values import ActView, AlertDetail, AlertView, Board, Chart, ChartLine, CheckView, NotificationView, SilenceView
from tui_monitor.core import humanize as f
from tui_monitor.core.commands import EndSilence, ExtendSilence
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import parse_duration
from tui_monitor.promql.values import selection
from tui_monitor.tui.screens.list_screen import Hints, PageScreen
from tui_monitor.widgets import alerts, details, help
from tui_monitor.widgets.board_panes import EndpointsPane, HealthPane, ResourcesPane
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import DrawRow, ListPane, TextPane
from tui_monitor.widgets.resources import process_entries

if TYPE_CHECKING:
    from tui_monitor.tui.app import MonitorApp
    from tui_monitor.tui.screens.chart import ChartScreen, Question

POINTS = 300
HISTORY, OUTBOX, ACTS = 200, 500, 500
ALERT_HINTS: Hints = (("a", "acknowledge"), ("u", "take back"), ("s", "silence"), ("t", "trend"), ("m", "its moment"), ("Esc", "back"))
LIST_HINTS: Hints = (("Enter", "details"), ("/", "filter"), ("1-9", "screens"), ("Esc", "back"))
HISTORY_HINTS: Hints = (
    ("a", "acknowledge"), ("Enter", "details"), ("s", "silence"), ("t", "trend"), ("/", "filter"), ("o", "order"), ("m", "its moment"),
    *LIST_HINTS[2:],
)  # fmt: skip


class SilencesScreen(PageScreen):
    """The list of silences, which can also be made to hold longer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("plus", "longer", "Longer", show=False)]
    longer: Callable[[str], None]

    def action_longer(self) -> None:
        """Ask for how long the selected silence is to hold."""
        if self.pane.selection:
            self.longer(self.pane.selection)


class AlertScreen(PageScreen):
    """The details of one alert."""

    detail: AlertDetail


def _open(app: MonitorApp, screen: PageScreen | ChartScreen) -> None:
    """Put a screen on top; it says at once whether what it shows is past, paused or without a leader."""
    app.push_screen(screen)
    app.call_after_refresh(app.refresh_picture)


def _replace(app: MonitorApp, screen: PageScreen) -> None:
    """Numbered screens lie beside each other, not upon each other."""
    while app.screen is not app.main:
        app.pop_screen()
    _open(app, screen)


# Details.


async def open_alert(app: MonitorApp, alert_id: str) -> None:
    """Show everything about one alert."""
    detail = await app.backend.alert_detail(alert_id)
    pane = TextPane(_alert_title(detail), _alert_draw(app, detail), look=app.look, text_styles=app.text_styles)

    def refill(board: Board) -> None:
        fresh = next((alert for alert in board.alerts if alert.id == alert_id), None)
        if fresh is not None and _changed(fresh, screen.detail.alert):
            app.do(_renew(app, screen, pane))

    screen = AlertScreen(
        pane, app.shown, ALERT_HINTS, look=app.look, text_styles=app.text_styles, refill=refill, alert=lambda: screen.detail.alert,
    )  # fmt: skip
    screen.detail = detail
    _open(app, screen)


def _changed(fresh: AlertView, known: AlertView) -> bool:
    return (fresh.state, fresh.acknowledged_at, fresh.suppressed_by, fresh.severity, fresh.deliveries) != (
        known.state, known.acknowledged_at, known.suppressed_by, known.severity, known.deliveries,
    )  # fmt: skip


async def _renew(app: MonitorApp, screen: AlertScreen, pane: TextPane) -> None:
    screen.detail = await app.backend.alert_detail(screen.detail.alert.id)
    pane.change(_alert_title(screen.detail), _alert_draw(app, screen.detail))


def _alert_title(detail: AlertDetail) -> str:
    return f"{detail.alert.name} {alerts.subject(detail.alert)}".strip()


def _alert_draw(app: MonitorApp, detail: AlertDetail) -> Callable[[int, RenderStyle], list[Line]]:
    return lambda width, look: details.alert_lines(detail, app.shown.at, width, look)


def open_check(app: MonitorApp, check: CheckView) -> None:
    """Show everything about one check, kept up to date."""

    def draw(board: Board) -> Callable[[int, RenderStyle], list[Line]]:
        fresh = next((one for one in board.checks if one.name == check.name), check)
        found = [alert for alert in board.alerts if alert.labels.get("check") == check.name]
        return lambda width, look: details.check_lines(fresh, found, board.at, width, look)

    pane = TextPane(check.name, draw(app.shown), look=app.look, text_styles=app.text_styles)
    hints = (("t", "trend"), ("a", "acknowledge"), ("s", "silence"), ("Esc", "back"))
    screen = PageScreen(
        pane, app.shown, hints, look=app.look, text_styles=app.text_styles, refill=lambda board: pane.change(check.name, draw(board)),
        alert=lambda: _alert_of(app, check),
    )  # fmt: skip
    screen.expr = selection("probe_duration_seconds", check=check.name)
    _open(app, screen)


def open_help(app: MonitorApp) -> None:
    """Show all keys."""
    pane = TextPane("Help", help.help_lines, look=app.look, text_styles=app.text_styles)
    _open(
        app,
        PageScreen(
            pane, app.shown, (("Esc", "back"), ("/", "filter"), ("Ctrl+P", "all commands")), look=app.look, text_styles=app.text_styles
        ),
    )


# Numbered screens.


async def open_page(app: MonitorApp, number: int) -> None:
    """Open a numbered screen."""
    others = (open_history, open_notifications, open_processes, open_silences, open_panels, open_backtest, open_noise, open_acts)
    pages = dict(enumerate(others, start=2))
    if number == 1:
        while app.screen is not app.main:
            app.pop_screen()
    elif number in pages:
        await pages[number](app)


async def open_history(app: MonitorApp) -> None:
    """Alerts that fire, then those that are over."""
    over = list(await app.backend.alert_history(HISTORY))
    pane = ListPane("Alerts and history", "No alert has ever fired.", look=app.look, text_styles=app.text_styles)
    known: dict[str, AlertView] = {}
    orders = deque(alerts.ORDERS)

    def refill(board: Board) -> None:
        current = sorted(board.alerts, key=alerts.order_key("urgency"))
        known.clear()
        known.update({alert.id: alert for alert in (*over, *current)})
        both = [*current, *(alert for alert in over if all(alert.id != one.id for one in current))]
        remark = f"{len(current)} now, {len(over)} over"
        if orders[0] != alerts.ORDERS[0]:
            both.sort(key=alerts.order_key(orders[0]))
            remark += f", by {orders[0]}"
        pane.fill([(one.id, _alert_words(one), _alert_row(one, board.at)) for one in both], remark)

    def order() -> None:
        orders.rotate(-1)
        refill(app.shown)

    screen = PageScreen(
        pane, app.shown, HISTORY_HINTS, look=app.look, text_styles=app.text_styles, refill=refill,
        opened=lambda key: app.do(open_alert(app, key)), alert=lambda: known.get(pane.selection), order=order,
    )  # fmt: skip
    refill(app.shown)
    _replace(app, screen)


def _alert_words(alert: AlertView) -> str:
    return " ".join((alert.name, alert.summary, alert.severity, alert.state, alert.acknowledged_by, *alert.labels.values()))


def _alert_row(alert: AlertView, now: int) -> DrawRow:
    return lambda width, look, selected: alerts.alert_line(alert, now, width, look, selected=selected)


async def open_notifications(app: MonitorApp) -> None:
    """The outbox, newest first, under the health of each notifier."""
    pane = ListPane("Notifications", "Nothing has been sent yet.", look=app.look, text_styles=app.text_styles)

    about: dict[str, str] = {}

    def opened(key: str) -> None:
        if about.get(key):
            app.do(open_alert(app, about[key]))
        else:
            app.notify("This message is about no alert.", markup=False)

    async def load() -> None:
        rows = list(await app.backend.notifications(OUTBOX))
        about.update({str(one.id): one.alerts[0] for one in rows if one.alerts})
        remark = details.notifier_text(rows, app.live.notifiers, app.shown.at)
        pane.whole = {str(one.id): details.notification_text(one, app.shown.at, app.look) for one in rows}
        pane.fill(
            [
                (str(one.id), f"{one.notifier} {one.kind} {one.state} {one.title} {one.error}", partial(_notification, app, one))
                for one in rows
            ],
            remark,
        )

    boards = 0

    def refill(board: Board) -> None:
        nonlocal boards
        boards += 1
        if boards % 3 == 0:
            app.do(load())

    await load()
    _replace(app, PageScreen(pane, app.shown, LIST_HINTS, look=app.look, text_styles=app.text_styles, refill=refill, opened=opened))


def _notification(app: MonitorApp, one: NotificationView, width: int, look: RenderStyle, selected: bool) -> Line:
    return details.notification_line(one, app.shown.at, width, look)


async def open_processes(app: MonitorApp) -> None:
    """The busiest processes with their command lines."""
    pane = ListPane("Processes", "No process is known yet.", look=app.look, text_styles=app.text_styles)
    by_memory = False

    def refill(board: Board) -> None:
        width = max(20, app.size.width)
        head, *entries = process_entries(board.resources.processes, 500, width, app.look, by_memory=by_memory, whole=True)
        pane.columns = lambda _width, _look: [head.line]
        rows: list[tuple[str, str, DrawRow]] = [(e.key, "".join(text for text, _ in e.line), partial(_ready, e.line)) for e in entries]
        known, count = len(entries), board.resources.process_count
        many = f"the {known} busiest of {count}" if known < count else f"{count} in all"
        pane.fill(rows if board.resources.processes else [], f"{many}, by {'memory' if by_memory else 'cpu'}")

    def order() -> None:
        nonlocal by_memory
        by_memory = not by_memory
        refill(app.shown)

    refill(app.shown)
    hints = (("o", "by cpu or memory"), *LIST_HINTS[1:])
    _replace(app, PageScreen(pane, app.shown, hints, look=app.look, text_styles=app.text_styles, refill=refill, order=order))


def _ready(line: Line, width: int, look: RenderStyle, selected: bool) -> Line:
    return line


async def open_silences(app: MonitorApp) -> None:
    """What is silenced, by whom, for how long; Enter ends a silence."""
    pane = ListPane("Silences", "Nothing is silenced. s on an alert makes a silence.", look=app.look, text_styles=app.text_styles)

    async def load() -> None:
        rows = await app.backend.silences()
        pane.whole = {one.id: _silence_text(one, app.shown.at, app.look) for one in rows}
        pane.fill(
            [(one.id, f"{one.matchers} {one.by} {one.comment}", partial(_silence, one, app.shown.at)) for one in rows],
            f"{len(rows)} active or to come",
        )

    def opened(key: str) -> None:
        app.ask("End this silence? Enter ends it", lambda _: app.do(end(key)), hint="Enter ends   Esc leaves")

    async def end(key: str) -> None:
        await app.command(EndSilence(key))
        await load()

    def longer(key: str, text: str = "2h") -> None:
        def answered(answer: str) -> None:
            try:
                seconds = parse_duration(answer.strip())
            except ValueError as fault:
                app.notify(clean(str(fault)), severity="error", markup=False)
                longer(key, answer)
            else:
                app.do(extend(key, seconds))

        if not app.refused():
            app.ask("From now on for how long?", answered, value=text, hint="Enter extends   Esc leaves")

    async def extend(key: str, seconds: float) -> None:
        await app.command(ExtendSilence(key, seconds))
        await load()

    await load()
    hints = (("Enter", "end the silence"), ("+", "longer"), *LIST_HINTS[1:])
    screen = SilencesScreen(pane, app.shown, hints, look=app.look, text_styles=app.text_styles, opened=opened)
    screen.longer = longer
    _replace(app, screen)


def _silence_text(one: SilenceView, now: int, look: RenderStyle) -> str:
    told = f"{one.by}: {one.comment}" if one.comment else one.by
    return f"{one.matchers}   {f.stamp(one.starts_at, now, look.zone)} to {f.stamp(one.ends_at, now, look.zone)}   {told}".rstrip()


async def open_acts(app: MonitorApp) -> None:
    """Who did what, newest first; Enter opens the alert that it was done to."""
    acts = await app.backend.acts(ACTS)
    pane = ListPane("Audit", "Nobody has done anything yet.", look=app.look, text_styles=app.text_styles)
    now, widths = app.now(), details.act_widths(acts, app.now(), app.look)
    pane.columns = lambda width, look: [details.act_heads(widths, width, look)]
    pane.whole = {str(number): f"{one.by} {one.verb} {one.subject}   {one.note}".rstrip() for number, one in enumerate(acts)}
    pane.fill([(str(number), pane.whole[str(number)], partial(_act, one, now, widths)) for number, one in enumerate(acts)], "who did what")

    def opened(key: str) -> None:
        found = re.match(r"([0-9a-f]{6,}) \S", acts[int(key)].subject)  # an alert's id and name
        app.do(open_alert(app, found[1])) if found else app.notify("That was done to no alert.", markup=False)

    _replace(app, PageScreen(pane, app.shown, LIST_HINTS, look=app.look, text_styles=app.text_styles, opened=opened))


def _act(one: ActView, now: int, widths: tuple[int, int], width: int, look: RenderStyle, selected: bool) -> Line:
    return details.act_line(one, now, widths, width, look)


def _silence(one: SilenceView, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    row = LineBuilder(width, look).gap(1).append(one.id, "dim", 8).gap()
    when = f"{f.span((one.ends_at - now) / 1000)} left" if one.starts_at <= now else f"from {f.stamp(one.starts_at, now, look.zone)}"
    told = clean(f"{one.by} {one.comment}".strip())
    row.append(when, "text", 14).gap().append(one.matchers, "strong", max(10, row.room - min(f.cells(told), row.room // 3) - 3)).gap(2)
    return row.append(told, "dim", row.room - 1, right=True).line()


async def open_panels(app: MonitorApp) -> None:
    """The kept queries with their newest values."""
    from tui_monitor.tui.screens.analysis_screens import panels_screen

    _replace(app, await panels_screen(app))


async def open_backtest(app: MonitorApp) -> None:
    """What each rule would have done over the last days."""
    from tui_monitor.tui.screens.analysis_screens import backtest_screen

    _replace(app, backtest_screen(app))


async def open_noise(app: MonitorApp) -> None:
    """What disturbed over the last days."""
    from tui_monitor.tui.screens.analysis_screens import noise_screen

    _replace(app, noise_screen(app))


# Charts.


async def open_trend(app: MonitorApp) -> None:
    """The trend of what is selected."""
    expr = await _selected_expr(app)
    if not expr:
        app.notify("There is no series to show here.", markup=False)
        return
    from tui_monitor.tui.screens.chart import HINTS, ChartScreen

    alert = _about(app)
    hints = HINTS if alert is None else (HINTS[0], ("a", "acknowledge"), *HINTS[1:])
    screen = ChartScreen(
        expr,
        app.shown,
        lambda question: app.do(evaluate(app, screen, question)),
        look=app.look,
        text_styles=app.text_styles,
        hints=hints,
        alert=alert,
    )
    _open(app, screen)


def _about(app: MonitorApp) -> AlertView | None:
    """The alert that the keys mean on the trend of the selection: the selected one, or that of the selected check."""
    pane = app.main.pane
    if app.screen is not app.main or not isinstance(pane, ResourcesPane | EndpointsPane | HealthPane):
        return app.chosen_alert()
    check = None if isinstance(pane, ResourcesPane) else pane.selected_check()
    return None if check is None else _alert_of(app, check)


def _alert_of(app: MonitorApp, check: CheckView) -> AlertView | None:
    return next((alert for alert in app.shown.alerts if alert.labels.get("check") == check.name), None)


async def _selected_expr(app: MonitorApp) -> str:
    own = getattr(app.screen, "expr", "")
    if own:
        return str(own)
    pane = app.main.pane
    if app.screen is app.main and isinstance(pane, ResourcesPane | EndpointsPane | HealthPane):
        return pane.expr()
    alert = app.chosen_alert()
    return (await app.backend.alert_detail(alert.id)).series if alert is not None else ""


async def open_explore(app: MonitorApp, expr: str = "", span: int = 0) -> None:
    """PromQL by hand, beginning with the selection, or with a query and its range."""
    from tui_monitor.tui.screens.chart import ExploreScreen

    names = await app.backend.names()
    words = [word for kind in ("metrics", "functions", "labels") for word in names.get(kind, ())]
    expr = expr or await _selected_expr(app)
    screen = ExploreScreen(
        expr,
        app.shown,
        lambda question: app.do(evaluate(app, screen, question)),
        words,
        app.typed,
        look=app.look,
        text_styles=app.text_styles,
    )
    if span:
        screen.question = replace(screen.question, span=span)
    _open(app, screen)


async def evaluate(app: MonitorApp, screen: ChartScreen, question: Question) -> None:
    """Answer a chart's question: the range ends at the moment that is shown."""
    from tui_monitor.tui.screens.chart import WEEK

    end = app.view.past_at or app.now()
    start = end - question.span
    chart: Chart = await app.backend.chart(question.expr, start, end, POINTS)
    before: list[ChartLine] = []
    if question.compare and not chart.error:
        old = await app.backend.chart(question.expr, start - WEEK, end - WEEK, POINTS)
        before = [ChartLine(line.name, tuple(at + WEEK for at in line.times), line.values) for line in old.lines]
    screen.answer(question, chart, before, start, end)
