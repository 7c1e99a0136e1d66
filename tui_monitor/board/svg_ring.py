"""A ring of shares and a bar of a ratio as SVG text; pure, for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_monitor.board.svg import said

RADIUS, WIDTH = 42, 16
ROUND = 2 * math.pi * RADIUS


def ring_svg(shares: Sequence[tuple[str, float]], label: str) -> str:
    """Shares (name, ratio of the whole) as arcs from the top, clockwise, each with its name as title."""
    arcs, at = [], 0.0
    for number, (name, ratio) in enumerate(shares):
        length = max(0.0, min(1.0 - at, ratio)) * ROUND
        dashes = f'stroke-dasharray="{length:.2f} {ROUND - length:.2f}" stroke-dashoffset="{-at * ROUND:.2f}"'
        circle = f'<circle class="arc r{number % 6}" cx="60" cy="60" r="{RADIUS}" stroke-width="{WIDTH}" {dashes}>'
        arcs.append(f"{circle}<title>{said(name)}</title></circle>")
        at += ratio
    drawn = f'<g transform="rotate(-90 60 60)">{"".join(arcs)}</g>'
    return f'<svg class="ring" viewBox="0 0 120 120" role="img" aria-label="{said(label)}">{drawn}</svg>'


def bar_svg(ratio: float, shade: str) -> str:
    """A bar filled by a ratio; what it says stands beside it as text."""
    wide = 100 * max(0.0, min(1.0, ratio))
    inner = f'<rect class="track" width="100" height="8"/><rect class="full {shade}" width="{wide:.1f}" height="8"/>'
    return f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{inner}</svg>'
