"""A check's badge: its name and its state as a small drawing, for wikis and README files."""

from __future__ import annotations

from html import escape

from tui_monitor.core.humanize import cells
from tui_monitor.core.sanitize import clean, clip

COLOURS = {"ok": "#1a7f37", "warn": "#8a5a00", "bad": "#c4252f", "none": "#59626e"}
"""Each has a contrast of 4.5 to white (WCAG 2.2, 1.4.3)."""
CELL, PAD, MOST_CELLS = 6.6, 8, 60


def badge_svg(name: str, state: str, shade: str) -> str:
    """The drawing. Its width is estimated from the letters: nothing here knows the reader's fonts, so the text is stretched to it."""
    name = clip(clean(name), MOST_CELLS)
    left, right = (max(1, cells(text)) * CELL for text in (name, state))
    middle, width = left + 2 * PAD, left + right + 4 * PAD
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="22" role="img" aria-label="{escape(f"{name}: {state}")}">'
        f'<title>{escape(f"{name}: {state}")}</title><clipPath id="r"><rect width="{width:.0f}" height="22" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{middle:.1f}" height="22" fill="#3b424c"/>'
        f'<rect x="{middle:.1f}" width="{width - middle:.1f}" height="22" fill="{COLOURS[shade]}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(PAD, left, name)}{_text(middle + PAD, right, state)}</g></svg>"
    )


def _text(x: float, length: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="15" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
