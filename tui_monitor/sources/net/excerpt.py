"""Cleaning and shortening of external text for reasons and facts."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.core.sanitize import clean as sanitise
from tui_monitor.core.sanitize import clip

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, limit: int) -> str:
    """The text in one line of at most ``limit`` characters, white space folded, sanitised.

    Remaining unprintable characters (zero-width marks, unassigned code points) become replacement characters.
    """
    line = clip(" ".join(sanitise(text[: 4 * limit]).split()), limit)
    return line if line.isprintable() else "".join(letter if letter.isprintable() else REPLACEMENT for letter in line)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text with all secrets replaced, since a target can echo them."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
