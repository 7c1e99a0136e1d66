"""Rewriting of syntax that the parsing library cannot read: 1_000 becomes 1000, [5m * 2] [600000ms], 0s 0, `\\d` "\\\\d"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from tui_monitor.core.frozen import frozen
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.numbers import divide, larger, modulo, power, smaller
from tui_monitor.promql.tokens import MAX_SECONDS, Token, number_value, tokenize
from tui_monitor.promql.values import quote

_ESCAPES = re.compile(r"((?:\\x[89a-fA-F][0-9a-fA-F]|\\[23][0-7]{2})+)|\\.", re.DOTALL)
"""Any escape; as a group a run of those that are bytes of a character, which the library takes for characters."""
_PAIRS = re.compile(r"\\\\(?:([dwsDWS])-(?!\])|\\\\|.)", re.DOTALL)
"""A backslash of a regular expression, written as two, and what follows it; as a group a set with a dash behind."""

_UNARY = 3
_MOST_WORDS = 200
_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divide,
    "%": modulo,
    "^": power,
}
_CHOICES = {"min_of": smaller, "max_of": larger}
_FUNCTIONS = ("step", "range", *_CHOICES)


@frozen
class RewrittenPart:
    """A rewritten part: its place in the new text and in the original."""

    start: int
    end: int
    old_start: int
    old_end: int


@frozen
class Rewritten:
    """An expression that the library can read. ``by_query``: it holds step() or range(), so each query has its own."""

    text: str
    original: str
    pieces: tuple[RewrittenPart, ...] = ()
    by_query: bool = False

    def original_error(self, error: PromqlError) -> PromqlError:
        """The error with its place in the original."""
        if error.position is None or not self.pieces:
            return PromqlError(error.message, error.position, error.part, self.original)
        start = self._old(error.position, lambda piece: piece.old_start)
        end = self._old(error.position + len(error.part), lambda piece: piece.old_end)
        return PromqlError(error.message, start, self.original[start:end], self.original)

    def _old(self, at: int, inside: Callable[[RewrittenPart], int]) -> int:
        shift = 0
        for piece in self.pieces:
            if at <= piece.start:
                break
            if at < piece.end:
                return inside(piece)
            shift = piece.old_end - piece.end
        return at + shift


def rewrite(text: str, step_ms: int | None = None, range_ms: int = 0) -> Rewritten:
    """The expression for a query of this step and length; without a step, before any is known, step() and range() are nothing.

    Raises PromqlError for what Prometheus refuses too: an impossible duration, a number that no float can hold.
    """
    found: list[tuple[Token, Token, str]] = []
    tokens = tokenize(text)
    by_query = False
    for part, negative in _durations(tokens):
        reader = _Duration(part, (step_ms or 0) / 1000, range_ms / 1000)
        seconds = reader.seconds()
        if seconds is None:
            continue
        by_query |= reader.by_query
        if reader.by_query and step_ms is None and not 0 < seconds < math.inf:
            seconds = 1.0
        found.append((part[0], part[-1], _written(seconds, negative, text, part)))
    covered = [(first.position, last.end) for first, last, _ in found]
    for before, token in pairwise([Token("op", "", 0), *tokens]):
        if token.kind == "number" and not any(start <= token.position < end for start, end in covered):
            if not math.isfinite(value := number_value(token.text)):
                raise PromqlError("the number is out of range", token.position, token.text, text)
            if "_" in token.text and not (text[token.end : token.end + 1].isalnum() or text[token.end : token.end + 1] == "_"):
                found.append((token, token, token.text.replace("_", "")))
            elif not value and token.text[-1] in "smhdwy":  # the library holds 0s for impossible
                found.append((token, token, "0"))
        elif token.kind == "string":
            new = quote(token.text[1:-1]) if token.text[0] == "`" and "\\" in token.text else _read_bytes(token, text)
            if before.text in ("=~", "!~"):
                new = _plain_dashes(new)
            if new != token.text:
                found.append((token, token, new))
    return _joined(text, sorted(found, key=lambda one: one[0].position), by_query)


def _read_bytes(token: Token, text: str) -> str:
    r"""The string with its characters for their bytes: "\xc3\xa9" is an é, as in Go."""

    def characters(escape: re.Match[str]) -> str:
        digits = (escape[1] or "").split("\\")[1:]
        return bytes(int(one[1:], 16) if one[0] == "x" else int(one, 8) for one in digits).decode() or escape[0]

    try:
        return _ESCAPES.sub(characters, token.text)
    except UnicodeDecodeError:
        raise PromqlError("the string is not valid UTF-8", token.position, token.text, text) from None


def _plain_dashes(literal: str) -> str:
    r"""The regular expression of a matcher with [\w-.] as [\w\-.]: a dash after a set is itself, which the library refuses to see."""
    return _PAIRS.sub(lambda item: rf"\\{item[1]}\\-" if item[1] else item[0], literal)


def _joined(text: str, found: Sequence[tuple[Token, Token, str]], by_query: bool) -> Rewritten:
    pieces: list[RewrittenPart] = []
    parts: list[str] = []
    done = length = 0
    for first, last, new in found:
        parts += [text[done : first.position], new]
        start = length + first.position - done
        length, done = start + len(new), last.end
        pieces.append(RewrittenPart(start, length, first.position, last.end))
    return Rewritten("".join([*parts, text[done:]]), text, tuple(pieces), by_query)


def _durations(tokens: Sequence[Token]) -> list[tuple[Sequence[Token], bool]]:
    """The words of each duration that is more than one literal, and whether it may be negative (an offset)."""
    found: list[tuple[Sequence[Token], bool]] = []
    for index, token in enumerate(tokens):
        if token.kind == "op" and token.text == "[":
            end = _closing(tokens, index)
            colon = next((at for at in range(index + 1, end) if tokens[at].text == ":" and tokens[at].kind == "op"), end)
            found += [(part, False) for part in (tokens[index + 1 : colon], tokens[colon + 1 : end]) if len(part) > 1]
        elif token.kind == "word" and token.text.lower() == "offset":
            at = index + 1
            if at < len(tokens) and tokens[at].text in ("+", "-"):
                at += 1
            if at + 1 < len(tokens) and tokens[at].text.lower() in _FUNCTIONS and tokens[at + 1].text == "(":
                found.append((tokens[index + 1 : _closing(tokens, at + 1) + 1], True))
            elif at < len(tokens) and tokens[at].text == "(" and tokens[at].kind == "op":
                found.append((tokens[index + 1 : _closing(tokens, at) + 1], True))
    return found


def _closing(tokens: Sequence[Token], index: int) -> int:
    """The index of the bracket that closes this one; all are known to be balanced."""
    depth = 0
    for at in range(index, len(tokens)):
        if tokens[at].kind == "op":
            depth += (tokens[at].text in "([{") - (tokens[at].text in ")]}")
        if depth == 0:
            return at
    return len(tokens) - 1


def _written(seconds: float, negative: bool, text: str, part: Sequence[Token]) -> str:
    def fault(message: str) -> PromqlError:
        return PromqlError(message, part[0].position, text[part[0].position : part[-1].end], text)

    if not math.isfinite(seconds):
        raise fault("duration is NaN or infinite")
    if abs(seconds) > MAX_SECONDS:
        raise fault("duration out of range")
    if seconds <= 0 and not negative:
        raise fault("duration must be greater than 0")
    milliseconds = int(seconds * 1000)
    if negative:
        return f"{milliseconds}ms" if milliseconds else "0"
    return f"{max(1, milliseconds)}ms"


class _NoDuration(Exception):
    """The words are none; the library will say what is wrong with them."""


class _Duration:
    """The arithmetic of one duration: numbers, + - * / % ^, brackets, step(), range(), min_of(), max_of()."""

    def __init__(self, tokens: Sequence[Token], step_s: float, range_s: float) -> None:
        self.by_query = False
        self._tokens = tokens
        self._known = {"step": step_s, "range": range_s}
        self._at = 0

    def seconds(self) -> float | None:
        """The value; None where the words are no duration, or more than any duration has: each may be within the one before."""
        if len(self._tokens) > _MOST_WORDS:
            return None
        try:
            value = self._expression(0)
        except _NoDuration:
            return None
        return value if self._at == len(self._tokens) else None

    def _next(self) -> str:
        return self._tokens[self._at].text.lower() if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> None:
        for text in wanted:
            if self._next() != text:
                raise _NoDuration
            self._at += 1

    def _expression(self, least: int) -> float:
        left = self._operand()
        while (level := _LEVELS.get(self._next(), -1)) >= least and level > 0:
            operator = self._next()
            self._at += 1
            left = _OPERATORS[operator](left, self._expression(level if operator == "^" else level + 1))
        return left

    def _operand(self) -> float:
        word = self._next()
        self._at += 1
        if word in ("+", "-"):
            value = self._expression(_UNARY)
            return -value if word == "-" else value
        if word == "(":
            value = self._expression(0)
            self._take(")")
            return value
        if word in self._known:
            self._take("(", ")")
            self.by_query = True
            return self._known[word]
        if word in _CHOICES:
            self._take("(")
            first = self._expression(0)
            self._take(",")
            second = self._expression(0)
            self._take(")")
            return _CHOICES[word](first, second)
        if not word or self._tokens[self._at - 1].kind != "number":
            raise _NoDuration
        return number_value(word)
