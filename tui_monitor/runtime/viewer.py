"""The viewer: shows the leader's stored board, at most a second late, and stores commands for the leader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.check_statistics import with_sparks
from tui_monitor.board.codec import BoardReader
from tui_monitor.board.values import Board, LeaderView, Spark
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.core.humanize import stamp
from tui_monitor.core.kept import Kept
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.runtime.command_client import NO_LEADER, UNANSWERED, leader_runs, leave_command, result_of, write_state
from tui_monitor.runtime.stored_board import stored_board
from tui_monitor.storage.faults import StorageFault, StoreTooNew
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.memory import SeriesMemory
from tui_monitor.storage.records import LeaderRow, ViewerRow
from tui_monitor.storage.repository import State
from tui_monitor.storage.state.reader import StateReader

LOOK_EVERY = 0.5
REGISTER_EVERY_MS = 5_000
REMEMBERED_S = 150
SLACK_MS = 1000
"""Tolerance in ms for samples that came after the poll began."""
SILENT_MS = 15_000
"""Milliseconds without a write after which the leader counts as hanging; with viewers it writes each second."""


class Viewer:
    """A viewer of the leader's board. ``blocked``: why this process does not lead itself, "" where it only waits."""

    def __init__(self, directory: StateDirectory, clock: Clock, pid: int, kind: str, by: str, on_board: Callable[[Board], None]) -> None:
        self.board: Board | None = None
        self.leader: LeaderRow | None = None
        self.blocked = ""
        self.reading = HistoryConnection(directory.history_db)
        self._directory = directory
        self._clock = clock
        self._pid = pid
        self._kind = kind
        self._by = by
        self._on_board = on_board
        self._since = clock.wall_ms()
        self._memory = SeriesMemory()
        self._looked_at = 0
        self._seq = 0
        self._seen_facts = 0
        self._registered_at = 0
        self._state: StateReader | None = None
        self._state_version: tuple[int, int] | None = None
        self._version: object = None
        self._boards = BoardReader()
        self._sparks: Kept[Mapping[str, Spark]] = Kept()
        self._stored: Board | None = None
        self._shown: tuple[int, bool, str] | None = None
        self._silent = ""
        self._filled = False

    async def run(self, until: Callable[[], bool]) -> None:
        """Poll twice a second until the function returns true."""
        try:
            while not until():
                await self.poll()
                await self._clock.sleep(LOOK_EVERY)
        finally:
            self._close_state()
            await asyncio.to_thread(self._unregister)
            await self.reading.close()

    def block(self, reason: str) -> None:
        """Show why this process does not lead although no process does."""
        self.blocked = reason

    async def poll(self) -> None:
        """Read both files once; publish a board where anything changed."""
        now = self._clock.wall_ms()
        if now < self._looked_at:  # the clock was set back: shift the present data, else new data would seem older
            self._memory.shift(now - self._looked_at - SLACK_MS, now)
        self._looked_at = now
        self._read_leader()
        if now - self._registered_at >= REGISTER_EVERY_MS or now < self._registered_at:
            self._registered_at = now
            await asyncio.to_thread(self._register, now)
        found: tuple[int, bytes] | None = None
        try:
            found = await self.reading.query(self._follow)
        except StorageFault as error:
            if isinstance(error, StoreTooNew):
                self.blocked = str(error)
        if found is not None and found[0] != self._seen_facts:
            self._seen_facts = found[0]
            with contextlib.suppress(ValueError):
                self._stored = self._boards.read(found[1])
        alive = self.leader_alive
        self._silent = self._silence(now) if alive else ""
        shown = (self._seen_facts, alive, self.blocked + self._silent)
        if shown != self._shown:
            self._shown = shown
            self._publish(now, alive)

    def _follow(self, reader: HistoryQueries) -> tuple[int, bytes] | None:
        now = self._clock.wall_ms()
        version = reader.data_version()
        if version == self._version:
            return None
        self._version = version
        if not self._filled:
            self._filled = True
            self._seq = reader.prefill(self._memory.append, now, REMEMBERED_S)
        for tick in reader.recent_ticks(now - REMEMBERED_S * 1000, self._seq):
            if tick.at <= now + SLACK_MS:  # a later one was written before the clock was set back
                self._memory.append(tick.at, tick.samples, tick.lookback_ms)
            self._seq = tick.seq
        return reader.stored_board()

    def _silence(self, now: int) -> str:
        """The warning about a leader that runs and writes nothing; "" for none."""
        if self.leader is None or self._stored is None:
            return ""
        last = max(self._stored.at, self.leader.since)
        if now - last <= SILENT_MS:
            return ""
        since = stamp(last, now, None, seconds=True)
        return f"the daemon (pid {self.leader.pid}) is not responding since {since}, showing its last state"

    def _publish(self, now: int, alive: bool) -> None:
        row = self.leader
        role = "standby" if self._kind == "headless" else "viewer"
        if row is not None:
            view = LeaderView(role, row.pid, row.kind, row.since, row.heartbeat, alive)
        else:
            view = LeaderView(role, alive=False, heartbeat=self._stored.at if self._stored else 0)
        base = self._stored or (replace(stored_board(self._directory), loading=False) if self.blocked else None)
        if base is None:
            return
        own = self._silent or ("" if alive else self.blocked)
        trouble = (*((own,) if own else ()), *base.trouble)
        board = replace(base, leader=view, read_only=self._directory.why_read_only, trouble=trouble)
        if alive:
            board = replace(board, uptime=(now - row.since) / 1000 if row else board.uptime)
        self.board = with_sparks(board, self._memory.recent, self._sparks)
        self._on_board(self.board)

    @property
    def leader_alive(self) -> bool:
        """Whether a process leads now."""
        return self.leader is not None and leader_runs(self._directory, self.leader)

    def _read_leader(self) -> None:
        try:
            if self._state is None:
                self._state, self._state_version = StateReader(self._directory.state_db), None
            version = self._state.data_version()
            if version != self._state_version:
                self.leader = self._state.read(lambda state: state.processes.leader())
                self._state_version = version
        except StoreTooNew as error:
            self.blocked = str(error)
        except StorageFault:
            self._close_state()

    def _close_state(self) -> None:
        if self._state is not None:
            self._state.close()
            self._state = None

    # --- writing: only commands and the own row -----------------------------------------------------------------------

    def _write(self, work: Callable[[State], Any]) -> Any:
        return write_state(self._directory, work)

    def _register(self, now: int) -> None:
        row = ViewerRow(self._pid, self._kind, self._by, self._since, now)
        with contextlib.suppress(CommandRefused):
            self._write(lambda state: state.processes.save_viewer(row))

    def _unregister(self) -> None:
        with contextlib.suppress(CommandRefused):
            self._write(lambda state: state.processes.remove_viewer(self._pid))

    def leave_command(self, command: Command, by: str = "") -> int:
        """Store a command for the leader; returns its id. Raises CommandRefused."""
        return leave_command(self._directory, by or self._by, command, self._clock.wall_ms())

    async def command(self, command: Command, by: str = "") -> CommandResult:
        """Store the command for the leader and wait up to ANSWER_WITHIN seconds for its result."""
        try:
            ident = await asyncio.to_thread(self.leave_command, command, by)
        except CommandRefused as error:
            return CommandResult(False, str(error))
        if not self.leader_alive:
            return NO_LEADER
        result = None if self._state is None else await result_of(self._state, ident, self._clock)
        return result or UNANSWERED
