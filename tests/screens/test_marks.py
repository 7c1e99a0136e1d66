"""Marked alerts: `v` marks rows, and `a`, `A`, `u` and `s` act on them."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input

from tests.screens.test_app_keys import press, running, seen, told
from tests.support import sample_boards as boards
from tui_monitor.core.commands import Acknowledge, AddSilence, Unacknowledge
from tui_monitor.tui.keymap import palette
from tui_monitor.tui.screens.prompt import PromptScreen


async def test_marked_incidents_are_acknowledged_together_and_u_takes_it_back() -> None:
    """`v` marks and goes on; one note for all of them; the marks stay for `u`, and Esc takes them away."""
    async with running() as (app, backend, pilot):
        first, second = (alert.id for alert in app.main.alerts.alerts[:2])
        await press(app, pilot, "v", "v")
        assert app.main.alerts.cursor == 2 and "2 marked" in seen(app) and "*CRIT" in seen(app)
        await press(app, pilot, "a")
        assert "Acknowledge 2 alerts: shop, backup" in seen(app)
        await press(app, pilot, *"on it", "enter", "u")
        assert backend.commands == [Acknowledge((first, second), note="on it"), Unacknowledge((first, second))]
        await press(app, pilot, "escape")
        assert "marked" not in seen(app) and app.main.alerts.marked == set()
        await press(app, pilot, "U")
        assert len(backend.commands) == 2, "nobody has acknowledged them: there is nothing to undo"


async def test_a_takes_the_marked_ones_only() -> None:
    """`A` with marks is not all that fires; a second `v` takes a mark away."""
    async with running() as (app, backend, pilot):
        third = app.main.alerts.alerts[2].id
        await press(app, pilot, "v", "k", "v", "j", "v", "A", "enter")
        assert backend.commands == [Acknowledge((third,))]


async def test_marked_alerts_are_silenced_one_by_one() -> None:
    """A silence for each by its own labels: no alert is muted that was not marked; a wrong time is asked again."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "v", "v", "s")
        assert "Silence 2 alerts: shop, backup" in seen(app) and app.screen.query_one(Input).value == "2h"
        await press(app, pilot, *"x", "enter")
        assert isinstance(app.screen, PromptScreen) and any("not a duration" in text for text in told(app))
        await press(app, pilot, "backspace", *" # upgrade", "enter")
        assert backend.commands == [
            AddSilence(('alertname="CheckUnhealthy"', 'check="shop"'), 7200.0, "upgrade"),
            AddSilence(('alertname="CheckUnhealthy"', 'check="backup"'), 7200.0, "upgrade"),
        ]


async def test_the_list_of_alerts_marks_too_also_those_of_several_hosts() -> None:
    """On screen 2 the same keys act on the marked rows; what is over cannot be acknowledged."""
    async with running() as (app, backend, pilot):
        far = tuple(replace(alert, id=f"web-{number}/{alert.id}") for number, alert in enumerate(boards.busy().alerts[:2]))
        backend.push(replace(boards.busy(), alerts=far))
        await press(app, pilot, "2", "v", "v", "v", "A", "enter")
        assert backend.commands == [Acknowledge(tuple(alert.id for alert in far))]


async def test_marks_of_alerts_that_are_gone_are_forgotten() -> None:
    """A mark never waits for an alert that may come back."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "v")
        backend.push(replace(boards.busy(), alerts=boards.busy().alerts[1:]))
        await pilot.pause()
        assert app.main.alerts.marked == set() and "marked" not in seen(app)


async def test_only_incidents_are_marked_on_the_main_screen() -> None:
    """In another pane `v` says where the incidents are."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "tab", "v")
        assert app.main.alerts.marked == set() and any("Only incidents" in text for text in told(app))


def test_the_palette_does_not_begin_with_acknowledging_everything() -> None:
    """The palette lists by title: Ctrl+P, Enter, Enter acknowledges at most the selected alert (defect 17)."""
    first = min(palette())
    assert "acknowledge_all" not in first[2]
    assert any(action == "acknowledge_all" for _, _, action in palette())
