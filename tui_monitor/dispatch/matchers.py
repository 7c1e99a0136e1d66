"""Parsing of label matchers as people write them: name=value, name!="a b", name=~"a|b", name!~x, or a bare alert name.

Of the label severity low, medium and high are read as info, warning and error, as in rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tui_monitor.core.values import METRIC_NAME, SEVERITY_ALIASES
from tui_monitor.platform.regex import RegexError, check_regex
from tui_monitor.promql.queryable import Matcher

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MATCHER = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{.*\})?", re.DOTALL)
_SIGNS = re.compile(r"[=!~<>]+\s*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


def parse_matcher(text: str) -> Matcher:
    """One matcher; ValueError says what is wrong with it and gives the nearest right form."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        if _NAME.fullmatch(text.strip()):
            return Matcher("alertname", "=", text.strip())
        raise ValueError(f'"{text}" is not a matcher; write for example check="api", severity=~"error|critical" or an alert\'s name')
    name, op, value = match[1], match[2], _value(match[1], match[2], match[3], text)
    if name == "severity":
        value = "|".join(SEVERITY_ALIASES.get(word, word) for word in value.split("|"))
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


def parse_selectors(texts: Iterable[str]) -> tuple[tuple[Matcher, ...], ...]:
    """Selectors of series, of which any may fit: a metric, a metric with matchers in braces, such braces alone, or one matcher."""
    return tuple(_selector(text.strip()) for text in texts)


def _selector(text: str) -> tuple[Matcher, ...]:
    found = _SELECTOR.fullmatch(text)
    if found is None:
        return parse_matchers([text])
    named = (Matcher(METRIC_NAME, "=", found[1]),)
    return (*named, *parse_matchers([found[2]])) if found[2] else named


def matches_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether the labels fulfil every matcher; an absent label counts as ""."""
    return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)


def _value(name: str, op: str, value: str, whole: str) -> str:
    """The value without its quotes; ValueError with the nearest right form for what would be taken as an odd literal."""
    if value[:1] not in ('"', "'"):
        if right := _meant(name, op, value):
            raise ValueError(f'"{whole}" is not a matcher; did you mean {right}? A value with other signs stands in quotes')
        return value
    parts = _split(whole)
    if len(parts) > 1 and all(_MATCHER.fullmatch(part) for part in parts):
        raise ValueError(f'"{whole}" is more than one matcher; write {" ".join(part.strip() for part in parts)}')
    if _QUOTED.fullmatch(value) is None:
        raise ValueError(f'"{whole}": the quotes do not match')
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), value[1:-1], flags=re.DOTALL)


def _meant(name: str, op: str, value: str) -> str:
    """The right form of an unquoted value that begins with another sign or lists several; "" for one that is well."""
    if sign := _SIGNS.match(value):
        meant = "=~" if "~" in sign[0] and "!" not in sign[0] else "!~" if "~" in sign[0] else "!=" if "!" in op + sign[0] else op
        return f'{name}{meant}"{value[sign.end() :]}"' if value[sign.end() :] else f'{name}{op}"..."'
    first, *others = (part.strip() for part in value.split(","))
    if not others or op in ("=~", "!~"):
        return ""
    if all(_MATCHER.fullmatch(other) for other in others):
        return " ".join([f"{name}{op}{first}", *others])
    return f'{name}{op}~"{"|".join([first, *others])}"'.replace("!=~", "!~")


def _split(text: str) -> list[str]:
    parts, start = [], 0
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    for at, char in enumerate(text):
        if char == "," and not any(begin <= at < end for begin, end in quoted):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
