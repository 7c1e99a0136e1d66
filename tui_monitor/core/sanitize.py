"""Cleaning of external text for display: no control characters, no escape sequences, no bidi tricks. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"  # two-character sequences
)
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SUSPECT = re.compile(rf"[{_CONTROLS}\t\n\u2028\u2029\ud800-\udfff]")
_DROPPED = re.compile(rf"[{_CONTROLS}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LONGEST_WORD = 200
"""Characters of the longest word that is compared with known names; difflib recurses and is slow on longer ones."""
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x85]")


def clean(text: str, *, newlines: bool = False) -> str:
    """The text without C0, DEL, C1 and bidi controls and without terminal escape sequences.

    Tabs become spaces. Line breaks become single ``\\n`` with ``newlines``, else spaces. Lone surrogates (undecodable bytes)
    become U+FFFD, so that the result can always be encoded.
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _BREAKS.sub("\n", _ESCAPE_SEQUENCE.sub("", text))
    text = _DROPPED.sub("", text.replace("\t", " "))
    return _SURROGATE.sub("\ufffd", text if newlines else text.replace("\n", " "))


def clip(text: str, limit: int) -> str:
    """The text, at most ``limit`` characters long; what was cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def near(word: str, known: Iterable[str]) -> str:
    """The known name most similar to the word, ignoring case; "" where none is similar."""
    import difflib  # loaded late: only faults need it

    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1) if len(word) <= _LONGEST_WORD else []
    return by_lower[found[0]] if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Advice to append to a message about an unknown name: `; did you mean "rate"?`, or ""."""
    found = near(word, known)
    return f'; did you mean "{found}"?' if found else ""
