"""The screen of silences: matchers, author and time left."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.core.commands import EndSilence, ExtendSilence
from tui_monitor.core.units import parse_duration
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, ListScreen
from tui_monitor.tui.screens.prompt import ask_until_valid
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.silences import silence_in_full, silence_line


class SilencesScreen(ListScreen):
    """Active and future silences; Enter ends one, `+` extends it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("silences")
    TITLE_TEXT = "Silences"
    EMPTY_TEXT = "No silences. s on an alert adds one."
    HINTS: ClassVar[Hints] = (*hints(("open", "end the silence"), "extend"), *LIST_HINTS)

    async def load(self) -> None:
        """Load all silences."""
        found, now, look = await self.context.backend.silences(), self.context.shown.at, self.context.look
        rows = [
            ListRow(one.id, f"{one.matchers} {one.by} {one.comment}", partial(silence_line, one, now), silence_in_full(one, now, look))
            for one in found
        ]
        active = sum(one.starts_at <= now for one in found)
        self.rows.fill(rows, f"{active} active, {len(rows) - active} scheduled")

    def open_row(self, key: str) -> None:
        """End the silence after a confirmation."""
        hint = "Enter ends   Esc cancel"
        self.context.prompt("End this silence now?", lambda _: self.context.start(self._end(key)), hint=hint)

    async def _end(self, key: str) -> None:
        await self.context.send(EndSilence(key))
        await self.load()

    def action_extend(self) -> None:
        """Ask for a duration and extend the selected silence by it."""
        key = self.rows.selection
        if key and self.context.may_act():
            ask_until_valid(
                self.context, "Extend by", lambda text: parse_duration(text.strip()),
                lambda seconds: self.context.start(self._extend(key, seconds)), value="2h", hint="Enter extends   Esc cancel",
            )  # fmt: skip

    async def _extend(self, key: str, seconds: float) -> None:
        await self.context.send(ExtendSilence(key, seconds))
        await self.load()
