"""The Textual app: runs the backend as one worker, shows its boards, turns keys into commands. Only here does the house meet widgets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import tzinfo
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import NoColor
from textual.screen import Screen

from tui_monitor.board.values import AlertView, Backend, Board, CommandRefused, NotReady
from tui_monitor.core.commands import Command, Reload, Unacknowledge
from tui_monitor.core.sanitize import clean
from tui_monitor.platform.durable_terminal import lasting_terminal
from tui_monitor.tui.screens.main import MainScreen
from tui_monitor.widgets.board_panes import AlertsPane, EndpointsPane, HealthPane, ResourcesPane
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.glyphs import glyphs_for
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.status_bars import ViewMode
from tui_monitor.widgets.styles import TextStyles
from tui_monitor.widgets.theme import COLORS, NIGHT

END_WITHIN = 5.0
"""Seconds that the backend has to hand over when the app ends."""
LOOK_AGAIN = 0.1
STEP_MS = 60_000
LONG_STEP_MS = 900_000
MARKED = 500
"""How many alerts of the past the timeline marks."""


class MonitorApp(App[int]):
    """The dashboard on a backend. ``at`` (UTC ms) starts in the past; ``zone`` None is the machine's."""

    CSS_PATH = "monitor.tcss"
    TITLE = "tui-monitor"
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 6
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", "Acknowledge", show=False),
        Binding("A", "acknowledge_all", "Acknowledge all", show=False),
        Binding("u", "take_back", "Take the acknowledgement back", show=False),
        Binding("s", "silence", "Silence", show=False),
        Binding("t", "trend", "Trend", show=False),
        Binding("e", "explore", "Explore", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("p", "pause", "Pause the picture", show=False),
        Binding("left_square_bracket", f"step({-STEP_MS})", "Step back in time", show=False),
        Binding("right_square_bracket", f"step({STEP_MS})", "Step forth in time", show=False),
        Binding("left_curly_bracket", f"step({-LONG_STEP_MS})", "Long step back", show=False),
        Binding("right_curly_bracket", f"step({LONG_STEP_MS})", "Long step forth", show=False),
        Binding("at", "goto", "Go to a time", show=False),
        Binding("m", "its_moment", "The alert's moment", show=False),
        Binding("M", "mark", "Mark this moment", show=False),
        Binding("R", "reload", "Reload the configuration", show=False),
        Binding("question_mark", "help", "Help", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("q", "quit", "Quit", show=False),
        Binding("ctrl+q,ctrl+c", "quit", "Quit", show=False, priority=True),
        *(Binding(str(number), f"page({number})", f"Screen {number}", show=False) for number in range(1, 10)),
    ]

    def __init__(
        self,
        backend: Backend,
        *,
        bell: bool,
        now: Callable[[], int],
        at: int | None = None,
        zone: tzinfo | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        super().__init__(ansi_color=True if plain else None)
        if plain and not self.no_color:
            self.no_color = True
            self._filters.append(NoColor())
        self.register_theme(NIGHT)
        self.theme = NIGHT.name
        self.animation_level = "none"
        self.backend = backend
        self.ring = bell
        self.now = now
        self.look = RenderStyle(glyphs_for(environ), zone)
        self.text_styles = TextStyles(COLORS, plain=plain)
        self.live = backend.first_board()
        self.view = ViewMode()
        self.failure: BaseException | None = None
        self._frozen: Board | None = None
        self._aim = 0
        self._announced: list[int] = []
        self.typed: list[str] = []
        self._known: frozenset[str] | None = self._firing(self.live)
        self._start_at = at
        self._house: asyncio.Task[None] | None = None
        self.main = MainScreen(self.live, self.look, self.text_styles)

    # Life.

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main

    def on_load(self) -> None:
        """Before the terminal is taken: from here on signals give it back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self._end_by_signal)

    def on_mount(self) -> None:
        """Paint first; the house starts after."""
        self.call_after_refresh(self._raise_curtain)

    def _raise_curtain(self) -> None:
        self.main.raise_curtain()
        self.call_after_refresh(self._open_house)

    def _open_house(self) -> None:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        self.backend.subscribe(self.take)
        self._house = asyncio.create_task(self._run_house(), name="backend")
        if self._start_at is not None:
            self.do(self._begin_at(self._start_at))

    async def _run_house(self) -> None:
        try:
            await self.backend.run()
        except Exception as fault:  # noqa: BLE001 - the boundary: whatever ends the house ends the app, and is told after the terminal is restored
            self.failure = fault
            self.exit(1, return_code=1)

    def _end_by_signal(self) -> None:
        self.do(self.action_quit())

    async def action_quit(self) -> None:
        """End the app, after the backend has handed over (at most `END_WITHIN`)."""
        self.backend.stop()
        if self._house is not None:
            await asyncio.wait([self._house], timeout=END_WITHIN)
        self.exit(0)

    # Boards.

    @property
    def shown(self) -> Board:
        """The board on the screen: the live one, or the one that was paused or asked for."""
        return self._frozen or self.live

    def take(self, board: Board) -> None:
        """A new board from the backend."""
        before, self.live = self._known, board
        if not board.loading:
            self._known = known = self._firing(board)
            if before is not None and known is not None:
                self._announce(board, known - before)
        if self._frozen is None:
            self.refresh_picture()

    @staticmethod
    def _firing(board: Board) -> frozenset[str] | None:
        if board.loading:
            return None
        return frozenset(a.id for a in board.alerts if a.state == "firing" and not a.acknowledged_by and not a.suppressed_by)

    def _announce(self, board: Board, fresh: frozenset[str]) -> None:
        if not fresh:
            return
        new = [alert for alert in board.alerts if alert.id in fresh]
        since = board.at - self.NOTIFICATION_TIMEOUT * 1000
        self._announced = [at for at in self._announced if at > since] + [board.at] * len(new)
        more = len(self._announced) - 1
        text = clean(new[0].summary or new[0].name) + (f"  and {more} more" if more else "")
        self.clear_notifications()  # in a storm one toast counts; a heap of them would hide the very alerts
        grave = any(alert.severity in ("critical", "error") for alert in new)
        self.notify(text, title=clean(new[0].name), severity="error" if grave else "warning", markup=False)
        if self.ring or board.bell:
            self.bell()

    def refresh_picture(self) -> None:
        """Show the board that is to be seen, on whatever screen is up."""
        self.view = ViewMode(self.view.paused_since, self.view.past_at, self.live.at or self.shown.at)
        for screen in self.screen_stack[-2:]:
            show = getattr(screen, "show", None)
            if show is not None:
                show(self.shown, self.view)

    def action_pause(self) -> None:
        """Hold the picture; the data goes on."""
        if self.view.paused_since:
            self._live()
        elif not self.view.past_at:
            self._frozen = self.live
            self.view = ViewMode(paused_since=self.live.at or self.now())
            self.refresh_picture()

    def _live(self) -> None:
        self._frozen, self._aim = None, 0
        self.view = ViewMode()
        self.refresh_picture()

    def action_step(self, step: int) -> None:
        """Step in time; forth from the newest moment is live again."""
        if not self._aim and step > 0:
            return
        self._aim = (self._aim or self.view.paused_since or self.live.at or self.now()) + step
        self.do(self._show_aim())

    async def _begin_at(self, at: int) -> None:
        """Show a past moment as soon as the house can be asked."""
        while True:
            try:
                return await self.go_to(at)
            except NotReady:
                await asyncio.sleep(LOOK_AGAIN)

    async def go_to(self, at: int) -> None:
        """Show the board of a moment; from the newest on it is live."""
        self._aim = at
        await self._show_aim()

    async def _show_aim(self) -> None:
        """Show the moment that was asked for last: who steps faster than boards are made sees only where they end."""
        at = self._aim
        if at >= (self.live.at or self.now()):
            self._live()
            return
        try:
            board = await self.backend.board_at(at)
        except BaseException:
            self._aim = self.view.past_at
            raise
        if at != self._aim:
            return
        if not self.view.past_at:
            over = await self.backend.alert_history(MARKED)
            self.main.timeline.marks = [(a.starts_at or a.active_at, a.severity) for a in (*over, *self.live.alerts)]
        self._frozen = board
        self.view = ViewMode(past_at=at)
        self.refresh_picture()

    # Asking the backend.

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that waits; a refusal is told."""
        self.run_worker(self._guarded(work), exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CommandRefused as refused:
            self.notify(clean(str(refused)), severity="error", markup=False)
        except (LookupError, OSError, ValueError) as fault:
            self.notify(clean(f"That did not work: {fault or type(fault).__name__}"), severity="error", markup=False)

    async def command(self, command: Command) -> None:
        """Give the backend a command and show its result."""
        result = await self.backend.command(command)
        self.notify(clean(result.text), severity="information" if result.ok else "error", markup=False)

    def refused(self) -> bool:
        """Tell why nothing can be done here, where that is so."""
        why = "This is the past: Esc goes back to now." if self.view.past_at else self.live.read_only
        if why:
            self.notify(clean(why), severity="warning", markup=False)
        return bool(why)

    def ask(
        self,
        question: str,
        then: Callable[[str], None],
        value: str = "",
        placeholder: str = "",
        hint: str = "Enter sends   Esc leaves",
        typed: Callable[[str], None] | None = None,
    ) -> None:
        """Ask for one line; ``then`` is called with it unless the user leaves, ``typed`` with what stands there at each key."""
        from tui_monitor.tui.screens.prompt import PromptScreen

        def answered(text: str | None) -> None:
            if text is not None:
                then(text)
            elif typed is not None:
                typed(value)

        self.push_screen(
            PromptScreen(question, value, placeholder, look=self.look, text_styles=self.text_styles, hint=hint, typed=typed), answered
        )

    # Keys.

    def chosen_alert(self) -> AlertView | None:
        """The alert that keys act on: of the screen that is up, else the main screen's selected or first."""
        chosen = getattr(self.screen, "chosen_alert", self.main.chosen_alert)()
        return chosen if isinstance(chosen, AlertView) else None

    def action_acknowledge(self) -> None:
        """Ask for a note and acknowledge the alert."""
        self._asking("acknowledge")

    def action_acknowledge_all(self) -> None:
        """Ask for a note and acknowledge everything that fires."""
        self._asking("acknowledge_all")

    def action_take_back(self) -> None:
        """Take the acknowledgement of the alert back."""
        alert = self.chosen_alert()
        if alert is not None and not self.refused():
            self.do(self.command(Unacknowledge((alert.id,))))

    def action_silence(self) -> None:
        """Ask for matchers and a time, and silence."""
        self._asking("silence")

    def action_filter(self) -> None:
        """Ask for a text and show only rows that hold it."""
        self._asking("filter_rows")

    def action_goto(self) -> None:
        """Ask for a time and go there."""
        self._asking("goto")

    def action_mark(self) -> None:
        """Ask for a text and mark the moment that is shown."""
        self._asking("mark")

    def action_another_series(self) -> None:
        """Ask for another series of the chart."""
        self._asking("another_series")

    def action_keep(self) -> None:
        """Ask for a name and keep the chart's query."""
        self._asking("keep")

    def _asking(self, what: str) -> None:
        from tui_monitor.tui.screens import prompts as asking

        ask: Callable[[MonitorApp], None] = getattr(asking, what)
        ask(self)

    async def action_back(self) -> None:
        """One step back: from a screen, the past, a pause, a filter. Never quits."""
        pane = getattr(self.screen, "pane", None)
        if self.screen is not self.main and isinstance(pane, Pane) and pane.needle:
            pane.filter("")
        elif self.screen is not self.main:
            self.pop_screen()
        elif self.view.past_at or self.view.paused_since:
            self._live()
        elif self.main.pane.needle:
            self.main.pane.filter("")
        elif self.main.has_class("-turn"):
            self.main.alone(self.main.alerts)

    def action_reload(self) -> None:
        """Reload the configuration."""
        if not self.refused():
            self.do(self.command(Reload()))

    def on_main_screen_details_asked(self, event: MainScreen.DetailsAsked) -> None:
        """Open the details of what is selected."""
        from tui_monitor.tui.screens import openers as opening

        pane = event.pane
        if isinstance(pane, AlertsPane):
            alert = pane.selected_alert()
            if alert is not None:
                self.do(opening.open_alert(self, alert.id))
        elif isinstance(pane, EndpointsPane | HealthPane):
            check = pane.selected_check()
            if check is not None:
                opening.open_check(self, check)
        elif isinstance(pane, ResourcesPane):
            self.action_page(4) if pane.selection.startswith("pid:") else self.action_trend()

    def action_trend(self) -> None:
        """Open the trend of the selection."""
        from tui_monitor.tui.screens import openers as opening

        self.do(opening.open_trend(self))

    def action_explore(self) -> None:
        """Open the explore screen."""
        from tui_monitor.tui.screens import openers as opening

        self.do(opening.open_explore(self))

    def action_page(self, number: int) -> None:
        """Open one of the numbered screens."""
        from tui_monitor.tui.screens import openers as opening

        self.do(opening.open_page(self, number))

    def action_help(self) -> None:
        """Show the keys."""
        from tui_monitor.tui.screens import openers as opening

        opening.open_help(self)

    def action_its_moment(self) -> None:
        """Go to the moment of the selected alert."""
        alert = self.chosen_alert()
        if alert is not None:
            self.action_moment(alert.starts_at or alert.active_at)

    def action_moment(self, at: int) -> None:
        """Go to a moment, on the main screen."""
        while self.screen is not self.main:
            self.pop_screen()
        self.do(self.go_to(at))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the command palette offers."""
        from tui_monitor.widgets.prompt_parsing import PALETTE

        for title, help_text, action in PALETTE:
            yield SystemCommand(title, help_text, lambda action=action: self.run_action(action))


def run_app(backend: Backend, *, bell: bool, now: Callable[[], int], at: int | None = None) -> int:
    """Run the dashboard until it ends; 0, 2 for a wrong configuration, 1 where the backend failed (told on standard error)."""
    gc.disable()  # until the first paint: collecting while everything loads costs 20 ms and finds nothing
    app = MonitorApp(backend, bell=bell, now=now, at=at)
    with contextlib.suppress(OSError), lasting_terminal():
        app.run()
    if app.failure is not None:
        for line in str(app.failure).splitlines():
            print(f"tui-monitor: {clean(line)}", file=sys.stderr)
        return int(getattr(app.failure, "exit_code", 1))
    return app.return_code or 0
