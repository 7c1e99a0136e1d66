"""Where a complaint of the parsing library stands: it names no place, so the smallest part that draws the same complaint is sought."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promql_parser import parse

from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.names import FUNCTION_NAMES
from tui_monitor.promql.tokens import Token
from tui_monitor.text import nearest

_SYNTAX = "invalid promql query"
_BINARY = ("+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "atan2")
_MATCHING = ("on", "ignoring", "group_left", "group_right")
_MAX_PARTS = 300
_MISPLACED = (_SYNTAX, "unexpected ", "invalid label matcher")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_WITHIN = ("", " x", " 5m", ' "x"', '="x"', ' x="x"')
_BEHIND = ("", " (x)", " x", " ()", " (x) (x)")
"""What may complete the beginning of an expression: within the brackets that are still open, and behind them."""


def parse_error(text: str, tokens: Sequence[Token], message: str) -> PromqlError:
    """The library's complaint about ``text`` with its place as near as it can be found."""
    if not tokens:
        return PromqlError("no expression found", 0, "", text)
    if message == _SYNTAX:
        return _syntax_error(text, tokens)
    named = re.search(r"(?:'([^']+)'|duration string: (\S+)|syntax: (\S+)|regex for (.+))$", message)
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
    """The shortest run of words, cut at brackets and operators, that draws the same complaint by itself."""
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


def _syntax_error(text: str, tokens: Sequence[Token]) -> PromqlError:
    """The first word that cannot stand where it stands: two operands side by side, an operator without operand."""
    operand_next = True
    index = 0
    while index < len(tokens):
        token = tokens[index]
        word = token.text.lower()
        if operand_next:
            if word in ("group_left", "group_right") and index and tokens[index - 1].text != ")":
                return PromqlError(f"unexpected {token.text!r}, it follows on(...) or ignoring(...)", token.position, token.text, text)
            if word in ("+", "-", "bool", *_MATCHING) and index:
                index = _partner(tokens, index + 1) if word in _MATCHING and tokens[index + 1 : index + 2] else index
            elif token.kind == "op" and word not in ("(", "{", "+", "-"):
                return PromqlError(f"unexpected {token.text!r}, an operand is missing before it", token.position, token.text, text)
            elif token.kind != "op" or word in "({":
                index, operand_next = _after_operand(tokens, index), False
        elif word in _BINARY:
            operand_next = True
        elif word in ("offset", "@", "by", "without"):
            index += 1
            while index + 1 < len(tokens) and tokens[index].text in ("-", "+"):
                index += 1
            if index < len(tokens) and (tokens[index].text == "(" or (tokens[index + 1 : index + 2] and tokens[index + 1].text == "(")):
                index = _partner(tokens, index if tokens[index].text == "(" else index + 1)
        elif word == "[":
            index = _partner(tokens, index)
        else:
            return PromqlError(f"unexpected {token.text!r}", token.position, token.text, text)
        index += 1
    if operand_next:
        return PromqlError("unexpected end of the expression, an operand is missing", tokens[-1].end, "", text)
    return _inner_syntax_error(text, tokens)


def _after_operand(tokens: Sequence[Token], index: int) -> int:
    """The index of the last word of the operand that starts here: its arguments, matchers and grouping belong to it."""
    while index + 1 < len(tokens) and tokens[index].kind != "op" and tokens[index + 1].text.lower() in ("by", "without", "(", "{"):
        index += 1
        if tokens[index].text in "({":
            break
        if index + 1 < len(tokens) and tokens[index + 1].text == "(":
            index = _partner(tokens, index + 1)
            if index + 1 < len(tokens) and tokens[index + 1].text == "(":
                index += 1
            break
    return _partner(tokens, index) if tokens[index].text in ("(", "{") else index


def _inner_syntax_error(text: str, tokens: Sequence[Token]) -> PromqlError:
    """The fault lies inside of brackets: the innermost whose content or call draws the complaint."""
    for index in range(min(len(tokens), _MAX_PARTS) - 1, -1, -1):
        if tokens[index].text != "(" or tokens[index].kind != "op":
            continue
        end = _partner(tokens, index)
        for part in _arguments(tokens, index + 1, end):
            if part and _complaint(text[part[0].position : part[-1].end]) == _SYNTAX:
                found = _syntax_error(text[part[0].position : part[-1].end], _moved(part))
                return PromqlError(found.message, (found.position or 0) + part[0].position, found.part, text)
    return _first_wrong_word(text, tokens)


def _first_wrong_word(text: str, tokens: Sequence[Token]) -> PromqlError:
    """The word with which the expression can no more be completed; found by halving, as no later one can mend it."""
    right, wrong = 0, len(tokens) + 1
    while wrong - right > 1:
        middle = (right + wrong) // 2
        right, wrong = (middle, wrong) if _may_go_on(text, tokens[:middle]) else (right, middle)
    if wrong > len(tokens):
        return PromqlError("unexpected end of the expression", tokens[-1].end, "", text)
    word = tokens[wrong - 1]
    return PromqlError(f"unexpected {word.text!r}", word.position, word.text, text)


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


def _arguments(tokens: Sequence[Token], start: int, end: int) -> list[Sequence[Token]]:
    parts: list[Sequence[Token]] = []
    first, index = start, start
    while index < end:
        if tokens[index].kind == "op" and tokens[index].text in "([{":
            index = _partner(tokens, index)
        elif tokens[index].text == "," and tokens[index].kind == "op":
            parts.append(tokens[first:index])
            first = index + 1
        index += 1
    return [*parts, tokens[first:end]]


def _moved(part: Sequence[Token]) -> list[Token]:
    return [Token(token.kind, token.text, token.position - part[0].position) for token in part]
