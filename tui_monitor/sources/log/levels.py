"""Levels of log lines: six names for words and numbers of many loggers."""

from __future__ import annotations

import re
from collections.abc import Mapping

LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
UNKNOWN = "unknown"
"""The label of lines that say no level."""

_GROUPS = {
    "trace": "trace trc finest finer verbose verb v",
    "debug": "debug dbg dbug fine d",
    "info": "info inf information informational notice note log config success ok i n",
    "warning": "warning warn wrn w",
    "error": "error err eror fail failed failure severe e stderr",
    "critical": "critical crit fatal ftl emergency emerg alert panic dpanic c f a",
}
_WORDS = {word: level for level, words in _GROUPS.items() for word in words.split()}
LEVEL_FIELDS = ("level", "severity", "lvl", "log.level", "loglevel", "log_level", "levelname", "severity_text", "severityText", "@level")
"""Names of the field in JSON and logfmt, the first that is there counts."""

_SYSLOG = ("critical", "critical", "critical", "error", "warning", "info", "info", "debug")

_TEXT = "TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|EMERG|ALERT|PANIC|SEVERE|CRIT|ERR"
_LOWER = _TEXT.lower()
# Each alternative begins with a literal, which Python's engine looks for quickly; what may not stand before it is looked at behind it.
_FIRST = re.compile(
    b"|".join(f"{word[0]}(?<![A-Za-z_\\-]{word[0]}){word[1:]}(?![A-Za-z_\\-])".encode() for word in _TEXT.split("|"))
    + rf"|\[(?:{_LOWER}|[TDIWEF])\]|<(?:{_LOWER}|[0-9]{{1,3}})>|\((?:{_LOWER})\)".encode()
)
_START = re.compile(rf"\W*({_LOWER})\b(?=[\s:|\]])|([TDIWEFC])(?:\d{{4}} |/[\w.]+|, |: )".encode(), re.IGNORECASE)
_LOOK = 200
"""Bytes of a line in which its level is looked for."""
_FOUND: dict[bytes, str] = {}


def level_of_word(word: str) -> str:
    """The level of a word of any case, "" for an unknown one. A number in quotes is a number."""
    level = _WORDS.get(word.strip().lower(), "")
    return level or (level_of_number(int(word)) if word.strip().isdecimal() and len(word) < 6 else "")


def level_of_number(number: float, field: str = "level") -> str:
    """The level of a number: syslog's 0-7; pino's and bunyan's 10-60; Python's in `levelno`; OpenTelemetry's 1-24 in `severity_number`."""
    if not abs(number) < 1e9:
        return ""
    if field.lower().replace("_", "") == "severitynumber":
        return LEVELS[min(5, max(0, int(number - 1) // 4))]
    if field == "levelno":
        return LEVELS[min(5, max(0, int(number) // 10))]
    if number < 8:
        return _SYSLOG[int(number)] if number >= 0 else ""
    return LEVELS[min(5, max(0, int(number) // 10 - 1))]


def level_of_value(value: object, field: str = "level") -> str:
    """The level of a JSON value: a word, a number, or an object that has a name (`{"level": {"name": ...}}`)."""
    if isinstance(value, Mapping):
        return level_of_value(next((value[key] for key in ("name", "text", "level", "severity") if key in value), ""))
    if isinstance(value, bool) or value is None:
        return ""
    return level_of_number(value, field) if isinstance(value, int | float) else level_of_word(str(value))


def level_of_text(line: bytes) -> str:
    """The level at the start of a plain text line: a word in capitals, in brackets, or the first word; "" without one.

    `<N>` is a syslog priority. Words further than 200 bytes into the line are text.
    """
    found = _FIRST.search(line, 0, _LOOK)
    if found is None:
        first = _START.match(line, 0, _LOOK)
        return _known(first[1] or first[2]) if first else ""
    return _known(found[0])


def _known(word: bytes) -> str:
    level = _FOUND.get(word)
    if level is None:
        plain = word.strip(b"[]<>()").decode("ascii", "replace")
        level = _SYSLOG[int(plain) & 7] if plain.isdigit() else level_of_word(plain)
        if len(_FOUND) < 1000:
            _FOUND[word] = level
    return level


def at_least(level: str, least: str) -> bool:
    """Whether a level is at least as severe as another; unknown levels are below all."""
    return (LEVELS.index(level) if level in LEVELS else -1) >= (LEVELS.index(least) if least in LEVELS else -1)
