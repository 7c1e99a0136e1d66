"""The screens of logs, requests and traces, used by keys on lines and spans in a real telemetry.db."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from tests.screens.test_app_keys import ENVIRON, make, pane_of, press, seen, told
from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.telemetry_file import EXAMPLE_TRACE, event, example_requests, write_blocks, write_example, write_lines
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.screens.log_line import LogLineScreen
from tui_monitor.tui.screens.logs import LogsScreen
from tui_monitor.tui.screens.requests import RequestsScreen
from tui_monitor.tui.screens.route import RouteScreen
from tui_monitor.tui.screens.trace import SpanScreen, TraceScreen
from tui_monitor.tui.screens.traces import TracesScreen
from tui_monitor.widgets.log_window import KEPT, AlertMark

Running = tuple[MonitorApp, FakeBackend, Pilot[Any]]
START = boards.AT - 3_600_000


@asynccontextmanager
async def running(path: Path | None, kind: str = "quiet", *, requests: bool = False, language: str = "C.UTF-8") -> AsyncIterator[Running]:
    """The dashboard on a backend with this telemetry.db."""
    backend = FakeBackend(kind)
    backend.telemetry = path
    if requests:
        backend.example = replace(backend.example, requests=example_requests())
    app = make(backend, environ={**ENVIRON, "LANG": language})
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(backend.listeners))
        yield app, backend, pilot


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not holds():
            await pilot.pause()


async def write(app: MonitorApp, pilot: Pilot[Any], text: str) -> None:
    """Put a text into the prompt that is open, and press Enter."""
    await until(pilot, lambda: isinstance(app.focused, Input))
    assert isinstance(app.focused, Input)
    app.focused.value = text
    await pilot.press("enter")


async def open_logs(app: MonitorApp, pilot: Pilot[Any]) -> LogsScreen:
    """Press L and wait for the screen."""
    await pilot.press("L")
    await until(pilot, lambda: isinstance(app.screen, LogsScreen) and not app.screen.reading.is_busy and app.screen.lines.size.height > 0)
    assert isinstance(app.screen, LogsScreen)
    return app.screen


async def quiet(pilot: Pilot[Any], screen: LogsScreen) -> None:
    """Until all that was asked of the store has been answered."""
    await pilot.pause()
    await until(pilot, lambda: not screen.reading.is_busy)


def shown(screen: LogsScreen) -> list[str]:
    """The messages on the screen."""
    entries = [screen.lines.entries[index] for index in screen.lines.shown]
    return [f"alert {entry.name}" if isinstance(entry, AlertMark) else entry.line.message for entry in entries]


def numbered(path: Path, count: int, source: str = "api", each: int = 50) -> None:
    """Lines "line 0", "line 1", ... a second apart, the last one now."""
    begin = boards.AT - count * 1000
    blocks = [
        (
            begin + (n + each - 1) * 1000,
            [event(begin + k * 1000, "error" if k % 100 == 0 else "info", f"line {k}") for k in range(n, n + each)],
        )
        for n in range(0, count, each)
    ]
    write_lines(path, source, blocks)


async def test_it_follows_and_pauses_with_a_count(tmp_path: Path) -> None:
    """New lines appear with the next board; `p` holds the picture and counts what comes; End shows it."""
    path = tmp_path / "t.db"
    numbered(path, 200)
    async with running(path) as (app, backend, pilot):
        screen = await open_logs(app, pilot)
        assert shown(screen)[-1] == "line 199" and screen.lines.status == "live"
        write_lines(path, "api", [(boards.AT + 1, [event(boards.AT + 1, "info", "one more")])])
        backend.push(boards.quiet(boards.AT))
        await until(pilot, lambda: shown(screen)[-1] == "one more")
        await press(app, pilot, "p")
        write_lines(path, "api", [(boards.AT + 2, [event(boards.AT + 2, "info", f"later {n}") for n in range(3)])])
        await quiet(pilot, screen)
        backend.push(boards.quiet(boards.AT))
        await until(pilot, lambda: screen.lines.status == "paused  3 new")
        assert shown(screen)[-1] == "one more"
        await pilot.press("end")
        await until(pilot, lambda: shown(screen)[-1] == "later 2")
        assert screen.lines.status == "live"


async def test_moving_away_pauses_and_the_end_follows_again(tmp_path: Path) -> None:
    """One key up and the lines stand still; back at the last one they move again."""
    path = tmp_path / "t.db"
    numbered(path, 200)
    async with running(path) as (app, _, pilot):
        screen = await open_logs(app, pilot)
        await press(app, pilot, "up")
        assert screen.lines.status == "paused"
        await press(app, pilot, "down")
        assert screen.lines.status == "live"


async def test_many_lines_are_never_all_in_memory(tmp_path: Path) -> None:
    """From the newest of 20,000 lines to the oldest, page by page, each comes once and in order, and the window stays small."""
    path = tmp_path / "t.db"
    numbered(path, 20_000)
    async with running(path) as (app, _, pilot):
        screen = await open_logs(app, pilot)
        place, steps = 20_000, 0
        while place > 19_000:
            await pilot.press("pageup")
            await quiet(pilot, screen)
            line = screen.lines.line
            assert line is not None and len(screen.lines.window.lines) <= KEPT
            number = int(line.line.message.split()[1])
            assert place - 40 <= number < place
            place, steps = number, steps + 1
        await pilot.press("g")
        await until(pilot, lambda: shown(screen)[:1] == ["line 0"])
        await pilot.press("pagedown", "pagedown", "pagedown")
        await quiet(pilot, screen)
        assert shown(screen) == [f"line {n}" for n in range(int(shown(screen)[0].split()[1]), int(shown(screen)[-1].split()[1]) + 1)]


async def test_search_goes_beyond_what_is_held(tmp_path: Path) -> None:
    """`/` finds the nearest match above, in lines that were never on the screen; `n` and `N` go on from there."""
    path = tmp_path / "t.db"
    numbered(path, 5000)
    async with running(path) as (app, backend, pilot):
        screen = await open_logs(app, pilot)
        await pilot.press("slash")
        await write(app, pilot, "NE 17")
        await until(pilot, lambda: screen.lines.line is not None and screen.lines.line.line.message == "line 1799")
        assert "search: NE 17" in seen(app) and screen.lines.status == "paused"
        write_lines(path, "api", [(boards.AT + 1, [event(boards.AT + 1, "info", "one more")])])
        await quiet(pilot, screen)
        backend.push(boards.quiet(boards.AT))
        await until(pilot, lambda: screen.lines.status == "paused  1 new")
        await pilot.press("N")
        await until(pilot, lambda: screen.lines.line is not None and screen.lines.line.line.message == "line 1798")
        await pilot.press("n", "n")
        await until(pilot, lambda: 'No line below has "NE 17".' in told(app))
        await press(app, pilot, "escape")
        assert screen.lines.search == "" and isinstance(app.screen, LogsScreen)


async def test_filters(tmp_path: Path) -> None:
    """Level by keys, source by Tab, anything by a line; Esc clears them before it leaves."""
    path = tmp_path / "t.db"
    numbered(path, 1000)
    numbered(path, 100, "web")
    async with running(path) as (app, _, pilot):
        screen = await open_logs(app, pilot)
        for _ in range(2):
            await pilot.press("plus")
            await quiet(pilot, screen)
        assert screen.choice.level == "error" and len(screen.lines.window.lines) == 11
        await pilot.press("tab", "tab")
        await quiet(pilot, screen)
        assert screen.choice.check == "web" and [one.line.message for one in screen.lines.window.lines] == ["line 0"]
        assert "[web]" in seen(app)
        await pilot.click(screen.lines, offset=(8, 1))
        await until(pilot, lambda: screen.choice.check == "api" and not screen.reading.is_busy)
        await pilot.press("tab")
        await until(pilot, lambda: screen.choice.check == "web" and not screen.reading.is_busy)
        await pilot.press("f")
        await write(app, pilot, "level=eror")
        await until(pilot, lambda: any("did you mean error?" in text for text in told(app)))
        await write(app, pilot, "check=web last=10s line")
        await until(pilot, lambda: screen.choice.last == 10_000 and not screen.reading.is_busy)
        assert [one.line.message for one in screen.lines.window.lines][:1] == ["line 90"]
        await pilot.press("escape")
        await until(pilot, lambda: not screen.choice.is_narrowed and not screen.reading.is_busy)
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_an_alert_opens_its_moment(tmp_path: Path) -> None:
    """From an alert the lines of its check at its start, marked between them; from the end `m` goes back to it."""
    path = tmp_path / "t.db"
    numbered(path, 3000, "shop")
    async with running(path, "busy") as (app, _, pilot):
        screen = await open_logs(app, pilot)
        alert = app.main.alerts.opened_alert()
        assert alert is not None and alert.labels["check"] == "shop" and screen.choice.check == "shop"
        assert screen.lines.selected_at == alert.starts_at and not screen.reading.following
        assert "▴ CheckUnhealthy shop" in seen(app)
        await pilot.press("end")
        await until(pilot, lambda: screen.reading.following and not screen.reading.is_busy)
        await pilot.press("m")
        await until(pilot, lambda: screen.lines.selected_at == alert.starts_at)


async def test_a_check_without_lines_shows_all(tmp_path: Path) -> None:
    """No line is kept of the selected check: all sources are shown, and it is said."""
    path = tmp_path / "t.db"
    numbered(path, 30, "other")
    async with running(path, "busy") as (app, _, pilot):
        screen = await open_logs(app, pilot)
        assert screen.choice.source == ""
        assert "no lines are kept of shop" in seen(app)


async def test_the_past_has_the_lines_up_to_it(tmp_path: Path) -> None:
    """A minute back there are no later lines; live again there are."""
    path = tmp_path / "t.db"
    numbered(path, 200)
    async with running(path) as (app, _, pilot):
        screen = await open_logs(app, pilot)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: screen.reading.past_at != 0 and not screen.reading.is_busy)
        assert shown(screen)[-1] == "line 140" and screen.lines.status.startswith("until")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen.lines.status == "live" and not screen.reading.is_busy)
        assert shown(screen)[-1] == "line 199"


async def test_a_line_leads_to_its_fields_and_its_trace(tmp_path: Path) -> None:
    """Enter: the fields as a table; Enter on one: only such lines; `T`: the trace, and from there `L`: all its lines."""
    path = tmp_path / "t.db"
    write_example(path, boards.AT)
    async with running(path) as (app, _, pilot):
        screen = await open_logs(app, pilot)
        await pilot.press("slash")
        await write(app, pilot, "timed out")
        await quiet(pilot, screen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogLineScreen))
        assert "took_ms" in seen(app) and "1840" in seen(app)
        await press(app, pilot, "T")
        await until(pilot, lambda: isinstance(app.screen, TraceScreen))
        assert "SELECT orders" in seen(app) and "2 failed" in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SpanScreen) and "deadline exceeded" in seen(app))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen) and not app.screen.reading.is_busy)
        assert isinstance(app.screen, LogsScreen)
        assert {one.line.trace_id for one in app.screen.lines.window.lines} == {f"{EXAMPLE_TRACE + 597:032x}"}
        await press(app, pilot, "escape", "escape", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, LogLineScreen))
        pane_of(app).select(next(key for key in list(pane_of(app).keys()) if key.endswith(" took_ms")))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and not screen.reading.is_busy)
        assert screen.choice.where == (("took_ms", "1840"),)
        assert {one.line.fields["took_ms"] for one in screen.lines.window.lines} == {1840}


async def test_nothing_kept_says_what_to_configure() -> None:
    """Without lines, requests or traces each screen has the lines to paste."""
    async with running(None) as (app, _, pilot):
        await open_logs(app, pilot)
        assert 'type = "log"' in seen(app)
        for key, screen, text in (("r", RequestsScreen, 'type = "prometheus"'), ("T", TracesScreen, 'traces = "50MiB"')):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: isinstance(app.screen, screen))  # type: ignore[misc]
            await pilot.pause()
            assert text in seen(app)


async def test_requests_sort_and_lead_on(tmp_path: Path) -> None:
    """Routes below their application; `o` sorts by errors; Enter: the route's charts; `T`: its slowest traces."""
    path = tmp_path / "t.db"
    write_example(path, boards.AT)
    async with running(path, requests=True) as (app, _, pilot):
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, RequestsScreen) and "POST /orders" in seen(app))
        assert "12.9%" in seen(app) and "<0.1%" in seen(app)
        await press(app, pilot, "o", "down")
        assert pane_of(app).selection == "api\nPOST\n/orders"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RouteScreen) and "requests per second" in seen(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RequestsScreen))
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and "POST /orders" in seen(app))
        assert isinstance(app.screen, TracesScreen)
        assert (app.screen.choice.operation, app.screen.choice.order) == ("POST /orders", "slowest")
        assert "POST /orders" in seen(app) and "GET /cart" not in seen(app)


async def test_traces_filter_sort_and_group(tmp_path: Path) -> None:
    """Newest first, `o` slowest, `f` by a line, `b` operations of which Enter lists the slowest traces; Esc clears step by step."""
    path = tmp_path / "t.db"
    write_example(path, boards.AT)
    async with running(path) as (app, _, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and "newest first" in seen(app))
        assert isinstance(app.screen, TracesScreen)
        screen = app.screen
        await pilot.press("f")
        await write(app, pilot, "slower=1s errors")
        await until(pilot, lambda: "27 traces, 27 failed" in seen(app) or "28 traces, 28 failed" in seen(app))
        await pilot.press("b")
        await until(pilot, lambda: "operations" in seen(app))
        assert "longest" in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "slowest first" in seen(app) and screen.choice.operation != "")
        await pilot.press("escape")
        await until(pilot, lambda: not screen.choice.is_narrowed)
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_interleaved_sources_stand_in_order_of_arrival(tmp_path: Path) -> None:
    """Lines of several sources stand between each other as they came."""
    path = tmp_path / "t.db"
    at = boards.AT - 10_000
    write_blocks(path, [(name, False, at + n, [event(at + n, "info", f"{n}")]) for n, name in enumerate(("a", "b", "a", "c"))])
    async with running(path) as (app, _, pilot):
        assert shown(await open_logs(app, pilot)) == ["0", "1", "2", "3"]


async def test_in_korean_own_texts_are_translated_and_lines_are_not(tmp_path: Path) -> None:
    """Titles, states and advice are Korean; a line that says a word of the program stays as it was written."""
    path = tmp_path / "t.db"
    write_lines(path, "api", [(boards.AT, [event(boards.AT, "info", word) for word in ("live", "failed", "all well")])])
    async with running(path, language="ko_KR.UTF-8") as (app, _, pilot):
        await open_logs(app, pilot)
        text = seen(app)
        assert "로그" in text and "실시간" in text and "[전체]" in text
        assert all(f"I api {word}" in text for word in ("live", "failed", "all well"))
    async with running(None, language="ko_KR.UTF-8") as (app, _, pilot):
        await open_logs(app, pilot)
        assert "보관된 로그 줄이 아직 없습니다" in seen(app) and 'type = "log"' in seen(app)
