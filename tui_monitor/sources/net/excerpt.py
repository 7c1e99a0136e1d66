"""External text made harmless and short before it goes into a reason or a fact."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.core.sanitize import clean as sanitise
from tui_monitor.core.sanitize import clip

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, limit: int) -> str:
    """The text in one line of at most ``limit`` characters, white space folded, through the sanitiser.

    What is still not printable (zero-width marks, unassigned code points) becomes a replacement character.
    """
    line = clip(" ".join(sanitise(text[: 4 * limit]).split()), limit)
    return line if line.isprintable() else "".join(letter if letter.isprintable() else REPLACEMENT for letter in line)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it replaced, for what a target may echo back."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
