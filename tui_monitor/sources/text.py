"""External text made harmless and short before it goes into a reason or a fact."""

from __future__ import annotations

from collections.abc import Iterable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, limit: int) -> str:
    """The text in one line of at most ``limit`` characters: white space folded, controls and bidi marks replaced.

    `str.isprintable` refuses exactly what may harm: C0, DEL, C1, format characters (bidi among them), surrogates,
    line separators.
    """
    line = " ".join(text[: 4 * limit].split())
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return cut if cut.isprintable() else "".join(letter if letter.isprintable() else REPLACEMENT for letter in cut)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it replaced, for what a target may echo back."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
