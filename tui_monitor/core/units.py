"""Parsers of durations, sizes, ratios and rates in the configuration, and RFC 3339 stamps. Standard library only."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tui_monitor.core.sanitize import clip

_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_PARTS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_LONGEST = 1000 * 31536000.0
_LARGEST = 2**63 - 1
_MOST_CHARACTERS = 100
"""The length of a text that is parsed; the search for a unit takes quadratic time."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)?")
_SIZE_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_duration(value: object) -> float:
    """Seconds of "10s", "1h30m", "500ms" or a plain number of seconds; ValueError says what is wanted."""
    if isinstance(value, bool):
        raise ValueError('a duration such as "10s" or "1h30m" is wanted')
    try:
        seconds = float(value) if isinstance(value, int | float) else _seconds(str(value).strip())
    except OverflowError:  # a whole number of more than 308 digits
        seconds = _LONGEST + 1
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    if not seconds <= _LONGEST:
        raise ValueError("a duration of at most 1000 years is wanted")
    return seconds


def _seconds(text: str) -> float:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"a duration of at most {_MOST_CHARACTERS} characters is wanted")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'"{text}" is not a duration; write for example "10s", "1h30m" or "500ms"')
    return sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)


def parse_size(value: object) -> int:
    """Bytes of "512MiB", "1GB" or a plain number; ValueError says what is wanted."""
    if isinstance(value, int) and not isinstance(value, bool) and value > _LARGEST:
        raise ValueError("a size of at most 8 EiB is wanted")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = "" if isinstance(value, bool) else str(value).strip()
    match = _SIZE.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if match is None:
        raise ValueError(f'"{clip(str(value), _MOST_CHARACTERS)}" is not a size; write for example "512MiB" or "2GB"')
    size = float(match[1]) * _SIZE_UNITS[match[2] or "B"]
    if not size <= _LARGEST:
        raise ValueError("a size of at most 8 EiB is wanted")
    return int(size)


def format_size(size: int) -> str:
    """The spelling that `parse_size` reads, in the largest unit of which it has a whole number: 16777216 → "16MiB", 200 → "200B"."""
    unit = next(name for name in ("TiB", "GiB", "MiB", "KiB", "B") if size % _SIZE_UNITS[name] == 0) if size else "B"
    return f"{size // _SIZE_UNITS[unit]}{unit}"


def parse_ratio(value: object) -> float:
    """0.9 of "90%" or 0.9; ValueError says what is wanted."""
    text = str(value).strip()
    try:
        ratio = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        ratio = -1.0
    if isinstance(value, bool) or not 0 <= ratio <= 1:
        raise ValueError(f'"{value}" is not a ratio; write for example "90%" or 0.9')
    return ratio


def duration_parts(seconds: float, most: int = 5) -> list[tuple[int, str]]:
    """The counts of a length of time that are not zero, from days to milliseconds: 5400 → [(1, "h"), (30, "m")], 0 → [(0, "s")].

    At most ``most`` units from the largest on; smaller ones are dropped.
    """
    rest, parts = round(seconds * 1000), list[tuple[int, str]]()
    for unit, size in _PARTS:
        count, rest = divmod(rest, size)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), None)
    return [part for part in parts[first : first + most] if part[0]] if first is not None else [(0, "s")]


def format_duration(seconds: float, most: int = 5) -> str:
    """The spelling that `parse_duration` reads, exact to 1 ms unless only ``most`` units are wanted: 5400 → "1h30m", 2.5 → "2.5s"."""
    if not abs(seconds) <= _LONGEST:  # beyond any calendar, infinite or no number: plain seconds
        return f"{seconds:g}s"
    if 0 < seconds < 0.001:
        return f"{seconds * 1000:.3g}ms"
    if 1 < seconds < 59.9995 and most > 1:
        return f"{round(seconds, 3):g}s"
    return "".join(f"{count}{unit}" for count, unit in duration_parts(seconds, most))


def parse_rate(text: str) -> tuple[int, float]:
    """Count and window (seconds) of "20/1m"; ValueError says what is wanted."""
    count, _, window = text.partition("/")
    try:
        number, seconds = int(count), parse_duration(window)
    except ValueError:
        number, seconds = 0, 0.0
    if number < 1 or seconds <= 0:
        raise ValueError(f'"{text}" is not a rate; write for example "20/1m": at most 20 in any minute')
    return number, seconds


def rfc3339(at_ms: int) -> str:
    """UTC milliseconds as 2026-01-31T12:00:00.123Z."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
