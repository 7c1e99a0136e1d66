"""The app's implementation of `ScreenContext`: boards, toasts, prompts and the stack of screens."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import ModalScreen, Screen

from tui_monitor.board.backend import Backend, CommandRefused
from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.commands import Command
from tui_monitor.core.sanitize import clean
from tui_monitor.tui.screen_table import screen_named
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.context import Severity, T
from tui_monitor.tui.time_travel import TimeTravel
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.strip_cells import trouble_moment
from tui_monitor.widgets.styles import TextStyles

if TYPE_CHECKING:  # the dashboard paints before it imports what only queries need
    from tui_monitor.board.screens import ScreenDefinition

SCREENS_PACKAGE = "tui_monitor.tui.screens"


class Dashboard:
    """State and services shared by the screens of one app. The lowest screen of the stack is the main one."""

    def __init__(self, app: App[int], backend: Backend, look: RenderStyle, text_styles: TextStyles, now: Callable[[], int]) -> None:
        self.backend, self.look, self.text_styles, self.now = backend, look, text_styles, now
        self.time = TimeTravel(backend, backend.first_board(), now, self.refresh_board)
        self.expressions: list[str] = []
        self.acknowledged_together: tuple[str, ...] = ()
        """Ids of the alerts that the last "acknowledge all" took, for its undo."""
        self.role_screens: tuple[ScreenDefinition, ...] = ()
        """The configured screens, as they were last read."""
        self.strip_window = 0
        """The window of all strips on all screens."""
        self._app = app

    @property
    def live(self) -> Board:
        """The newest board."""
        return self.time.live

    @property
    def shown(self) -> Board:
        """The board on the screen."""
        return self.time.shown

    @property
    def view(self) -> ViewMode:
        """View mode of the board shown: live, paused or past."""
        return self.time.view

    @property
    def width(self) -> int:
        """The terminal's width in cells."""
        return self._app.size.width

    @property
    def top(self) -> DashboardScreen:
        """The screen that keys act on: the top one, or the one under a prompt."""
        return next(screen for screen in reversed(self._app.screen_stack) if isinstance(screen, DashboardScreen))

    def refresh_board(self) -> None:
        """Render the board again on the top screen, or on the one under a prompt; a change of a covered one would repaint the top one."""
        self.top.show(self.shown, self.view)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that waits for the backend; its failure becomes a toast."""
        self._app.run_worker(self._guarded(work), exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CommandRefused as refused:
            self.inform(str(refused), "error")
        except (LookupError, OSError, ValueError) as fault:
            self.inform(f"The command failed: {fault or type(fault).__name__}", "error")

    async def send(self, command: Command, add: str = "") -> None:
        """Send a command to the backend and show its result as a toast, followed by ``add`` on success."""
        result = await self.backend.command(command)
        self.inform(result.text + add if result.ok else result.text, "information" if result.ok else "error")

    def inform(self, text: str, severity: Severity = "information") -> None:
        """Show a toast; the text is never parsed as markup."""
        self._app.notify(self.look.words.say(clean(text)), severity=severity, markup=False)

    def push(self, form: ModalScreen[T | None], then: Callable[[T], None]) -> None:
        """Show a form at the bottom of the screen."""
        self._app.push_screen(form, lambda result: then(result) if result is not None else None)

    def copy(self, text: str) -> None:
        """Put a text into the terminal's clipboard."""
        self._app.copy_to_clipboard(clean(text))
        self.inform(f"Copied: {text}")

    def open_link(self, url: str) -> None:
        """Open a web address in a browser, or copy it where this session has no desktop."""
        if has_desktop(os.environ) and url.startswith(("http://", "https://")):
            self.start(self._browse(url))
        else:
            self.copy(url)

    async def _browse(self, url: str) -> None:
        import webbrowser

        if not await asyncio.to_thread(webbrowser.open, url):
            self.copy(url)

    def go_to_trouble(self, strip: Strip, step: int) -> None:
        """Show the board of the last or the next moment at which a strip has trouble."""
        at = trouble_moment(strip, self.view.past_at or self.live.at or self.now(), step)
        if at:
            self.go_to(at)
        else:
            self.inform("No earlier trouble in this strip." if step < 0 else "No later trouble in this strip.")

    def go_to(self, at: int) -> None:
        """Show the main screen at a moment (UTC ms)."""
        self.close_all()
        self.start(self.time.go_to(at))

    def acknowledged(self, alert: AlertView) -> None:
        """Tell the top screen."""
        self.top.acknowledged(alert)

    def may_act(self) -> bool:
        """Whether commands are allowed on the board shown; if not, a toast gives the reason."""
        why = "A past board is shown: Esc returns to the present." if self.view.past_at else self.live.read_only
        if why:
            self.inform(why, "warning")
        return not why

    def prompt(
        self,
        question: str,
        then: Callable[[str], None],
        *,
        value: str = "",
        placeholder: str = "",
        hint: str = "Enter sends   Esc cancel",
        typed: Callable[[str], None] | None = None,
        as_form: Callable[[], None] | None = None,
    ) -> None:
        """Prompt for one line at the bottom of the screen."""
        from tui_monitor.tui.screens.prompt import PromptScreen

        def answered(text: str | None) -> None:
            if text is not None:
                then(text)
            elif typed is not None:
                typed(value)

        prompt = PromptScreen(
            question, value, placeholder, look=self.look, text_styles=self.text_styles, hint=hint, typed=typed, as_form=as_form
        )
        self._app.push_screen(prompt, answered)

    async def open(self, screen: Screen[None]) -> None:
        """Load a screen and push it; its notices (past, paused, no leader) are shown from the start."""
        if isinstance(screen, DashboardScreen):
            await screen.load()
        self._push(screen)

    def open_screen(self, name: str) -> None:
        """Open a named screen, replacing any other named screen: only one of them is open at a time."""
        target = screen_named(name).target
        if target:
            self.start(self._open_beside(target))
        else:
            self.close_all()

    def open_role(self, name: str) -> None:
        """Open a configured screen, replacing any other named screen; an unknown name is told with the known ones."""
        self.start(self._open_role(name))

    async def _open_role(self, name: str) -> None:
        from tui_monitor.board.screens import find_screen
        from tui_monitor.tui.screens.role import RoleScreen

        self.role_screens = tuple(await self.backend.screens())
        found = find_screen(self.role_screens, name)
        if found is None:
            known = ", ".join(each.name for each in self.role_screens)
            text = f"; there are: {known}" if known else "; none is configured ([[screens]])"
            self.inform(f'There is no screen "{name}"{text}', "error")
            return
        self.close_all()
        self._push(RoleScreen(self, found))

    async def open_own_role(self) -> None:
        """Open the first screen of the user's own Unix groups, unless another screen was opened meanwhile."""
        self.role_screens = tuple(await self.backend.screens())
        if not any(each.groups for each in self.role_screens):
            return
        from tui_monitor.platform.unix_groups import own_groups

        own = own_groups()
        found = next((each for each in self.role_screens if own.intersection(each.groups)), None)
        if found is not None and len(self._app.screen_stack) == 1:
            await self._open_role(found.name)

    async def _open_beside(self, target: str) -> None:
        module, _, class_name = target.partition(":")
        screen: DashboardScreen = getattr(importlib.import_module(f"{SCREENS_PACKAGE}.{module}"), class_name)(self)
        await screen.load()
        self.close_all()
        self._push(screen)

    def close_all(self) -> None:
        """Pop all screens above the main one."""
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def _push(self, screen: Screen[None]) -> None:
        self._app.push_screen(screen)
        self._app.call_after_refresh(self.refresh_board)

    def open_trend(self) -> None:
        """Open the trend of the selection."""
        self.start(self._open_trend(self.top))

    async def _open_trend(self, screen: DashboardScreen) -> None:
        from tui_monitor.tui.screens.trend import TrendScreen

        expr, alert = await screen.selected_expr(), screen.trend_alert()
        if expr:
            await self.open(TrendScreen(self, expr, alert))
        else:
            self.inform("There is no series to show here.")


def has_desktop(environ: Mapping[str, str]) -> bool:
    """Whether a browser that is opened here is seen by the person at the terminal."""
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) and not environ.get("SSH_CONNECTION")
