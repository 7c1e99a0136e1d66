"""The theme: dark, with one accent colour. Severity colours are used for problems only."""

from __future__ import annotations

from textual.theme import Theme

COLORS = {
    "background": "#12161b",
    "surface": "#242c35",
    "band": "#1c232b",
    "band-focus": "#213349",
    "band-dim": "#93a4b8",
    "chosen": "#1d2c3c",
    "foreground": "#c3ccd6",
    "strong": "#eef2f6",
    "dim": "#8a96a3",
    "faint": "#5b6773",
    "accent": "#6cb6ff",
    "bar": "#4f8fcc",
    "fine": "#6bc46d",
    "note": "#93a1b0",
    "note-tint": "#242c35",
    "caution": "#e3b341",
    "caution-tint": "#3a3119",
    "grave": "#f0883e",
    "line-2": "#7fd1c1",
    "line-3": "#c6a0f6",
    "line-4": "#d9c49a",
    "line-5": "#e79ac4",
    "line-6": "#9aa7b4",
    "critical": "#ff6b68",
}

NIGHT = Theme(
    name="tui-monitor",
    primary=COLORS["accent"],
    accent=COLORS["accent"],
    foreground=COLORS["foreground"],
    background=COLORS["background"],
    surface=COLORS["surface"],
    panel=COLORS["band"],
    warning=COLORS["caution"],
    error=COLORS["critical"],
    success=COLORS["fine"],
    dark=True,
    variables={name: color for name, color in COLORS.items() if name not in ("background", "surface", "foreground", "accent")},
)
