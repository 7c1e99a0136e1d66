"""Joining of long lines, which journald splits into several entries beyond 48 KiB."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.sources.log.journal_entry import JournalEntry

MOST_STREAMS = 100
MAX_MESSAGE = 1024 * 1024


class EntryJoiner:
    """Buffer of a line's first pieces until the last one arrives."""

    def __init__(self) -> None:
        self._held: dict[str, JournalEntry] = {}
        self._safe: tuple[str, int] | None = None

    @property
    def safe(self) -> tuple[str, int] | None:
        """Cursor and time (µs) from which reading can restart without losing a piece; None before the first entry."""
        return self._safe

    def add(self, entry: JournalEntry) -> JournalEntry | None:
        """The whole entry, None while it is not complete. Pieces beyond 1 MiB are dropped."""
        begun = self._held.pop(entry.stream, None) if entry.stream else None
        if begun is not None:
            room = MAX_MESSAGE - len(begun.message)
            entry = replace(entry, message=begun.message + entry.message[: max(0, room)])
        whole = self._hold(entry) if entry.continues and entry.stream else entry
        if not self._held:
            self._safe = entry.cursor, entry.at
        return whole

    def _hold(self, entry: JournalEntry) -> JournalEntry | None:
        given = self._held.pop(next(iter(self._held))) if len(self._held) >= MOST_STREAMS else None
        self._held[entry.stream] = entry
        return given
