"""Read durations as Prometheus does: 1h30m, 90s, 500ms, 2d, or a plain number of seconds.

A grammar of its own beside core.units, whose durations are those of the configuration: rule files, `query --step` and the template
function parseDuration must take and refuse what Prometheus does (1e3 and .5 are seconds, 1.5h and 1m1h are faults).
"""

from __future__ import annotations

import re

from tui_monitor.promql.tokens import MAX_SECONDS

_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_PATTERN = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of a duration; units from large to small, each at most once; a plain number means seconds.

    Raises ValueError for anything else, negative durations too, and for what is longer than Prometheus can hold (292 years).
    """
    word = text.strip()
    if _NUMBER.fullmatch(word):
        seconds = float(word)
    elif word and (found := _PATTERN.fullmatch(word)):
        seconds = sum(float(count) * unit for count, (_, unit) in zip(found.groups(), _UNITS, strict=True) if count) / 1000
    else:
        raise ValueError(f"not a duration: {word!r} (write 90s, 1h30m, 2d or a number of seconds)")
    if seconds > MAX_SECONDS:
        raise ValueError(f"duration out of range: {word!r}")
    return seconds
