"""The places of the parsing library's errors. It names none, so the smallest part is sought that gives the same error by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promql_parser import parse

from tui_monitor.core.sanitize import nearest
from tui_monitor.platform.regex import RegexError, check_regex
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.names import FUNCTION_NAMES
from tui_monitor.promql.tokens import Token

_SYNTAX = "invalid promql query"
_BINARY = ("+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "atan2")
_MAX_PARTS = 300
_MISPLACED = (_SYNTAX, "unexpected ", "invalid label matcher")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_WITHIN = ("", " x", " 5m", ' "x"', ' = "x"', ' x = "x"')
_BEHIND = ("", " (x)", " x", " ()", " (x) (x)")
"""What may complete the beginning of an expression: within the brackets that are still open, and behind them."""


def parse_error(text: str, tokens: Sequence[Token], message: str) -> PromqlError:
    """The library's error about ``text`` with its place as near as it can be found."""
    if not tokens:
        return PromqlError("no expression found", 0, "", text)
    if message == _SYNTAX:
        return _first_wrong_word(text, tokens)
    named = re.search(r"(?:'([^']+)'|duration string: (\S+)|syntax: (\S+)|regex for (.+))$", message)
    if named and named[4]:
        message = _of_regex(named[4]) or message
    wanted = next((name for name in named.groups() if name), "") if named else ""
    function = re.search(r"(?:in call to function|unknown function with name) '([^']+)'", message)
    if function is not None:
        found = _in_calls(text, tokens, message, function.group(1))
        advice = nearest(function.group(1), FUNCTION_NAMES) if message.startswith("unknown") else ""
        return PromqlError(message + advice, found.position, found.part, text)
    for token in tokens:
        if wanted and (token.text == wanted or (token.kind == "string" and token.text[1:-1].replace("\\\\", "\\") == wanted)):
            return PromqlError(message, token.position, token.text, text)
    if message.startswith("unexpected "):
        found = _first_wrong_word(text, tokens)
        return PromqlError(message, found.position, found.part, text)
    start, end = _smallest_part(text, tokens, message)
    return PromqlError(message, start, text[start:end], text)


def _of_regex(pattern: str) -> str:
    """RE2's error about an expression that the library refuses, with what to write in its place; "" where RE2 takes it."""
    try:
        check_regex(pattern)
    except RegexError as error:
        return str(error)
    return ""


def _complaint(text: str) -> str:
    try:
        parse(text)
    except ValueError as reason:
        return str(reason)
    return ""


def _in_calls(text: str, tokens: Sequence[Token], message: str, name: str) -> PromqlError:
    calls = [index for index, token in enumerate(tokens[:-1]) if token.text == name and tokens[index + 1].text == "("]
    for index in reversed(calls[:_MAX_PARTS]):
        end = tokens[_partner(tokens, index + 1)].end
        if _complaint(text[tokens[index].position : end]) == message:
            return PromqlError(message, tokens[index].position, name, text)
    place = tokens[calls[0]] if calls else tokens[0]
    return PromqlError(message, place.position, place.text, text)


def _partner(tokens: Sequence[Token], index: int) -> int:
    """The index of the bracket that closes the one at ``index``; the brackets are known to be balanced."""
    depth = 0
    for at in range(index, len(tokens)):
        if tokens[at].kind == "op":
            depth += tokens[at].text in "([{"
            depth -= tokens[at].text in ")]}"
        if depth == 0:
            return at
    return len(tokens) - 1


def _smallest_part(text: str, tokens: Sequence[Token], message: str) -> tuple[int, int]:
    """The shortest run of words, cut at brackets and operators, that gives the same error by itself."""
    best = (tokens[0].position, tokens[-1].end)
    starts = [index for index, token in enumerate(tokens) if index == 0 or tokens[index - 1].text in (*_BINARY, "(", ",", "bool")]
    tried = 0
    for first in starts:
        for last in range(first, len(tokens)):
            if tokens[last].kind == "op" and tokens[last].text in "([{":
                continue
            start, end = tokens[first].position, tokens[last].end
            if end - start >= best[1] - best[0] or tried >= _MAX_PARTS:
                break
            tried += 1
            if _complaint(text[start:end]) == message:
                best = (start, end)
                break
    return best


def _first_wrong_word(text: str, tokens: Sequence[Token]) -> PromqlError:
    """The first word after which the expression cannot be completed; found by bisection, as no later word can mend it."""
    right, wrong = 0, len(tokens) + 1
    while wrong - right > 1:
        middle = (right + wrong) // 2
        right, wrong = (middle, wrong) if _may_go_on(text, tokens[:middle]) else (right, middle)
    if wrong > len(tokens):
        return PromqlError("unexpected end of the expression, an operand is missing", tokens[-1].end, "", text)
    word = tokens[wrong - 1]
    return PromqlError(f"unexpected {word.text!r}{_advice(tokens[:wrong])}", word.position, word.text, text)


def _advice(tokens: Sequence[Token]) -> str:
    """Advice: what the last word, which cannot stand there, would need before it."""
    word, before = tokens[-1].text.lower(), tokens[-2].text.lower() if len(tokens) > 1 else "("
    if word in _BINARY and before in (*_BINARY, "(", ","):
        return ", an operand is missing before it"
    return ", it follows on(...) or ignoring(...)" if word in ("group_left", "group_right") and before != ")" else ""


def _may_go_on(text: str, tokens: Sequence[Token]) -> bool:
    closing = ""
    for token in tokens:
        if token.kind == "op" and token.text in _CLOSED_BY:
            closing = _CLOSED_BY[token.text] + closing
        elif token.kind == "op" and token.text in ")]}":
            closing = closing[1:]
    begun = text[: tokens[-1].end]
    tries = (begun + within + closing + behind for within in _WITHIN for behind in _BEHIND)
    return any(not _complaint(attempt).startswith(_MISPLACED) for attempt in tries)
