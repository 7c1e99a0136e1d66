"""The services of this machine, to tick: Enter writes a configuration that checks them, and loads it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.first_run import FirstRun, FoundService
from tui_monitor.core.commands import Reload
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Hints, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.list_panes import ListRow


class FirstRunScreen(ListScreen):
    """What was found, ticked where its check would be healthy as it stands."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("first_run")
    TITLE_TEXT = "Services of this machine"
    EMPTY_TEXT = "Searching for services ..."
    NOTHING = "Nothing listens here that this program knows. tui-monitor config init writes a file to fill in."
    HINTS: ClassVar[Hints] = (*hints("tick", ("open", "write the file"), "filter", "back"),)

    def __init__(self, context: ScreenContext, first_run: FirstRun) -> None:
        super().__init__(context)
        self._first_run = first_run
        self._found: dict[str, FoundService] = {}
        self._ticked: set[str] = set()
        self._searched = False

    def on_mount(self) -> None:
        """Search once the screen is shown: it takes seconds on a machine with many ports."""
        self.context.start(self._search())

    async def _search(self) -> None:
        self._found = {one.name: one for one in await self._first_run.find()}
        self._ticked = {one.name for one in self._found.values() if one.well}
        self._searched = True
        self._fill()

    def _fill(self) -> None:
        rows = [
            ListRow(one.name, f"{one.name} {one.kind} {one.place}", partial(_line, one, one.name in self._ticked))
            for one in self._found.values()
        ]
        self.rows.fill(rows, f"{len(self._ticked)} of {len(rows)} for {self._first_run.path}", empty=self.NOTHING)

    def action_tick(self) -> None:
        """Tick the selected service, or take the tick off."""
        if self.rows.selection in self._found:
            self._ticked ^= {self.rows.selection}
            self._fill()

    def action_open(self) -> None:
        """Write the file and load it, once it is known what to check."""
        if self._searched:
            self.context.start(self._write())

    async def _write(self) -> None:
        await self._first_run.write(self._ticked)
        self.context.inform(f"Written: {self._first_run.path}")
        self.context.open_screen("overview")
        await self.context.send(Reload())


def _line(one: FoundService, ticked: bool, width: int, look: RenderStyle, selected: bool) -> Line:
    row = LineBuilder(width, look).gap().append("[x]" if ticked else "[ ]", "ok" if ticked else "dim").gap()
    row.append(one.name, "strong" if ticked else "text", max(12, width // 3)).gap().append(one.kind, "dim", 11).gap()
    return row.append(one.place, "text", 22).gap().append(one.note, "dim" if one.well else "warning").line()
