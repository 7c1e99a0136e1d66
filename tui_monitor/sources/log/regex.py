"""The one place where a log check's configured regular expressions are compiled: RE2's, linear in the line."""

from __future__ import annotations

from tui_monitor.platform.regex import Match, Pattern, RegexError, compile_regex

__all__ = ["Match", "Pattern", "PatternError", "compile_pattern"]


class PatternError(ValueError):
    """The text is no regular expression; the message says what to write in its place."""


def compile_pattern(text: str, *, multiline: bool = False) -> Pattern:
    """The compiled pattern; ``multiline``: ``^`` and ``$`` also at line breaks. Raises PatternError."""
    try:
        return compile_regex(f"(?m){text}" if multiline else text)
    except RegexError as error:
        raise PatternError(f'"{text}" is not a regular expression: {error}') from None
