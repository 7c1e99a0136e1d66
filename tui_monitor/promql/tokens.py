"""The tokens of an expression with their places: the parsing library gives none, and errors must point."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.promql.errors import PromqlError

MAX_LENGTH = 100_000
MAX_NESTING = 200
"""The parsing library recurses in native code: far deeper nesting would end the process."""

MAX_SECONDS = 9_223_372_036.0

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      | (?P<number>0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|(?:\d+(?:ms|[smhdwy]))+(?![A-Za-z0-9_])
          |(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?)
      | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<op>==|!=|>=|<=|=~|!~|[-+*/%^<>=@,:(){}\[\]])""",
    re.VERBOSE | re.ASCII,
)
_LABEL_LISTS = ("by", "without", "on", "ignoring", "group_left", "group_right")
_PAIRS = {")": "(", "]": "[", "}": "{"}


@frozen
class Token:
    """One word: kind is string, number, word, op, or label for a label's name in braces or in a list."""

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.position + len(self.text)


def tokenize(text: str) -> list[Token]:
    """Cut the expression into words; raises PromqlError at a stray character, an open string, a bracket without partner."""
    if len(text) > MAX_LENGTH:
        raise PromqlError(f"the expression is longer than {MAX_LENGTH} characters", 0, "", text)
    tokens: list[Token] = []
    opened: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _stray(text, at)
        kind = found.lastgroup or "space"
        word = found.group()
        if kind == "word" and ":" in word and opened and opened[-1].text == "[":
            word = ":" if word[0] == ":" else word.split(":", 1)[0]
            kind = "op" if word == ":" else kind
        if kind != "space":
            token = Token(kind, word, at)
            _balance(text, token, opened)
            tokens.append(token)
        at += len(word)
    if opened:
        raise PromqlError(f"unclosed {opened[-1].text!r}", opened[-1].position, opened[-1].text, text)
    return _mark_labels(tokens)


def _stray(text: str, at: int) -> PromqlError:
    if text[at] in "\"'`":
        return PromqlError("unterminated string", at, text[at : at + 20].split("\n")[0], text)
    return PromqlError(f"unexpected character {text[at]!r}", at, text[at], text)


def _balance(text: str, token: Token, opened: list[Token]) -> None:
    if token.kind != "op":
        return
    if token.text in "([{":
        opened.append(token)
        if len(opened) > MAX_NESTING:
            raise PromqlError(f"nested more than {MAX_NESTING} deep", token.position, token.text, text)
    elif token.text in _PAIRS:
        if not opened or opened[-1].text != _PAIRS[token.text]:
            raise PromqlError(f"unexpected {token.text!r}", token.position, token.text, text)
        opened.pop()


def _mark_labels(tokens: Sequence[Token]) -> list[Token]:
    """Tell label names from metrics and functions, so that a search for a metric does not stop at a label."""
    marked: list[Token] = []
    closing = ""
    for index, token in enumerate(tokens):
        if closing:
            if token.kind == "word":
                token = replace(token, kind="label")
            elif token.text == closing and token.kind == "op":
                closing = ""
        elif token.text == "{" and token.kind == "op":
            closing = "}"
        elif token.text == "(" and index and tokens[index - 1].text.lower() in _LABEL_LISTS:
            closing = ")"
        marked.append(token)
    return marked


def check_durations(text: str, tokens: Sequence[Token]) -> None:
    """Refuse durations that Prometheus cannot hold (292 years) or that are below a millisecond: the parsing library panics on some."""
    depth, after_offset = 0, False
    for token in tokens:
        if token.kind == "op":
            depth += (token.text == "[") - (token.text == "]")
            after_offset = after_offset and token.text in ("+", "-")
            continue
        if after_offset and token.text.lower() in ("inf", "nan"):
            raise PromqlError("duration out of range", token.position, token.text, text)
        if token.kind == "number" and (depth or after_offset):
            seconds = number_value(token.text)
            if seconds > MAX_SECONDS:
                raise PromqlError("duration out of range", token.position, token.text, text)
            if depth and seconds < 0.001:
                raise PromqlError("duration must be greater than 0", token.position, token.text, text)
        after_offset = token.kind == "word" and token.text.lower() == "offset"


class Cursor:
    """A cursor over the tokens, moved in the order in which the tree is visited; it answers where each part stands."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self._tokens = tokens
        self._at = 0

    def find(self, *words: str) -> Token | None:
        """The next token with one of these texts (any case) that is no label's name; the cursor moves behind it."""
        for index in range(self._at, len(self._tokens)):
            token = self._tokens[index]
            if token.kind in ("word", "op") and token.text.lower() in words:
                self._at = index + 1
                return token
        return None

    def error(self, message: str, token: Token | None) -> PromqlError:
        """An error that points at the token."""
        if token is None:
            return PromqlError(message, None, "", self.text)
        return PromqlError(message, token.position, token.text, self.text)


def at_times(tokens: Sequence[Token]) -> list[float | None]:
    """The seconds of each @ in order of the text, None for start() and end()."""
    times: list[float | None] = []
    for index, token in enumerate(tokens):
        if token.text != "@" or token.kind != "op":
            continue
        following = list(tokens[index + 1 : index + 4])
        sign = 1.0
        while following and following[0].text in ("-", "+"):
            sign = -sign if following.pop(0).text == "-" else sign
        times.append(sign * number_value(following[0].text) if following and following[0].kind == "number" else None)
    return times


_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}


def number_value(text: str) -> float:
    """The value of a number word: decimal, hexadecimal, octal after a zero, or a duration in seconds; inf where no float holds it."""
    text = text.replace("_", "")
    try:
        if text.isdigit() and text[0] == "0" and not set(text) & set("89"):
            return float(int(text, 8))
        if text[:2] in ("0x", "0X"):
            return float.fromhex(text)
    except OverflowError:
        return math.inf
    if text[-1] in "smhdwy":
        return sum(float(count) * _UNIT_SECONDS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
    return float(text)
