"""The prompt: one input line at the bottom of the screen for notes, filters, silences, times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from tui_monitor.core.humanize import cells, cut
from tui_monitor.core.sanitize import clean
from tui_monitor.tui.keymap import bindings
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.styles import TextStyles

SHORT_HINT = "Enter   Esc"
T = TypeVar("T")


def ask_until_valid(
    context: ScreenContext,
    question: str,
    parse: Callable[[str], T],
    then: Callable[[T], None],
    *,
    value: str = "",
    placeholder: str = "",
    hint: str,
    as_form: Callable[[], None] | None = None,
) -> None:
    """Prompt until ``parse`` accepts the line; after a ValueError the prompt returns with the typed text and a toast."""

    def answered(text: str) -> None:
        try:
            parsed = parse(text)
        except ValueError as fault:
            context.inform(str(fault), "error")
            ask_until_valid(context, question, parse, then, value=text, placeholder=placeholder, hint=hint, as_form=as_form)
        else:
            then(parsed)

    context.prompt(question, answered, value=value, placeholder=placeholder, hint=hint, as_form=as_form)


class PromptLabel(LineWidget):
    """Label of the prompt: the question and its keys."""

    def __init__(self, text: str, hint: str, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles, id="prompt-label")
        self.text, self.hint = look.words.say(text), look.words.say(hint)

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The question at the left, the keys at the right."""
        asked = min(cells(clean(self.text)), width // 2) + 4  # the question is cut before the keys are
        hint = self.hint if asked + cells(self.hint) <= width else SHORT_HINT
        row = LineBuilder(width, self.look).append(
            " " + cut(clean(self.text), width - cells(hint) - 4, self.look.glyphs.cut), "band-focus-title"
        )
        row.append(" " * max(0, row.room - cells(hint) - 1), "band-focus-dim").append(hint, "band-focus-dim")
        return [row.append(" " * row.room, "band-focus-dim").line()], -1


class PromptBox(Widget):
    """Container of label and input; the stylesheet docks it at the bottom."""


class PromptScreen(ModalScreen[str | None]):
    """Screen that asks for one line; its result is the text, None where the user left."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt")
    AUTO_FOCUS = "Input"

    def __init__(
        self,
        question: str,
        value: str = "",
        placeholder: str = "",
        *,
        look: RenderStyle,
        text_styles: TextStyles,
        hint: str = "Enter sends   Esc cancel",
        typed: Callable[[str], None] | None = None,
        as_form: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._typed, self._as_form = typed, as_form
        self._label = PromptLabel(question, hint, look=look, text_styles=text_styles)
        self._input = Input(value, look.words.say(placeholder), select_on_focus=False)
        self._input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Label over input."""
        yield PromptBox(self._label, self._input, id="prompt")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Report each change to ``typed``."""
        event.stop()
        if self._typed is not None:
            self._typed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Dismiss with the typed text."""
        event.stop()
        self.dismiss(event.value)

    def action_as_form(self) -> None:
        """Go on with the form, where there is one."""
        if self._as_form is not None:
            self.dismiss(None)
            self._as_form()

    def action_leave(self) -> None:
        """Dismiss without an answer."""
        self.dismiss(None)
