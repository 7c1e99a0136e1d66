"""What the log screen shows: source, level, window of time, texts, fields; and the line in which people write it. Pure."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui_monitor.board.log_pages import LEVELS, LogFilter
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, near
from tui_monitor.core.units import parse_duration

WORDS = {"level": "level=error", "check": "check=api", "service": "service=shop", "last": "last=1h"}
"""The words of a filter line, each with an example; any other word=value selects by a field."""


@frozen
class LogChoice:
    """A filter as people choose it: ``last`` ms before the moment shown (0: all)."""

    check: str = ""
    service: str = ""
    level: str = ""
    last: int = 0
    text: str = ""
    where: tuple[tuple[str, str], ...] = ()

    def limits(self, now: int, until: int) -> LogFilter:
        """The filter of pages; ``until`` is the moment of the past that is shown, else 0."""
        since = max(1, (until or now) - self.last) if self.last else 0
        return LogFilter(self.check, self.service, self.level, (self.text,) if self.text else (), self.where, since, until)

    @property
    def source(self) -> str:
        """The chosen check or service, "" for all."""
        return self.check or self.service

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the source is chosen."""
        return self != LogChoice(self.check, self.service)

    def with_level(self, step: int) -> LogChoice:
        """One level more or less grave; "" shows all lines. Below warning there is no step, since it would hide next to nothing."""
        steps = ("", *LEVELS[LEVELS.index("warning") :])
        here = steps.index(self.level) if self.level in steps else int(step < 0)
        return replace(self, level=steps[max(0, min(len(steps) - 1, here + step))])

    def line(self) -> str:
        """The line that `parse_choice` reads as this filter."""
        named = (("check", self.check), ("service", self.service), ("level", self.level), ("last", _span(self.last)), *self.where)
        parts = [f"{name}={_quoted(value)}" for name, value in named if value]
        return " ".join([*parts, self.text])

    def words(self) -> str:
        """The filter beside the title, without its source."""
        named = (("level", self.level), ("last", _span(self.last)), *self.where)
        parts = [f"{name}={_quoted(value)}" for name, value in named if value]
        return "  ".join([*parts, *([f'"{self.text}"'] if self.text else [])])


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value or not value else value


def _span(ms: int) -> str:
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        if ms and ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms // 1000}s" if ms else ""


def parse_choice(text: str) -> LogChoice:
    """A filter from ``level=error check=api last=1h user.id=42 connection refused``. ValueError says what is wrong with the line."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError('a quotation mark is open: close it, for example "timed out"') from None
    found: dict[str, str] = {}
    where: list[tuple[str, str]] = []
    rest: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not name.replace(".", "").replace("_", "").replace("-", "").isalnum():
            rest.append(word)
        elif name in WORDS:
            found[name] = value
        else:
            where.append((name, value))
    last = _last(found["last"]) if found.get("last") else 0
    return LogChoice(found.get("check", ""), found.get("service", ""), _level(found.get("level", "")), last, " ".join(rest), tuple(where))


def _level(word: str) -> str:
    if not word:
        return ""
    level = {"warn": "warning", "err": "error", "fatal": "critical"}.get(word.lower(), word.lower())
    if level in LEVELS:
        return level
    meant = near(word, LEVELS)
    advice = f"did you mean {meant}?" if meant else f"there are {', '.join(LEVELS)}"
    raise ValueError(f'"{clean(word)}" is not a level; {advice}')


def _last(text: str) -> int:
    try:
        return round(parse_duration(text if not text.isdecimal() else "") * 1000)
    except ValueError:
        raise ValueError(f'"{clean(text)}" is not a duration: write for example last=15m or last=2h') from None
