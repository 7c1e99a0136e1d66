"""The palettes of the themes: one colour for each role, with enough contrast on every background that text stands on."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from functools import cache

from tui_monitor.core.frozen import frozen

CONTRAST = 4.5
"""The least contrast of text (WCAG 2.1, level AA)."""
BACKGROUNDS = ("background", "surface", "band", "band-focus", "chosen", "note-tint", "caution-tint")
"""The roles that text stands on; each other role is a colour of text, bars and lines."""
ORDINARY = ("background", "surface", "band", "band-focus", "chosen")
ROLES = (
    "background", "surface", "band", "band-focus", "band-dim", "chosen", "foreground", "strong", "dim", "faint", "accent", "bar", "fine",
    "note", "note-tint", "caution", "caution-tint", "grave", "critical", "track", "border", "line-2", "line-3", "line-4", "line-5",
    "line-6", "fill-1", "fill-2", "fill-3", "fill-4", "fill-5", "slot-fine", "slot-caution", "slot-critical",
)  # fmt: skip
FILLS = {f"fill-{number}": 0.34 + 0.11 * number for number in range(1, 6)}
"""The gradient of filled charts, from below: shares of the accent over the background."""
SLOTS = {"slot-fine": "fine", "slot-caution": "caution", "slot-critical": "critical"}
"""The colours of strips and bars, and those of text that they are like."""
LIGHT_SLOTS = {"slot-fine": "#2da44e", "slot-caution": "#d09500", "slot-critical": "#d1242f"}
"""The same on light themes: a colour that is dark enough for text makes brown of a filled area."""
NOT_TEXT = ("track", "border", *FILLS, *SLOTS)
"""Empty parts of bars, frames, the lower parts of filled charts, strips and bars, which are not read."""


@frozen
class Palette:
    """The colours of a theme by role, "#rrggbb"; ``dark``: light text on a dark background."""

    name: str
    title: str
    colors: Mapping[str, str]
    dark: bool = True


def mixed(color: str, ground: str, share: float) -> str:
    """A share (0 to 1) of a colour over a ground, all "#rrggbb"."""
    pairs = ((int(color[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


def _palette(name: str, title: str, base: str, text: str, accents: str, *, dark: bool = True) -> Palette:
    """From three lists of colours: backgrounds, shades of text, and accents, in the order of the names below."""
    backgrounds = dict(zip(("background", "surface", "band", "band-focus", "chosen", "track", "border"), base.split(), strict=True))
    shades = dict(zip(("foreground", "strong", "dim", "faint"), text.split(), strict=True))
    names = ("accent", "fine", "caution", "grave", "critical", "line-2", "line-3", "line-4", "line-5")
    chosen = dict(zip(names, accents.split(), strict=True))
    derived = {
        "band-dim": shades["dim"], "bar": chosen["accent"], "note": shades["dim"], "note-tint": backgrounds["surface"],
        "caution-tint": backgrounds["surface"], "line-6": shades["strong"],
        **{role: mixed(chosen["accent"], backgrounds["background"], share) for role, share in FILLS.items()},
        **({role: chosen[like] for role, like in SLOTS.items()} if dark else LIGHT_SLOTS),
    }  # fmt: skip
    return Palette(name, title, {**backgrounds, **shades, **chosen, **derived}, dark)


PALETTES = (
    _palette(
        "night", "Night",
        "#12161b #242c35 #1c232b #213349 #1d2c3c #2f3b47 #34414e", "#c3ccd6 #eef2f6 #9aa7b4 #8592a0",
        "#6cb6ff #6bc46d #e3b341 #f0883e #ff6b68 #7fd1c1 #c6a0f6 #d9c49a #e79ac4",
    ),
    _palette(
        "day", "Day",
        "#ffffff #eef1f4 #f3f5f7 #dcebfb #e3eefb #d5dbe1 #c3cbd3", "#2b333b #0d1117 #4c5762 #5a6570",
        "#0a58b8 #1a6e2e #7a5200 #a04100 #c0182a #0b6b60 #6a3fb5 #6b5a1e #a02c72", dark=False,
    ),
    _palette(
        "contrast", "High contrast",
        "#000000 #1a1a1a #141414 #003a70 #00305c #4d4d4d #8c8c8c", "#f5f5f5 #ffffff #d9d9d9 #cccccc",
        "#7cc7ff #5cff6b #ffd84d #ffab5c #ff8a8a #6bffe6 #deb8ff #ffe8a8 #ffb3e0",
    ),
    _palette(
        "solarized", "Solarized",
        "#002b36 #073642 #073642 #0b4555 #0a4050 #17505f #1d5a6a", "#a9b7b8 #eee8d5 #93a1a1 #839496",
        "#268bd2 #859900 #b58900 #cb4b16 #dc322f #2aa198 #6c71c4 #d7c08a #d33682",
    ),
    _palette(
        "gruvbox", "Gruvbox",
        "#282828 #3c3836 #32302f #45403d #3c3836 #504945 #665c54", "#ebdbb2 #fbf1c7 #bdae93 #a89984",
        "#83a598 #b8bb26 #fabd2f #fe8019 #fb4934 #8ec07c #d3869b #d5c4a1 #e0a0b0",
    ),
    _palette(
        "nord", "Nord",
        "#2e3440 #3b4252 #353c4a #434c5e #3f485a #4c566a #4c566a", "#d8dee9 #eceff4 #b8c2d3 #a6b1c4",
        "#88c0d0 #a3be8c #ebcb8b #d08770 #bf616a #8fbcbb #b48ead #e0d3b0 #d8a5c8",
    ),
    _palette(
        "catppuccin", "Catppuccin",
        "#1e1e2e #313244 #28283c #3b3c54 #34354a #45475a #585b70", "#cdd6f4 #f5f7ff #a6adc8 #9399b2",
        "#89b4fa #a6e3a1 #f9e2af #fab387 #f38ba8 #94e2d5 #cba6f7 #f5e0dc #f5c2e7",
    ),
    _palette(
        "dracula", "Dracula",
        "#282a36 #343746 #2f313f #44475a #3c3f52 #4a4d60 #565a70", "#f8f8f2 #ffffff #c0c3d6 #aab0cc",
        "#8be9fd #50fa7b #f1fa8c #ffb86c #ff5555 #62e0c0 #bd93f9 #e8e0b0 #ff79c6",
    ),
)  # fmt: skip
TERMINAL = "terminal"
"""The theme in the terminal's own sixteen colours on its own background."""
AUTO = "auto"
"""Night or day, by the terminal's background."""
NAMES = (AUTO, *(one.name for one in PALETTES), TERMINAL)
ANSI = {
    "background": "default", "surface": "default", "band": "default", "band-focus": "default", "band-dim": "default", "chosen": "default",
    "foreground": "default", "strong": "default", "dim": "default", "faint": "default", "accent": "bright_cyan", "bar": "bright_cyan",
    "fine": "green", "note": "default", "note-tint": "default", "caution": "yellow", "caution-tint": "default", "grave": "bright_red",
    "critical": "bright_red", "track": "bright_black", "border": "bright_black", "line-2": "green", "line-3": "magenta", "line-4": "yellow",
    "line-5": "bright_magenta", "line-6": "white", **dict.fromkeys(FILLS, "cyan"),
    "slot-fine": "green", "slot-caution": "yellow", "slot-critical": "bright_red",
}  # fmt: skip
"""Sixteen colours: text in the terminal's own, which the user has made readable; accents that can be read on dark and light."""


def luminance(color: str) -> float:
    """The relative luminance of "#rrggbb", 0 to 1 (WCAG 2.1)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(color: str, backgrounds: Iterable[str], *, dark: bool) -> str:
    """The colour, lighter (on a dark theme) or darker until its contrast on each background is enough."""
    known = tuple(backgrounds)
    target = 255 if dark else 0
    for step in range(41):
        parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        mixed = "#" + "".join(f"{round(part + (target - part) * step / 40):02x}" for part in parts)
        if all(contrast(mixed, background) >= CONTRAST for background in known):
            return mixed
    return "#ffffff" if dark else "#000000"


@cache
def palette_of(name: str) -> Palette:
    """The palette of a theme, each text readable on each background; an unknown name is night."""
    found = next((one for one in PALETTES if one.name == name), PALETTES[0])
    grounds = [found.colors[role] for role in ORDINARY]
    text = (role for role in found.colors if role not in BACKGROUNDS and role not in NOT_TEXT)
    return Palette(
        found.name,
        found.title,
        {**found.colors, **{role: readable(found.colors[role], grounds, dark=found.dark) for role in text}},
        found.dark,
    )


_LEVELS = (0, 95, 135, 175, 215, 255)
GRAYS = {232 + step: "#" + f"{8 + 10 * step:02x}" * 3 for step in range(24)}
CUBE = {16 + 36 * r + 6 * g + b: f"#{_LEVELS[r]:02x}{_LEVELS[g]:02x}{_LEVELS[b]:02x}" for r in range(6) for g in range(6) for b in range(6)}
XTERM = {**CUBE, **GRAYS}
"""The fixed colours of xterm's 256, by number (the first sixteen are the user's)."""
_DARK_256 = {"background": 234, "surface": 236, "band": 235, "band-focus": 236, "chosen": 236, "track": 239, "border": 240}
_LIGHT_256 = {"background": 231, "surface": 255, "band": 255, "band-focus": 189, "chosen": 189, "track": 252, "border": 250}
_BLACK_256 = {**_DARK_256, "background": 16, "surface": 234, "band": 233, "band-focus": 236, "chosen": 236, "border": 245}


@cache
def numbers_of(name: str) -> Mapping[str, int]:
    """The palette in 256 colours, by number: chosen backgrounds, and the nearest readable colour of each text."""
    palette = palette_of(name)
    grounds = dict(_LIGHT_256 if not palette.dark else _BLACK_256 if palette.name == "contrast" else _DARK_256)
    grounds |= {"note-tint": grounds["surface"], "caution-tint": grounds["surface"]}
    under = [XTERM[grounds[role]] for role in ORDINARY]
    fit = [number for number, color in XTERM.items() if all(contrast(color, ground) >= CONTRAST for ground in under)]
    return {
        role: grounds[role]
        if role in grounds
        else min(_alike(color) if role in NOT_TEXT else fit, key=lambda n: _distance(XTERM[n], color))
        for role, color in palette.colors.items()
    }


def _alike(color: str) -> list[int]:
    """The numbers of colours of nearly the same hue, so that the steps of a gradient differ in lightness only; else all."""
    hue, saturation = _hue(color)
    found = [number for number, other in XTERM.items() if saturation > 0.1 and _hue(other)[1] > 0.25 and abs(_hue(other)[0] - hue) < 0.05]
    return found or list(XTERM)


def _hue(color: str) -> tuple[float, float]:
    """Hue and saturation of "#rrggbb", 0 to 1."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)))
    return hue, saturation


def _distance(one: str, other: str) -> float:
    """The difference of two colours, weighted by the eye's sensitivity (the "redmean" approximation)."""
    (r1, g1, b1), (r2, g2, b2) = ([int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (one, other))
    red = (r1 + r2) / 2
    return (2 + red / 256) * (r1 - r2) ** 2 + 4 * (g1 - g2) ** 2 + (2 + (255 - red) / 256) * (b1 - b2) ** 2
