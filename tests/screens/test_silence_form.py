"""A silence as a form: what it would mute stands there before it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from textual.widgets import Input

from tests.screens.test_app_keys import press, running, seen, settle
from tests.support import sample_boards as boards
from tui_monitor.core import humanize as f
from tui_monitor.core.commands import AddSilence
from tui_monitor.tui.screens.prompt import PromptScreen
from tui_monitor.tui.screens.silence_form import SilenceFormScreen
from tui_monitor.widgets.alerts import naming_labels
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import ASCII, UNICODE
from tui_monitor.widgets.silence_form import effect, form_lines, form_of, seconds_until

GIVEN = [("alertname", "CheckUnhealthy"), ("check", "db")]
FORM = form_of(GIVEN, boards.storm().alerts[0].labels, boards.AT, UTC)


async def test_labels_duration_and_reason_are_chosen_by_keys() -> None:
    """Tab goes through the rows, Space takes a label out, arrows choose, Enter mutes; the count follows each change."""
    async with running(kind="storm") as (app, backend, pilot):
        await press(app, pilot, "s")
        await settle(app, pilot)
        assert isinstance(app.screen, SilenceFormScreen) and "mutes 1 alert now, 1 last week: db" in seen(app)
        await press(app, pilot, "up", "right", "space")
        assert "[ ] check=db" in seen(app) and "mutes 4 alerts now" in seen(app)
        await press(app, pilot, "tab", "left", "tab", *"upgrade", "enter")
        assert backend.commands == [AddSilence(('alertname="CheckUnhealthy"',), 3600.0, "upgrade")]
        assert app.screen is app.main


async def test_a_silence_may_last_until_its_alerts_have_resolved() -> None:
    """The last duration; 30 days at most."""
    async with running(kind="storm") as (app, backend, pilot):
        await press(app, pilot, "s", "left", "left", "left", "enter")
        assert backend.commands == [
            AddSilence(('alertname="CheckUnhealthy"', 'check="db"'), 30 * 86_400.0, until_resolved=True),
        ]


async def test_nothing_is_muted_without_a_label_and_esc_leaves() -> None:
    """A silence of everything is refused before it is sent."""
    async with running(kind="storm") as (app, backend, pilot):
        await press(app, pilot, "s", "up", "space", "right", "space", "enter")
        assert "Choose at least one label" in seen(app) and isinstance(app.screen, SilenceFormScreen)
        await press(app, pilot, "escape")
        assert app.screen is app.main and backend.commands == []


async def test_the_form_goes_on_as_a_line_for_experts() -> None:
    """Ctrl+T keeps what was chosen, and leads back to the form."""
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "s", "tab", *"upgrade", "ctrl+t")
        assert isinstance(app.screen, PromptScreen)
        assert app.screen.query_one(Input).value == 'alertname="CheckUnhealthy" check="db" 2h # upgrade'
        await press(app, pilot, "ctrl+t")
        assert isinstance(app.screen, SilenceFormScreen) and app.screen.why.value == "upgrade" and "[x] check=db" in seen(app)
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_an_ended_alert_is_silenced_as_any_other() -> None:
    """`s` on it opens the form with its labels, for the next time it fires."""
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "end", "s")
        opened = app.main.alerts.opened_alert()
        assert opened is not None and opened.state == "resolved"
        assert isinstance(app.screen, SilenceFormScreen) and app.screen.form_pane.form.labels == naming_labels(opened)


async def test_the_mouse_toggles_labels_and_chooses_durations() -> None:
    """A click on a chip, and one on a duration."""
    async with running(kind="storm") as (app, _, pilot):
        await press(app, pilot, "s")
        assert isinstance(app.screen, SilenceFormScreen)
        pane = app.screen.form_pane
        for line, begin, _, row, place in list(pane._places):
            if (row, place) in ((0, 2), (1, 3)):
                await pilot.click(pane, offset=(begin + 1, line))
        assert pane.form.chips[2].chosen and pane.form.durations[pane.form.chosen][0] == "8h"


def test_the_effect_names_the_subjects_of_now_and_of_a_week() -> None:
    """Ended alerts of a week count, older ones do not; all labels have to be there."""
    board = boards.storm()
    ended = [replace(board.alerts[0], id=str(n), starts_at=boards.AT - n * boards.DAY) for n in range(10)]
    assert effect(FORM, board.alerts, ended, boards.AT) == "mutes 1 alert now, 7 last week: db"
    wide = effect(FORM.toggled(1), board.alerts, ended, boards.AT)
    assert wide == "mutes 4 alerts now, 7 last week: db, billing, cart and 1 more"


@pytest.mark.parametrize("look", [RenderStyle(UNICODE, UTC), RenderStyle(ASCII, UTC)], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_hostile_labels_do_not_break_the_form(width: int, look: RenderStyle) -> None:
    """Each line has the width, and each chip has a place to click."""
    form = form_of([("check", boards.HOSTILE)], {f"l{n}": boards.HOSTILE for n in range(9)}, boards.AT, UTC)
    lines, places = form_lines(form, boards.HOSTILE, width, look, True)
    assert {f.cells(row) for row in text_of(lines).split("\n")} == {width} and len(places) == 16


@pytest.mark.parametrize(
    ("zone", "hours"), [(UTC, 18.0 + 46 / 60 + 40 / 3600), (ZoneInfo("Asia/Seoul"), 9.0 + 46 / 60 + 40 / 3600)], ids=["utc", "seoul"]
)
def test_until_nine_is_the_next_nine_of_the_zone(zone: ZoneInfo, hours: float) -> None:
    """Today's where it is still to come, else tomorrow's."""
    assert seconds_until("09:00", boards.AT, zone) == pytest.approx(hours * 3600, abs=1)
