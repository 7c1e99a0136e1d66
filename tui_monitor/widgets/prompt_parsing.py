"""Parsers of what people type into prompts: silences and moments. Strict and pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from tui_monitor.core.commands import AddSilence
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import parse_duration

_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s",]+)\s*,?')
_AGO = re.compile(r"-\s*(.+)")


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
    rest, _, comment = text[position:].partition("#")
    if not matchers:
        raise ValueError('A silence needs at least one matcher, for example alertname="HighCPU" 2h')
    try:
        seconds = parse_duration(rest.strip())
    except ValueError:
        raise ValueError(f'"{rest.strip()}" is not how long: end with a time such as 2h or 30m') from None
    if seconds <= 0:
        raise ValueError("A silence lasts longer than no time")
    return AddSilence(tuple(matchers), seconds, comment.strip())


def parse_moment(text: str, now: int, zone: tzinfo | None) -> int:
    """UTC ms of "03:10" (the last one that was), "2026-11-20 03:10", or "-2h"; ValueError says what is wanted."""
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return now - round(parse_duration(ago[1].strip()) * 1000)
    here = datetime.fromtimestamp(now / 1000, zone)
    for form in ("%H:%M", "%H:%M:%S"):
        try:
            time = datetime.strptime(text, form).time()
        except ValueError:
            continue
        moment = here.replace(hour=time.hour, minute=time.minute, second=time.second, microsecond=0)
        if moment > here:
            moment -= timedelta(days=1)
        return round(moment.timestamp() * 1000)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{clean(text)}" is not a time: write 03:10, 2026-11-20 03:10 or -2h') from None
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).timestamp() * 1000)
