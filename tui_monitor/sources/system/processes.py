"""The process table by CPU and memory, from one pass over /proc."""

from __future__ import annotations

import heapq
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tui_monitor.sources.system.process_commands import Commands
from tui_monitor.sources.system.process_row import LONGEST_GAP, SHORTEST_GAP, ProcessRow
from tui_monitor.sources.system.process_users import Users
from tui_monitor.sources.system.procfs import text_of


class ProcessReader(Protocol):
    """Reader of an operating system's process table."""

    count: int

    def read(self, monotonic: float) -> tuple[ProcessRow, ...]:
        """The top processes."""
        ...


class TopProcesses:
    """The ``top`` processes by CPU and by memory as one list: most CPU first, then most memory.

    The first reading (and one after a pause of over 60 s) has no CPU: for evidence read twice, a second apart. Blocks, so
    call it in a worker thread. ``count`` is the number of processes in the last reading.
    """

    def __init__(self, top: int = 12) -> None:
        proc = Path("/proc")
        if sys.platform == "linux" or (proc / "stat").exists():
            self._reader: ProcessReader = ProcReader(top, proc)
        else:
            from tui_monitor.sources.system.psutil_processes import PsutilReader

            self._reader = PsutilReader(top)

    @property
    def count(self) -> int:
        """Number of processes in the last reading."""
        return self._reader.count

    def read(self, monotonic: float) -> tuple[ProcessRow, ...]:
        """The current table; empty where the system offers none."""
        return self._reader.read(monotonic)


FACTS_EVERY = 8
"""Readings after which the shown processes' command lines and users are read anew: some programs write what they do into theirs."""
_Seen = tuple[int, int, int, bytes]
"""CPU ticks since the last look, resident pages, pid, the line of /proc/PID/stat."""


class ProcReader:
    """Reader of /proc/PID/stat of every process, and of user and command line for the shown ones only."""

    def __init__(self, top: int, proc: Path, commands: Commands | None = None) -> None:
        self.count = 0
        self._top = top
        self._proc = str(proc)
        self._users = Users()
        self._commands = commands or Commands(self._proc)
        self._ticks: dict[int, tuple[bytes, int]] = {}
        self._known: dict[tuple[int, bytes], tuple[str, str]] = {}
        self._readings = 0
        self._at: float | None = None
        self._hertz = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")

    def read(self, monotonic: float) -> tuple[ProcessRow, ...]:
        """Read all processes once. One that ends meanwhile is left out; a reused pid starts again without CPU."""
        elapsed = None if self._at is None else monotonic - self._at
        fresh = elapsed is None or not SHORTEST_GAP <= elapsed <= LONGEST_GAP
        self._at = monotonic
        seen = self._pass(fresh)
        self.count = len(seen)
        chosen = {row[2]: row for row in heapq.nlargest(self._top, seen, key=lambda row: row[1])}
        if not fresh:
            chosen |= {row[2]: row for row in heapq.nlargest(self._top, seen) if row[0] > 0}
        ordered = sorted(chosen.values(), reverse=True)
        facts = self._facts([row[2] for row in ordered])
        return tuple(self._row(row, None if fresh else elapsed, *facts[row[2]]) for row in ordered if row[2] in facts)

    def _facts(self, pids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Command line and user by pid, without processes that have ended; read anew every `FACTS_EVERY` readings: they seldom change."""
        self._readings += 1
        if self._readings % FACTS_EVERY == 0:
            self._known = {}
        born = {pid: (pid, self._ticks[pid][0]) for pid in pids}
        unknown = [pid for pid in pids if born[pid] not in self._known]
        read = self._commands.read(unknown) if unknown else {}
        known = {born[pid]: (read[pid], self._user(pid)) if pid in read else self._known.get(born[pid]) for pid in pids}
        found = {identity: facts for identity, facts in known.items() if facts is not None}
        self._known = {identity: facts for identity, facts in found.items() if facts[0] or not self._commands.is_stuck}
        return {identity[0]: facts for identity, facts in found.items()}

    def _pass(self, fresh: bool) -> list[_Seen]:
        """Read the raw rows. Hot loop (18 µs per process, mostly in the kernel), so it is not split up."""
        before, now = self._ticks, {}
        seen: list[_Seen] = []
        opened, read, close, flags = os.open, os.read, os.close, os.O_RDONLY | os.O_CLOEXEC
        try:
            directory = opened(self._proc, flags)
        except OSError:
            return seen
        try:
            for name in os.listdir(directory):
                if not name.isdigit():
                    continue
                try:
                    descriptor = opened(f"{name}/stat", flags, dir_fd=directory)
                except OSError:
                    continue
                try:
                    line = read(descriptor, 2048)
                except OSError:
                    continue
                finally:
                    close(descriptor)
                # The name is in parentheses and can contain any byte, so count fields from the last parenthesis.
                fields = line[line.rfind(b")") + 2 :].split(None, 22)
                try:
                    ticks, started, pages = int(fields[11]) + int(fields[12]), fields[19], int(fields[21])
                except (IndexError, ValueError):
                    continue
                pid = int(name)
                known = before.get(pid)
                now[pid] = (started, ticks)
                risen = ticks - known[1] if known is not None and known[0] == started else 0 if fresh else ticks
                seen.append((risen if risen > 0 else 0, pages, pid, line))
        finally:
            os.close(directory)
        self._ticks = now
        return seen

    def _row(self, seen: _Seen, elapsed: float | None, command: str, user: str) -> ProcessRow:
        risen, pages, pid, line = seen
        end = line.rfind(b")")
        name, state = text_of(line[line.find(b"(") + 1 : end]), text_of(line[end + 2 : end + 3])
        cpu = None if elapsed is None else risen / self._hertz / elapsed
        fields = line[end + 2 :].split(None, 20)
        parent, threads, started = int(fields[1]), int(fields[17]), int(fields[19]) * 1000 // self._hertz
        memory = max(0, pages) * self._page
        return ProcessRow(pid, name, command or f"[{name}]", user, cpu, memory, state, parent, threads, started)

    def _user(self, pid: int) -> str:
        """Owner of the process' directory: the effective user (root for undumpable programs)."""
        try:
            return self._users.name(os.stat(f"{self._proc}/{pid}").st_uid)
        except OSError:
            return ""
