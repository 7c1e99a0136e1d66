"""The screens of kept queries (panels), of backtests and of noise. Part of the app, loaded when first used."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from tui_monitor.board.values import BacktestRow, BacktestView, Board, Chart, NoiseRow, PanelView
from tui_monitor.core.commands import DropPanel
from tui_monitor.core.sanitize import clean
from tui_monitor.tui.screens.list_screen import Hints, PageScreen
from tui_monitor.widgets import analysis_rows as studies
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.list_panes import FOOT_FROM_HEIGHT, DrawRow, ListPane, prose

if TYPE_CHECKING:
    from tui_monitor.tui.app import MonitorApp

PANEL_POINTS = 96
PANEL_LINES = 8
RENEW_BOARDS = 10
SINCE = ("1d", "7d", "30d")
PANEL_HINTS: Hints = (("Enter", "open"), ("x", "take away"), ("/", "filter"), ("1-9", "screens"), ("Esc", "back"))
BACKTEST_HINTS: Hints = (("left right", "how long"), ("Enter", "try a change"), ("/", "filter"), ("1-9", "screens"), ("Esc", "back"))
NOISE_HINTS: Hints = (("left right", "how long"), ("/", "filter"), ("1-9", "screens"), ("Esc", "back"))


# Panels.


class PanelsScreen(PageScreen):
    """The list of kept queries, of which rows can be taken away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x,delete", "remove", "Take away", show=False)]
    removed: Callable[[str], None]

    def action_remove(self) -> None:
        """Take the selected row away."""
        if self.pane.selection:
            self.removed(self.pane.selection)


async def panels_screen(app: MonitorApp) -> PageScreen:
    """The kept queries with their newest values."""
    pane = ListPane(
        "Panels", "No query is kept yet. Ctrl+S on a trend (t) or in explore (e) keeps one.", look=app.look, text_styles=app.text_styles
    )
    known: dict[str, PanelView] = {}

    async def load() -> None:
        rows: list[tuple[str, str, DrawRow]] = []
        known.clear()
        end = app.view.past_at or app.now()
        for panel in await app.backend.panels():
            chart = await app.backend.chart(panel.expr, end - panel.span, end, PANEL_POINTS)
            for index in range(max(1, min(PANEL_LINES, len(chart.lines)))):
                key = f"{panel.name}\n{index}"
                known[key] = panel
                rows.append((key, f"{panel.name} {panel.expr}", partial(_panel, panel, chart, index)))
        pane.fill(rows, f"{len({panel.name for panel in known.values()})} kept")

    def opened(key: str) -> None:
        from tui_monitor.tui.screens.openers import open_explore

        app.do(open_explore(app, known[key].expr, known[key].span))

    async def drop(name: str) -> None:
        await app.command(DropPanel(name))
        await load()

    def removed(key: str) -> None:
        name = known[key].name
        if not app.refused():
            app.ask(f"Take panel {clean(name)} away?", lambda _: app.do(drop(name)), hint="Enter takes it away   Esc leaves")

    boards = 0

    def refill(board: Board) -> None:
        nonlocal boards
        boards += 1
        if boards % RENEW_BOARDS == 0:
            app.do(load())

    await load()
    screen = PanelsScreen(pane, app.shown, PANEL_HINTS, look=app.look, text_styles=app.text_styles, refill=refill, opened=opened)
    screen.removed = removed
    return screen


def _panel(panel: PanelView, chart: Chart, index: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return studies.panel_line(panel, chart, index, width, look)


# Backtests and noise.


class StudyScreen(PageScreen):
    """A list over the last days, which ``work`` fills; left and right change how many days."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "range(-1)", "Shorter", show=False),
        Binding("right,l", "range(1)", "Longer", show=False),
    ]
    _place = 1

    def __init__(
        self,
        app: MonitorApp,
        pane: ListPane,
        hints: Hints,
        work: Callable[[str], Coroutine[Any, Any, None]],
        opened: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(pane, app.shown, hints, look=app.look, text_styles=app.text_styles, opened=opened)
        self._do, self._work = app.do, work

    @property
    def since(self) -> str:
        """How far back: "7d"."""
        return SINCE[self._place]

    def begin(self) -> None:
        """Fill the list anew, in the background."""
        self._do(self._work(self.since))

    def action_range(self, step: int) -> None:
        """A longer or a shorter range."""
        place = max(0, min(len(SINCE) - 1, self._place + step))
        if place != self._place:
            self._place = place
            self.begin()


def backtest_screen(app: MonitorApp) -> PageScreen:
    """What each rule would have done over the last days; Enter tries a change beside it."""
    pane = BacktestPane("Backtest", "There is no rule.", look=app.look, text_styles=app.text_styles)
    pane.columns = lambda width, look: [studies.backtest_heads(width, look)]

    async def work(since: str) -> None:
        pane.nothing = f"Working out the last {since} ..."
        pane.fill([])
        found = await app.backend.backtest("", since, ())
        if since == screen.since:
            pane.show(found, (), since)

    async def attempt(alert: str, change: str) -> None:
        since, tried = screen.since, pane.tried
        pane.say(f"trying {clean(change)} on {alert} ...")
        try:
            found = await app.backend.backtest(alert, since, (change,))
            tried = (*tried, *(row for row in found.rows if row.tried))
        finally:
            if since == screen.since:
                pane.show(pane.found, tried, since)

    def opened(key: str) -> None:
        alert = key.partition("\n")[0]
        app.ask(
            f"Try a change of {alert}",
            lambda text: app.do(attempt(alert, text.strip())),
            placeholder="for=10m   expr=avg_over_time(cpu_usage_ratio[5m]) > 0.95",
            hint="Enter tries it on the history; the rule stays   Esc leaves",
        )

    screen = StudyScreen(app, pane, BACKTEST_HINTS, work, opened)
    screen.begin()
    return screen


class BacktestPane(ListPane):
    """The rows of a backtest; at the foot the selected rule's condition, and what the backtest could not know."""

    found = BacktestView(0, 0, ())
    tried: tuple[BacktestRow, ...] = ()
    _shown: Mapping[str, BacktestRow] = {}

    def show(self, found: BacktestView, tried: tuple[BacktestRow, ...], since: str) -> None:
        """Each present rule, followed by what was tried of it."""
        self.found, self.tried = found, tried
        rows = [one for rule in found.rows for one in (rule, *(other for other in tried if other.alert == rule.alert))]
        self._shown = {f"{one.alert}\n{one.tried}": one for one in rows}
        self.fill(
            [(key, f"{one.alert} {one.tried} {one.condition}", partial(_outcome, one, found.end)) for key, one in self._shown.items()],
            studies.backtest_remark(found, since),
        )

    def say(self, remark: str) -> None:
        """Change what the head says."""
        self.words = remark
        self.rebuild()

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Only where there is room for it."""
        one = self._shown.get(self.selection)
        if one is None or height < 12:
            return ()
        lines = [line for text in self.found.notes[:2] for line in prose(text, width, self.look)]
        return [*lines, *prose(one.condition, width, self.look, "text")]


def _outcome(one: BacktestRow, end: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return studies.backtest_line(one, end, width, look)


def noise_screen(app: MonitorApp) -> PageScreen:
    """Which alerts disturbed over the last days, and what to try."""
    pane = NoisePane("Noise", "", look=app.look, text_styles=app.text_styles)
    pane.columns = lambda width, look: [studies.noise_heads(width, look)]

    async def work(since: str) -> None:
        pane.nothing = f"Reading the last {since} ..."
        pane.fill([])
        found = await app.backend.noise(since)
        if since == screen.since:
            pane.found = {one.alert: one for one in found}
            pane.nothing = f"No alert fired in the last {since}."
            remark = f"the last {since}: {sum(one.fired for one in found)} alerts"
            pane.fill([(one.alert, one.alert, partial(_noise, one)) for one in found], remark)

    screen = StudyScreen(app, pane, NOISE_HINTS, work)
    screen.begin()
    return screen


class NoisePane(ListPane):
    """The rows of the report; at the foot what to try for the selected one."""

    found: Mapping[str, NoiseRow] = {}

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Only where there is room for it."""
        one = self.found.get(self.selection)
        return prose(one.advice, width, self.look) if one is not None and one.advice and height >= FOOT_FROM_HEIGHT else ()


def _noise(one: NoiseRow, width: int, look: RenderStyle, selected: bool) -> Line:
    return studies.noise_line(one, width, look)
