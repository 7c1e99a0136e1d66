"""The map of services: what depends on what, with the strip of each, root causes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.promql.values import selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.alerts import alert_of_check
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.service_map import LikelyEdge, explanation, likely_edges, linked_rows
from tui_monitor.widgets.service_tables import section_line
from tui_monitor.widgets.services import TreeRow, columns_with_figures, names_width, service_line, services_head
from tui_monitor.widgets.strip_cells import WINDOWS

STRIPS_MS = 10_000
KNOWN_ALERTS = 2000
NO_EDGES = 'No check depends on another yet. depends_on = ["db"] in a check says what explains its failure: then one alert tells it.'


class ServiceMapScreen(ListScreen):
    """Checks below what they depend on; Enter opens a check, `w` changes the strips' window."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("map")
    TITLE_TEXT = "Service map"
    EMPTY_TEXT = "No checks yet."
    HINTS: ClassVar[Hints] = hints(("open", "its check"), "acknowledge", "silence", "trend", "window", "filter", "back")

    def __init__(self, context: ScreenContext, below: DashboardScreen | None = None) -> None:
        super().__init__(context)
        self._wanted = _check_of(below)
        self._strips: Mapping[str, Strip] = {}
        self._read_at = 0
        self._edges: Sequence[LikelyEdge] = ()
        self._columns: tuple[str, ...] = ()

    def on_mount(self) -> None:
        """Show the checks, select the one from which the map was opened, then read strips and past alerts."""
        self.show_board(self.context.shown)
        if self._wanted:
            self.rows.select(self._wanted)
        self.context.start(self._read())

    async def _read(self) -> None:
        board, window = self.context.shown, WINDOWS[self.context.strip_window]
        self._read_at = board.at
        try:
            names = [check.name for check in board.checks]
            self._strips = await self.context.backend.strips(names, slot_bounds(board.at, window.slot, window.count))
            if not self._edges:
                self._edges = likely_edges(await self.context.backend.alert_history(KNOWN_ALERTS), board.checks)
        except CommandRefused:
            return
        self._fill(board)

    def show_board(self, board: Board) -> None:
        """Show the checks as they are now."""
        self._fill(board)
        if self._read_at and abs(board.at - self._read_at) >= STRIPS_MS:
            self.context.start(self._read())

    def _fill(self, board: Board) -> None:
        look = self.context.look
        linked, alone = linked_rows(board.checks, look)
        names = names_width([*linked, *map(TreeRow, alone)], self.context.width)
        self._columns = columns_with_figures(board.checks, self.context.width)
        rows = [self._row(row, names, board) for row in linked]
        if alone and linked:
            rows.append(ListRow("", "", partial(_heading, f"without dependencies: {len(alone)}")))
        rows += [self._row(TreeRow(check), names, board) for check in alone]
        if self._edges:
            rows.append(ListRow("", "", partial(_heading, "perhaps missing")))
            rows += [ListRow("", f"{edge.check} {edge.cause}", partial(_edge, edge)) for edge in self._edges]
        failing = sum(check.status.value in ("unhealthy", "degraded") for check in board.checks)
        remark = f"{failing} of {len(board.checks)} failing" if board.checks else ""
        self.rows.fill(rows, remark if linked else f"{remark}   {NO_EDGES}", columns=self._heads if board.checks else None)

    def _heads(self, width: int, look: RenderStyle) -> Sequence[Line]:
        window = WINDOWS[self.context.strip_window].title
        return [section_line("", services_head(width, window, look, self._columns), width, look)]

    def _row(self, row: TreeRow, names: int, board: Board) -> ListRow:
        check = row.check
        text = f"{check.name}: {explanation(check, board.checks)}"
        strip = self._strips.get(check.name, ())
        return ListRow(check.name, f"{check.name} {check.reason}", partial(_line, row, strip, names, self._columns, board.at), text)

    def _selected(self) -> CheckView | None:
        return next((check for check in self.context.shown.checks if check.name == self.rows.selection), None)

    @property
    def expr(self) -> str:
        """The latency of the selected check."""
        return selection("probe_duration_seconds", check=self.rows.selection) if self.rows.selection else ""

    def chosen_alert(self) -> AlertView | None:
        """The alert of the selected check."""
        return alert_of_check(self.context.shown, self.rows.selection)

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """The name of the selected check."""
        return [("check", self.rows.selection)] if self.rows.selection else ()

    def open_row(self, key: str) -> None:
        """Open the incident of a failing check, else the check."""
        alert, check = self.chosen_alert(), self._selected()
        if alert is not None:
            from tui_monitor.tui.screens.incident import IncidentScreen

            self.context.start(self.context.open(IncidentScreen(self.context, alert.id)))
        elif check is not None:
            from tui_monitor.tui.screens.check_details import CheckDetailsScreen

            self.context.start(self.context.open(CheckDetailsScreen(self.context, check)))

    def action_window(self) -> None:
        """Show the next window of time in all strips."""
        self.context.strip_window = (self.context.strip_window + 1) % len(WINDOWS)
        self.context.start(self._read())


def _check_of(below: DashboardScreen | None) -> str:
    """The check that the screen below is about."""
    alert = below.chosen_alert() if below is not None else None
    labels = dict(below.silence_labels()) if below is not None else {}
    return labels.get("check", "") or (alert.labels.get("check", "") if alert is not None else "")


def _line(row: TreeRow, strip: Strip, names: int, columns: Sequence[str], now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return service_line(row, strip, width, look, names, now, columns)


def _heading(text: str, width: int, look: RenderStyle, selected: bool) -> Line:
    return LineBuilder(width, look).gap().say(text, "heading").line()


def _edge(edge: LikelyEdge, width: int, look: RenderStyle, selected: bool) -> Line:
    row = (
        LineBuilder(width, look)
        .gap(3)
        .append(edge.check, "strong")
        .gap()
        .append(look.glyphs.arrow, "dim")
        .gap()
        .append(edge.cause, "strong")
    )
    row.gap(2).say(f"failed within 10s of it {edge.times} of {edge.of} times", "dim").gap(2)
    return row.append(f'depends_on = ["{edge.cause}"]', "link").line()
