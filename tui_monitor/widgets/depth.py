"""The colours of a terminal: how many it has, and the palette of a theme at that depth."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from tui_monitor.widgets.palettes import ANSI, TERMINAL, XTERM, numbers_of, palette_of


class Depth(IntEnum):
    """The number of colours; ``NONE``: bold, underline and reverse only."""

    NONE = 0
    SIXTEEN = 16
    INDEXED = 256
    TRUE = 1 << 24


CHOICES = {"16": Depth.SIXTEEN, "256": Depth.INDEXED, "true": Depth.TRUE}
"""The values of --colors and of `colors`."""
FULL_TERMINALS = ("kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "direct", "iterm", "konsole", "vte", "mintty")
FEW_TERMINALS = ("linux", "screen", "ansi", "cygwin", "xterm-color", "xterm-16color", "rxvt", "vt")


def depth_of(environ: Mapping[str, str], *, asked: str = "auto", answered: bool = False) -> Depth:
    """The depth of a terminal by the environment. ``asked``: --colors; ``answered``: the terminal itself has shown true colour."""
    if asked in CHOICES:
        return CHOICES[asked]
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("dumb", ""):
        return Depth.NONE
    if answered or environ.get("COLORTERM", "") in ("truecolor", "24bit") or any(name in term for name in FULL_TERMINALS):
        return Depth.TRUE
    if "256" in term or environ.get("TMUX"):
        return Depth.INDEXED
    if term.startswith(FEW_TERMINALS):
        return Depth.SIXTEEN
    return Depth.INDEXED


def colors_at(theme: str, depth: Depth) -> Mapping[str, str]:
    """The colours of a theme by role, as rich reads them: "#rrggbb", "color(235)" or a name of the sixteen."""
    if theme == TERMINAL or depth <= Depth.SIXTEEN:
        return ANSI
    if depth is Depth.INDEXED:
        return {role: f"color({number})" for role, number in numbers_of(theme).items()}
    return palette_of(theme).colors


def variables_at(theme: str, depth: Depth) -> Mapping[str, str]:
    """The same as "#rrggbb", for what Textual paints itself."""
    if depth is Depth.INDEXED and theme != TERMINAL:
        return {role: XTERM[number] for role, number in numbers_of(theme).items()}
    return palette_of(theme).colors
