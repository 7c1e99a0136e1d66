"""Figures of three lines in half blocks, for values that are read from across a room. Pure."""

from __future__ import annotations

import re

from tui_monitor.widgets.glyphs import Glyphs

HEIGHT = 3
_FONT = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ".": (" ", " ", " ", " ", "#"),
    ",": (" ", " ", " ", "#", "#"),
    "-": ("   ", "   ", "###", "   ", "   "),
    "+": ("   ", " # ", "###", " # ", "   "),
}
"""Dots of each sign, five rows."""
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*")


def big_figure(text: str, width: int, glyphs: Glyphs) -> tuple[list[str], str] | None:
    """The number of a value as three lines, and its unit; None where it has none, is too wide, or blocks cannot be drawn."""
    found = _NUMBER.match(text)
    if found is None or glyphs.blocks[-1] != "█":
        return None
    rows = [" ".join(_FONT[sign][row] for sign in found[0]) for row in range(5)]
    unit = text[found.end() :]
    if len(rows[0]) + (len(unit) + 1 if unit else 0) > width:
        return None
    rows.append(" " * len(rows[0]))
    return [_half_blocks(rows[2 * row], rows[2 * row + 1]) for row in range(HEIGHT)], unit


def _half_blocks(upper: str, lower: str) -> str:
    signs = {("#", "#"): "█", ("#", " "): "▀", (" ", "#"): "▄"}
    return "".join(signs.get(pair, " ") for pair in zip(upper, lower, strict=True))
