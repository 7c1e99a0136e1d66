"""The Textual app: runs the backend in a task, gives its boards to the screens, turns keys into commands."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.color import ColorSystem
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.events import Event, Key
from textual.filter import NoColor
from textual.screen import Screen

from tui_monitor.board.backend import Backend
from tui_monitor.board.first_run import FirstRun
from tui_monitor.board.fleet import Fleet
from tui_monitor.board.values import Board
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.catalogue.translation import Translator
from tui_monitor.core.commands import Reload, Unacknowledge
from tui_monitor.core.sanitize import clean
from tui_monitor.platform.durable_terminal import durable_terminal
from tui_monitor.platform.terminal_query import NO_ANSWER, TerminalAnswer, ask_terminal, writes_utf8
from tui_monitor.platform.user_theme import UserTheme
from tui_monitor.tui.dashboard import Dashboard
from tui_monitor.tui.hangul_keys import latin_keys
from tui_monitor.tui.keymap import bindings, palette
from tui_monitor.tui.new_alerts import NewAlertNotice, NewAlerts
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.main import MainScreen
from tui_monitor.tui.terminal_title import RESTORE, SAVE, notice_sequence, title_sequence, title_text
from tui_monitor.widgets.cell_line import RenderStyle
from tui_monitor.widgets.depth import CHOICES, Depth, colors_at, depth_of
from tui_monitor.widgets.glyphs import PLAIN_TERMINALS, glyphs_for
from tui_monitor.widgets.line_widget import LineWidget
from tui_monitor.widgets.palettes import AUTO, NAMES
from tui_monitor.widgets.styles import TextStyles
from tui_monitor.widgets.theme import PREFIX, theme_of

if TYPE_CHECKING:  # loaded with the palette
    from textual.command import CommandPalette

_SYSTEMS = {Depth.SIXTEEN: ColorSystem.STANDARD, Depth.INDEXED: ColorSystem.EIGHT_BIT, Depth.TRUE: ColorSystem.TRUECOLOR}
END_WITHIN = 5.0
"""Seconds that the backend has to hand over when the app ends."""


class MonitorApp(App[int]):
    """The dashboard on a backend. ``at`` (UTC ms) starts in the past; ``zone`` None is the machine's.

    ``fleet``: the hosts, of which the backend shows the opened one; their list is shown first. ``screen``: the configured screen to
    begin with.
    ``first_run``: without a configuration, what writes one. ``themes``: where the user's own choice of a theme is kept.
    """

    CSS_PATH = "monitor.tcss"
    TITLE = "tui-monitor"
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 6
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    def __init__(
        self,
        backend: Backend,
        *,
        now: Callable[[], int],
        at: int | None = None,
        zone: tzinfo | None = None,
        environ: Mapping[str, str] = os.environ,
        colors: str = "auto",
        answer: TerminalAnswer = NO_ANSWER,
        fleet: Fleet | None = None,
        screen: str = "",
        first_run: FirstRun | None = None,
        themes: UserTheme | None = None,
    ) -> None:
        self._depth = depth_of(environ, asked=colors, answered=answer.true_color)
        self._asked = colors
        self._light = bool(answer.light)
        self._theme_name, self._theme_chosen = AUTO, False
        self._themes = themes
        self._before_preview = ""
        self._titled = ""
        self._has_title = environ.get("TERM", "dumb") not in PLAIN_TERMINALS
        plain = self._depth is Depth.NONE
        super().__init__(ansi_color=True)
        if plain and not self.no_color:
            self.no_color = True
            self._filters.append(NoColor())
        if self._depth is not Depth.NONE:
            self.console._color_system = _SYSTEMS[self._depth]
        self.animation_level = "none"
        self.failure: BaseException | None = None
        """What ended the backend."""
        self._words = Translator(language_in_use("", environ))
        self._locale_language = self._words.language
        look = RenderStyle(glyphs_for(environ, wide=answer.wide, utf8=answer.utf8 and writes_utf8()), zone, self._words)
        self.context = Dashboard(self, backend, look, TextStyles(colors_at("night", self._depth), plain=plain), now)
        own = themes.read() if themes is not None else ""
        self._theme_chosen = own in NAMES
        self.use_theme(own if own in NAMES else AUTO)
        self.stylesheet.set_variables(self.get_css_variables())
        self.main = MainScreen(self.context)
        self._backend = backend
        self._new_alerts = NewAlerts(self.context.live, self.NOTIFICATION_TIMEOUT * 1000)
        self._start_at = at
        self._fleet = fleet
        self._first_screen: str | None = screen
        self._first_run = first_run
        self._backend_task: asyncio.Task[None] | None = None

    def use_theme(self, name: str) -> None:
        """Show the dashboard in the colours of a theme; "auto": night or day by the terminal's background."""
        self._theme_name = name
        resolved = ("day" if self._light else "night") if name == AUTO else name
        self.context.text_styles.use(colors_at(resolved, self._depth), plain=self._depth is Depth.NONE)
        theme = theme_of(resolved, self._depth)
        self.register_theme(theme)
        self.theme = theme.name
        if self.is_running:
            self.refresh_css(animate=False)
            for screen in self.screen_stack[-2:]:  # the palette leaves the screen under it in sight
                screen.refresh(layout=False)
                for widget in screen.query("LineWidget"):
                    widget.refresh()

    def get_css_variables(self) -> dict[str, str]:
        """The variables of the theme; none of the one that Textual begins with, which is never shown."""
        return super().get_css_variables() if self.theme.startswith(PREFIX) else {}

    def refresh_css(self, animate: bool = True) -> None:
        """Apply a changed theme; before there is a screen the style sheet has been made with the theme's variables."""
        if self.screen_stack:
            super().refresh_css(animate)

    # Life.

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver of the platform; on Linux and macOS ours, which costs less."""
        found = super().get_driver_class()
        if found.__name__ == "LinuxDriver":
            from tui_monitor.tui.driver import QuietDriver

            return QuietDriver
        return found

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main

    def on_load(self) -> None:
        """Install signal handlers before the terminal changes mode, so that a signal restores it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self._end_by_signal)

    async def on_event(self, event: Event) -> None:
        """Treat letters of the Korean layout as the Latin keys in the same place, except in text inputs."""
        keys = latin_keys(event.character) if isinstance(event, Key) and not self._is_typed(event) else ""
        for key in keys:
            await super().on_event(Key(key, key))
        if not keys:
            await super().on_event(event)

    def _is_typed(self, event: Key) -> bool:
        return self.focused is not None and self.focused.check_consume_key(event.key, event.character)

    def on_mount(self) -> None:
        """Paint first, then start the backend."""
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        self.main.start_painting()
        self.call_after_refresh(self._start_backend)

    def _start_backend(self) -> None:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        self._backend.subscribe(self.receive)
        self._backend_task = asyncio.create_task(self._run_backend(), name="backend")
        self._show_hosts()
        if self._start_at is not None:
            self.context.start(self.context.time.go_to_when_ready(self._start_at))

    def _show_hosts(self) -> None:
        """Show the list of hosts, where there are several."""
        if self._fleet is not None:
            from tui_monitor.tui.screens.hosts import HostsScreen

            self.context.time.resume()
            self._fleet.open("")
            self.context.start(self.context.open(HostsScreen(self.context, self._fleet)))

    async def _run_backend(self) -> None:
        try:
            await self._backend.run()
        except Exception as fault:  # noqa: BLE001 - the boundary: whatever ends the backend ends the app, and stands on the restored terminal
            self.failure = fault
            self.exit(1, return_code=1)

    def _end_by_signal(self) -> None:
        self.context.start(self.action_quit())

    async def action_quit(self) -> None:
        """End the app, after the backend has handed over (at most `END_WITHIN`)."""
        self._backend.stop()
        if self._backend_task is not None:
            await asyncio.wait([self._backend_task], timeout=END_WITHIN)
        self.exit(0)

    def receive(self, board: Board) -> None:
        """Receive a new board from the backend."""
        notice = self._new_alerts.notice(board)
        if notice is not None:
            self._tell(board, notice)
            if board.bell:
                self.bell()
            if board.notices:
                self._write_terminal(notice_sequence(f"{board.host}: {notice.text}"))
        self._show_title(board)
        self._speak(board.language or self._locale_language)
        depth = CHOICES.get(board.colors, self._depth) if self._asked == "auto" and self._depth is not Depth.NONE else self._depth
        if depth is not self._depth:
            self._depth = depth
            self.console._color_system = _SYSTEMS[depth]
            self.use_theme(self._theme_name)
        if board.theme and not self._theme_chosen and not self._before_preview and board.theme != self._theme_name:
            self.use_theme(board.theme)
        self.context.time.receive(board)
        if self._first_screen is not None and not board.loading:
            self._open_first(self._first_screen)

    def _open_first(self, name: str) -> None:
        """Begin with the screen that was asked for, else with that of the user's group; on the first board, as queries need it."""
        self._first_screen = None
        if name:
            self.context.open_role(name)
        elif self._fleet is None:
            self.context.start(self.context.open_own_role())

    def _speak(self, language: str) -> None:
        """Use the configured language, else the locale's."""
        if language != self._words.language:
            self._words.use(language)
            for widget in self.screen.query(LineWidget):
                widget.forget()
                widget.rebuild()

    def _show_title(self, board: Board) -> None:
        """Say in the terminal's title what is wrong; the title before comes back when the app ends."""
        text = title_text(board, self.context.look.glyphs) if board.title and self._has_title else ""
        if text and text != self._titled:
            self._write_terminal((SAVE if not self._titled else "") + title_sequence(text))
            self._titled = text

    def restore_title(self) -> str:
        """What gives the terminal its title back, "" where it was not changed."""
        return RESTORE if self._titled else ""

    def _write_terminal(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _tell(self, board: Board, notice: NewAlertNotice) -> None:
        """Show a toast, unless the list on the screen tells it already, whose rows it would cover."""
        view = self.context.view
        if self.screen is not self.main or view.past_at or view.paused_since or not self.main.lists(notice.alerts):
            self.clear_notifications()  # one toast with a count: in an alert storm many toasts would cover the alerts
            self.notify(notice.text, title=notice.title, severity=notice.severity, markup=False)

    # Keys.

    def action_acknowledge(self) -> None:
        """Ask for a note and acknowledge the marked alerts, else the selected one."""
        from tui_monitor.tui import prompts

        marked = self.context.top.marked_alerts()
        if marked:
            prompts.acknowledge_marked(self.context, marked)
        else:
            prompts.acknowledge(self.context, self.context.top.chosen_alert())

    def action_acknowledge_all(self) -> None:
        """Ask for a note and acknowledge the marked alerts, else all that fire."""
        from tui_monitor.tui import prompts

        marked = self.context.top.marked_alerts()
        if marked:
            prompts.acknowledge_marked(self.context, marked)
        else:
            prompts.acknowledge_all(self.context)

    def action_unacknowledge(self) -> None:
        """Withdraw the acknowledgement of the marked alerts, else of the selected one."""
        chosen = self.context.top.chosen_alert()
        alerts = self.context.top.marked_alerts() or ([chosen] if chosen is not None else [])
        if alerts and self.context.may_act():
            self.context.start(self.context.send(Unacknowledge(tuple(alert.id for alert in alerts))))

    def action_undo_acknowledge_all(self) -> None:
        """Withdraw the acknowledgements that the last `A` (or `a` on marked alerts) made, and no others."""
        live = {alert.id for alert in self.context.live.alerts if alert.acknowledged_by}
        ids = tuple(one for one in self.context.acknowledged_together if one in live)
        if not ids:
            self.context.inform("There is no acknowledgement of several alerts to undo.")
        elif self.context.may_act():
            self.context.acknowledged_together = ()
            self.context.start(self.context.send(Unacknowledge(ids)))

    def action_silence(self) -> None:
        """Ask for matchers and a duration, and add the silence; of marked alerts one each."""
        from tui_monitor.tui import prompts

        marked = self.context.top.marked_alerts()
        if marked:
            prompts.silence_marked(self.context, marked)
            return
        top = self.context.top if self.context.top.silence_labels() else self.main
        prompts.silence(self.context, top.silence_labels(), top.chosen_alert())

    def action_filter(self) -> None:
        """Ask for a text and show only rows that contain it."""
        from tui_monitor.tui import prompts

        prompts.filter_rows(self.context, self.context.top.pane or self.main.pane)

    def action_pause(self) -> None:
        """Freeze the screen at the board shown; monitoring goes on."""
        self.context.time.toggle_pause()

    def action_step(self, by: int) -> None:
        """Move in time by ``by`` ms; beyond the newest moment the display is live again."""
        self.context.start(self.context.time.step(by))

    def action_go_to_time(self) -> None:
        """Ask for a time and go there."""
        from tui_monitor.tui import prompts

        prompts.time(self.context, lambda at: self.context.start(self.context.time.go_to(at)))

    def action_alert_time(self) -> None:
        """Show the main screen at the time when the selected alert began."""
        alert = self.context.top.chosen_alert()
        if alert is not None:
            self.context.close_all()
            self.context.start(self.context.time.go_to(alert.starts_at or alert.active_at))

    def action_mark(self) -> None:
        """Ask for a text and annotate the moment shown."""
        from tui_monitor.tui import prompts

        prompts.mark(self.context)

    def action_reload(self) -> None:
        """Reload the configuration."""
        if self.context.may_act():
            self.context.start(self.context.send(Reload()))

    async def action_back(self) -> None:
        """Leave one of: past or pause, filter, screen. Never quits."""
        if self.screen is self.main and (self.context.view.past_at or self.context.view.paused_since):
            self.context.time.resume()
        elif self.context.top.step_back():
            return
        elif self.screen is self.main:
            self._show_hosts()
        else:
            self.pop_screen()

    def action_trend(self) -> None:
        """Open the trend of the selection."""
        self.context.open_trend()

    def action_layout(self) -> None:
        """Show the main screen in its next layout."""
        self.context.close_all()
        self.main.action_layout()

    def action_explore(self) -> None:
        """Open explore with the selection's expression."""
        self.context.start(self._explore(self.context.top))

    async def _explore(self, screen: DashboardScreen) -> None:
        from tui_monitor.tui.screens.explore import ExploreScreen

        await self.context.open(ExploreScreen(self.context, await screen.selected_expr()))

    def action_service_map(self) -> None:
        """Show what depends on what."""
        from tui_monitor.tui.screens.service_map import ServiceMapScreen

        self.context.start(self.context.open(ServiceMapScreen(self.context, self.context.top)))

    def action_logs(self) -> None:
        """Open the log lines of the selection."""
        self.context.start(self._logs(self.context.top))

    async def _logs(self, screen: DashboardScreen) -> None:
        from tui_monitor.tui.screens.logs import LogsScreen, open_logs

        if not isinstance(screen, LogsScreen):
            await open_logs(self.context, screen.log_focus())

    def action_open_screen(self, name: str) -> None:
        """Open a screen of `screen_table` by name."""
        self.context.open_screen(name)

    def action_find_services(self) -> None:
        """Offer to write a configuration, where there is none."""
        if self._first_run is None or self.context.live.checks:
            self.context.inform("There is a configuration already; tui-monitor config init --stdout prints what it would find.")
        elif self.context.may_act():
            from tui_monitor.tui.screens.first_run import FirstRunScreen

            self.context.start(self.context.open(FirstRunScreen(self.context, self._first_run)))

    def action_help(self) -> None:
        """Show the keys."""
        from tui_monitor.tui.screens.help import HelpScreen

        self.context.start(self.context.open(HelpScreen(self.context)))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The entries of the command palette."""
        for title, about, action in palette():
            key, _, text = about.rpartition(": ")
            about = f"{key}: {self._words.say(text)}" if key else self._words.say(text)
            yield SystemCommand(self._words.say(title), about, lambda action=action: self.run_action(action))
        for one in self.context.role_screens:
            yield SystemCommand(f"Screen: {clean(one.title or one.name)}", "panels", partial(self.context.open_role, one.name))
        yield SystemCommand(self._words.say("Theme"), self._words.say("other colours: Enter for the next one"), self.action_next_theme)
        for name in NAMES:
            yield SystemCommand(
                self._words.say(f"Theme: {name}"), self._words.say("the colours of the dashboard"), partial(self.choose_theme, name)
            )

    def choose_theme(self, name: str) -> None:
        """Use a theme from now on, in every dashboard of this user; "auto": again the configuration's."""
        self._before_preview = ""
        self._theme_chosen = name != AUTO
        self.use_theme(self.context.live.theme or AUTO if name == AUTO else name)
        kept = self._themes is not None and self._themes.keep("" if name == AUTO else name)
        self.context.inform(f"Theme: {name}" if kept else f"Theme: {name}, until the dashboard ends")

    def on_command_palette_option_highlighted(self, event: CommandPalette.OptionHighlighted) -> None:
        """Show a theme while it is selected in the palette."""
        shown = str(event.highlighted_event.option.prompt).split("\n")[0]
        name = next((one for one in NAMES if shown == self._words.say(f"Theme: {one}")), "")
        if name:
            self._before_preview = self._before_preview or self._theme_name
            self.use_theme(name)
        else:
            self._end_preview()

    def on_command_palette_closed(self, event: CommandPalette.Closed) -> None:
        """Esc brings the theme of before back; Enter has chosen another."""
        if not event.option_selected:
            self._end_preview()

    def _end_preview(self) -> None:
        before, self._before_preview = self._before_preview, ""
        if before and before != self._theme_name:
            self.use_theme(before)

    def action_next_theme(self) -> None:
        """Show the next theme."""
        self.choose_theme(NAMES[(NAMES.index(self._theme_name) + 1) % len(NAMES)])


def run_app(
    backend: Backend,
    *,
    now: Callable[[], int],
    at: int | None = None,
    colors: str = "auto",
    fleet: Fleet | None = None,
    screen: str = "",
    first_run: FirstRun | None = None,
) -> int:
    """Run the dashboard until it ends; 0, 2 for a wrong configuration, 1 where the backend failed (the reason is on standard error)."""
    plain = os.environ.get("TERM", "dumb") in PLAIN_TERMINALS or os.environ.get("NO_COLOR")
    answer = NO_ANSWER if plain else ask_terminal()
    app = MonitorApp(
        backend, now=now, at=at, colors=colors, answer=answer, fleet=fleet, screen=screen, first_run=first_run, themes=UserTheme(os.environ)
    )
    with contextlib.suppress(OSError), durable_terminal():
        app.run()
        print(app.restore_title(), end="", file=sys.__stderr__, flush=True)
    if app.failure is not None:
        for line in str(app.failure).splitlines():
            print(f"tui-monitor: {clean(line)}", file=sys.stderr)
        return int(getattr(app.failure, "exit_code", 1))
    return app.return_code or 0
