"""Hiding of what patterns match in texts from outside, before these are stored, shown or sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_monitor.platform.regex import Pattern, compile_regex

HIDDEN = "***"


class Redaction:
    """The patterns in force. What a pattern matches becomes ``***``; of a pattern with groups only what these match."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns: tuple[Pattern, ...] = ()
        self.configure(patterns)

    def configure(self, patterns: Sequence[str]) -> None:
        """Use other patterns. Raises RegexError; the old ones then stay."""
        self._patterns = tuple(compile_regex(pattern) for pattern in patterns)

    @property
    def active(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._patterns)

    def __call__(self, text: str) -> str:
        """The text without what is to be hidden."""
        for pattern in self._patterns:
            text = _hidden_by(pattern, text)
        return text

    def member(self, name: str, value: str) -> str:
        """The value of a named text, of which a pattern may mean the name too: as it stands alone, as JSON and as name=value."""
        for pattern in self._patterns:
            for before, after in (("", ""), (f'"{name}":"', '"'), (f"{name}=", "")):
                if (hidden := _hidden_by(pattern, value, before, after)) != value:
                    value = hidden
                    break
        return value

    def line(self, data: bytes) -> bytes:
        """A log line, not decoded. One that is a JSON object stays one: it is hidden value by value."""
        text = data.decode(errors="replace")
        if text.lstrip().startswith("{"):
            try:
                known = json.loads(text)
                hidden = self._hidden("", known)
                return data if hidden == known else json.dumps(hidden, ensure_ascii=False).encode(errors="replace")
            except (ValueError, RecursionError):  # not JSON after all
                pass
        plain = self(text)
        return data if plain == text else plain.encode(errors="replace")

    def _hidden(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._hidden(str(key), item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._hidden(name, item) for item in value]
        if value is None or isinstance(value, bool):
            return value
        text = str(value)
        hidden = self.member(name, text)
        return value if hidden == text else hidden


def _hidden_by(pattern: Pattern, text: str, before: str = "", after: str = "") -> str:
    return pattern.hide(HIDDEN, text, before, after) if pattern.is_in(before + text + after) else text


NO_REDACTION = Redaction()
"""Hides nothing; for tests and callers without a configuration."""
