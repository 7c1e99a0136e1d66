"""Read label matchers as people write them: name=value, name!="a b", name=~"a|b", name!~x, or a bare alert name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tui_monitor.platform.regex import RegexError, check_regex
from tui_monitor.promql.queryable import Matcher

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MATCHER = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


def parse_matcher(text: str) -> Matcher:
    """One matcher; ValueError says what is wrong with it and what is wanted."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        if _NAME.fullmatch(text.strip()):
            return Matcher("alertname", "=", text.strip())
        raise ValueError(f'"{text}" is not a matcher; write for example check="api", severity=~"error|critical" or an alert\'s name')
    name, op, value = match[1], match[2], _unquote(match[3], text)
    if op in ("=~", "!~"):
        try:
            check_regex(value)
        except RegexError as error:
            raise ValueError(f'"{text}": {error}') from None
    return Matcher(name, op, value)


def parse_matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """All of several matchers; an entry may also be a list in braces: {a="1",b!="2"}."""
    found: list[Matcher] = []
    for text in texts:
        inner = text.strip()
        if inner.startswith("{") and inner.endswith("}"):
            found.extend(parse_matcher(part) for part in _split(inner[1:-1]) if part.strip())
        else:
            found.append(parse_matcher(text))
    return tuple(found)


def matches_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether the labels fulfil every matcher; an absent label counts as ""."""
    return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)


def _unquote(value: str, whole: str) -> str:
    if value[:1] not in ('"', "'"):
        return value
    if _QUOTED.fullmatch(value) is None:
        raise ValueError(f'"{whole}": the quotes do not match')
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), value[1:-1], flags=re.DOTALL)


def _split(text: str) -> list[str]:
    parts, start = [], 0
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    for at, char in enumerate(text):
        if char == "," and not any(begin <= at < end for begin, end in quoted):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
