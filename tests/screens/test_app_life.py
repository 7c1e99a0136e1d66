"""How the dashboard starts and ends: exit codes, hand-over, crashes, a real terminal restored."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC
from pathlib import Path

import pytest

from tests.screens.test_app_keys import ENVIRON, make, running
from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.paths import ROOT
from tui_monitor.board.codec import board_to_json
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.stored_board import stored_board
from tui_monitor.tui.app import MonitorApp
from tui_monitor.widgets.cell_line import text_of
from tui_monitor.widgets.status_bars import leader_text


async def test_quitting_lets_the_backend_hand_over() -> None:
    """`q` stops the backend, waits for it, and ends with 0."""
    async with running() as (app, backend, pilot):
        await pilot.press("q")
        async with asyncio.timeout(60):
            await backend.ended.wait()
        assert app._backend_task is not None and app._backend_task.done()
    assert app.return_code == 0


async def test_a_backend_that_fails_ends_the_app_with_1() -> None:
    """The error is kept for standard error."""
    backend = FakeBackend()
    backend.fault = RuntimeError("the disk is gone")
    app = make(backend)
    async with app.run_test() as pilot:
        async with asyncio.timeout(60):
            while app.failure is None:
                await pilot.pause()
    assert app.return_code == 1 and str(app.failure) == "the disk is gone"


def test_a_wrong_configuration_ends_the_dashboard_with_78(tmp_path: Path) -> None:
    """The terminal is restored, and every fault stands on standard error."""
    path = tmp_path / "config.toml"
    path.write_text("bel = true\n[system]\nintervall = 1\n")
    terminal = Terminal("--config", str(path), "--state", str(tmp_path / "state"), module="tui_monitor")
    try:
        assert terminal.end() == 78 and terminal.restored()
        assert b"config.toml:1: bel: unknown key" in terminal.output and b"config.toml:3: system.intervall" in terminal.output
    finally:
        terminal.close()


async def test_the_first_board_is_shown_before_the_backend_runs() -> None:
    """Paint first: what the store knows is on the screen before any driver is loaded."""
    backend = FakeBackend()
    order: list[str] = []
    app = make(backend)
    original = backend.run

    async def run() -> None:
        order.append(text_of(app.main.alerts._lines)[:20])
        await original()

    backend.run = run  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()
        assert order and "Incidents" in order[0]


def test_the_stored_board_does_not_say_what_this_process_is(tmp_path: Path) -> None:
    """A leader wrote it; whether this process leads or looks on is told when it is known."""
    directory = open_directory(tmp_path / "state")
    with contextlib.closing(sqlite3.connect(directory.history_db)) as db, db:
        db.execute("CREATE TABLE facts (id INTEGER PRIMARY KEY, at INTEGER, data BLOB)")
        db.execute("INSERT INTO facts VALUES (1, 1, ?)", (board_to_json(boards.busy()),))
    board = stored_board(directory)
    assert board.alerts and leader_text(board.leader) == "starting"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
async def test_without_colour_nothing_is_coloured(environ: dict[str, str]) -> None:
    """NO_COLOR and TERM=dumb: not one cell has a colour."""
    backend = FakeBackend()
    app = MonitorApp(backend, now=backend.now, zone=UTC, environ={**ENVIRON, **environ})
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert color is None or color.is_default, segment


STARTING = """
import os, signal, sys
from tests.support.board_backend import FakeBackend
from tui_monitor.tui import app

def compose(self):
    os.kill(os.getpid(), signal.SIGTERM)
    return ()

app.MonitorApp.compose = compose
backend = FakeBackend("busy", every=1.0)
sys.exit(app.run_app(backend, now=backend.now))
"""


class Terminal:
    """The bench's fake dashboard, or another module or code, under a real pseudo-terminal."""

    def __init__(self, *arguments: str, environ: dict[str, str] | None = None, module: str = "bench.fakeapp", code: str = "") -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        env = {**{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}, **ENVIRON, **(environ or {})}
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", code) if code else ("-m", module)), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.slave, self.output = slave, b""

    def until(self, text: bytes, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, self.output[-2000:]
            if select.select([self.master], [], [], 0.2)[0]:
                self.output += os.read(self.master, 65536)

    def end(self, seconds: float = 60.0) -> int:
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.master], [], [], 0.05)[0]:
                self.output += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0.05)[0]:
            self.output += os.read(self.master, 65536)
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait()
            raise AssertionError("did not end")
        return code

    def restored(self) -> bool:
        """The main screen, the cursor, no mouse, cooked mode."""
        last = {
            mode: self.output.rfind(f"\x1b[?{mode}h".encode()) < self.output.rfind(f"\x1b[?{mode}l".encode()) for mode in (1049, 1000, 1003)
        }
        cursor = self.output.rfind(b"\x1b[?25h") > self.output.rfind(b"\x1b[?25l")
        return all(last.values()) and cursor and termios.tcgetattr(self.slave)[3] == self.before[3]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.mark.parametrize("how", ["q", signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_end_restores_the_terminal(how: str | signal.Signals) -> None:
    """q, SIGTERM and SIGHUP end with 0 and a terminal as it was."""
    terminal = Terminal()
    try:
        terminal.until(b"Incidents")
        if isinstance(how, str):
            os.write(terminal.master, how.encode())
        else:
            terminal.process.send_signal(how)
        assert terminal.end() == 0
        assert terminal.restored()
    finally:
        terminal.close()


def test_a_signal_while_the_dashboard_starts_restores_the_terminal() -> None:
    """The terminal is taken and nothing is painted yet: SIGTERM ends with 0, and the terminal is as it was."""
    terminal = Terminal(code=STARTING)
    try:
        assert terminal.end() == 0
        assert b"\x1b[?1049h" in terminal.output and terminal.restored()
    finally:
        terminal.close()


def test_a_session_that_breaks_off_ends_the_dashboard(tmp_path: Path) -> None:
    """The terminal is gone, as when SSH is cut: it hands over and ends with 0 instead of hanging on what it cannot draw."""
    path = tmp_path / "config.toml"
    path.write_text("default_rules = false\n")
    terminal = Terminal("--config", str(path), "--state", str(tmp_path / "state"), module="tui_monitor")
    try:
        terminal.until(b"Only this machine is monitored")
    finally:
        os.close(terminal.slave)
        os.close(terminal.master)
    try:
        assert terminal.process.wait(60) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()


def test_a_crash_restores_the_terminal_and_says_why() -> None:
    """The backend's error stands on the restored terminal; exit 1."""
    terminal = Terminal("failing")
    try:
        assert terminal.end() == 1
        assert terminal.restored()
        assert terminal.output.rfind(b"the backend broke") > terminal.output.rfind(b"\x1b[?1049l")
    finally:
        terminal.close()


def test_a_plain_terminal_gets_plain_text() -> None:
    """LANG=C: no byte beyond ASCII is written."""
    terminal = Terminal(environ={"LANG": "C", "NO_COLOR": "1"})
    try:
        terminal.until(b"Incidents")
        os.write(terminal.master, b"q")
        assert terminal.end() == 0
        assert max(terminal.output) < 128
        assert b"38;2" not in terminal.output and b"48;2" not in terminal.output
    finally:
        terminal.close()
