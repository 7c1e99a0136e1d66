"""From style names to terminal styles: the colours stand in monitor.tcss, this is where the panes get them."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

STYLES = (
    "text", "strong", "dim", "faint", "accent", "bar", "ok", "info", "warning", "error", "critical", "unknown",
    "chip-info", "chip-warning", "chip-error", "chip-critical", "band", "band-title", "band-dim", "band-focus", "band-focus-title",
    "band-focus-dim", "band-accent", "band-ok", "band-warning", "band-critical", "band-unknown", "alarm", "alarm-strong",
)  # fmt: skip
PREFIX = "ink--"
COMPONENTS = frozenset({PREFIX + name for name in STYLES} | {PREFIX + "selected"})


class Inks:
    """The styles of one app, plain until they are loaded from the stylesheet."""

    def __init__(self) -> None:
        self._plain: dict[str, Style] = {}
        self._selected: dict[str, Style] = {}

    def load(self, source: Widget) -> None:
        """Read the styles through a widget whose COMPONENT_CLASSES are `COMPONENTS`."""
        mark = source.get_component_rich_style(PREFIX + "selected", partial=True)
        for name in STYLES:
            style = source.get_component_rich_style(PREFIX + name, partial=True)
            self._plain[name] = style
            self._selected[name] = style if name.startswith("chip") else style + mark

    def style(self, name: str, selected: bool = False) -> Style:
        """The terminal style of a name; an unknown name is plain text."""
        return (self._selected if selected else self._plain).get(name, _NONE)


_NONE = Style()
