"""Clicks that press keys: on a footer's hint, and on a pane's head."""

from __future__ import annotations

from textual import events
from textual.keys import _character_to_key
from textual.widget import Widget

from tui_monitor.core.humanize import cells
from tui_monitor.widgets.cell_line import Line

NAMED = {"Enter": "enter", "Esc": "escape", "Tab": "tab", "Space": "space", "1-9": "0", "left": "left", "right": "right", "up": "up"}


def hint_at(line: Line, x: int) -> str:
    """The key of the hint at a cell of a line of hints, as it is shown there ("a", "Enter", "[ ]"); "" beside the hints."""
    at, key = 0, ""
    for text, style in line:
        wide = cells(text)
        if style == "accent":
            key = text.strip()
        if at <= x < at + wide:
            beside = style != "accent" and x >= at + cells(text.rstrip())
            return "" if beside else key
        at += wide
    return ""


def press(widget: Widget, shown: str) -> None:
    """Press the key that is shown as this; of several ("[ ]") the first. Keys of no single stroke do nothing."""
    first = shown.split(" ")[0]
    name = NAMED.get(first, "") or (first.lower() if first.startswith("Ctrl+") else _character_to_key(first) if len(first) == 1 else "")
    if name:
        widget.app.post_message(events.Key(name, first if len(first) == 1 else None))
