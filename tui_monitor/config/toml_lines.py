"""Line numbers of keys in a TOML text, for messages: tables, arrays of tables, plain keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui_monitor.config.faults import KeyPath

_LONG_TEXT = re.compile(r"""=\s*(\"{3}|'{3})""")
_ARRAY = re.compile(r"\[\[\s*([^\]]+?)\s*\]\]")
_TABLE = re.compile(r"\[\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"(\"[^\"]*\"|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*=")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Path → line, from 1, in the order of the file."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    inside = ""  # the quotes that end a multi-line text
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if inside:
            inside = "" if inside in line else inside
            continue
        opened = _LONG_TEXT.search(line)
        if opened and line.count(opened[1]) == 1:
            inside = opened[1]
        if match := _ARRAY.match(line):
            path = _absolute(match[1], counts)
            counts[path] = counts.get(path, -1) + 1
            table = (*path, counts[path])
            lines.setdefault(table, number)
        elif match := _TABLE.match(line):
            table = _absolute(match[1], counts)
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            lines.setdefault((*table, *(part.strip('"') for part in match[1].split("."))), number)
    return lines


def _absolute(header: str, counts: Mapping[KeyPath, int]) -> KeyPath:
    """The path of a table's header, with the position of each array of tables in it."""
    path: KeyPath = ()
    parts = header.split(".")
    for index, part in enumerate(parts):
        path = (*path, part.strip().strip('"'))
        if path in counts and index < len(parts) - 1:
            path = (*path, counts[path])
    return path
