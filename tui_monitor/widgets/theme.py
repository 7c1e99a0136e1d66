"""The themes as Textual knows them: what it paints itself has the colours of the palette at the terminal's depth."""

from __future__ import annotations

from textual.theme import Theme

from tui_monitor.widgets.depth import Depth, variables_at
from tui_monitor.widgets.palettes import TERMINAL, palette_of

PREFIX = "tui-monitor-"


def theme_of(name: str, depth: Depth) -> Theme:
    """Textual's theme for a palette at a depth."""
    colors = variables_at(name, depth)
    return Theme(
        name=PREFIX + name,
        primary=colors["accent"],
        accent=colors["accent"],
        foreground=colors["foreground"],
        background="ansi_default" if name == TERMINAL or depth <= Depth.SIXTEEN else colors["background"],
        surface=colors["surface"],
        panel=colors["band"],
        warning=colors["caution"],
        error=colors["critical"],
        success=colors["fine"],
        dark=palette_of(name).dark,
        variables={role: color for role, color in colors.items() if role not in ("background", "surface", "foreground", "accent")},
    )
