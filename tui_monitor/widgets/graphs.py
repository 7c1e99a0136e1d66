"""Bars and sparklines as text, drawn with braille dots (whose width is never ambiguous) or ASCII. Pure, shared by all panes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tui_monitor.board.values import Spark
from tui_monitor.widgets.glyphs import Glyphs

_LEFT = (0x40, 0x04, 0x02, 0x01)
"""The dots of a braille cell's left column from the bottom up (Unicode 2800: dots 7, 3, 2, 1)."""
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_ASCII_LEVELS = " .:-=+*#"


@lru_cache(1024)
def bar(ratio: float, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """The filled and the empty part of a bar; together exactly ``width`` cells. A value above zero fills at least one step."""
    filled = round(min(1.0, max(0.0, ratio)) * width)
    if ratio > 0 and not filled and width:
        filled = 1
    return glyphs.bar * filled, glyphs.track * (width - filled)


@lru_cache(1024)
def spark(values: Spark, width: int, glyphs: Glyphs, low: float | None = None, high: float | None = None) -> str:
    """The newest values in one line of exactly ``width`` cells, two values a cell with braille; gaps are blank."""
    return graph(values, width, 1, glyphs, low, high)[0]


@lru_cache(256)
def graph(values: Spark, width: int, height: int, glyphs: Glyphs, low: float | None = None, high: float | None = None) -> tuple[str, ...]:
    """The newest values as ``height`` lines of ``width`` cells, newest at the right. Without ``low``/``high`` a little below the
    lowest value, and the highest, so that change shows."""
    per_cell = 2 if glyphs.braille else 1
    steps = 4 if glyphs.braille else len(_ASCII_LEVELS) - 1
    shown: list[float | None] = list(values[-width * per_cell :]) if width else []
    missing: list[float | None] = [None] * (width * per_cell - len(shown))
    levels = _levels(missing + shown, height * steps, low, high)
    rows = range(height - 1, -1, -1)
    if not glyphs.braille:
        return tuple("".join(_ASCII_LEVELS[max(0, min(steps, level - row * steps))] for level in levels) for row in rows)
    return tuple("".join(_cell(levels[i], levels[i + 1], row * 4) for i in range(0, len(levels), 2)) for row in rows)


def _levels(values: Sequence[float | None], top: int, low: float | None, high: float | None) -> list[int]:
    """Heights from 0 (no value) and 1 (lowest) to ``top``."""
    known = [value for value in values if value is not None]
    if not known:
        return [0] * len(values)
    floor = min(known) * 0.75 if low is None else low
    ceiling = max(known) if high is None else high
    if ceiling <= floor:
        return [0 if value is None else 1 for value in values]
    scale = (top - 1) / (ceiling - floor)
    return [0 if value is None else 1 + round(min(top - 1.0, max(0.0, (value - floor) * scale))) for value in values]


@lru_cache(1024)
def _cell(left: int, right: int, base: int) -> str:
    bits = sum(_LEFT[: max(0, min(4, left - base))]) | sum(_RIGHT[: max(0, min(4, right - base))])
    return chr(0x2800 + bits) if bits else " "
