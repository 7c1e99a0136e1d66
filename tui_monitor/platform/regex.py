"""Regular expressions in RE2's syntax, matched in time that is linear in the text, on any thread.

Every expression that comes from a configuration, a rule, a query or a command goes through here, so that none can stop the
program. The library google-re2 (2.3 ms and 2.7 MiB) is loaded by the first expression. What it means is as in Prometheus and Go:
`^` and `$` are the ends of the text unless ``(?m)``, `\\d` and `\\w` are ASCII, and there are no back-references and no look-around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MAX_INSTRUCTIONS = 10_000
"""Instructions of a compiled expression; each costs at most about 2 ns per byte of text."""
MAX_OUTPUT = 100_000
"""Characters that a replacement may grow to."""
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_WORDS = re.compile(r"[\w:/ .-]+(?:\|[\w:/ .-]+)*", re.ASCII)
"""Alternatives of words and dots, such as `api|web` and `5..`: what matchers mostly are. They are matched without the library."""
_LACKING = (
    (re.compile(r"\(\?<?[=!]"), "RE2 has no look-around such as (?= and (?!; say it without, in a matcher with != or !~"),
    (re.compile(r"\\[1-9]|\(\?P="), r"RE2 has no back-references, \1 (?P=name); spell the repeated part out"),
    (re.compile(r"[*+?}]\+|\(\?>"), "RE2 has no possessive or atomic parts; leave out the + behind the repetition, it never backtracks"),
    (re.compile(r"\(\?[a-zA-Z-]*x"), "RE2 has no flag x; write the expression without blanks and comments"),
)  # fmt: skip


class RegexError(ValueError):
    """The expression is invalid or uses a feature that RE2 lacks; the message names the alternative."""


class Match:
    """A match; its groups are texts, "" for one that took no part."""

    __slots__ = ("_found", "_pattern")

    def __init__(self, pattern: Pattern, found: Any) -> None:
        self._pattern = pattern
        self._found = found

    def group(self, index: int) -> str:
        """The group of this number, 0 for the whole; "" where there is none."""
        return (self._text_of(index) if index <= self._pattern.groups else None) or ""

    def groupdict(self) -> dict[str, str | None]:
        """The named groups; None for one that took no part."""
        return {name: self._text_of(index) for name, index in self._pattern.names.items()}

    def _text_of(self, index: int) -> str | None:
        found = self._found.group(index)
        return _decoded(found) if isinstance(found, bytes) else None

    def expand(self, template: str) -> str:
        """The text with $1, ${1}, $name, ${name} and $$ filled in, by the rules of Go's Regexp.Expand.

        A name is the longest run of letters, digits and underscores: $1W is the group "1W". What names no group becomes empty.
        """
        return _REFERENCE.sub(self._reference, template)

    def _reference(self, found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 9:
            return self.group(int(name))
        return self.group(self._pattern.names[name]) if name in self._pattern.names else ""


class Pattern:
    """A compiled expression."""

    __slots__ = ("_compiled", "groups", "instructions", "names", "text")

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled
        self.groups: int = compiled.groups
        self.names = {_decoded(name): index for name, index in compiled.groupindex.items()}
        self.instructions: int = compiled.programsize

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text, None for none."""
        found = self._compiled.fullmatch(_encoded(text))
        return None if found is None else Match(self, found)

    def search(self, text: str) -> Match | None:
        """The first match anywhere in the text, None for none."""
        found = self._compiled.search(_encoded(text))
        return None if found is None else Match(self, found)

    def is_whole(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._compiled.fullmatch(_encoded(text)) is not None

    def is_in(self, text: str) -> bool:
        """Whether it is found anywhere in the text."""
        return self._compiled.search(_encoded(text)) is not None

    def replace(self, template: str, text: str) -> str:
        """The text with each match replaced as Go's ReplaceAllString does; ValueError where more than MAX_OUTPUT characters come of it."""
        return "".join(_bounded(self._pieces(template, text)))

    def hide(self, mask: str, text: str, before: str = "", after: str = "") -> str:
        """The text with the mask in place of each match, of an expression with groups in place of what these match.

        The expression sees the text between ``before`` and ``after``, of which nothing is returned.
        """
        done, end = len(_encoded(before)), len(_encoded(before + text))
        raw, pieces = _encoded(before + text + after), []
        for first, last in self._hidden_spans(raw):
            first, last = max(first, done), min(last, end)
            if first < last:
                pieces += [raw[done:first], mask.encode()]
                done = last
        return _decoded(b"".join([*pieces, raw[done:end]]))

    def _hidden_spans(self, raw: bytes) -> Iterator[tuple[int, int]]:
        at = 0
        while at <= len(raw) and (found := self._compiled.search(raw, at)) is not None:
            start, end = found.span()
            yield from sorted(found.span(group) for group in range(1, self.groups + 1)) or [(start, end)]
            at = end if end > start else _next_character(raw, end)

    def _pieces(self, template: str, text: str) -> Iterator[str]:
        raw = _encoded(text)
        done, last_end, at = 0, -1, 0
        while at <= len(raw) and (found := self._compiled.search(raw, at)) is not None:
            start, end = found.span()
            if start < end or start != last_end:  # an empty match right behind another one does not count
                yield _decoded(raw[done:start])
                yield Match(self, found).expand(template)
                done = end
            last_end = end
            at = end if end > start else _next_character(raw, end)
        yield _decoded(raw[done:])


def _next_character(raw: bytes, at: int) -> int:
    """The index of the first byte of the character behind the one at ``at``."""
    at += 1
    while at < len(raw) and raw[at] & 0xC0 == 0x80:
        at += 1
    return at


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_OUTPUT:
            raise ValueError(f"a replacement makes more than {MAX_OUTPUT} characters")
        yield piece


def check_regex(pattern: str) -> None:
    """Raise RegexError for an invalid expression. Words and dots, anchored or not, are known to be valid without the library."""
    if _WORDS.fullmatch(pattern.removeprefix("^").removesuffix("$")) is None and pattern not in (".*", ".+", ""):
        compile_regex(pattern)


@lru_cache(maxsize=8192)
def matches_whole(pattern: str, text: str) -> bool:
    """Whether the expression matches the whole text, where the dot matches line ends too: =~ of Prometheus. Raises RegexError."""
    if pattern in (".*", ".+"):
        return bool(text) or pattern == ".*"
    if pattern == "" or _WORDS.fullmatch(pattern):
        return text in pattern.split("|") or ("." in pattern and re.fullmatch(pattern, text, re.DOTALL) is not None)
    return compile_regex(pattern, dot_all=True).is_whole(text)


@lru_cache(maxsize=2048)
def compile_regex(pattern: str, dot_all: bool = False) -> Pattern:
    """The expression, ready to match; with ``dot_all`` the dot matches line ends too, as in Prometheus' matchers. Raises RegexError."""
    import re2

    options = re2.Options()
    options.log_errors = False  # else it writes on standard error, over the dashboard
    options.dot_nl = dot_all
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        raise RegexError(f"invalid regular expression: {_reason(pattern, error)}") from None
    except UnicodeEncodeError:
        raise RegexError("invalid regular expression: half of a surrogate pair is no character") from None
    if compiled.programsize > MAX_INSTRUCTIONS:
        raise RegexError(f"invalid regular expression: too large, {compiled.programsize} steps of at most {MAX_INSTRUCTIONS}; repeat less")
    return Pattern(pattern, compiled)


def _reason(pattern: str, error: Exception) -> str:
    said = _decoded(error.args[0]) if error.args and isinstance(error.args[0], bytes) else str(error)
    advice = next((advice for lacking, advice in _LACKING if lacking.search(pattern)), "")
    return f"{said} in {pattern!r}{'; ' if advice else ''}{advice}"


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates, which are no characters
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="replace")
