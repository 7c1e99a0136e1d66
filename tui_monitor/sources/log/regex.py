"""Compilation of a log check's regular expressions with RE2, linear in the line's length."""

from __future__ import annotations

from tui_monitor.platform.regex import Match, Pattern, RegexError, compile_regex

__all__ = ["Match", "Pattern", "PatternError", "compile_pattern"]


class PatternError(ValueError):
    """An invalid regular expression; the message contains the remedy."""


def compile_pattern(text: str, *, multiline: bool = False) -> Pattern:
    """The compiled pattern; ``multiline``: ``^`` and ``$`` also at line breaks. Raises PatternError."""
    try:
        return compile_regex(f"(?m){text}" if multiline else text)
    except RegexError as error:
        raise PatternError(f'"{text}" is not a regular expression: {error}') from None
