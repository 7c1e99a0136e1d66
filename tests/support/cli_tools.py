"""The command line in this process, over a real state directory that the stores have written."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tui_monitor.alerts.alert import Acknowledgement, Alert, Rung, Transition
from tui_monitor.board.codec import board_to_json
from tui_monitor.board.values import Board, CheckView, LeaderView, MountView, Resources
from tui_monitor.cli.main import main
from tui_monitor.core.audit import Audit
from tui_monitor.core.command_codec import decode
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.core.values import HealthStatus, Labels
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.silences import Silence, make_silence
from tui_monitor.dispatch.state import Plan
from tui_monitor.platform.state_directory import LeaderLock, open_directory
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.records import FinishedCommand, LeaderRow
from tui_monitor.storage.repository import State
from tui_monitor.storage.sqlite import connect
from tui_monitor.storage.state.database import SqliteRepository
from tui_monitor.storage.state.reader import StateReader
from tui_monitor.storage.state.tables import SqliteState


def now_ms() -> int:
    """The present."""
    return time.time_ns() // 1_000_000


FIRING = Alert(
    id="1a2b3c4d", fingerprint="f" * 16, rule="CheckUnhealthy", state="firing", severity="critical",
    labels={"alertname": "CheckUnhealthy", "severity": "critical", "host": "web-1", "check": "api"},
    annotations={"summary": "api is unhealthy: HTTP 500"}, value=2.0, active_at=now_ms() - 60_000, starts_at=now_ms() - 60_000,
    rungs={"CheckUnhealthy/critical": Rung(now_ms() - 60_000, True)},
)  # fmt: skip
TAKEN = replace(
    FIRING, id="1a999999", fingerprint="e" * 16, severity="warning", acknowledged=Acknowledgement("kim", now_ms() - 5000, "mine"),
    labels={**FIRING.labels, "check": "db", "severity": "warning"}, annotations={"summary": "db is degraded"},
)  # fmt: skip
PENDING = replace(FIRING, id="2b000000", fingerprint="d" * 16, state="pending", starts_at=0, labels={**FIRING.labels, "check": "cache"})
ENDED = replace(
    FIRING, id="3c000000", fingerprint="c" * 16, state="resolved", ends_at=now_ms() - 1000, labels={**FIRING.labels, "check": "old"}
)


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(name="cli")
def command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run `tui-monitor ...` here, away from this machine's own configuration and state."""
    for name in ("TUI_MONITOR_CONFIG", "TUI_MONITOR_STATE", "STATE_DIRECTORY", "NO_COLOR", "SUDO_USER", "SSH_CONNECTION", "SSH_CLIENT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))

    def run(*words: object) -> Said:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


def board(*checks: CheckView, status: HealthStatus = HealthStatus.HEALTHY, at: int | None = None, trouble: Sequence[str] = ()) -> Board:
    """A board as a leader stores it."""
    resources = Resources(cpu=0.25, load=(0.5, 0.4, 0.3), memory=0.5, memory_total=8 << 30, mounts=(MountView("/", 100, 71, 29, 0.71),))
    return Board(at or now_ms(), "web-1", "0.1.0", status, checks, resources, (), LeaderView("leader"), trouble=tuple(trouble))


def check(name: str, status: HealthStatus, reason: str = "") -> CheckView:
    """One check of a board."""
    return CheckView(name, "http", "application", "http://x/", status, reason, now_ms() - 9000, now_ms(), 0.132, {"connect": 0.01})


def make_state(
    path: Path,
    *,
    alerts: Sequence[Alert] = (),
    silences: Sequence[Silence] = (),
    messages: Sequence[Message] = (),
    acts: Sequence[str] = (),
    stored: Board | None = None,
    samples: Mapping[Labels, Sequence[tuple[int, float]]] | None = None,
) -> Path:
    """A state directory as a leader leaves it."""

    def fill(state: State) -> None:
        state.alerts.save([Transition(now_ms(), "firing", alert) for alert in alerts])
        state.dispatch.save(Plan(silences={silence.id: silence for silence in silences}))
        for message in messages:
            state.outbox.enqueue(message, now_ms())
        for place, act in enumerate(acts):
            state.audit.add(Audit(now_ms() - 1000 + place, "kim (ssh 203.0.113.7)", act, "1a2b3c4d Hot", "a note"))

    async def write() -> None:
        store = await SqliteRepository.open(directory.state_db)
        await store.transaction(fill)
        await store.close()

    directory = open_directory(path)
    asyncio.run(write())
    history = History(directory.history_db)
    for labels, points in (samples or {}).items():
        for at, value in points:
            history.append(at, [(labels, value)])
    if stored is not None:
        history.set_board(stored.at, board_to_json(stored))
    history.commit(now_ms())
    history.close()
    return path


def silence(*matchers: str, seconds: int = 3600, begin: int = -60) -> Silence:
    """From a minute ago, for an hour."""
    return make_silence(matchers, now_ms() + begin * 1000, now_ms() + (begin + seconds) * 1000, "kim", "planned")


@contextlib.contextmanager
def leader(path: Path, answer: Callable[[Command], CommandResult] | None = None, age_ms: int = 7_200_000) -> Iterator[list[Command]]:
    """Somebody leads since ``age_ms``: holds the lock, has a row, and answers commands; yields what was asked."""
    directory = open_directory(path)
    lock = LeaderLock(directory)
    assert lock.acquire()
    asked: list[Command] = []
    ended = threading.Event()

    def serve() -> None:
        db = connect(directory.state_db)
        state = SqliteState(db)
        state.processes.save_leader(LeaderRow(1, "headless", "9.9", "hash", now_ms() - age_ms, now_ms()))
        ready.set()
        while not ended.wait(0.02):
            for row in state.commands.pending():
                command = decode(row.verb, row.arguments)
                asked.append(command)
                state.commands.finish(FinishedCommand(row.id, answer(command) if answer else CommandResult(True, "done")), now_ms())
        db.close()

    ready = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(60)
        yield asked
    finally:
        ended.set()
        thread.join(60)
        lock.release()


def waiting_commands(path: Path) -> list[Command]:
    """The commands that are stored for the next leader."""
    with contextlib.closing(StateReader(path / "state.db")) as reader:
        return [decode(row.verb, row.arguments) for row in reader.read(lambda state: state.commands.pending())]
