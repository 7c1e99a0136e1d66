"""What a screen may ask of the dashboard that shows it. The app implements it; tests may give another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

from textual.screen import Screen

from tui_monitor.board.backend import Backend
from tui_monitor.board.values import Board
from tui_monitor.core.commands import Command
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles

Severity = Literal["information", "warning", "error"]


class ScreenContext(Protocol):
    """The dashboard as its screens see it."""

    backend: Backend
    look: RenderStyle
    text_styles: TextStyles
    expressions: list[str]
    """PromQL that was typed in explore, the newest last."""

    @property
    def live(self) -> Board:
        """The newest board."""
        ...

    @property
    def shown(self) -> Board:
        """The board on the screen: the live one, or one that is paused or past."""
        ...

    @property
    def view(self) -> ViewMode:
        """Whether ``shown`` is live, paused or past."""
        ...

    @property
    def width(self) -> int:
        """The terminal's width in cells."""
        ...

    def now(self) -> int:
        """This moment (UTC ms)."""
        ...

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that waits for the backend; where it raises CommandRefused, LookupError, OSError or ValueError a toast says so."""
        ...

    async def send(self, command: Command, add: str = "") -> None:
        """Give the backend a command and show its result as a toast, with ``add`` after it where it was done."""
        ...

    def may_act(self) -> bool:
        """Whether commands can be given on what is shown; where not, a toast says why."""
        ...

    def inform(self, text: str, severity: Severity = "information") -> None:
        """Show a toast; the text is cleaned and never read as markup."""
        ...

    def ask(
        self,
        question: str,
        then: Callable[[str], None],
        *,
        value: str = "",
        placeholder: str = "",
        hint: str = ...,
        typed: Callable[[str], None] | None = None,
    ) -> None:
        """Ask for one line. ``then`` gets it, unless the user leaves; ``typed`` gets the text at each key, and ``value`` on leaving."""
        ...

    async def open(self, screen: Screen[None]) -> None:
        """Load a screen and put it on top."""
        ...

    def open_trend(self) -> None:
        """Open the trend of what is selected on the screen that is up."""
        ...

    def open_screen(self, name: str) -> None:
        """Open a screen of the table in the place of all that lie above the main one."""
        ...
