"""Calls of journalctl: arguments, output, and saved position."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.journal_entry import FIELDS, JournalEntry

JOURNALD = "systemd-journald.service"
_MOST_WAITING = 256


class Followed(Protocol):
    """A running program: its lines, and after its end exit code and standard error."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over lines without line ends."""
        ...

    @property
    def code(self) -> int | None:
        """The exit code once the context was left."""
        ...

    @property
    def errors(self) -> bytes:
        """Standard error so far."""
        ...


Start = Callable[[Sequence[str]], AbstractAsyncContextManager[Followed]]
"""Starts a program; leaving the context ends it (platform/child_lines.py: FollowedProgram). Entering raises OSError or CannotStart."""


@frozen
class JournalPosition:
    """The last returned entry: its cursor, and its time (UTC µs) in case the cursor is no longer valid."""

    cursor: str
    at: int

    def to_json(self) -> dict[str, Any]:
        """`{"cursor", "at"}`."""
        return {"cursor": self.cursor, "at": self.at}


def journal_position_from(value: object) -> JournalPosition | None:
    """The position of its JSON form, None for an invalid one."""
    if isinstance(value, Mapping) and isinstance(value.get("cursor"), str) and isinstance(value.get("at"), int):
        return JournalPosition(value["cursor"], value["at"])
    return None


@frozen
class JournalBatch:
    """Entries in their order, with the position to save after them. ``suppressed``: messages of the units dropped by journald."""

    entries: tuple[JournalEntry, ...]
    position: JournalPosition
    suppressed: int = 0
    unreadable: int = 0


def follow_argv(
    units: Sequence[str], position: JournalPosition | None, *, by_time: bool = False, program: Sequence[str] = ("journalctl",)
) -> list[str]:
    """The command line that continues after a position.

    `--cursor` returns the entry at the cursor again, which is dropped: `--after-cursor` with `-u` loses one entry before systemd 255
    (systemd#30288). journald's own unit is included for its counts of suppressed messages.
    """
    begin = ["--lines=0"]
    if position is not None:
        begin = [
            "--no-tail",
            f"--since=@{position.at // 1_000_000}.{position.at % 1_000_000:06}" if by_time else f"--cursor={position.cursor}",
        ]
    chosen = [word for unit in (*units, JOURNALD) for word in ("--unit", unit)] if units else []
    return [*program, "--follow", "--output=json", "--all", "--quiet", "--no-pager", f"--output-fields={FIELDS}", *begin, *chosen]


def newest_argv(units: Sequence[str], program: Sequence[str] = ("journalctl",)) -> list[str]:
    """The command line that prints the newest entry of the units and ends."""
    chosen = [word for unit in units for word in ("--unit", unit)]
    return [*program, "--output=json", "--all", "--quiet", "--no-pager", f"--output-fields={FIELDS}", "--lines=1", *chosen]


class LinePump:
    """Line queue of a program for a reader that takes all available lines; blocks the program beyond 256."""

    def __init__(self, program: Followed) -> None:
        self._program = program
        self._waiting: list[bytes] = []
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._ended = False

    async def run(self) -> None:
        """Read until the program's output ends."""
        try:
            async for line in self._program:
                self._waiting.append(line)
                self._news.set()
                if len(self._waiting) >= _MOST_WAITING:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._ended = True
            self._news.set()

    async def some(self) -> list[bytes]:
        """At least one line; [] at the end."""
        while not self._waiting and not self._ended:
            self._news.clear()
            await self._news.wait()
        lines, self._waiting = self._waiting, []
        self._room.set()
        return lines
