"""Grouping of lines into events: a stack trace belongs to the line before it. Works on raw bytes, before anything is decoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tui_monitor.sources.log.regex import compile_pattern

MOST_LINES = 500
"""Lines of one event; what follows begins another."""

Continues = Callable[[bytes, Sequence[bytes]], bool]
"""Whether a line continues an event, given the lines that the event has so far."""

_INDENTED = rb"[ \t]+\S|Caused by: |Suppressed: |Traceback \(most recent call last\)|During handling of the above|The above exception was"
_CONTINUED = re.compile(_INDENTED)
_BLANK, _LETTERS = frozenset((b" ", b"\t")), frozenset((b"C", b"S", b"T", b"D"))
"""What lines that continue begin with."""
_EXCEPTION = re.compile(rb"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Group)\b(?::|\s*$)|[A-Za-z_]\w*(?:\.\w+)+: ")
_TRACEBACK = b"Traceback (most recent call last)"
STAMPED = re.compile(rb"\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)")
"""A line that begins with a stamp of its own never continues another."""


class Multiline:
    """Detector of event starts. ``continues`` decides per line; ``may_continue`` is a quick test of many lines."""

    def __init__(self, continues: Continues, may_continue: Callable[[Sequence[bytes]], bool]) -> None:
        self._continues = continues
        self.may_continue = may_continue

    def group(self, lines: Sequence[bytes]) -> list[bytes]:
        """The events of the lines; each joined by newlines, at most 500 lines long."""
        events: list[list[bytes]] = []
        for line in lines:
            if events and len(events[-1]) < MOST_LINES and self._continues(line, events[-1]):
                events[-1].append(line)
            else:
                events.append([line])
        return [b"\n".join(event) for event in events]


def _automatic(line: bytes, event: Sequence[bytes]) -> bool:
    """Indented lines, `Caused by:` and Python's traceback with its last line continue."""
    if _CONTINUED.match(line):
        return True
    if not any(each.startswith(_TRACEBACK) for each in event[:3]) and not event[-1].startswith(_TRACEBACK):
        return False
    return not line.strip() or (event[-1][:1] in (b" ", b"\t") and _EXCEPTION.match(line) is not None)


def _may_continue(lines: Sequence[bytes]) -> bool:
    begins = {line[:1] for line in lines}
    return not begins.isdisjoint(_BLANK) or (not begins.isdisjoint(_LETTERS) and any(map(_CONTINUED.match, lines)))


def multiline_of(setting: str) -> Multiline | None:
    """The grouping for a setting: "off" none, "auto" traces, else a regular expression that the first line of each event has.

    Raises the pattern's error (see regex.py).
    """
    if setting == "off":
        return None
    if setting in ("", "auto"):
        return Multiline(_automatic, _may_continue)
    begins = compile_pattern(setting)

    def continues(line: bytes, event: Sequence[bytes]) -> bool:
        return STAMPED.match(line) is None and not begins.search(line.decode("utf-8", "replace"))

    return Multiline(continues, lambda lines: True)
