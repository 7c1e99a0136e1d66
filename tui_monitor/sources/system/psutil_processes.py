"""The process table through psutil, for systems without Linux' /proc: best effort."""

from __future__ import annotations

import os

import psutil

from tui_monitor.sources.system.process_row import LONGEST_GAP, SHORTEST_GAP, ProcessRow

_STATES = {psutil.STATUS_RUNNING: "R", psutil.STATUS_DISK_SLEEP: "D", psutil.STATUS_ZOMBIE: "Z", psutil.STATUS_STOPPED: "T"}
_FIELDS = ["pid", "name", "username", "cpu_times", "memory_info", "status", "create_time", "ppid", "num_threads"]


class PsutilReader:
    """Reader of every process through psutil, with the command line of shown ones only."""

    def __init__(self, top: int) -> None:
        self.count = 0
        self._top = top
        self._before: dict[tuple[int, float], float] = {}
        self._at: float | None = None

    def read(self, monotonic: float) -> tuple[ProcessRow, ...]:
        """Read all processes once; ended or unreadable ones are left out."""
        elapsed = None if self._at is None else monotonic - self._at
        fresh = elapsed is None or not SHORTEST_GAP <= elapsed <= LONGEST_GAP
        self._at = monotonic
        now: dict[tuple[int, float], float] = {}
        seen: list[tuple[float, int, int, psutil.Process]] = []
        for process in psutil.process_iter(_FIELDS):
            known = process.info
            times, memory = known["cpu_times"], known["memory_info"]
            if times is None or memory is None:
                continue
            key = (known["pid"], known["create_time"])
            now[key] = times.user + times.system
            risen = max(0.0, now[key] - self._before.get(key, now[key]))
            seen.append((risen, int(memory.rss), known["pid"], process))
        self._before = now
        self.count = len(seen)
        chosen = {row[2]: row for row in sorted(seen, key=lambda row: row[1], reverse=True)[: self._top]}
        chosen |= {row[2]: row for row in sorted(seen, key=lambda row: row[:3], reverse=True)[: self._top] if row[0] > 0}
        ordered = sorted(chosen.values(), key=lambda row: row[:3], reverse=True)
        return tuple(_row(process, memory, None if fresh or not elapsed else risen / elapsed) for risen, memory, _, process in ordered)


def _row(process: psutil.Process, memory: int, cpu: float | None) -> ProcessRow:
    known = process.info
    name = _text(known["name"] or "")
    try:
        command = _text(" ".join(process.cmdline())[:4096])
    except psutil.Error:
        command = ""
    return ProcessRow(
        known["pid"], name, command or f"[{name}]", _text(known["username"] or ""), cpu, memory, _STATES.get(known["status"], "S"),
        known["ppid"] or 0, known["num_threads"] or 0, round((known["create_time"] or 0) * 1000),
    )  # fmt: skip


def _text(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "replace")
