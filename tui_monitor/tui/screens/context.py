"""The interface of the dashboard for its screens. The app implements it; tests can pass another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol, TypeVar

from textual.screen import ModalScreen, Screen

from tui_monitor.board.backend import Backend
from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.commands import Command
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles

T = TypeVar("T")
Severity = Literal["information", "warning", "error"]


class ScreenContext(Protocol):
    """The dashboard as its screens see it."""

    backend: Backend
    look: RenderStyle
    text_styles: TextStyles
    expressions: list[str]
    """PromQL that was typed in explore, the newest last."""

    acknowledged_together: tuple[str, ...]
    """Ids of the alerts that the last "acknowledge all" took."""

    strip_window: int
    """The window of all strips on all screens: its place in `strip_cells.WINDOWS`."""

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
        """View mode of ``shown``: live, paused or past."""
        ...

    @property
    def width(self) -> int:
        """The terminal's width in cells."""
        ...

    def acknowledged(self, alert: AlertView) -> None:
        """Tell the top screen that the user has acknowledged an alert there."""
        ...

    def now(self) -> int:
        """This moment (UTC ms)."""
        ...

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that waits for the backend; CommandRefused, LookupError, OSError and ValueError become a toast."""
        ...

    async def send(self, command: Command, add: str = "") -> None:
        """Send a command to the backend and show its result as a toast, followed by ``add`` on success."""
        ...

    def may_act(self) -> bool:
        """Whether commands are allowed on the board shown; if not, a toast gives the reason."""
        ...

    def inform(self, text: str, severity: Severity = "information") -> None:
        """Show a toast; the text is cleaned and never read as markup."""
        ...

    def go_to(self, at: int) -> None:
        """Show the main screen at a moment (UTC ms)."""
        ...

    def go_to_trouble(self, strip: Strip, step: int) -> None:
        """Show the board of the last (``step`` < 0) or the next moment at which a strip has trouble; says so where there is none."""
        ...

    def copy(self, text: str) -> None:
        """Put a text into the clipboard of the terminal (OSC 52), and say so."""
        ...

    def open_link(self, url: str) -> None:
        """Open a web address in a browser where there is a desktop; elsewhere copy it."""
        ...

    def push(self, form: ModalScreen[T | None], then: Callable[[T], None]) -> None:
        """Show a form; ``then`` receives its result unless the user leaves."""
        ...

    def prompt(
        self,
        question: str,
        then: Callable[[str], None],
        *,
        value: str = "",
        placeholder: str = "",
        hint: str = ...,
        typed: Callable[[str], None] | None = None,
        as_form: Callable[[], None] | None = None,
    ) -> None:
        """Prompt for one line. ``then`` receives it unless the user leaves; ``typed`` receives each change, and ``value`` on Esc.

        ``as_form`` opens the form that asks for the same, on Ctrl+T.
        """
        ...

    async def open(self, screen: Screen[None]) -> None:
        """Load a screen and push it."""
        ...

    def open_trend(self) -> None:
        """Open the trend of the top screen's selection."""
        ...

    def open_role(self, name: str) -> None:
        """Open a configured screen in place of all screens above the main one."""
        ...

    def open_screen(self, name: str) -> None:
        """Open a named screen in place of all screens above the main one."""
        ...
