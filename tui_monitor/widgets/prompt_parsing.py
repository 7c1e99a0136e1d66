"""Parser of the text typed into the silence prompt. Strict and pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui_monitor.core.commands import AddSilence
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import parse_duration

_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s",]+)\s*,?')


def silence_text(labels: Iterable[tuple[str, str]]) -> str:
    """The pre-filled line of a silence: matchers, a time, room for a comment."""
    matchers = " ".join(f'{key}="{_quoted(clean(value))}"' for key, value in labels)
    return f"{matchers} 2h".strip()


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def parse_silence(text: str) -> AddSilence:
    """A silence from ``name="value" ... 2h # comment``; ValueError says what is missing."""
    matchers, position = [], 0
    while match := _MATCHER.match(text, position):
        name, sign, value = match.groups()
        matchers.append(f"{name}{sign}{value}")
        position = match.end()
    if not matchers:
        raise ValueError('A silence needs at least one matcher, for example alertname="HighCPU" 2h')
    return AddSilence(tuple(matchers), *parse_time_and_reason(text[position:]))


def parse_time_and_reason(text: str) -> tuple[float, str]:
    """Seconds and comment from ``2h # comment``. Raises ValueError."""
    rest, _, comment = text.partition("#")
    try:
        seconds = parse_duration(rest.strip())
    except ValueError:
        raise ValueError(f'"{rest.strip()}" is not a duration: end with one such as 2h or 30m') from None
    if seconds <= 0:
        raise ValueError("A silence must last longer than 0")
    return seconds, comment.strip()
