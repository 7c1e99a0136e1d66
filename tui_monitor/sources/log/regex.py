"""The one place where a regular expression that somebody configured is compiled, so that the engine can be exchanged.

Until the linear-time engine (google-re2) is here, it is Python's own.
"""

from __future__ import annotations

import re
from typing import Protocol


class Match(Protocol):
    """What is used of a match."""

    def groupdict(self) -> dict[str, str | None]:
        """Named groups."""
        ...


class Pattern(Protocol):
    """What is used of a compiled pattern."""

    def search(self, text: str, /) -> Match | None:
        """The first match anywhere in the text."""
        ...


class PatternError(ValueError):
    """The text is no regular expression; the message says where."""


def compile_pattern(text: str, *, multiline: bool = False) -> Pattern:
    """The compiled pattern; ``multiline``: ``^`` and ``$`` also at line breaks. Raises PatternError."""
    try:
        return re.compile(text, re.MULTILINE if multiline else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f'"{text}" is not a regular expression: {error}') from error
