"""Keys and mouse of the dashboard, pressed by Textual's pilot on a fake backend."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from textual.events import AppBlur, AppFocus
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.processes import until
from tui_monitor.board.backend import NotReady
from tui_monitor.board.values import AlertView, Board, Chart, NotificationView
from tui_monitor.core.commands import Acknowledge, AddSilence, EndSilence, ExtendSilence, Reload, Unacknowledge
from tui_monitor.core.values import HealthStatus
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.prompts import ACKNOWLEDGE_HINT
from tui_monitor.tui.screens.chart import ChartScreen
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.tui.screens.history import HistoryScreen
from tui_monitor.tui.screens.pane_screen import PaneScreen
from tui_monitor.tui.screens.processes import ProcessesScreen
from tui_monitor.tui.screens.prompt import SHORT_HINT, PromptLabel, PromptScreen
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import UNICODE
from tui_monitor.widgets.palettes import palette_of
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.styles import TextStyles

ENVIRON = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}


def make(backend: FakeBackend, **more: Any) -> MonitorApp:
    return MonitorApp(backend, now=backend.now, zone=UTC, **{"environ": ENVIRON, **more})


@asynccontextmanager
async def running(
    kind: str = "busy", size: tuple[int, int] = (120, 40), **more: Any
) -> AsyncIterator[tuple[MonitorApp, FakeBackend, Pilot[Any]]]:
    backend = FakeBackend(kind)
    app = make(backend, **more)
    app.NOTIFICATION_TIMEOUT = 600  # type: ignore[misc]  # on a busy machine a toast must not go before the test has looked
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await settle(app, pilot)
        yield app, backend, pilot


async def settle(app: MonitorApp, pilot: Pilot[Any]) -> None:
    """Until all that was asked for has been done."""
    async with asyncio.timeout(60):
        await app.workers.wait_for_complete()
        await pilot.pause()


async def press(app: MonitorApp, pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle_light(app, pilot)


async def settle_light(app: MonitorApp, pilot: Pilot[Any]) -> None:
    """Workers that wait for an answer at the prompt never complete, so only a few rounds."""
    for _ in range(3):
        await pilot.pause()


def seen(app: MonitorApp) -> str:
    """What stands on the screen that is up."""
    rows = []
    for widget in app.screen.walk_children():
        lines = getattr(widget, "_lines", None)
        if lines and widget.display:
            rows.append(text_of(lines))
    return "\n".join(rows)


def pane_of(app: MonitorApp) -> Pane:
    assert isinstance(app.screen, PaneScreen)
    return app.screen.pane


def told(app: MonitorApp) -> list[str]:
    return [note.message for note in app._notifications]


async def test_alerts_have_the_focus_and_all_titles_are_there() -> None:
    """At the start Incidents has the focus; the five panes carry their exact titles, empty or not."""
    for kind in ("busy", "empty", "loading"):
        async with running(kind) as (app, _, _):
            assert app.focused is app.main.alerts
            titles = ("Incidents", "Services", app.main.chosen.heading(), "Machine", "Processes")
            for pane, title in zip(app.main.panes, titles, strict=True):
                assert text_of([pane._lines[0]]).lstrip("╭─▸").startswith(title)


async def test_acknowledge_asks_for_a_note_and_sends_it() -> None:
    """`a` acts on the first alert from any pane; Enter sends the note."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "tab", "a")
        assert isinstance(app.screen, PromptScreen) and "CheckUnhealthy shop" in seen(app)
        await press(app, pilot, *"on it", "enter")
        assert backend.commands == [Acknowledge(("a00001",), note="on it")]
        assert "done: Acknowledge" in told(app)


async def test_keys_work_while_the_korean_layout_is_on() -> None:
    """ㅁ acknowledges as `a` does, and what is then written stays Korean; ㅓ moves down; ㅂ quits."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "ㅓ")
        assert app.main.alerts.cursor == 1
        await press(app, pilot, "ㅏ", "ㅁ", *"확인", "enter")
        assert backend.commands == [Acknowledge(("a00001",), note="확인")]
        await press(app, pilot, "ㅂ")
        assert app.return_code == 0 and not app.is_running


async def test_escape_leaves_a_prompt_without_doing_anything() -> None:
    """Esc at the note sends nothing and does not quit."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "a", "x", "escape", "escape", "escape")
        assert app.screen is app.main and backend.commands == [] and app.is_running


async def test_keys_act_on_the_selected_alert() -> None:
    """After moving, `a`, `u` and `s` mean that alert."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "j", "down", "u")
        await press(app, pilot, "s")
        assert "[x] alertname=HighErrorRate  [x] route=/checkout" in seen(app)
        await press(app, pilot, "enter")
        assert backend.commands == [
            Unacknowledge(("a00003",)),
            AddSilence(('alertname="HighErrorRate"', 'route="/checkout"'), 7200.0),
        ]


async def test_a_wrong_line_is_asked_again_as_it_was_typed() -> None:
    """Who mistypes a silence or a time mends it; nothing typed is lost."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "s", "ctrl+t", *" # they upgrade it")
        line = 'alertname="CheckUnhealthy" check="shop" 2h # they upgrade it'
        await press(app, pilot, "home", "x", " ", "enter")
        assert isinstance(app.screen, PromptScreen) and app.screen.query_one(Input).value == f"x {line}"
        assert any("at least one matcher" in text for text in told(app))
        await press(app, pilot, "home", "delete", "delete", "enter")
        assert [command.comment for command in backend.commands if isinstance(command, AddSilence)] == ["they upgrade it"]
        await press(app, pilot, "at", *"soon", "enter")
        assert app.screen.query_one(Input).value == "soon"


async def test_acknowledge_all() -> None:
    """`A` takes everything that fires."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "A", "enter")
        assert backend.commands == [Acknowledge(all_firing=True)]


async def test_a_refusal_is_told() -> None:
    """What the backend refuses is shown as its sentence, cleaned and not as markup."""
    async with running() as (app, backend, pilot):
        backend.refuse = "no leader [bold]runs\x1b[31m"
        await press(app, pilot, "A", "enter")
        assert "no leader [bold]runs" in told(app)


async def test_read_only_says_why() -> None:
    """Who may only look is told so instead of asked for a note."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), read_only="you are not in group tui-monitor"))
        await press(app, pilot, "a")
        assert app.screen is app.main and told(app) == ["you are not in group tui-monitor"]
        assert "READ-ONLY" in seen(app)


async def test_moving_between_panes_and_rows() -> None:
    """Tab, l and h go through the panes; g, G, j, k through the rows; the selection survives a new order."""
    async with running() as (app, backend, pilot):
        order = []
        for key in ("tab", "l", "l", "l", "tab"):
            await press(app, pilot, key)
            order.append(app.focused.id if app.focused else None)
        assert order == ["services", "chosen", "resources", "processes", "alerts"]
        await press(app, pilot, "h", "h", "h", "h")
        assert app.focused is app.main.services
        await press(app, pilot, "G", "k")
        assert app.main.services.selection == "smtp"
        backend.push(replace(boards.busy(), checks=tuple(reversed(boards.checks()))))
        await pilot.pause()
        assert app.main.services.selection == "smtp"
        await press(app, pilot, "g")
        assert app.main.services.selection == "backup"


async def test_filter_next_and_sort() -> None:
    """`/` keeps matching rows, n and N go round them, Esc clears, `o` changes the order."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "slash", *"checkunh", "enter")
        alerts = app.main.alerts
        assert len(alerts.keys()) == 5 and "filter: checkunh" in seen(app)
        await press(app, pilot, "N")
        assert alerts.selection == alerts.keys()[-1]
        await press(app, pilot, "n")
        assert alerts.selection == alerts.keys()[0]
        await press(app, pilot, "escape")
        assert len(alerts.keys()) == 15
        await press(app, pilot, "o")
        assert alerts.keys()[0] == "a0000f" and "by newest" in seen(app)


async def test_the_verdict_is_of_the_board_whatever_the_list_shows() -> None:
    """Neither a filter, also one that nothing matches, nor another order changes what is said to be wrong."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "o")
        for needle in ("disk", "nothing like this", ""):
            app.main.alerts.filter(needle)
            later = replace(backend.board, at=backend.board.at + 1000 + len(needle))
            backend.push(later)
            await until(lambda at=later.at: app.main.board.at == at)  # type: ignore[misc]
            assert app.main.head.incidents[0].labels.get("check") == "shop"


async def test_the_sort_order_is_always_told() -> None:
    """In the head of the pane, or where that has no room, by a toast; never by colour alone."""
    async with running(size=(80, 24)) as (app, _, pilot):
        await press(app, pilot, "tab", "tab", "o")
        assert "processes by memory" in text_of([app.main.resources._lines[0]]) and told(app) == []
        await press(app, pilot, "h", "o", "o")
        assert "by latency" in text_of([app.main.services._lines[0]]) and told(app) == []


async def test_a_filter_follows_the_typing() -> None:
    """Rows are filtered at each key; Esc at the prompt brings back what was; on a page Esc first clears the filter, then leaves."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "slash", *"disk")
        assert {alert.name for alert in app.main.alerts.alerts} == {"DiskSpace", "DiskFullSoon"}
        await press(app, pilot, "escape")
        assert app.main.alerts.needle == "" and len(app.main.alerts.alerts) == 15
        await press(app, pilot, "2", "slash", *"disk", "enter")
        assert isinstance(app.screen, PaneScreen) and app.screen.pane.needle == "disk"
        await press(app, pilot, "escape")
        assert isinstance(app.screen, PaneScreen) and app.screen.pane.needle == ""
        await press(app, pilot, "escape")
        assert not isinstance(app.screen, PaneScreen)


async def test_pause_holds_the_picture_and_says_so() -> None:
    """While paused new boards are not shown but new alerts are told; `p` shows the newest again."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "p")
        assert "PAUSED" in seen(app) and "since 14:13:20" in seen(app)
        new = boards.alert(77, "Fresh", "critical", "something broke", 0.1, labels={"check": "later"})
        backend.push(replace(boards.busy(boards.AT + 60_000), alerts=(new, *boards.alerts())))
        await pilot.pause()
        assert "later" not in seen(app) and told(app) == ["something broke"]
        await press(app, pilot, "p")
        assert "later" in seen(app) and "PAUSED" not in seen(app)


async def test_stepping_through_time() -> None:
    """`[` shows the board a minute before, marked as past; `]` at the end is live again; `@` goes to a typed time."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "left_square_bracket", "left_square_bracket")
        assert "PAST 14:11:20" in seen(app) and app.context.shown.past
        assert len(app.context.view.marks) == 30
        await press(app, pilot, "a")
        assert told(app)[-1].startswith("A past board is shown")
        await press(app, pilot, "right_square_bracket", "right_square_bracket")
        assert "PAST" not in seen(app)
        await press(app, pilot, "at", *"03:10", "enter")
        assert "PAST 03:10:00" in seen(app)
        backend.push(replace(boards.busy(), host="later"))
        await pilot.pause()
        assert "later" not in seen(app)
        await press(app, pilot, "escape")
        assert "later" in seen(app) and "PAST" not in seen(app)


async def test_every_screen_says_that_it_is_past() -> None:
    """What is opened in the past is marked so at once; another step asks a chart anew, and Esc there leads back, not to now."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "left_square_bracket")
        for key in ("2", "t", "enter", "e", "question_mark"):
            await press(app, pilot, key)
            assert app.screen is not app.main and "PAST" in seen(app) and "Esc live" not in seen(app)
            await press(app, pilot, "escape")
            app.action_open_screen("overview")
            await settle_light(app, pilot)
        await press(app, pilot, "t")
        assert isinstance(app.screen, ChartScreen)
        before = app.screen.chart.answer
        await press(app, pilot, "left_square_bracket")
        after = app.screen.chart.answer
        assert before is not None and after is not None
        assert (after.start, after.end) == (before.start - 60_000, before.end - 60_000)


async def test_a_notice_that_needs_two_lines_gets_them() -> None:
    """At 80 columns the alerts give two lines to it, and get them back; other screens, where it is known already, give one."""
    async with running(size=(80, 24)) as (app, backend, pilot):
        board, height = backend.board, app.main.alerts.size.height
        backend.push(replace(board, leader=replace(board.leader, role="viewer", kind="headless", alive=False)))
        await settle_light(app, pilot)
        assert app.main.notice.size.height == 2 and "Start the service." in seen(app)
        assert app.main.alerts.size.height >= height - 2
        await press(app, pilot, "2")
        assert isinstance(app.screen, PaneScreen) and app.screen.notice.size.height == 1 and "NO LEADER" in seen(app)
        await press(app, pilot, "escape")
        await pilot.resize_terminal(120, 24)
        await settle_light(app, pilot)
        assert app.main.notice.size.height == 1
        backend.push(board)
        await settle_light(app, pilot)
        assert app.main.alerts.size.height == height


async def test_fast_steps_add_up() -> None:
    """Who presses `[` faster than boards are made arrives where the presses led, and sees no moment between."""
    async with running() as (app, backend, pilot):
        asked: list[int] = []
        gate = asyncio.Event()

        async def board_at(at: int) -> Board:
            asked.append(at)
            await gate.wait()
            return await FakeBackend.board_at(backend, at)

        backend.board_at = board_at  # type: ignore[method-assign]
        await press(app, pilot, *["left_square_bracket"] * 3)
        assert "PAST" not in seen(app)
        gate.set()
        await settle_light(app, pilot)
        assert "PAST 14:10:20" in seen(app) and app.context.shown.at == boards.AT - 3 * boards.MINUTE


async def test_starting_in_the_past() -> None:
    """`at` starts at that moment."""
    async with running(at=boards.AT - boards.HOUR) as (app, _, pilot):
        await settle_light(app, pilot)
        assert "PAST 13:13:20" in seen(app)


async def test_details_of_an_alert_and_its_moment() -> None:
    """Enter shows all of an alert; `m` goes to its moment; Esc comes back."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "enter")
        text = seen(app)
        assert isinstance(app.screen, PaneScreen) and "https://wiki.example.com" in text and "postgres 31%" in text
        await press(app, pilot, "m")
        assert app.screen is app.main and "PAST 14:09:08" in seen(app)
        await press(app, pilot, "escape", "enter", "escape")
        assert app.screen is app.main


async def test_who_opens_a_row_comes_back_to_it() -> None:
    """Also where the user had not moved before and something newer has come to the top since."""
    async with running() as (app, backend, pilot):
        first = app.main.alerts.selection
        await press(app, pilot, "enter")
        new = boards.alert(77, "Fresh", "critical", "something broke", 0.1)
        backend.push(replace(boards.busy(), alerts=(new, *boards.alerts())))
        await press(app, pilot, "escape")
        assert app.main.alerts.selection == first and app.main.alerts.cursor == 1


async def test_the_pane_stays_while_another_window_has_the_focus() -> None:
    """A terminal that loses the focus and gets it back finds the pane as it was, though boards have come since."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "tab")
        assert app.main.pane is app.main.services
        app.post_message(AppBlur())
        await settle_light(app, pilot)
        backend.push(boards.busy(boards.AT + 1000))
        await settle_light(app, pilot)
        app.post_message(AppFocus())
        await settle_light(app, pilot)
        assert app.main.pane is app.main.services


async def test_details_follow_the_alert() -> None:
    """Somebody else's acknowledge shows in open details."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "enter")
        first, *rest = boards.alerts()
        taken = replace(boards.busy(), alerts=(replace(first, acknowledged_by="kim", acknowledged_at=boards.AT), *rest))
        backend.example = taken
        backend.push(taken)
        await settle_light(app, pilot)
        assert "by kim" in seen(app)


async def test_details_of_a_check_with_keys_and_mouse() -> None:
    """Enter or a double click on an endpoint shows its phases."""
    async with running() as (app, _, pilot):
        await pilot.click("#services", offset=(5, 1))
        assert app.main.services.has_focus and app.main.services.selection == "shop"
        await pilot.click("#services", offset=(5, 1), times=2)
        await settle_light(app, pilot)
        assert isinstance(app.screen, PaneScreen) and "Phases of the last probe" in seen(app)


async def test_wheel_moves_the_selection() -> None:
    """The wheel over a pane goes through its rows."""
    async with running() as (app, _, pilot):
        from textual import events

        event = events.MouseScrollDown(app.main.alerts, 5, 5, 0, 1, 0, False, False, False)
        app.main.alerts.post_message(event)
        await pilot.pause()
        assert app.main.alerts.cursor == 1


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("2", "9 firing, 1 muted, 3 acknowledged, 2 pending, 15 resolved"),
        ("3", "ops-mail failed"),
        ("4", "/usr/bin/postgres --serve"),
        ("5", "their maintenance"),
        ("9", "kim from 203.0.113.7"),
        ("0", "all of them, as a list or a tree"),
        ("question_mark", "never quits"),
        ("question_mark", "polls and notifies"),
        ("question_mark", "more keys in each footer"),
    ],
)
async def test_the_other_screens(key: str, text: str) -> None:
    """Each numbered screen and the help show what they promise, lie beside each other, and Esc leaves them."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, key)
        assert text in seen(app)
        for _ in range(4):
            backend.push(backend.board)
            await pilot.pause()
        assert text in seen(app)
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_the_list_of_screens_leads_to_each() -> None:
    """Enter in the list of `0` opens the selected screen in its place, a number opens its screen as everywhere."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "0", "j", "enter")
        assert isinstance(app.screen, HistoryScreen) and len(app.screen_stack) == 2
        await press(app, pilot, "0", "4")
        assert isinstance(app.screen, ProcessesScreen) and len(app.screen_stack) == 2
        await press(app, pilot, "0", "enter")
        assert app.screen is app.main


async def test_enter_on_a_message_opens_its_alert() -> None:
    """In the outbox Enter leads to the first alert a message is about; a message about none says so."""
    async with running() as (app, backend, pilot):
        first, *others = await backend.notifications(9)

        async def notifications(limit: int) -> list[NotificationView]:
            return [replace(first, alerts=("a00001",)), *others]

        backend.notifications = notifications  # type: ignore[method-assign]
        await press(app, pilot, "3", "j", "enter")
        assert told(app) == ["This message is not about an alert."]
        await press(app, pilot, "k", "enter")
        assert isinstance(app.screen, PaneScreen) and "History" in seen(app)


async def test_ending_a_silence() -> None:
    """Enter on the screen of silences asks, then ends it."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "5", "enter", "enter")
        assert backend.commands == [EndSilence("7f3a")]


async def test_a_silence_is_extended() -> None:
    """`+` asks for how long; what is no length of time is asked again as it was typed."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "5")
        assert "their maintenance" in text_of([pane_of(app)._lines[-1]]) and "+ longer" in seen(app)
        await press(app, pilot, "plus", "x", "enter")
        assert app.screen.query_one(Input).value == "2hx" and backend.commands == []
        await press(app, pilot, "backspace", "enter")
        assert backend.commands == [ExtendSilence("7f3a", 7200.0)]


async def test_enter_in_the_audit_log_opens_the_alert() -> None:
    """Who did what is read in full at the foot, and leads to the alert it was done to."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "9")
        assert "kim from 203.0.113.7 ack" in text_of([pane_of(app)._lines[-1]])
        await press(app, pilot, "j", "enter")
        assert told(app) == ["This entry is not about an alert."]
        await press(app, pilot, "k", "enter")
        assert "History" in seen(app)


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        (("t", "a"), "Acknowledge CheckUnhealthy shop"),
        (("tab", "t", "a"), "Acknowledge CheckUnhealthy shop"),
        (("tab", "tab", "tab", "t", "a"), ""),
        (("4", "a"), ""),
    ],
    ids=["alert", "check", "cpu", "processes"],
)
async def test_acknowledge_from_a_screen_about_the_alert(keys: tuple[str, ...], asked: str) -> None:
    """The trend of an alert knows its alert; a screen about none says where the alerts are, instead of that there is none."""
    async with running() as (app, _, pilot):
        await press(app, pilot, *keys)
        if asked:
            assert isinstance(app.screen, PromptScreen) and asked in seen(app)
        else:
            assert told(app) == ["No alert is selected here: press 1 for the list of alerts."]


async def test_trend_ranges_table_and_last_week() -> None:
    """`t` charts the selection; + and - change the range; `c` adds last week; `v` shows a table."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "t")
        assert isinstance(app.screen, ChartScreen)
        assert "[1h]" in seen(app) and "probe_duration_seconds" in seen(app) and "500ms" in seen(app)
        await press(app, pilot, "minus", "c")
        assert "[6h]" in seen(app) and "same time last week" in seen(app)
        await press(app, pilot, "v")
        assert "avg" not in seen(app)
        await press(app, pilot, "escape")
        await press(app, pilot, "tab", "tab", "tab", "t")
        assert "cpu_usage_ratio" in seen(app)


async def test_a_trend_that_has_only_just_begun_fills_its_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been known for less than five minutes opens in the shortest range; a longer one can be chosen all the same."""
    async with running() as (app, backend, pilot):
        whole = backend.chart

        async def young(expr: str, start: int, end: int, points: int) -> Chart:
            chart = await whole(expr, start, end, points)
            line = chart.lines[0]
            return replace(chart, lines=(replace(line, values=tuple(1.0 if at > end - 60_000 else math.nan for at in line.times)),))

        monkeypatch.setattr(backend, "chart", young)
        await press(app, pilot, "t")
        assert "[5m]" in seen(app) and "No samples" not in seen(app)
        await press(app, pilot, "minus")
        assert "[15m]" in seen(app)


async def test_explore_completes_runs_and_underlines() -> None:
    """`e` takes PromQL, completes words, shows the answer, and underlines what is wrong."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e")
        assert isinstance(app.screen, ExploreScreen)
        await press(app, pilot, *"cpu_us", "tab", "enter")
        assert app.screen.input.value == "cpu_usage_ratio" and "last" in seen(app)
        app.screen.input.value = "rate(x"
        await press(app, pilot, "enter")
        assert "unclosed left parenthesis" in seen(app) and "No samples" not in seen(app)
        assert ("(x", "wrong") in app.screen.wrong._lines[0]
        await press(app, pilot, "tab", "minus")
        assert "[6h]" in seen(app)


async def test_a_chart_has_a_cursor_zooms_around_it_and_shows_one_series_alone() -> None:
    """Arrows move the cursor, + zooms around it, j shows a series alone; Esc takes one of these back at a time, then leaves."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", *"load", "enter", "tab", "left", "left")
        chart = app.screen
        assert isinstance(chart, ChartScreen) and chart.chart.focus_on.cursor is not None and " at 14:" in seen(app)
        await press(app, pilot, *["left"] * 40, "plus")
        assert "[15m]" in seen(app) and chart.question.end is not None and "until" in seen(app)
        await press(app, pilot, "j", "j")
        assert chart.chart.focus_on.alone == 1
        kept = []
        for _ in range(3):
            await press(app, pilot, "escape")
            kept.append((chart.chart.focus_on.alone, chart.chart.focus_on.cursor is None, chart.question.end is None))
        assert kept == [(None, False, False), (None, True, False), (None, True, True)]
        await press(app, pilot, "escape")
        assert seen(app) and app.focused is app.main.alerts


async def test_a_click_in_a_chart_sets_the_cursor_or_chooses_a_series() -> None:
    """The legend's line shows its series alone, and a second click all again; the plot takes the cursor."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", *"load", "enter", "tab")
        assert isinstance(app.screen, ChartScreen)
        chart = app.screen.chart
        await pilot.click(chart, offset=(8, 2))
        assert chart.focus_on.alone == 1
        await pilot.click(chart, offset=(8, 2))
        await pilot.click(chart, offset=(60, 15))
        assert chart.focus_on.alone is None and chart.focus_on.cursor is not None


async def test_explore_tells_what_targets_say_of_a_metric() -> None:
    """HELP and TYPE of the metrics of the expression stand below it; of an expression with an error nothing does."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e")
        assert isinstance(app.screen, ExploreScreen)
        app.screen.input.value = "sum(node_load1)"
        await press(app, pilot, "enter")
        assert "node_load1 (gauge): 1m load average." in seen(app)
        app.screen.input.value = "sum(node_load1"
        await press(app, pilot, "enter")
        assert app.screen.metric_help.lines == []


async def test_explore_remembers_what_was_typed() -> None:
    """Leaving loses nothing: the up arrow brings back what was run, and what was only typed; the selection it began with does not count."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", *"rate1", "enter", *"2", "escape", "e")
        assert isinstance(app.screen, ExploreScreen) and app.context.expressions == ["rate1", "rate12"]
        for key, text in (("up", "rate12"), ("up", "rate1"), ("up", "rate1"), ("down", "rate12"), ("down", "rate12")):
            await press(app, pilot, key)
            assert app.screen.input.value == text
        await press(app, pilot, "escape", "e", "escape")
        assert app.context.expressions == ["rate1", "rate12"]


async def test_the_history_of_alerts_is_sorted() -> None:
    """`o` on the second screen puts what fires and what is over into one order, and says so."""
    async with running() as (app, backend, pilot):
        every = {one.id: one for one in (*backend.board.alerts, *await backend.alert_history(99))}
        await press(app, pilot, "2")
        usual = list(pane_of(app).keys())
        await press(app, pilot, "o", "o", "o")
        names = [every[key].name for key in list(pane_of(app).keys())]
        assert "by name" in seen(app) and names == sorted(names) and len(names) == len(usual)
        await press(app, pilot, "o")
        assert "by " not in text_of([pane_of(app)._lines[0]]) and list(pane_of(app).keys()) == usual


async def test_a_new_alert_rings_once() -> None:
    """Toast and bell for what begins to fire, none for what was known, acknowledged or suppressed."""
    async with running() as (app, backend, pilot):
        rung: list[bool] = []
        app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        backend.push(replace(boards.busy(boards.AT + 1000), bell=True))
        new = boards.alert(77, "Fresh", "warning", "[red]broke[/]", 0.1)
        quiet = replace(new, id="b1", acknowledged_by="kim")
        for _ in range(2):
            backend.push(replace(boards.busy(), alerts=(*boards.alerts(), new, quiet), bell=True))
        await pilot.pause()
        assert told(app) == ["[red]broke[/]"] and rung == [True]


async def test_a_storm_is_one_toast() -> None:
    """Alerts that begin tick after tick are counted in one toast, which does not grow over the panes."""
    async with running() as (app, backend, pilot):
        backend.push(boards.busy(boards.AT + 1000))
        begun: list[AlertView] = []
        for n in range(4):
            begun.append(replace(boards.alert(77, "Fresh", "warning", f"broke {n}", 0.1, labels={"check": f"c{n}"}), id=f"b{n}"))
            backend.push(replace(boards.busy(boards.AT + 1000 * n), alerts=(*boards.alerts(), *begun)))
            await pilot.pause()
        assert told(app) == ["broke 3  and 3 more"]


async def test_the_configuration_chooses_theme_and_colours() -> None:
    """`[dashboard]` of the leader reaches every dashboard with the board; a theme from the palette stays until the end."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), theme="nord", colors="256"))
        await pilot.pause()
        assert app.theme == "tui-monitor-nord"
        style = app.context.text_styles.style("text")
        assert style.color is not None and style.color.number is not None
        app.choose_theme("day")
        backend.push(replace(boards.busy(boards.AT + 1000), theme="nord", colors="256"))
        await pilot.pause()
        assert app.theme == "tui-monitor-day" and app._exception is None


async def test_a_flapping_alert_gets_one_toast() -> None:
    """What fires again within ten minutes is in the list; a toast for each time would be noise."""
    async with running() as (app, backend, pilot):
        for n in range(3):
            new = replace(boards.alert(77, "Fresh", "warning", f"broke {n}", 0.1, labels={"check": "flap"}), id=f"b{n}")
            backend.push(replace(boards.busy(boards.AT + 30_000 * n), alerts=(*boards.alerts(), new)))
            backend.push(boards.busy(boards.AT + 30_000 * n + 1000))
            await pilot.pause()
        assert told(app) == ["broke 0"]


async def test_no_toast_covers_a_list_that_shows_the_alert() -> None:
    """Where all alerts stand in the list, a new one is seen there; the bell still rings."""
    async with running(kind="quiet") as (app, backend, pilot):
        rung: list[bool] = []
        app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        backend.push(replace(boards.quiet(boards.AT + 1000), alerts=(boards.alert(77, "Fresh", "warning", "broke", 0.1),), bell=True))
        await pilot.pause()
        assert told(app) == [] and rung == [True] and "broke" in seen(app)


async def test_a_backend_that_is_starting_is_asked_again_without_a_toast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first boards come before strips and details can be read: the screen waits, and shows them with the next board."""
    asked: list[str] = []

    async def not_ready(backend: FakeBackend, *given: object) -> object:
        asked.append("strips")
        raise NotReady("not ready yet")

    with monkeypatch.context() as starting:
        starting.setattr(FakeBackend, "strips", not_ready)
        starting.setattr(FakeBackend, "alert_detail", not_ready)
        async with running() as (app, backend, pilot):
            backend.push(boards.busy(boards.AT + 1000))
            await pilot.pause()
            assert len(asked) > 1 and told(app) == [] and app.main._strips == {}
            starting.undo()
            backend.push(boards.busy(boards.AT + 2000))
            await pilot.pause()
            await pilot.pause()
            assert set(app.main._strips) == {check.name for check in backend.board.checks}


async def test_after_an_acknowledgement_the_next_open_alert_is_selected() -> None:
    """The acknowledged one moves down; the selection stays with what is still open, and the list does not jump."""
    async with running() as (app, backend, pilot):
        await pilot.press("j", "j", "a", "enter")
        await pilot.pause()
        taken = backend.commands[-1]
        assert isinstance(taken, Acknowledge) and taken.ids == (boards.alerts()[2].id,)
        backend.push(
            replace(boards.busy(), alerts=tuple(replace(a, acknowledged_by="kim") if a.id in taken.ids else a for a in boards.alerts()))
        )
        await pilot.pause()
        assert app.main.alerts.cursor == 0 and app.main.alerts.top == 0


async def test_all_is_undone_by_one_key_and_no_other_acknowledgement_with_it() -> None:
    """`U` withdraws what the last `A` took; a colleague's earlier acknowledgement stays."""
    async with running() as (_, backend, pilot):
        await pilot.press("A", "enter")
        await pilot.pause()
        mine = tuple(a.id for a in boards.alerts() if a.state == "firing" and not a.acknowledged_by)
        backend.push(replace(boards.busy(), alerts=tuple(replace(a, acknowledged_by=a.acknowledged_by or "me") for a in boards.alerts())))
        await pilot.press("U")
        await pilot.pause()
        undone = backend.commands[-1]
        assert isinstance(undone, Unacknowledge) and undone.ids == mine


async def test_the_leaders_configuration_rings_everywhere() -> None:
    """`bell = true` reaches every dashboard with the board."""
    async with running() as (app, backend, pilot):
        rung: list[bool] = []
        app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        backend.push(boards.busy(boards.AT + 1000))
        for bell, ident in ((False, "b1"), (True, "b2")):
            new = replace(boards.alert(77, "Fresh", "warning", "broke", 0.1, labels={"check": ident}), id=ident)
            backend.push(replace(boards.busy(), alerts=(*boards.alerts(), new), bell=bell))
        await pilot.pause()
        assert rung == [True]


async def test_what_is_not_well_is_seen_first_where_room_is_short() -> None:
    """A pane that cannot show all of its checks begins with the gravest, and so does one that can; `o` shows the configuration's order."""
    async with running(size=(80, 24)) as (app, backend, pilot):
        whole = boards.busy()
        ailing = [replace(check, name=f"last{n}", status=HealthStatus.UNHEALTHY) for n, check in enumerate(whole.checks[:1])]
        fine = [replace(whole.checks[0], name=f"fine{n}", status=HealthStatus.HEALTHY) for n in range(30)]
        backend.push(replace(whole, checks=(*fine, *ailing)))
        await pilot.pause()
        assert next(iter(app.main.services.keys())) == "last0"
        assert "last0" in seen(app)
        backend.push(replace(whole, checks=(*fine[:2], *ailing)))
        await pilot.pause()
        assert list(app.main.services.keys()) == ["last0", "fine0", "fine1"]


async def test_what_goes_wrong_is_told() -> None:
    """A question that the backend cannot answer is told and breaks nothing."""
    async with running() as (app, backend, pilot):

        async def lost(alert_id: str) -> None:
            raise LookupError("there is no alert a00001")

        backend.alert_detail = lost  # type: ignore[assignment,method-assign]
        await press(app, pilot, "enter")
        assert app.screen is app.main and "there is no alert a00001" in told(app)[0]


async def test_enter_in_resources() -> None:
    """Enter on a gauge is its trend, on a process the screen of processes."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "tab", "tab", "tab", "enter")
        assert isinstance(app.screen, ChartScreen)
        await press(app, pilot, "escape", "tab", "j", "enter")
        assert isinstance(app.screen, ProcessesScreen) and "by cpu" in seen(app)
        assert app.screen.table.chosen is not None and app.screen.table.chosen.name == "python3"


async def test_reload_and_palette() -> None:
    """`R` reloads; the palette lists what keys do."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "R")
        assert backend.commands == [Reload()]
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Silence" in titles and "Quit" in titles
        await press(app, pilot, "ctrl+p")
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_boards_of_any_kind_can_follow_each_other() -> None:
    """No order of boards, at no focus, breaks a pane."""
    async with running() as (app, backend, pilot):
        made: list[Board] = [getattr(boards, kind)() for kind in ("hostile", "empty", "korean", "loading", "broken", "quiet", "busy")]
        for board in made:
            backend.push(board)
            await press(app, pilot, "G", "tab")
        assert app._exception is None


@pytest.mark.parametrize(("width", "keys"), [(120, ACKNOWLEDGE_HINT), (80, ACKNOWLEDGE_HINT), (40, SHORT_HINT)])
def test_a_long_question_is_cut_before_its_keys(width: int, keys: str) -> None:
    """From 80 columns on a prompt says what Enter and Esc do, however long its question is."""
    label = PromptLabel(
        f"Acknowledge {'CheckUnhealthy' * 5}",
        ACKNOWLEDGE_HINT,
        look=RenderStyle(UNICODE, UTC),
        text_styles=TextStyles(palette_of("night").colors),
    )
    (line,), _ = label.build(width, 1)
    assert text_of([line]).rstrip().endswith(keys) and "Acknowledge Check" in text_of([line])


async def test_layouts_follow_a_key_and_the_configuration() -> None:
    """`b` goes through the layouts; the configuration's layout, order and columns are taken when they come or change."""
    async with running() as (app, backend, pilot):
        await press(app, pilot, "b", "b")
        assert app.main.layout_name == "services" and not app.main.chosen.display
        backend.push(replace(backend.board, layout="wall", sort="name", columns=("since",)))
        await settle_light(app, pilot)
        assert app.main.layout_name == "wall" and app.main.services.order == "name" and app.main.services.columns == ("since",)
        assert not app.main.query_one("#bottom").display
        await press(app, pilot, "b")
        assert app.main.layout_name == "auto" and app.main.query_one("#bottom").display


async def test_folded_alerts_act_together_and_unfold() -> None:
    """Twenty alerts of one rule are one row; `a` on it is asked for all of them; `z` shows them one by one."""
    async with running() as (app, backend, pilot):
        one = replace(boards.storm().alerts[1], state="firing", name="CheckUnhealthy", severity="critical", affected=0)
        many = tuple(replace(one, id=f"{number:08x}", labels={"check": f"api-{number}"}) for number in range(20))
        backend.push(replace(backend.board, alerts=many))
        await settle_light(app, pilot)
        assert len(app.main.alerts.folds) == 1 and len(app.main.marked_alerts()) == 20
        await press(app, pilot, "z")
        assert not app.main.alerts.folds and len(app.main.alerts.alerts) >= 20


async def test_cell_of_a_strip_opens_its_moment() -> None:
    """A click on the time line, `<` on a selection: the board of that moment; Esc is live again."""
    async with running("storm") as (app, backend, pilot):
        backend.push(backend.board)
        await settle(app, pilot)
        await pilot.click("#hour", offset=(20, 0))
        await settle(app, pilot)
        clicked = app.context.view.past_at
        assert boards.AT - 3_600_000 < clicked < boards.AT - 2_000_000
        await press(app, pilot, "escape", "less_than_sign")
        await settle(app, pilot)
        assert clicked < app.context.view.past_at < boards.AT
        await press(app, pilot, "escape")
        assert not app.context.view.past_at


async def test_arrows_move_a_cursor_on_a_strip_and_enter_opens_its_moment() -> None:
    """The cell is marked, the head tells its time, status and latency; Esc takes the cursor away, Enter goes there; `h` `l` move on."""
    async with running("storm") as (app, backend, pilot):
        backend.push(backend.board)
        await settle(app, pilot)
        await press(app, pilot, "tab", "left")
        services = app.main.services
        newest = services.moment
        assert services.pointed() and "chip-cursor" in {style for line in services._lines for _, style in line}
        assert "unhealthy" in seen(app) and "Enter opens it" in seen(app)
        await press(app, pilot, *["left"] * 8, "right")
        assert boards.AT - 3_600_000 < services.moment < newest and "healthy" in services.remark()
        await press(app, pilot, "down")
        assert services.pointed(), "the next row is looked at in the same moment"
        await press(app, pilot, "escape")
        assert not services.moment and "Enter opens it" not in seen(app) and "last 1h" in seen(app)
        await press(app, pilot, *["left"] * 9)
        begin, end = services.pointed()[0].begin, services.pointed()[-1].end
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert begin < app.context.view.past_at < end and "PAST" in seen(app) and not services.moment
        await press(app, pilot, "escape", "l", "right")
        assert app.focused is app.main.resources, "a pane without strips: the arrow goes on to the next"


async def test_details_of_a_check_have_its_strip_in_the_window_of_all() -> None:
    """`w` there changes the window of every screen."""
    async with running("storm") as (app, backend, pilot):
        backend.push(backend.board)
        await settle(app, pilot)
        await press(app, pilot, "tab", "tab", "enter")
        await settle(app, pilot)
        assert "Last 1h" in seen(app)
        await press(app, pilot, "w")
        await settle(app, pilot)
        assert "Last 24h" in seen(app)
        await press(app, pilot, "escape")
        backend.push(backend.board)
        await settle(app, pilot)
        assert "last 24h" in seen(app)
