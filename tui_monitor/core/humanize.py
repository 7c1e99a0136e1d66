"""Formatting of values for people, from base units: percent, ms, MiB, ages, and text of an exact width in cells. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TypeGuard

from tui_monitor.core.units import duration_parts, format_duration

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "-"
_SIZES = ((1 << 50, "P"), (1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))


def percent(ratio: float | None, digits: int = 0) -> str:
    """A ratio as "45%"; an unknown one is "-"."""
    if not _real(ratio):
        return NOTHING
    return f"{ratio * 100:.{digits}f}%"


def uptime_percent(ratio: float | None) -> str:
    """A ratio of uptime, never rounded up to 100: "99.98%", "100%"."""
    if not _real(ratio):
        return NOTHING
    if ratio >= 1:
        return "100%"
    return f"{min(int(ratio * 10000) / 100, 99.99):.2f}%"


def size(count: float | None) -> str:
    """Bytes, short and at most five cells: "812", "3.1G", "120M"."""
    if not _real(count):
        return NOTHING
    for step, name in _SIZES:
        if count >= step * 0.9995:
            value = count / step
            return f"{value:.1f}{name}" if value < 99.95 else f"{value:.0f}{name}"
    return f"{count:.0f}B"


def rate(per_second: float | None) -> str:
    """Bytes per second: "1.2M/s"."""
    return size(per_second) + "/s" if _real(per_second) else NOTHING


def latency(seconds: float | None) -> str:
    """A latency in seconds: "0ms", "0.8ms", "132ms", "1.25s"."""
    if not _real(seconds):
        return NOTHING
    if abs(seconds) < 0.00005:
        return "0ms"
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f}ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 99.5:
        return f"{seconds:.2f}s" if seconds < 9.995 else f"{seconds:.1f}s"
    return span(seconds)


def span(seconds: float | None) -> str:
    """A length of time for a column: "20s", "12m", "3h 05m", "2d 4h", "12d"; below a minute in steps of ten seconds."""
    if not _real(seconds):
        return NOTHING
    if seconds < MINUTE:
        return f"{int(seconds) // 10 * 10}s" if seconds >= 10 else "now"
    parts = dict((unit, count) for count, unit in _coarse(seconds))
    if "h" in parts and "d" not in parts:
        return f"{parts['h']}h {parts.get('m', 0):02d}m"
    if 0 < parts.get("d", 0) < 10:
        return f"{parts['d']}d {parts.get('h', 0)}h"
    return "".join(f"{count}{unit}" for unit, count in parts.items())


SHORT_UNITS = {"d": "d", "h": "h", "m": "m", "s": "s"}


def span_words(seconds: float, words: Mapping[str, str] = SHORT_UNITS, *, most: int = 2) -> str:
    """A length of time for a sentence: "45s", "12m", "3h 5m", "2d 4h", "12d"; in messages in the unit ``words`` of their language."""
    return " ".join(f"{count}{words[unit]}" for count, unit in _coarse(seconds)[:most])


def length(seconds: float) -> str:
    """A length of time that was measured, as fine as is useful: "4.20s", "12m", "3h 05m"."""
    return span(seconds) if seconds >= MINUTE else latency(seconds)


def exact_span(seconds: float) -> str:
    """A length of time that is counted or compared, with its two largest units: "45s", "22m 12s", "1h 45m"."""
    return " ".join(f"{count}{unit}" for count, unit in duration_parts(max(0, int(seconds)), 2))


def _coarse(seconds: float) -> list[tuple[int, str]]:
    """At most two units; one below an hour and from ten days on."""
    whole = max(0, int(seconds))
    return duration_parts(whole, 2 if HOUR <= whole < 10 * DAY else 1)


def age(since: int, now: int) -> str:
    """How long ago a stamp was (UTC ms); 0 is never: "-"."""
    return span((now - since) / 1000) if since else NOTHING


def ago(since: int, now: int) -> str:
    """How long ago a stamp was, to end a sentence: "now", "4m ago", "-"."""
    text = age(since, now)
    return text if text in ("now", NOTHING) else f"{text} ago"


def days_left(until: int | None, now: int) -> str:
    """Whole days until a stamp (UTC ms): "42d"; past it "ended"."""
    if until is None:
        return NOTHING
    left = (until - now) / 1000
    if left <= 0:
        return "ended"
    return f"{int(left // DAY)}d" if left >= DAY else f"{int(left // HOUR)}h"


def clock(at: int, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """The time of day of a stamp (UTC ms) in people's zone; ``zone`` None is the machine's."""
    moment = datetime.fromtimestamp(at / 1000, zone)
    return moment.strftime("%H:%M:%S" if seconds else "%H:%M")


def stamp(at: int | None, now: int, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """The time of a stamp, with its date unless that is today: "03:10", "Nov 20 03:10", "2025-11-20 03:10"."""
    if not at:
        return NOTHING
    then, today = datetime.fromtimestamp(at / 1000, zone), datetime.fromtimestamp(now / 1000, zone)
    time = clock(at, zone, seconds=seconds)
    if then.date() == today.date():
        return time
    if then.year != today.year:
        return f"{then:%Y-%m-%d} {time}"
    return f"{_MONTHS[then.month - 1]} {then.day} {time}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def figure(name: str, value: float) -> str:
    """A value by the unit that its series' name ends in: ratio, bytes, seconds, else a plain number."""
    base = name.split("{", 1)[0]
    if base.endswith("_ratio"):
        return percent(value, 1)
    if base.endswith("_bytes"):
        return size(value)
    if base.endswith("_per_second"):
        return rate(value) if "bytes" in base else f"{number(value)}/s"
    if base.endswith("_seconds"):
        return latency(value)
    return number(value)


def unit_value(value: float, unit: str) -> str:
    """A value of a chart by its unit: "ratio", "percent", "seconds", "bytes", "bytes_per_second", "count" or ""."""
    if value != value:
        return NOTHING
    texts = {
        "ratio": lambda: percent(value, 1),
        "percent": lambda: percent(value / 100, 1),
        "seconds": lambda: latency(value),
        "bytes": lambda: size(value),
        "count": lambda: count_text(value),
    }
    if unit == "bytes_per_second":
        return rate(value)
    return texts[unit]() if unit in texts else number(value)


def limit_text(value: float, unit: str) -> str:
    """A limit as it is configured: "250ms", "1s", "90%"; in other units than time and shares as a value."""
    if unit in ("seconds", "duration") and value >= 0.001:
        return format_duration(value)
    return measured(value, unit).replace(".0%", "%") if unit else number(value)


HEALTH_WORDS = ("healthy", "degraded", "unhealthy")


def measured(value: float | None, unit: str) -> str:
    """A value by the unit of its expression: "91.3%", "1.25s", "9d 4h", "3.1G", "unhealthy", "1042", "nan"; "" for None."""
    if value is None:
        return ""
    if not _real(value):
        return f"{value:g}"
    if unit == "health":
        return HEALTH_WORDS[int(value)] if value in (0, 1, 2) else f"{value:g}"
    sign, much = ("-" if value < 0 else ""), abs(value)
    if unit == "duration":
        return sign + length(much)
    return sign + unit_value(much, unit) if unit else f"{value:.6g}"


def number(value: float) -> str:
    """A plain number, short: "12", "3.14", "1.2e+09"."""
    if value == int(value) if abs(value) < 1e15 else False:
        return f"{int(value)}"
    return f"{value:.3g}"


def count_text(value: float) -> str:
    """A number of things or money, with commas between thousands: it is read, not computed with. "12,345", "61.40", "0.0284"."""
    if abs(value) >= 1e15 or value != value:
        return f"{value:.3g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def _real(value: float | None) -> TypeGuard[float]:
    return value is not None and value == value and abs(value) != float("inf")


_SINGLE = re.compile(r"[ -~\u00b7\u2026\u2190-\u21ff\u22ef\u2500-\u25fc\u2713-\u2718\u2800-\u28ff]*")
"""ASCII, arrows, boxes, blocks, shapes, ticks and braille, of which most lines consist: each character takes one cell."""


def cells(text: str) -> int:
    """How many cells a text takes: wide characters two, marks that combine none, ambiguous ones one."""
    return len(text) if text.isascii() or _SINGLE.fullmatch(text) else _cells(text)


@lru_cache(4096)
def _cells(text: str) -> int:
    return sum(_cell(character) for character in text)


@lru_cache(2048)
def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    code = ord(character)
    if 0x1160 <= code <= 0x11FF:
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, width: int, mark: str = "~") -> str:
    """The text in at most ``width`` cells; what was cut ends in ``mark``."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    room, kept = width - cells(mark), []
    if text.isascii() or _SINGLE.fullmatch(text):
        return text[: max(0, room)].rstrip() + mark
    for character in text:
        room -= _cell(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + mark


def fit(text: str, width: int, mark: str = "~", *, right: bool = False) -> str:
    """The text in exactly ``width`` cells, padded with spaces or cut."""
    if width <= 0:
        return ""
    text = cut(text, width, mark)
    pad = " " * (width - cells(text))
    return pad + text if right else text + pad


def wrap(text: str, width: int, limit: int = 1000) -> list[str]:
    """The text in lines of at most ``width`` cells, broken at spaces where there are any; at most ``limit`` lines."""
    width, lines = max(1, width), []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if cells(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            while cells(word) > width:
                head = cut(word, width, "")
                head = head or word[0]
                lines.append(head)
                word = word[len(head) :]
            line = word
        lines.append(line)
        if len(lines) >= limit:
            break
    return lines[:limit]
