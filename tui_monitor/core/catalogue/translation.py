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
_DURATION = re.compile(r"(?:\d+ ?(?:[dhms]|min) ?){1,2}")
_GAP = re.compile(r"( {2,})")
_NAME = re.compile(r"\S+: |/\S* ")
_PLACE = re.compile(r"[^;]*?: ")
"""What a text may stand behind: a name of one word or a path; else anything up to a colon."""
_BEHIND = re.compile(r"(.+?)( \([^()]*\))", re.DOTALL)
"""A text with its place in parentheses: "connection refused (192.0.2.1:5432)"."""
_VALUE = re.compile(r"\{(\w+)\}")
_WHOLE_WORD = re.compile(r"(?<![\w\0])[A-Za-z]{2,}(?![\w\0])")
"""A word; in a template, where a NUL stands for a value, one that no value touches."""
_DATA = frozenset(
    ("name", "names", "place", "host", "unit", "command", "path", "check", "user", "by", "note", "alert", "notifier", "label")
)
_DATA |= {"value", "id", "NAME"}
"""Values that are no words of the program."""
_TEXTS = frozenset({"reason", "text", "error", "advice"})
"""Values that are themselves texts of the program."""
_TIMES = frozenset({"time", "span", "age", "left", "when"})
MOST_TEXT = 400
"""Longer texts are data."""


@frozen
class _Template:
    """A text with values: its rank (lower is tried first), its English, and the translation."""

    rank: int
    english: str
    translation: str

    def values(self, text: str) -> Mapping[str, str] | None:
        """The values of a text of this template; None where it is another text."""
        found = _pattern(self.english).fullmatch(text)
        return found.groupdict() if found else None


@lru_cache(2048)
def _pattern(english: str) -> re.Pattern[str]:
    """The pattern of a template, compiled when a text first has its word: all at once would take 50 ms."""
    seen: set[str] = set()

    def value(found: re.Match[str]) -> str:
        again = found[1] in seen
        seen.add(found[1])
        return f"(?P={found[1]})" if again else f"(?P<{found[1]}>{_value_pattern(found[1])})"

    escaped = re.sub(r"([.^$*+?()\[\]|\\])", r"\\\1", english)
    return re.compile(_VALUE.sub(value, escaped), re.DOTALL)


def _value_pattern(name: str) -> str:
    """What a value may be: a number, a time of one or two words, one part of a text, or where it is itself a text (`_TEXTS`) several."""
    if name in _TIMES:
        return r"(?:[A-Z][a-z]{2} \d+ )?\d(?:\S*[^\s:;,])?(?: [^\s:;,]+)?"
    if name == "notifier":
        return r"[^,;]+?"
    return r"[\d.,+]+" if name in ("count", "all") else r"(?:(?!  ).)+?" if name in _TEXTS else r"(?:(?!  |; ).)+?"


def _filled(translation: str, values: Mapping[str, str]) -> str:
    """The translation with its values; other braces in it stay."""
    return _VALUE.sub(lambda found: values[found[1]], translation)


class _Templates:
    """The templates of a language by one word of each, so that a text that is none of them costs a few look-ups."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._by_word: dict[str, list[_Template]] = {}
        ranked = sorted(texts.items(), key=lambda pair: -len(_VALUE.sub("", pair[0])))  # "there is no {name}" before "there is {text}"
        for rank, (english, translation) in enumerate(ranked):
            word = max(_WHOLE_WORD.findall(_VALUE.sub("\0", english)), key=len, default="")
            self._by_word.setdefault(word, []).append(_Template(rank, english, translation))

    def fitting(self, text: str) -> Sequence[_Template]:
        """The templates whose word the text has, in the order in which they are to be tried."""
        words = {"", *_WHOLE_WORD.findall(text)} & self._by_word.keys()
        return sorted((one for word in words for one in self._by_word[word]), key=lambda one: one.rank)


class Translator:
    """The texts of one language, which can be changed while it is in use; English changes nothing."""

    def __init__(self, language: str = "en") -> None:
        self.language = "en"
        self._exact: Mapping[str, str] = {}
        self._units: Mapping[str, str] = {}
        self._templates = _Templates({})
        self.use(language)

    def use(self, language: str) -> None:
        """Use another language from now on."""
        self.language = language if language == KOREAN_LANGUAGE else "en"
        if self.language == KOREAN_LANGUAGE:
            from tui_monitor.core.catalogue.every_korean import TEXTS as every
            from tui_monitor.core.catalogue.every_korean import UNITS

            self._units = UNITS
            self._exact = {english: text for english, text in every.items() if not _VALUE.search(english)}
            self._templates = _Templates({english: text for english, text in every.items() if _VALUE.search(english)})
        else:
            self._exact, self._units, self._templates = {}, {}, _Templates({})
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
        fitting = self._templates.fitting(bare)
        said = self._of_template(bare, [one for one in fitting if not one.english.startswith("{")]) or self._placed(bare, _NAME)
        said = said or self._of_template(bare, [one for one in fitting if one.english.startswith("{")])
        return text.replace(bare, said, 1) if said else self._say_parts(text)

    def _of_template(self, text: str, templates: Sequence[_Template]) -> str:
        """The translation by the first template that the text is of; "" where it is of none."""
        for one in templates:
            if (values := one.values(text)) is not None:
                return _filled(one.translation, {name: self._value(name, value) for name, value in values.items()})
        return ""

    def _placed(self, text: str, place: re.Pattern[str]) -> str:
        """A text behind its place ("config.toml:3: ...", "--for: ...", "/mnt/data ..."), which stays; "" where nothing is translated."""
        found = place.match(text)
        rest = text[found.end() :] if found else ""
        return text[: found.end()] + said if found and (said := self._said(rest)) != rest else ""

    def _say_parts(self, text: str) -> str:
        """A text of several parts, or with its place in parentheses behind it."""
        if len(parts := _GAP.split(text)) > 1:
            return "".join(part if index % 2 else self._said(part) for index, part in enumerate(parts))
        first, *others = text.split("; ")
        if others and (said := self._said(first)) != first:
            return "; ".join((said, *map(self._said, others)))
        if placed := self._placed(text, _PLACE):
            return placed
        if (behind := _BEHIND.fullmatch(text)) and (said := self._said(behind[1])) != behind[1]:
            return f"{said}{behind[2]}"
        joint = "; " if others else ", "
        return joint.join(map(self._said, text.split(joint))) if joint in text else text

    def _value(self, name: str, value: str) -> str:
        """A value in a text: itself a text of the program (`_TEXTS`), data, or a word or length of time."""
        if name in _TEXTS:
            return self._said(value)
        return value if name in _DATA else self.exact(value)

    def _duration(self, text: str) -> str | None:
        if not _DURATION.fullmatch(text):
            return None
        return re.sub(r" ?([dhms])(?:in)?", lambda unit: self._units[unit[1]], text)


@lru_cache(4)
def translator(language: str) -> Translator:
    """The translator of a language, for texts that are made once, as messages are."""
    return Translator(language)
