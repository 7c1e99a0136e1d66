"""The base class of every screen: the members that the app uses."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.frozen import frozen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.alerts import naming_labels
from tui_monitor.widgets.painter import Painter
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode


@frozen
class LogFocus:
    """Which log lines belong to a selection: those of the first of ``names`` (checks or services) of which any are kept.

    ``at``: the moment to show (UTC ms), 0: the newest lines. ``text``: only lines with it.
    """

    names: tuple[str, ...] = ()
    at: int = 0
    text: str = ""


class DashboardScreen(Screen[None]):
    """A screen that shows boards; by default it has no alert, series or pane."""

    def __init__(self, context: ScreenContext) -> None:
        super().__init__()
        self.context = context
        self._is_covered = False
        self.painter = Painter(self, context.text_styles)

    def on_screen_suspend(self) -> None:
        """Another screen lies over this one, which gets no boards meanwhile."""
        self._is_covered = True

    def on_screen_resume(self) -> None:
        """Render the present board when the screen is uncovered."""
        if self._is_covered:
            self._is_covered = False
            self.show(self.context.shown, self.context.view)

    async def load(self) -> None:
        """Query what the screen needs from the backend before it opens; an exception keeps it closed."""

    def show(self, board: Board, view: ViewMode) -> None:
        """Render a new board, or the board of another moment."""

    @property
    def pane(self) -> Pane | None:
        """The pane that filters act on."""
        return None

    @property
    def expr(self) -> str:
        """PromQL of the screen's series, "" without one."""
        return ""

    def chosen_alert(self) -> AlertView | None:
        """The alert that keys act on."""
        return None

    async def selected_expr(self) -> str:
        """PromQL of the selection's trend: the screen's own, else that of the chosen alert, else ""."""
        if self.expr:
            return self.expr
        alert = self.chosen_alert()
        return (await self.context.backend.alert_detail(alert.id)).series if alert is not None else ""

    def trend_alert(self) -> AlertView | None:
        """The alert that keys act on while the selection's trend is shown."""
        return self.chosen_alert()

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """Labels that a silence of the selection would match."""
        alert = self.chosen_alert()
        return naming_labels(alert) if alert is not None else ()

    def marked_alerts(self) -> Sequence[AlertView]:
        """The marked alerts, on which keys act in place of the selected one."""
        return ()

    def log_focus(self) -> LogFocus:
        """The log lines that `L` shows: those of the chosen alert at its start, else all."""
        return alert_focus(self.chosen_alert())

    def acknowledged(self, alert: AlertView) -> None:
        """Called when the user has acknowledged an alert here."""

    def step_back(self) -> bool:
        """Undo one step within the screen on Esc; False where there is none and Esc leaves the screen."""
        if self.pane is not None and self.pane.marked:
            self.pane.unmark()
        elif self.pane is not None and self.pane.needle:
            self.pane.filter("")
        else:
            return False
        return True


def alert_focus(alert: AlertView | None) -> LogFocus:
    """The log lines of an alert's check or service at its start."""
    if alert is None:
        return LogFocus()
    names = tuple(name for key in ("check", "service", "job") if (name := alert.labels.get(key, "")))
    return LogFocus(names, alert.starts_at or alert.active_at)
