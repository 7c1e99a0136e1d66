"""The shapes of the screen, none of ambiguous width, and an ASCII set for plain terminals."""

from __future__ import annotations

from collections.abc import Mapping

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

    def health(self, status: str) -> str:
        """The shape of a health status; the shapes differ without colour too."""
        shapes = {"healthy": self.healthy, "degraded": self.degraded, "unhealthy": self.unhealthy}
        return shapes.get(status, self.unknown)


UNICODE = Glyphs(True, "✓", "▴", "✗", "?", "▸", "⋯", "▴", "✓", "⠒", "⇣", "⇡", "⋅", "⠶", "⠒")
ASCII = Glyphs(False, "+", "!", "x", "?", ">", "~", "^", "*", "-", "v", "^", ".", "#", ".")


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """The set for a terminal, by its TERM and locale.

    Python turns LANG=C into LC_CTYPE=C.UTF-8 for itself (PEP 538), so an LC_CTYPE of that name says nothing where LANG is C.
    """
    if environ.get("TERM", "") in PLAIN_TERMINALS:
        return ASCII
    language = environ.get("LANG", "")
    kind = environ.get("LC_CTYPE", "")
    if kind in ("C.UTF-8", "C.utf8", "UTF-8"):
        kind = ""
    named = environ.get("LC_ALL", "") or kind or language
    return UNICODE if not named or "utf8" in named.lower().replace("-", "") else ASCII
