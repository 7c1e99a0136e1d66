"""Translation of the program's own texts on screens and in reasons: English is what the code says, a catalogue has the rest.

Names, log lines and what a target answers are data and stay as they are: `exact` translates only whole texts of the catalogue, and
`say` also those with values in them ("3 affected"), which a caller uses for texts of the program alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import cells

KOREAN_LANGUAGE = "ko"
_DURATION = re.compile(r"(?:\d+[dhms] ?){1,2}")
_PARTS = re.compile(r"( {2,}|, )")
_VALUE = re.compile(r"\{(\w+)\}")
_TEXT = "(?:(?!  ).)+?"
_VALUES = {"count": r"\S+?"}
"""Patterns of values: any text without two spaces; a count has none, so that "9 firing, 1 muted" are two parts."""
_DATA = frozenset({"name", "names", "place", "host", "unit", "command", "path", "check", "user", "alert", "notifier", "label"})
"""Values that are no words of the program."""
MOST_TEXT = 400
"""Longer texts are data."""


@frozen
class _Template:
    """A text with values: a word that it must hold, the pattern of the whole, and the translation."""

    word: str
    pattern: re.Pattern[str]
    translation: str


def _template(english: str, translation: str) -> _Template:
    literals = _VALUE.split(english)[::2]
    pattern = _VALUE.sub(lambda name: rf"(?P<{name[1]}>{_VALUES.get(name[1], _TEXT)})", re.sub(r"([.^$*+?()\[\]|\\])", r"\\\1", english))
    return _Template(max(literals, key=len), re.compile(pattern, re.DOTALL), translation)


class Translator:
    """The texts of one language, which can be changed while it is in use; English changes nothing."""

    def __init__(self, language: str = "en") -> None:
        self.language = "en"
        self._exact: Mapping[str, str] = {}
        self._units: Mapping[str, str] = {}
        self._templates: Sequence[_Template] = ()
        self.use(language)

    def use(self, language: str) -> None:
        """Use another language from now on."""
        self.language = language if language == KOREAN_LANGUAGE else "en"
        if self.language == KOREAN_LANGUAGE:
            from tui_monitor.core.catalogue.reasons_korean import REASONS
            from tui_monitor.core.catalogue.screen_korean import SCREEN, UNITS

            every = {**REASONS, **SCREEN}
            self._units = UNITS
            self._exact = {english: text for english, text in every.items() if "{" not in english}
            self._templates = tuple(_template(english, text) for english, text in every.items() if "{" in english)
        else:
            self._exact, self._units, self._templates = {}, {}, ()
        self._said = lru_cache(4096)(self._say)

    def exact(self, text: str) -> str:
        """A whole text of the catalogue, or a length of time ("3m"), translated; spaces around it stay."""
        if not self._exact or not text:
            return text
        bare = text.strip()
        found = self._exact.get(bare) or (self._duration(bare) if bare[:1].isdigit() else None)
        return text.replace(bare, found, 1) if found else text

    def within(self, text: str, width: int) -> str:
        """`exact` for a column: a length of time keeps its largest unit only, where both are too wide ("2시간 05분" becomes "2시간")."""
        found = self.exact(text)
        return found.split(" ")[0] if found != text and text[:1].isdigit() and cells(found) > width else found

    def say(self, text: str) -> str:
        """A text of the program, with values in it or made of several parts."""
        return self._said(text) if self._exact and len(text) <= MOST_TEXT else text

    def _say(self, text: str) -> str:
        found = self.exact(text)
        if found != text:
            return found
        bare = text.strip()
        for one in self._templates:
            if one.word in bare and (match := one.pattern.fullmatch(bare)):
                values = {name: self._value(name, value) for name, value in match.groupdict().items()}
                return text.replace(bare, one.translation.format_map(values), 1)
        parts = _PARTS.split(text)
        return "".join(part if index % 2 else self._say(part) for index, part in enumerate(parts)) if len(parts) > 1 else text

    def _value(self, name: str, value: str) -> str:
        """A value in a text: itself a text of the program where the template calls it reason or text, else data or a length of time."""
        if name in ("reason", "text"):
            return self._say(value)
        return value if name in _DATA else self.exact(value)

    def _duration(self, text: str) -> str | None:
        if not _DURATION.fullmatch(text):
            return None
        return re.sub(r"[dhms]", lambda unit: self._units[unit[0]], text)


@lru_cache(4)
def translator(language: str) -> Translator:
    """The translator of a language, for texts that are made once, as messages are."""
    return Translator(language)
