"""The form of a silence at the bottom of the screen; Ctrl+T turns it into the line for experts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.values import AlertView
from tui_monitor.tui.keymap import bindings
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.prompt import PromptBox, PromptLabel
from tui_monitor.widgets.cell_line import Line
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.silence_form import CHIPS, TIMES, SilenceForm, effect, form_lines

HINT = "Enter mutes   Space label   Tab next   Ctrl+T as a line   Esc cancel"
KNOWN_ALERTS = 1000


class FormPane(LineWidget, can_focus=True):
    """Chips and durations."""

    class Changed(Message):
        """The form was changed by the mouse."""

    def __init__(self, form: SilenceForm, context: ScreenContext) -> None:
        super().__init__(look=context.look, text_styles=context.text_styles, id="silence-form")
        self.form = form
        self.ended: Sequence[AlertView] | None = None
        self._dashboard = context
        self._places: Sequence[tuple[int, int, int, int, int]] = ()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The form with what it would mute."""
        board = self._dashboard.live
        told = effect(self.form, board.alerts, self.ended, board.at or self._dashboard.now())
        lines, self._places = form_lines(self.form, told, width, self.look, self.has_focus)
        return lines, -1

    def change(self, form: SilenceForm) -> None:
        """Show another state of the form."""
        self.form = form
        self.fit()
        self.rebuild()

    def fit(self) -> None:
        """As high as the lines that its chips take."""
        self.styles.height = len(form_lines(self.form, "", max(10, self._dashboard.width), self.look, False)[0])

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the cursor."""
        super().watch_has_focus(has_focus)
        self.rebuild()

    def on_click(self, event: events.Click) -> None:
        """A click toggles a label or chooses a duration."""
        for line, begin, end, row, place in self._places:
            if event.y == line and begin <= event.x < end:
                self.change(self.form.toggled(place) if row == CHIPS else replace(self.form, row=TIMES, chosen=place))


class SilenceFormScreen(ModalScreen[tuple[SilenceForm, str, bool] | None]):
    """The form; its result is the state, the reason, and whether to go on as a line; None where the user left."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("silence_form")
    AUTO_FOCUS = "FormPane"

    def __init__(self, context: ScreenContext, form: SilenceForm, why: str = "") -> None:
        super().__init__()
        self._dashboard = context
        self.form_pane = FormPane(form, context)
        self._label = PromptLabel("Silence", HINT, look=context.look, text_styles=context.text_styles)
        self.why = Input(why, placeholder=context.look.words.exact("why (optional)"), select_on_focus=False)
        self.why.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Label, form, reason."""
        self.form_pane.fit()
        yield PromptBox(self._label, self.form_pane, self.why, id="prompt")

    def on_mount(self) -> None:
        """Read what ended lately, for the number of a week."""
        self._dashboard.start(self._read())

    async def _read(self) -> None:
        try:
            self.form_pane.ended = await self._dashboard.backend.alert_history(KNOWN_ALERTS)
        except CommandRefused:
            return
        self.form_pane.rebuild()

    def _change(self, change: Callable[[SilenceForm], SilenceForm]) -> None:
        self.form_pane.change(change(self.form_pane.form))

    def action_move(self, step: int) -> None:
        """Move to the next chip, or choose the next duration."""
        self._change(lambda form: form.moved(step))

    def action_toggle_chip(self) -> None:
        """Choose the label under the cursor, or take it out."""
        self._change(lambda form: form.toggled(form.place) if form.row == CHIPS else form)

    def action_row(self, step: int) -> None:
        """Go to the next row: labels, durations, reason."""
        rows = (CHIPS, TIMES, 2)
        here = self.form_pane.form.row if self.form_pane.has_focus else 2
        row = rows[(here + step) % 3]
        if row == 2:
            self.why.focus()
        else:
            self._change(lambda form: replace(form, row=row))
            self.form_pane.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason mutes too."""
        event.stop()
        self.action_mute()

    def action_mute(self) -> None:
        """Add the silence; without a label the form stays."""
        if self.form_pane.form.labels:
            self.dismiss((self.form_pane.form, self.why.value.strip(), False))

    def action_as_line(self) -> None:
        """Go on with the line of matchers, duration and reason."""
        self.dismiss((self.form_pane.form, self.why.value.strip(), True))

    def action_leave(self) -> None:
        """Leave without a silence."""
        self.dismiss(None)
