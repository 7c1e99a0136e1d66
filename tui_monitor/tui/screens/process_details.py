"""The page of one process, read again while it is open."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.process_list import ListedProcess
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.tui.screens.signal_prompt import ask_for_signal, cpu_of_check
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.list_panes import TextPane
from tui_monitor.widgets.process_table import ProcessPage, identity, process_lines

READINGS = 600


class ProcessDetailsScreen(PaneScreen):
    """Command, owner, relatives and the readings since it was opened; one that has ended stays as it was."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("process")
    HINTS: ClassVar[Hints] = hints("kill", "trend", "back")
    RELOAD_EVERY: ClassVar[int] = 2

    def __init__(self, context: ScreenContext, process: ListedProcess) -> None:
        self._text = TextPane("Process", lambda width, look: (), look=context.look, text_styles=context.text_styles)
        super().__init__(context, self._text)
        self._process = process
        self._cpu: deque[float | None] = deque(maxlen=READINGS)
        self._memory: deque[float] = deque(maxlen=READINGS)
        self._at = context.now()

    async def load(self) -> None:
        """Read the processes and show this one."""
        if self.context.shown.past or self.context.view.paused_since:
            return
        everything = await self.context.backend.processes()
        found = next((one for one in everything if identity(one) == identity(self._process)), None)
        if found is not None:
            self._process, self._at = found, self.context.now()
            self._cpu.append(found.cpu)
            self._memory.append(float(found.memory))
        parent = next((one for one in everything if one.pid == self._process.parent), None)
        children = [one for one in everything if one.parent == self._process.pid]
        page = ProcessPage(self._process, parent, children, tuple(self._cpu), tuple(self._memory), self._at, ended=found is None)
        self._text.change(
            self.context.look.words.say(f"Process {self._process.name}"),
            lambda width, look: process_lines(page, self.context.now(), width, look),
        )

    async def selected_expr(self) -> str:
        """The CPU of the check that watches this program, "" without one."""
        return cpu_of_check(self.context.shown, self._process.name)

    def action_kill(self) -> None:
        """Ask for the signal to this process, and send it."""
        ask_for_signal(self.context, self._process)
