"""The screen of processes on a fake backend; signals go to a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.screens.test_app_keys import press, running, seen, told
from tests.support import sample_boards as boards
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.process_list import ListedProcess
from tui_monitor.core.commands import ReportSignal
from tui_monitor.platform.signalling import started_at
from tui_monitor.tui.screens.process_details import ProcessDetailsScreen
from tui_monitor.tui.screens.processes import ProcessesScreen
from tui_monitor.widgets.process_table import ProcessTrends


async def test_all_processes_are_listed_filtered_and_sorted() -> None:
    """The list has every process; `/` finds by user and command, `o` and a click on a head sort it."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "4")
        screen = app.screen
        assert isinstance(screen, ProcessesScreen) and "187 in all, by cpu %" in seen(app)
        await press(app, pilot, "slash", *"writer", "enter")
        assert [one.pid for one in screen.table.rows] == [3000, 3001, 3002]
        await press(app, pilot, "escape", "o")
        assert "by memory" in seen(app) and screen.table.rows[0].name == "postgres"
        await pilot.click(screen.table, offset=(5, 1))
        assert "by pid" in seen(app) and screen.table.rows[0].pid == 1
        await pilot.click(screen.table, offset=(5, 1))
        assert screen.table.rows[0].pid == max(one.pid for one in screen.table.rows)


async def test_a_tree_has_children_below_their_parents() -> None:
    """`z` shows who started whom."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "4", "z")
        assert isinstance(app.screen, ProcessesScreen)
        pids = [one.pid for one in app.screen.table.rows]
        assert pids[:5] == [1, 1200, 3000, 3001, 3002] and len(pids) == 187
        assert "│ └ postgres: writer 2" in seen(app) and "as a tree" in seen(app)


async def test_enter_opens_the_page_of_the_process_and_says_what_is_not_stored() -> None:
    """Parent, children, command and start; history is named as not stored, with what would store it."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "4", "enter")
        assert isinstance(app.screen, ProcessDetailsScreen)
        for text in ("/usr/bin/postgres --serve", "1 systemd", "3000 postgres", "not stored", 'process = "postgres"'):
            assert text in seen(app)
        await press(app, pilot, "t")
        assert told(app) == ["There is no series to show here."]
        await press(app, pilot, "escape")
        assert isinstance(app.screen, ProcessesScreen)


async def test_the_past_says_that_it_has_no_processes() -> None:
    """A step back in time empties the list with the reason; the present fills it again."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "4", "left_square_bracket")
        assert "not stored" in seen(app) and "0 in all" in seen(app)


async def test_a_host_of_an_older_version_shows_the_busiest() -> None:
    """Where the question is refused the board's own processes are listed."""
    async with running() as (app, backend, pilot):

        async def refuse() -> Sequence[ListedProcess]:
            raise CommandRefused('this version of tui-monitor does not know "processes"')

        backend.processes = refuse  # type: ignore[method-assign]
        await press(app, pilot, "4")
        assert "10 in all" in seen(app)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for ever."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def listed(child: subprocess.Popen[bytes]) -> ListedProcess:
    return ListedProcess(child.pid, "sleeper", "sleeper", "anna", 0.9, 1, "S", os.getpid(), 1, started_at(child.pid), 1.0)


async def test_a_signal_is_sent_after_its_entry_in_the_audit_log(child: subprocess.Popen[bytes]) -> None:
    """K asks; the default TERM, Enter sends it, and the audit log has it first."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), kill=True))

        async def only() -> Sequence[ListedProcess]:
            return (listed(child),)

        backend.processes = only  # type: ignore[method-assign]
        await press(app, pilot, "4", "K")
        assert f"Signal to {child.pid} sleeper of anna" in seen(app) and app.screen.query_one(Input).value == "TERM"
        await press(app, pilot, "enter")
        assert backend.commands == [ReportSignal(f"TERM to {child.pid} sleeper (anna)")]
        assert child.wait(30) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("more", "text"),
    [({}, "kill = true under [dashboard]"), ({"kill": True, "read_only": "read-only: not in the group"}, "read-only: not in the group")],
    ids=["off", "read-only"],
)
async def test_no_signal_where_it_is_off_or_read_only(more: dict[str, object], text: str) -> None:
    """Off unless the configuration says otherwise, never for who may only look; the reason is said, and nothing asks."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), **more))  # type: ignore[arg-type]
        await press(app, pilot, "4", "K")
        assert isinstance(app.screen, ProcessesScreen) and any(text in one for one in told(app)) and backend.commands == []


async def test_no_audit_entry_no_signal(child: subprocess.Popen[bytes]) -> None:
    """Where the audit log cannot take it, nothing is sent."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), kill=True))

        async def only() -> Sequence[ListedProcess]:
            return (listed(child),)

        backend.processes, backend.refuse = only, "the disk is full"  # type: ignore[method-assign]
        await press(app, pilot, "4", "K", "enter")
        assert any("the disk is full" in one for one in told(app)) and child.poll() is None


def test_trends_forget_what_has_ended_and_what_never_worked() -> None:
    """A thousand idle processes cost nothing."""
    trends = ProcessTrends()
    idle, busy = boards.all_processes()[-1], boards.all_processes()[2]
    trends.add([idle, busy])
    trends.add([replace(busy, cpu=0.0), idle])
    assert trends.of(busy) == (busy.cpu, 0.0) and trends.of(idle) == ()
    trends.add([])
    assert trends.of(busy) == ()


async def test_a_process_that_only_waits_for_its_parent_is_said() -> None:
    """A signal to one that has ended changes nothing."""
    async with running() as (app, backend, pilot):
        backend.push(replace(boards.busy(), kill=True))

        async def only() -> Sequence[ListedProcess]:
            return (ListedProcess(99, "gone", "[gone]", "anna", 0.0, 0, "Z", 98),)

        backend.processes = only  # type: ignore[method-assign]
        await press(app, pilot, "4", "K")
        assert isinstance(app.screen, ProcessesScreen) and any("its parent 98" in one for one in told(app))
