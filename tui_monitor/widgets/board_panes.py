"""The four panes of the main screen: each keeps its part of the newest board and builds its lines."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.core.values import HealthStatus
from tui_monitor.promql.values import selection
from tui_monitor.widgets import alerts, machine
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note
from tui_monitor.widgets.key_clicks import press
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

ADVICE_FROM_HEIGHT = 8


class BoardPane(Pane):
    """A pane that shows a part of the board."""

    ORDERS: tuple[str, ...] = ()

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        super().__init__(look=look, text_styles=text_styles, id=id)
        self.board = board
        self.order = self.ORDERS[0] if self.ORDERS else ""
        self.select_rows()

    def show(self, board: Board) -> None:
        """Show a new board."""
        self.board = board
        self.select_rows()
        self.rebuild()

    def select_rows(self) -> None:
        """Select this pane's part of the board."""

    def next_order(self) -> str:
        """Change to the next sort order and name it."""
        if self.ORDERS:
            self.order = self.ORDERS[(self.ORDERS.index(self.order) + 1) % len(self.ORDERS)]
            self.select_rows()
            self.rebuild()
        return self.order

    def on_click(self, event: events.Click) -> None:
        """A click on the head changes the order, as `o` does; Textual calls `Pane.on_click` too, for the rows."""
        if event.y == 0 and self.ORDERS:
            press(self, "o")

    def filter(self, needle: str) -> None:
        """Show only rows that hold this text."""
        self.needle = needle
        self.select_rows()
        self.rebuild()

    def expr(self) -> str:
        """PromQL of the selected row's trend, "" where there is none."""
        return ""


class ResourcesPane(BoardPane):
    """CPU, memory, file systems, network, disks and processes of this machine."""

    TITLE = "Resources"
    ORDERS = ("cpu", "memory")

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self._entries: list[machine.ResourceRow] = []
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def keys(self) -> Sequence[str]:
        """One key for each gauge, mount, interface, disk and process."""
        return [entry.key for entry in self._entries]

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """The line that `build` prepared."""
        return self._entries[index].line

    def expr(self) -> str:
        """The series behind the selected gauge."""
        return self._entries[self.cursor].expr if self.cursor < len(self._entries) else ""


class ChecksPane(BoardPane):
    """A pane of checks."""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self.checks: Sequence[CheckView] = ()
        self.names = 0
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def keys(self) -> Sequence[str]:
        """The checks' names."""
        return [check.name for check in self.checks]

    def selected_check(self) -> CheckView | None:
        """The check of the selected row."""
        return self.checks[self.cursor] if self.cursor < len(self.checks) else None

    def expr(self) -> str:
        """The latency of the selected check."""
        check = self.selected_check()
        return selection("probe_duration_seconds", check=check.name) if check else ""

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """How to add a check."""
        if self.board.loading:
            return [note("Waiting for the first measurement.", width, self.look)]
        if self.needle:
            return [note("Nothing matches the filter. Esc clears it.", width, self.look)]
        blank = [LineBuilder(width, self.look).line()] if height > len(self.ADVICE) else []
        return [*blank, *(note(text, width, self.look, style) for text, style in self.ADVICE)]

    ADVICE: tuple[tuple[str, str], ...] = ()


class AlertsPane(BoardPane):
    """Pending and firing alerts."""

    TITLE = "Alerts"
    ORDERS = alerts.ORDERS

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self.alerts: list[AlertView] = []
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def select_rows(self) -> None:
        """The board's alerts, filtered and sorted."""
        found = [alert for alert in self.board.alerts if alerts.matches(alert, self.needle)] if self.needle else self.board.alerts
        self.alerts = sorted(found, key=alerts.order_key(self.order))

    def keys(self) -> Sequence[str]:
        """The alerts' ids."""
        return [alert.id for alert in self.alerts]

    def remark(self) -> str:
        """Counts, failing notifiers, and the sort order where it is not the default."""
        order = f"   by {self.order}" if self.order != self.ORDERS[0] else ""
        waiting = f"   {late}" if (late := alerts.undelivered(self.board.alerts)) else ""
        return alerts.counts(self.board) + waiting + order

    def selected_alert(self) -> AlertView | None:
        """The alert of the selected row, else the first."""
        if not self.alerts:
            return None
        return self.alerts[min(self.cursor, len(self.alerts) - 1)]

    def leave(self, alert_id: str) -> None:
        """Select the first open alert other than this one; else the first row."""
        rows = [alert for alert in self.alerts if alert.id != alert_id and alerts.is_open(alert)]
        self._key = rows[0].id if rows else None
        self.cursor = 0
        self.rebuild()

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One alert."""
        return alerts.alert_line(self.alerts[index], self.board.at, width, self.look, selected=selected, past=self.board.past)

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Start and description of the selected alert, in as many lines as the alerts leave."""
        chosen = self.selected_alert()
        if chosen is None or height < ADVICE_FROM_HEIGHT or width < 60:
            return ()
        spare = height - len(self.alerts) - 3
        return alerts.advice_lines(chosen, self.board.at, width, self.look, max(1, min(3, spare)))

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """Lines for no alerts, or for no board yet."""
        blank = LineBuilder(width, self.look).line()
        if self.board.loading:
            return [blank, note("The first measurement is running.", width, self.look)]
        if self.needle:
            return [blank, note("Nothing matches the filter. Esc clears it.", width, self.look)]
        quiet = LineBuilder(width, self.look).gap(2).append(self.look.glyphs.healthy, "ok").gap().append("No alerts.", "text").gap()
        healthy = sum(check.status is HealthStatus.HEALTHY for check in self.board.checks)
        quiet.say(f"{healthy} of {len(self.board.checks)} checks are healthy." if self.board.checks else "", "dim")
        lines = [blank, quiet.line()]
        if not self.board.notifiers:
            lines.append(note("No notifier yet ([[notifiers]]): alerts are shown only here.", width, self.look))
        if not self.board.checks:
            lines.append(note("Only this machine is monitored: tui-monitor config init finds services that run here.", width, self.look))
        return lines
