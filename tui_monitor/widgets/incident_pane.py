"""The pane of an incident's page: its head stays, the rest scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.humanize import cells
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.incident_page import incident_lines
from tui_monitor.widgets.incident_view import IncidentView
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles


class IncidentPane(Pane):
    """One incident; the first line stays where the page scrolls."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self._view: IncidentView | None = None
        self._count = 0

    def show(self, view: IncidentView) -> None:
        """Show an incident, or newer facts of it."""
        self._view = view
        self.rebuild()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The verdict, then the lines from the scroll position on; the last says how many follow."""
        if self._view is None:
            return [LineBuilder(width, self.look).gap().append("loading", "dim").line()], -1
        head, *lines = incident_lines(self._view, width, height, self.look)
        if self.needle:
            lines = [line for line in lines if self.needle.casefold() in "".join(text for text, _ in line).casefold()]
        self._count, room = len(lines), height - 1
        self.top = max(0, min(self.top, self._count - room))
        shown = lines[self.top : self.top + room]
        rest = self._count - self.top - len(shown)
        if rest > 0 and shown:
            text = self.look.words.say(f"{rest + 1} more below") + " "
            shown[-1] = LineBuilder(width, self.look).align(cells(text)).append(text, "faint").line()
        return [head, *shown], -1

    def move_to(self, index: int) -> None:
        """Scroll so that this line is the first below the head."""
        self.top = max(0, min(index, self._count - 1))
        self.rebuild()

    def move(self, step: int) -> None:
        """Scroll."""
        self.move_to(self.top + step)

    def keys(self) -> Sequence[str]:
        """One empty key a line, so that moving to the end works."""
        return ("",) * self._count
