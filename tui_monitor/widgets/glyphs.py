"""The shapes of the screen, none of ambiguous width, and an ASCII set for plain terminals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_monitor.core.frozen import frozen

PLAIN_TERMINALS = ("dumb", "linux", "vt100", "vt102", "vt220", "ansi", "cons25")


@frozen
class Glyphs:
    """A set of shapes, each one cell wide. ``braille``: bars and sparklines may use braille dots."""

    braille: bool
    healthy: str
    degraded: str
    unhealthy: str
    unknown: str
    selected: str
    cut: str
    mark: str
    done: str
    rule: str
    down: str
    up: str
    bullet: str
    bar: str
    track: str
    blocks: str = "▁▂▃▄▅▆▇█"
    """Eight heights of a cell, the lowest first."""
    full: str = "■"
    empty: str = "■"
    """The empty part of a bar, in a colour of its own."""
    failed: str = "█"
    slow: str = "▒"
    nothing: str = "·"
    box: str = "╭╮╰╯─│"
    branches: tuple[str, str] = ("├ ", "└ ")
    dash: str = "┄"
    ticks: tuple[str, str] = ("┤", "│")
    flag: str = "⚑"
    arrow: str = "→"
    digits: str = "¹²³⁴⁵"
    colored: bool = True
    """Whether colour tells slow from fast; else another shape does."""

    def block(self, height: float) -> str:
        """The block of a height, 0 to 1; never nothing."""
        return self.blocks[min(len(self.blocks) - 1, max(0, round(height * len(self.blocks)) - 1))]

    def low_block(self, height: float) -> str:
        """The same, never the full one, which means a failure where colour does not tell."""
        return self.blocks[min(self.blocks.index(self.block(height)), len(self.blocks) - 2)]

    def axis(self, marked: bool) -> str:
        """The line beside a chart, where it has a label or none."""
        return self.ticks[0] if marked else self.ticks[1]

    def health(self, status: str) -> str:
        """The shape of a health status; the shapes differ without colour too."""
        shapes = {"healthy": self.healthy, "degraded": self.degraded, "unhealthy": self.unhealthy}
        return shapes.get(status, self.unknown)


UNICODE = Glyphs(True, "✓", "▴", "✗", "?", "▸", "⋯", "▴", "✓", "⠒", "⇣", "⇡", "⋅", "⠶", "⠒")
NARROW = Glyphs(
    True, "✓", "▴", "✗", "?", "▸", "⋯", "▴", "✓", "⠒", "⇣", "⇡", "⋅", "⠶", "⠒", blocks="⣀⣀⣤⣤⣶⣶⣿⣿", full="⠶", empty="⠒", failed="⣿",
    slow="⢕",
    nothing="⋅", box="⡤⢤⠓⠚⠒⡇", branches=("⠧ ", "⠧ "), dash="⠒", ticks=("⡇", "⡇"), flag="▸", arrow="⇢", digits="12345",
)  # fmt: skip
"""Braille in place of blocks and boxes, whose width is two cells in some terminals of East Asia."""
ASCII = Glyphs(
    False, "+", "!", "x", "?", ">", "~", "^", "*", "-", "v", "^", ".", "#", ".", blocks="__--==**", full="#", empty=".", failed="X",
    slow="%",
    nothing=".", box="++++-|", branches=("|-", "`-"), dash="-", ticks=("+", "|"), flag="^", arrow=">", digits="12345",
)  # fmt: skip


def glyphs_for(environ: Mapping[str, str], *, wide: bool = False, utf8: bool | None = None) -> Glyphs:
    """The set for a terminal, by its TERM and locale.

    Python turns LANG=C into LC_CTYPE=C.UTF-8 for itself (PEP 538), so an LC_CTYPE of that name says nothing where LANG is C.
    ``wide``: the terminal has shown that blocks take two cells in it. ``utf8``: it has shown that it reads UTF-8, or that it does not; the
    locale (LANG=C in containers and after a plain ssh) says nothing about the terminal then.
    """
    if environ.get("TERM", "") in PLAIN_TERMINALS:
        return ASCII
    language = environ.get("LANG", "")
    kind = environ.get("LC_CTYPE", "")
    if kind in ("C.UTF-8", "C.utf8", "UTF-8"):
        kind = ""
    if environ.get("TMUX") or environ.get("STY"):  # they read UTF-8, and show it only where their own locale is of UTF-8
        utf8 = None
    named = environ.get("LC_ALL", "") or kind or language
    if utf8 is False or (not utf8 and named and "utf8" not in named.lower().replace("-", "")):
        return ASCII
    if wide:
        return NARROW
    return replace(UNICODE, colored=False, empty="□") if environ.get("NO_COLOR") else UNICODE
