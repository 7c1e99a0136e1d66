"""What several commands share: the configuration or a clear end, the state to read, times as people type them."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.core import units
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.core.sanitize import clean, near

if TYPE_CHECKING:
    from tui_monitor.config.faults import Configuration

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_S = 10 * 365 * 86_400.0
LAST_MS = 253_402_300_799_999
"""The end of the year 9999: no later time can be shown."""


class Refused(Exception):
    """The command cannot be done; ``code`` is the exit code, the text is for people."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def complain(text: str) -> None:
    """Print to standard error, one message a line."""
    with contextlib.suppress(OSError):  # where nobody can be told, the exit code says it
        for line in text.splitlines():
            print(f"tui-monitor: {clean(line)}", file=sys.stderr)


def configuration(given: Namespace) -> Configuration:
    """Load it; Refused with code 78 and every fault."""
    from tui_monitor.config.faults import ConfigurationError
    from tui_monitor.config.load import load  # pydantic: 100 ms, only for commands that need the configuration
    from tui_monitor.platform.paths import find_config

    try:
        return load(find_config(given.config, os.environ))
    except ConfigurationError as error:
        from tui_monitor.runtime.wiring import completed  # rules, routing, probes: only where there is something to tell

        raise Refused(str(completed(error)), CONFIGURATION) from None


def state_path(given: Namespace) -> Path:
    """The state directory by the contract's order; the configuration is looked for, never read."""
    from tui_monitor.platform.paths import find_config, find_state

    return find_state(given.state, os.environ, find_config(given.config, os.environ))


def wall_ms() -> int:
    """The present in UTC ms."""
    return time.time_ns() // 1_000_000


def counted(count: int, what: str) -> str:
    """With the plural where it is due: "1 rule", "2 rules"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def seconds_of(text: str, option: str) -> float:
    """A duration as typed, more than nothing and at most ten years; Refused with code 64."""
    try:
        seconds = units.parse_duration(text)
    except ValueError as error:
        raise Refused(f"{option}: {error}", USAGE) from None
    if not 0 < seconds <= LONGEST_S:
        raise Refused(f'{option}: "{text}" is {"nothing" if seconds <= 0 else "more than ten years"}', USAGE)
    return seconds


def suggestion(word: str, known: Sequence[str]) -> str:
    """Advice to go behind a message about a name that is not known: what was probably meant, else what there is."""
    meant = near(word, known)
    return f"; did you mean {meant}?" if meant else f"; there are {', '.join(known)}" if known else ""


def parse_time(text: str, now_ms: int, *, ahead: bool = False) -> int:
    """UTC ms (rounded) of RFC 3339 (without zone: local), Unix seconds, or HH:MM[:SS] (the last that was; ``ahead``: the next).

    ValueError with advice for anything else, and for times before 1970 or after 9999.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _in_range(_milliseconds(float(text)), text)
    if found := _TIME_OF_DAY.fullmatch(text):
        return _time_of_day(int(found[1]), int(found[2]), int(found[3] or 0), text, now_ms, ahead)
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is not a time; write 2026-05-01T03:10:00Z, Unix seconds or 03:10') from None
    return _in_range((moment.days * 86_400 + moment.seconds) * 1000 + (moment.microseconds + 500) // 1000, text)


def _milliseconds(seconds: float) -> float:
    """Rounded half up, from the fraction alone as Prometheus does: the whole number would cost digits."""
    fraction, whole = math.modf(seconds)
    return whole * 1000 + math.floor(fraction * 1000 + 0.5)


def _in_range(stamp: float, text: str) -> int:
    if not 0 <= stamp <= LAST_MS:
        raise ValueError(f'"{text}" is {"before 1970" if stamp < 0 else "after the year 9999"}')
    return int(stamp)


def _time_of_day(hour: int, minute: int, second: int, text: str, now_ms: int, ahead: bool) -> int:
    now = datetime.fromtimestamp(now_ms / 1000)
    try:
        moment = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        raise ValueError(f'"{text}" is not a time of day') from None
    if (moment > now) is not ahead:
        moment += timedelta(days=1 if ahead else -1)
    return round(moment.timestamp() * 1000)


def rfc3339(ms: int | None) -> str | None:
    """A stamp as the contract wants it, None for none."""
    return units.rfc3339(ms) if ms else None
