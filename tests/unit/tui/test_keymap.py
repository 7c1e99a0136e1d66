"""The tables of keys and screens: what is made from them is complete and unambiguous."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from textual.binding import Binding

from tui_monitor.tui import keymap
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.dashboard import SCREENS_PACKAGE
from tui_monitor.tui.keymap import KEYS, KeymapEntry, bindings, docs_table, help_sections, hints, palette
from tui_monitor.tui.screen_table import SCREENS, ScreenEntry, screen_named
from tui_monitor.tui.screens.base import DashboardScreen
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.check_details import CheckDetailsScreen
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.tui.screens.first_run import FirstRunScreen
from tui_monitor.tui.screens.grid_screen import GridScreen
from tui_monitor.tui.screens.help import HelpScreen
from tui_monitor.tui.screens.history import HistoryScreen
from tui_monitor.tui.screens.hosts import HostsScreen
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.log_line import LogLineScreen
from tui_monitor.tui.screens.logs import LogsScreen
from tui_monitor.tui.screens.main import MainScreen
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.tui.screens.panels import PanelsScreen
from tui_monitor.tui.screens.process_details import ProcessDetailsScreen
from tui_monitor.tui.screens.processes import ProcessesScreen
from tui_monitor.tui.screens.prompt import PromptScreen
from tui_monitor.tui.screens.reports import ReportsScreen
from tui_monitor.tui.screens.requests import RequestsScreen
from tui_monitor.tui.screens.route import RouteScreen
from tui_monitor.tui.screens.service_map import ServiceMapScreen
from tui_monitor.tui.screens.services import ServiceScreen
from tui_monitor.tui.screens.silence_form import SilenceFormScreen
from tui_monitor.tui.screens.silences import SilencesScreen
from tui_monitor.tui.screens.study_screen import StudyScreen
from tui_monitor.tui.screens.trace import TraceScreen
from tui_monitor.tui.screens.traces import TracesScreen

OWNERS = {
    "app": MonitorApp, "main": MainScreen, "pane": PaneScreen, "chart": ChartScreen, "explore": ExploreScreen, "prompt": PromptScreen,
    "silences": SilencesScreen, "panels": PanelsScreen, "study": StudyScreen, "alert": IncidentScreen, "map": ServiceMapScreen,
    "silence_form": SilenceFormScreen,
    "processes": ProcessesScreen, "alerts": HistoryScreen, "service": ServiceScreen, "process": ProcessDetailsScreen, "grid": GridScreen,
    "logs": LogsScreen, "log_line": LogLineScreen, "requests": RequestsScreen, "route": RouteScreen, "traces": TracesScreen,
    "trace": TraceScreen, "hosts": HostsScreen, "check": CheckDetailsScreen,
    "first_run": FirstRunScreen, "help": HelpScreen,
    "report": ReportsScreen,
}  # fmt: skip
"""The class that a scope's keys are bound in."""


def bound(scope: str) -> list[Binding]:
    return [one for one in bindings(scope) if isinstance(one, Binding)]


@pytest.mark.parametrize("scope", sorted({scope for key in KEYS for scope in key.scopes}))
def test_every_key_of_a_scope_runs_something(scope: str) -> None:
    """No entry names an action that its screen does not have, and no key is bound twice."""
    owner = OWNERS[scope]
    for binding in bound(scope):
        assert hasattr(owner, f"action_{binding.action.partition('(')[0]}"), (scope, binding)
    keys = Counter(key for binding in bound(scope) for key in binding.key.split(","))
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_binding_stands_in_the_table() -> None:
    """Each class of a scope has the table's bindings and none of its own."""
    for scope, owner in OWNERS.items():
        assert vars(owner)["BINDINGS"] == bindings(scope), scope


def test_names_are_unique() -> None:
    """Footers refer to keys by name, and keys lead to one screen."""
    assert len({key.name for key in KEYS}) == len(KEYS)
    assert len({one.name for one in SCREENS}) == len(SCREENS)
    assert len([one for one in SCREENS if one.key]) == len({one.key for one in SCREENS if one.key})


def test_a_footer_takes_the_key_from_the_table_and_may_have_its_own_word() -> None:
    """The key is never written down a second time."""
    assert hints("acknowledge", ("open", "end the silence")) == (("a", "acknowledge"), ("Enter", "end the silence"))
    with pytest.raises(KeyError):
        hints("no such key")


@pytest.mark.parametrize("entry", [one for one in SCREENS if one.target], ids=lambda one: one.name)
def test_every_entry_leads_to_a_screen(entry: ScreenEntry) -> None:
    """The class of each line of the table exists, is a screen of the dashboard and names keys in its footer."""
    module, _, name = entry.target.partition(":")
    screen = getattr(importlib.import_module(f"{SCREENS_PACKAGE}.{module}"), name)
    assert issubclass(screen, DashboardScreen) and screen.HINTS


def test_an_unknown_screen_is_said() -> None:
    """A wrong name is an error with the name in it."""
    with pytest.raises(LookupError, match='"maps"'):
        screen_named("maps")


def test_a_screen_without_a_number_is_in_help_palette_and_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenth screen and those after it need no key of their own."""
    monkeypatch.setattr(keymap, "SCREENS", (*SCREENS, ScreenEntry("more", "", "More", "one more", "one more screen", "logs:LogsScreen")))
    assert ("0", "one more screen") in dict(help_sections())["Move"]
    assert ("More", "one more", "open_screen('more')") in list(palette())
    assert "| `0` | one more screen |" in docs_table()
    assert not any("more" in binding.action for binding in bound("app"))


def test_all_that_the_palette_offers_can_be_run() -> None:
    """Each entry says its key, and its action is one of the app or of the screen that is up."""
    for title, about, action in palette():
        name = action.partition("(")[0]
        assert title and about
        assert hasattr(MonitorApp, f"action_{name}") or hasattr(PaneScreen, f"action_{name.removeprefix('screen.')}"), action


def test_help_has_every_key_with_a_text() -> None:
    """What the table describes stands on the help page once."""
    rows = [row for _, rows in help_sections() for row in rows]
    described = [(key.shown, key.help) for key in KEYS if key.section and key.help]
    assert [row for row in described if rows.count(row) != 1] == []
    assert all(isinstance(key, KeymapEntry) and (key.help or key.doc or key.hint or key.priority) for key in KEYS)
