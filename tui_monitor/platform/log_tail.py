"""The last lines of a log file, as evidence."""

from __future__ import annotations

import json
import os
from pathlib import Path

MOST_BYTES = 16_384
MOST_LINES = 20


def last_lines(path: Path) -> tuple[str, ...]:
    """At most 20 of the last lines, however long the file and its lines are; JSON lines as "level message". Raises OSError."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        text = file.read(MOST_BYTES).decode(errors="replace")
    lines = text.splitlines()
    if size > MOST_BYTES and len(lines) > 1:
        del lines[0]  # only a part of it was read
    return tuple(_plain(line) for line in lines[-MOST_LINES:] if line.strip())


def _plain(line: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    parts = [str(entry[key]) for key in ("time", "ts", "timestamp", "level", "severity", "message", "msg", "error") if entry.get(key)]
    return " ".join(parts) or line
