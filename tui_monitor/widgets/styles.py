"""Mapping of style names to terminal styles in the theme's colours; each includes its background, so a cell is painted once."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

from tui_monitor.widgets.palettes import FILLS

RECIPES: Mapping[str, tuple[str, str, bool]] = {
    "text": ("foreground", "background", False),
    "strong": ("strong", "background", False),
    "dim": ("dim", "background", False),
    "faint": ("faint", "background", False),
    "accent": ("accent", "background", False),
    "bar": ("bar", "background", False),
    "ok": ("fine", "background", False),
    "info": ("note", "background", False),
    "warning": ("caution", "background", False),
    "error": ("grave", "background", False),
    "critical": ("critical", "background", True),
    "unknown": ("note", "background", False),
    "chip-info": ("note", "note-tint", False),
    "chip-warning": ("caution", "caution-tint", True),
    "chip-error": ("background", "grave", True),
    "chip-critical": ("background", "critical", True),
    "chip-cursor": ("background", "accent", True),
    "chip-match": ("background", "caution", True),
    "band": ("dim", "band", False),
    "band-title": ("strong", "band", True),
    "band-dim": ("dim", "band", False),
    "band-focus": ("accent", "band-focus", False),
    "band-focus-title": ("accent", "band-focus", True),
    "band-focus-dim": ("band-dim", "band-focus", False),
    "band-ok": ("fine", "band", True),
    "band-warning": ("caution", "band", True),
    "band-critical": ("critical", "band", True),
    "band-unknown": ("note", "band", True),
    "heading": ("accent", "background", True),
    "wrong": ("critical", "background", True),
    "line-1": ("accent", "background", False),
    "line-2": ("line-2", "background", False),
    "line-3": ("line-3", "background", False),
    "line-4": ("line-4", "background", False),
    "line-5": ("line-5", "background", False),
    "line-6": ("line-6", "background", False),
    **{role: (role, "background", False) for role in FILLS},
    "slot-ok": ("slot-fine", "background", False),
    "slot-slow": ("slot-caution", "background", False),
    "slot-down": ("slot-critical", "background", False),
    "slot-none": ("track", "background", False),
    "track": ("track", "background", False),
    "border": ("border", "background", False),
    "border-focus": ("accent", "background", False),
    "title": ("strong", "background", True),
    "verdict-critical": ("background", "critical", True),
    "verdict-warning": ("background", "caution", True),
    "verdict-ok": ("background", "fine", True),
    "verdict-unknown": ("background", "note", True),
    "link": ("accent", "background", False),
    "alarm": ("foreground", "surface", False),
    "alarm-strong": ("background", "caution", True),
}
"""Style name: colour, background (both roles of `palettes.ROLES`), bold."""
REVERSED = ("chip-error", "chip-critical", "chip-cursor", "chip-match", "alarm-strong", "verdict-critical", "verdict-warning")
"""What is shown in reverse where there are no colours."""


class TextStyles:
    """The styles of one app; ``plain`` uses bold, underline and reverse only, in the terminal's own colours."""

    def __init__(self, colors: Mapping[str, str], *, plain: bool = False) -> None:
        self.use(colors, plain=plain)

    def use(self, colors: Mapping[str, str], *, plain: bool = False) -> None:
        """Use other colours from the next painting on; with a background of its own, what is chosen is reversed where there is none."""
        self._plain = {name: _style(recipe, name, colors, plain) for name, recipe in RECIPES.items()}
        own = colors["chosen"] == "default"
        mark = Style(bold=True) if plain else Style(reverse=True) if own else Style(bgcolor=colors["chosen"])
        self._selected = {
            name: style if name.startswith(("chip", "verdict", "slot") if own else "chip") else style + mark
            for name, style in self._plain.items()
        }

    def style(self, name: str, selected: bool = False) -> Style:
        """The terminal style of a name; "link:URL" is a link that the terminal opens; an unknown name is plain text."""
        styles = self._selected if selected else self._plain
        if name.startswith("link:"):
            return styles["link"] + Style(link=name.removeprefix("link:"))
        return styles.get(name) or styles["text"]


def _style(recipe: tuple[str, str, bool], name: str, colors: Mapping[str, str], plain: bool) -> Style:
    color, background, bold = recipe
    underline = name == "wrong" or (plain and name.startswith("band")) or None
    if plain:
        return Style(bold=bold or None, underline=underline, reverse=name in REVERSED or None)
    if colors["background"] == "default" and color == "background":  # text on a filled ground of the sixteen
        return Style(color=colors[background], bgcolor="default", bold=True, reverse=True)
    return Style(color=colors[color], bgcolor=colors[background], bold=bold or None, underline=underline)
