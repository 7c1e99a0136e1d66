"""Follower of the systemd journal: a supervised `journalctl --follow`, restarted where it stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.platform.child_process import CannotStart
from tui_monitor.sources.log.journal_command import (
    JOURNALD,
    Followed,
    JournalBatch,
    JournalPosition,
    LinePump,
    Start,
    follow_argv,
    newest_argv,
)
from tui_monitor.sources.log.journal_entry import JournalEntry, parse_entry
from tui_monitor.sources.log.journal_merge import EntryJoiner

BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0)
SILENCE = 60.0
"""Seconds without an entry after which the newest one is asked for: a cursor from the future yields nothing for ever (systemd#6213)."""


class JournalFollower:
    """Follower of the journal of some units, or of all.

    ``trouble`` is the own trouble that prevents reading, with advice, else ""; ``notes`` report lost or repeated entries.
    """

    def __init__(
        self,
        units: Sequence[str],
        start: Start,
        clock: Clock,
        saved: JournalPosition | None = None,
        program: Sequence[str] = ("journalctl",),
    ) -> None:
        self._units, self._start, self._clock, self._program = units, start, clock, program
        self._wanted = frozenset(unit if "." in unit else f"{unit}.service" for unit in units)
        self.position = saved
        self.trouble = ""
        self.notes: deque[str] = deque(maxlen=20)
        self._by_time = False
        self._heard = 0
        self._failures = 0
        self._marker = ""

    async def run(self, take: Callable[[JournalBatch], Awaitable[None]]) -> None:
        """Run until cancelled: ``take`` receives each batch, after which ``position`` is updated."""
        while True:
            try:
                await self._follow(take)
            except (OSError, CannotStart) as error:
                self.trouble = _start_trouble(error)
                self._failures += 1
            await self._clock.sleep(BACKOFF[min(self._failures, len(BACKOFF)) - 1] if self._failures else 0.0)

    async def _follow(self, take: Callable[[JournalBatch], Awaitable[None]]) -> None:
        """Run the program once, until its end."""
        argv = follow_argv(self._units, self.position, by_time=self._by_time, program=self._program)
        heard = self._heard
        async with self._start(argv) as program:
            reading = asyncio.create_task(self._read(program, take))
            watching = asyncio.create_task(self._watch())
            try:
                await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (reading, watching):
                    task.cancel()
                await asyncio.gather(reading, watching, return_exceptions=True)
        if not reading.cancelled() and (error := reading.exception()):
            raise error
        deaf = not watching.cancelled() and watching.exception() is None
        self._ended(program.code, program.errors, heard=self._heard > heard, deaf=deaf)

    def _ended(self, code: int | None, errors: bytes, *, heard: bool, deaf: bool) -> None:
        """Handle the program's end: decide how the next one starts."""
        text = errors.decode("utf-8", "replace")
        self._failures = 0 if heard or deaf else self._failures + 1
        if deaf:
            return
        if "Failed to seek to cursor" in text and self.position is not None:
            self._by_time = True
            self._failures = 0
            self.notes.append("the journal does not know the saved cursor any more: it is read from its time on")
        elif "No journal files were opened" in text or "ermission denied" in text:
            self.trouble = "no permission to read the journal: add the monitor's user to the group systemd-journal"
        elif "No journal files were found" in text:
            self.trouble = "there is no journal on this machine: set path instead of unit, or start systemd-journald"
        else:
            self.notes.append(f"journalctl ended (exit {code}): {clip(clean(text), 200)}")
            if not heard and self._failures > 1:
                self.trouble = f"journalctl does not stay: {clip(clean(text), 200) or f'exit {code}'}; run it by hand to see why"

    async def _read(self, program: Followed, take: Callable[[JournalBatch], Awaitable[None]]) -> None:
        """Process the available lines in batches until the program's output ends."""
        reading = _JournalReading(EntryJoiner(), self.position, by_time=self._by_time)
        pump = LinePump(program)
        task = asyncio.create_task(pump.run())
        try:
            while lines := await pump.some():
                await self._give(take, reading, [parse_entry(line) for line in lines if line.strip()])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _give(
        self, take: Callable[[JournalBatch], Awaitable[None]], reading: _JournalReading, found: Sequence[JournalEntry | None]
    ) -> None:
        new = [entry for entry in found if entry is not None and reading.is_new(entry)]
        self._heard += len(new)
        whole = [entry for each in new if (entry := reading.joiner.add(each)) is not None]
        entries = tuple(entry for entry in whole if self._is_wanted(entry.unit))
        suppressed = sum(entry.suppressed for entry in new if entry.suppressed and self._is_wanted(entry.suppressed_unit))
        unreadable = sum(entry is None for entry in found)
        safe = reading.joiner.safe
        position = JournalPosition(*safe) if safe else self.position
        if position is not None and (entries or suppressed or unreadable):
            self.trouble = ""
            await take(JournalBatch(entries, position, suppressed, unreadable))
        if safe:
            self.position, self._by_time = position, False

    def _is_wanted(self, unit: str) -> bool:
        """Whether to return entries of this unit; journald's own are used for counts only, unless configured."""
        return not self._wanted or (unit != JOURNALD and unit != "") or JOURNALD in self._wanted

    async def _watch(self) -> None:
        """Return when the program misses entries that the journal has."""
        while True:
            heard = self._heard
            await self._clock.sleep(SILENCE)
            if self._heard > heard:
                continue
            newest = await self._newest()
            known = {self.position.cursor if self.position else "", self._marker}
            if newest is None or newest.cursor in known:
                continue
            await self._clock.sleep(2.0)  # it can still arrive
            first, self._marker = self._marker == "" and self.position is None, newest.cursor
            if self._heard == heard and not first:
                self.position, self._by_time = JournalPosition("", newest.at), True
                self.notes.append(
                    "journalctl returned nothing although there are entries (the clock went back, or the journal was emptied): restarted"
                )
                return

    async def _newest(self) -> JournalEntry | None:
        entry = None
        with contextlib.suppress(OSError, CannotStart):
            async with self._start(newest_argv(self._units, self._program)) as program:
                async for line in program:
                    entry = parse_entry(line) or entry
        return entry


class _JournalReading:
    """Entries to skip in one run of the program: the one at the cursor, or those before the time."""

    def __init__(self, joiner: EntryJoiner, position: JournalPosition | None, *, by_time: bool) -> None:
        self.joiner = joiner
        self._skip, self._by_time = position, by_time

    def is_new(self, entry: JournalEntry) -> bool:
        """Whether the entry was not returned before; all after the first new one are new."""
        skip = self._skip
        if skip is not None and (entry.cursor == skip.cursor or (self._by_time and entry.at < skip.at)):
            return False
        self._skip = None
        return True


def _start_trouble(error: Exception) -> str:
    if isinstance(error, CannotStart):
        return f"{error}: install systemd's journalctl, or set path instead of unit"
    return f"journalctl cannot be run: {error}"
