"""A list that says, while it has no rows, in several lines what to write into the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note
from tui_monitor.widgets.list_panes import ListPane, prose
from tui_monitor.widgets.styles import TextStyles


class AdvicePane(ListPane):
    """A `ListPane` with ``advice``: sentences, and lines to paste."""

    def __init__(self, title: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(title, "", look=look, text_styles=text_styles)
        self.advice: Sequence[str] = ()

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The advice, unless a search hides the rows."""
        return super().empty(width, height) if self.needle else advice_lines(self.advice, width, self.look)


def advice_lines(advice: Sequence[str], width: int, look: RenderStyle) -> list[Line]:
    """Sentences, which are wrapped, and lines to paste, which are not."""
    found: list[Line] = [LineBuilder(width, look).line()]
    for text in advice:
        found += prose(text, width, look) if is_sentence(text) else [note(text, width, look, "strong")]
    return found


def is_sentence(text: str) -> bool:
    """Whether a line of advice is for people, and not to be pasted."""
    return text.endswith((":", ".", ")")) and " " in text
