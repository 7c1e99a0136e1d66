"""Promises 11, 13, 17 and 19 over what the modules share: nothing piles up, nothing listens, no shell, no evaluated text."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import threading
from datetime import UTC
from pathlib import Path

import pytest

import tui_monitor
from tests.support import sample_boards as boards
from tests.support.alert_world import World, rules_of
from tests.support.clocks import ManualClock
from tests.support.paths import ROOT, TESTS
from tests.support.settings import made
from tui_monitor.alerts import rule_index as rulebook
from tui_monitor.alerts.identity import alert_labels
from tui_monitor.checks import log_tails, machine
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.config.settings import Settings
from tui_monitor.core import humanize as formatting
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import labels_of
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.sqlite import open_store
from tui_monitor.tui.screens.main import FOOTER
from tui_monitor.widgets import status_bars as bars
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import UNICODE

SOURCES = sorted(Path(tui_monitor.__file__).parent.rglob("*.py"))


async def test_a_log_that_hangs_holds_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log file that is a pipe without a writer: one daemon thread however often its check fails, and the reason as evidence."""
    monkeypatch.setattr(log_tails, "READ_WITHIN", 0.01)
    pipe = tmp_path / "log"
    os.mkfifo(pipe)
    settings = made(Settings, {"checks": [{"name": "api", "type": "tcp", "host": "::1", "port": 9, "log_file": str(pipe)}]})
    clock = ManualClock()
    held = Collector(settings, clock, SeriesMemory(), Guard(settings.guard, Troubles(), clock.monotonic), lambda result: None)
    for _ in range(20):
        await held._tails.read("api", str(pipe))
    stuck = [thread for thread in threading.enumerate() if thread.name == "log"]
    assert len(stuck) == 1 and stuck[0].daemon
    assert held._tails.lines["api"] == (f"{pipe} cannot be read: it does not answer",)
    os.close(os.open(pipe, os.O_WRONLY))  # the reader gets an end of file
    stuck[0].join(5)
    held.stop()


async def test_a_pause_of_the_monitor_is_not_a_stuck_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading of this machine that hangs is told; one in whose midst this process was stopped says nothing false of /proc."""
    monkeypatch.setattr(machine, "READ_WITHIN", 0.05)
    settings, clock, go_on = made(Settings, {}), ManualClock(), threading.Event()
    held = Collector(settings, clock, SeriesMemory(), Guard(settings.guard, Troubles(), clock.monotonic), lambda result: None)
    monkeypatch.setattr(held.machine, "_read", lambda wall, mono: go_on.wait())
    try:
        assert await held.machine.read() == "this machine's figures cannot be read: /proc does not answer"
        paused = asyncio.create_task(held.machine.read())
        await asyncio.sleep(0)
        await clock.advance(60)
        assert await paused == ""
    finally:
        go_on.set()
        held.stop()


def test_labels_that_change_for_ever_fill_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new alert each second for hours: series, subjects, identities, ended episodes and ids stay bounded."""
    monkeypatch.setattr(rulebook, "_TAKEN_MAX", 500)
    world = World(rules_of({"alert": "Hot", "expr": "heat > 80", "severity": "critical", "cooldown": "1m", "flap_limit": 5}))
    world.memory.window_ms = 60_000
    for second in range(1500):
        world.put("heat", 99, room=str(second))
        world.evaluate()
        world.now += 1000
        world.put("heat", 20, room=str(second))
        world.evaluate()
    book = world.evaluator.index
    (group,) = book.groups.values()
    assert len(group.ladder.subjects) == 0
    assert len(world.memory) < 700 and len(book.taken) < 700 and len(group.ladder.ended) < 1100 and len(group.identities) <= 10_000


def test_alert_labels_can_be_written() -> None:
    """Undecodable bytes in a mount's name become question marks in the alert, so that no store and no channel stumbles."""
    labels = alert_labels(labels_of("disk_usage_ratio", mount="/mnt/\udcff한"), {}, "DiskSpace", "web-1", {})
    assert labels["mount"] == "/mnt/?한"


def _calls(path: Path) -> list[tuple[str, ast.Call]]:
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), node) for node in found]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_shell_no_evaluated_text_no_listening_socket(path: Path) -> None:
    """No module starts a shell, evaluates or unpickles text, or listens; our child's answer and the HTTP listener may."""
    forbidden = {"eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput", "asyncio.create_subprocess_shell"}
    forbidden |= {"pickle.loads", "pickle.load", "marshal.loads", "yaml.load", "yaml.unsafe_load"}
    forbidden |= {"asyncio.start_server", "asyncio.start_unix_server", "socket.create_server"}
    if path.parts[-2:] == ("config", "child.py"):
        forbidden -= {"pickle.loads"}
    may_listen = path.parts[-2:] == ("serving", "listener.py")
    for name, call in _calls(path):
        assert name not in forbidden and (may_listen or not name.endswith((".listen", ".create_server"))), (
            f"{path.name}:{call.lineno} calls {name}"
        )
        assert all(word.arg != "shell" for word in call.keywords), f"{path.name}:{call.lineno} uses a shell"


SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|FROM|WHERE|VALUES|ORDER BY|AND)\b")
SQL_PARTS = {
    "table", "columns", "name", "_DATA[table]", "order", "where", "here", "found", "finished", "states", "sql",
    "marks", "batch", "sizes", "synchronous", "number", "column", "gone", "' AND '.join(where)", "' AND '.join(conditions)",
    "' AND '.join((f'{name} = ?' for name in key_columns))",
}  # fmt: skip
"""What the store puts into a statement beside its constants: names, clauses and numbers of its own, each looked at."""


@pytest.mark.parametrize("path", sorted((SOURCES[0].parent / "storage").rglob("*.py")), ids=lambda path: path.stem)
def test_no_value_is_put_into_sql(path: Path) -> None:
    """What is put into the text of an SQL statement is a constant, a name or a clause of the module itself, never a value from outside."""
    for text in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)):
        if SQL.search("".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))):
            put = {ast.unparse(part.value) for part in text.values if isinstance(part, ast.FormattedValue)}
            values = {each for each in put - SQL_PARTS if not each.isupper() and not each.startswith("', '.join('?' *")}
            assert not values, f"{path.name}:{text.lineno} puts {values} into SQL: use ?, or look at it and add it to SQL_PARTS"


def test_every_promise_names_tests_that_are_there() -> None:
    """docs/promises.md has all twenty promises, and each test that it names exists."""
    page = (ROOT / "docs" / "promises.md").read_text()
    assert [number for number in range(1, 21) if f"| **{number}** " not in page] == []
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", page)
    assert len(named) > 80
    texts = {file: (TESTS / file).read_text() for file, _ in named}
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in texts[file]] == []


def test_both_stores_open_as_promised(tmp_path: Path) -> None:
    """WAL, a busy timeout, and for what must not be lost a commit that is on the disk when it returns."""
    for path, synchronous, number in ((tmp_path / "state.db", "FULL", 2), (tmp_path / "history.db", "NORMAL", 1)):
        db, aside = open_store(path, ("CREATE TABLE t (x)",), synchronous=synchronous)
        found = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "busy_timeout", "synchronous")]
        db.close()
        assert aside is None and found == ["wal", 2000, number]


def test_the_screen_shows_the_monitors_own_use() -> None:
    """The foot has the monitor's own CPU and memory."""
    board = boards.busy()
    text = text_of([bars.foot_line(board, FOOTER, 160, RenderStyle(UNICODE, UTC))])
    assert f"monitor cpu {formatting.percent(board.own_cpu, 1)}" in text and f"mem {formatting.size(board.own_memory)}" in text
