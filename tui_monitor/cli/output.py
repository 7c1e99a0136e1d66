"""Output for people (aligned columns, control characters removed, colour on terminals only) and scripts (strict JSON)."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.cli.language import words
from tui_monitor.core.humanize import cells, cut
from tui_monitor.core.sanitize import clean

Cell = str | tuple[str, str]
"""A text, or a text and what it means: a severity, a status, "dim", "bold"."""


class Data(str):
    """A text from outside, which is not translated: a name, a comment, a log line."""


NARROWEST, ENOUGH = 12, 24
"""No column of a table becomes narrower than the first for a small terminal; below the second it says too little."""
_INKS = {
    "critical": "1;31", "unhealthy": "31", "failed": "31", "error": "31", "warning": "33", "degraded": "33", "retrying": "33",
    "unknown": "35", "info": "36", "healthy": "32", "sent": "32", "ok": "32", "dim": "2", "bold": "1",
}  # fmt: skip
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def use_colour() -> bool:
    """Whether standard output is a terminal and NO_COLOR is unset (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """Columns of the terminal; unlimited for a file or pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 1_000_000


def coloured(text: str, meaning: str) -> str:
    """The cleaned text, in the colour of its meaning where colour is used."""
    code = _INKS.get(meaning, "") if use_colour() else ""
    text = clean(text)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def print_line(*parts: Cell) -> None:
    """Print parts on one line, two spaces apart; empty parts are left out."""
    shown = [coloured(said(part), "") if isinstance(part, str) else coloured(said(part[0]), part[1]) for part in parts]
    print("  ".join(part for part in shown if part))


def said(text: str) -> str:
    """The text in the person's language; data stays as it is."""
    return text if isinstance(text, Data) else words().say(text)


def table(rows: Sequence[Sequence[Cell]], heads: Sequence[str] = (), indent: str = "", spare: Sequence[str] = ()) -> None:
    """Print rows in aligned columns; empty columns are left out, no rows print nothing.

    On a terminal the widest columns are shortened until a row fits on a line; before they become unreadable, the columns
    named in ``spare`` are dropped in that order. Files and pipes get full rows.
    """
    if not rows:
        return
    lines: list[Sequence[tuple[str, str]]] = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows]
    shown = [index for index in range(len(lines[0])) if any(line[index][0] for line in lines)]
    if heads:
        lines = [[(head, "dim") for head in heads], *lines]
    lines = [[(clean(said(line[index][0])), line[index][1]) for index in shown] for line in lines]
    widths = [max(cells(line[column][0]) for line in lines) for column in range(len(shown))]
    room = terminal_width() - len(indent) + 2
    for head in spare:
        fitted = narrowed(widths, room - 2 * len(widths))
        if (said(head), "dim") in lines[0] and any(now < min(ENOUGH, wanted) for now, wanted in zip(fitted, widths, strict=True)):
            gone = lines[0].index((said(head), "dim"))
            lines = [[*line[:gone], *line[gone + 1 :]] for line in lines]
            del widths[gone]
    widths = narrowed(widths, room - 2 * len(widths))
    mark = "⋯" if (sys.stdout.encoding or "").lower().startswith("utf") else "~"
    for line in lines:
        row = [(cut(text, width, mark), meaning, width) for (text, meaning), width in zip(line, widths, strict=True)]
        print((indent + "  ".join(coloured(text, meaning) + " " * (width - cells(text)) for text, meaning, width in row)).rstrip())


def narrowed(widths: Sequence[int], room: int) -> list[int]:
    """Column widths reduced to fit ``room``, widest first; none below ``NARROWEST``, which is still readable."""
    found = list(widths)
    while sum(found) > room and max(found) > NARROWEST:
        found[found.index(max(found))] -= 1
    return found


def to_text(value: Any, *, indent: int | None = None) -> str:
    """JSON text: NaN and infinities become null, control characters are escaped, non-ASCII only if the output's encoding needs it."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, allow_nan=False)
    text = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # another locale, or a lone surrogate from an undecodable argument
        text = json.dumps(_finite(value), indent=indent, allow_nan=False)
    return text


def print_json(value: Any) -> None:
    """Print the value as indented JSON."""
    print(to_text(value, indent=2))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
