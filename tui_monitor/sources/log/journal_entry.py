"""Parser of journal entries from `journalctl -o json`, one JSON object per line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.log.levels import level_of_number
from tui_monitor.sources.log.record import Format, Record, Request

SUPPRESSED = "a596d6fe7bfa4994828e72309e95d61e"
"""MESSAGE_ID of "Suppressed N messages from UNIT" (systemd: sd-messages.h, SD_MESSAGE_JOURNAL_DROPPED)."""
FIELDS = "MESSAGE,MESSAGE_ID,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,_PID,_LINE_BREAK,_STREAM_ID,UNIT"
"""All that is asked for: an entry may carry megabytes of other fields."""
JOURNAL = "journal/"
"""What the names of formats of entries begin with."""
_NUMBER = re.compile(r"Suppressed (\d{1,12}) messages from (\S+)")
_EVENT = re.compile(rb"<(\d)>(\d{1,17}) ", re.DOTALL)
_TOO_LONG = "(a message that journalctl left out for its length)"


@frozen
class JournalEntry:
    """One entry. ``at`` is the time of arrival in the journal, UTC microseconds; ``priority`` syslog's 0-7; ``stream`` the connection
    of a program's standard output; ``continues``: the line was too long, the next entry of the stream is its rest."""

    cursor: str
    at: int
    message: bytes
    priority: int = 6
    unit: str = ""
    stream: str = ""
    continues: bool = False
    suppressed: int = 0
    suppressed_unit: str = ""

    @property
    def event(self) -> bytes:
        """The entry as an event for the pipeline, to be read by `JournalFormat`."""
        return b"<%d>%d %s" % (self.priority, self.at, self.message.replace(b"\0", b""))


def parse_entry(line: bytes) -> JournalEntry | None:
    """The entry of a line; None for another line (cut, damaged, a message of journalctl)."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    cursor, at = _text(value.get("__CURSOR")), _text(value.get("__REALTIME_TIMESTAMP"))
    if not cursor or not at.isdecimal() or len(at) > 17:
        return None
    priority = _text(value.get("PRIORITY"))
    message = _bytes(value.get("MESSAGE", ""))
    lost = _NUMBER.match(message.decode("utf-8", "replace")) if _text(value.get("MESSAGE_ID")) == SUPPRESSED else None
    return JournalEntry(
        cursor,
        int(at),
        message,
        int(priority) if priority in set("01234567") else 6,
        _text(value.get("UNIT")) or _text(value.get("_SYSTEMD_UNIT")),
        _text(value.get("_STREAM_ID")),
        _text(value.get("_LINE_BREAK")) == "line-max",
        int(lost[1]) if lost else 0,
        lost[2] if lost else "",
    )


def _bytes(value: Any) -> bytes:
    """A field: text, a list of byte numbers (not UTF-8), null (too long), or a list of such where it was given several times."""
    if value is None:
        return _TOO_LONG.encode()
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, list):
        if value and all(isinstance(each, int) and 0 <= each < 256 for each in value):
            return bytes(value)
        return b" ".join(_bytes(each) for each in value if not isinstance(each, Mapping))
    return str(value).encode()


def _text(value: Any) -> str:
    return "" if value is None else _bytes(value).decode("utf-8", "replace")


class JournalFormat:
    """Format of `JournalEntry.event`: the message in its program's format, missing level and time from the journal."""

    def __init__(self, inner: Format) -> None:
        self.name = f"{JOURNAL}{inner.name}"
        self._inner = inner
        self.hint = inner.hint

    def parse(self, text: str, now_ms: int) -> Record | None:
        """Parse with the inner format."""
        priority, at, message = _unwrapped(text.encode("utf-8", "replace"))
        record = self._inner.parse(message.decode("utf-8", "replace"), now_ms)
        if record is None:
            return None
        return Record(
            record.message, record.level or level_of_number(priority), record.at or at // 1000 or None, record.fields, record.request
        )

    def level(self, event: bytes) -> str | None:
        """The message's own level, else the entry's priority."""
        priority, _, message = _unwrapped(event)
        level = self._inner.level(message)
        return level_of_number(priority) if level == "" else level

    def request(self, event: bytes) -> Request | None:
        """The request by the inner format."""
        return self._inner.request(_unwrapped(event)[2])

    @staticmethod
    def message(event: bytes) -> bytes:
        """The message alone."""
        return _unwrapped(event)[2]


def _unwrapped(event: bytes) -> tuple[int, int, bytes]:
    match = _EVENT.match(event)
    return (int(match[1]), int(match[2]), event[match.end() :]) if match else (6, 0, event)
