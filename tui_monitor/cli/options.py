"""Helpers that commands share: load the configuration, find the state directory, parse typed times, refuse."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.cli.language import words
from tui_monitor.core import units
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.core.sanitize import clean, near
from tui_monitor.core.times import parse_time

if TYPE_CHECKING:
    from tui_monitor.config.faults import Configuration

LONGEST_S = 10 * 365 * 86_400.0


class Refused(Exception):
    """A command that cannot run; ``code`` is the exit code, the text is for people."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def print_error(text: str) -> None:
    """Print to standard error, one message a line."""
    with contextlib.suppress(OSError):  # standard error is unwritable: only the exit code is left
        for line in text.splitlines():
            print(f"tui-monitor: {clean(words(sys.stderr).say(line))}", file=sys.stderr)


def configuration(given: Namespace) -> Configuration:
    """Load the configuration. Raises Refused (78) with every fault."""
    from tui_monitor.config.faults import ConfigurationError
    from tui_monitor.config.load import load  # pydantic takes 100 ms to import: only for commands that read the configuration
    from tui_monitor.platform.paths import find_config

    try:
        return load(find_config(given.config, os.environ))
    except ConfigurationError as error:
        from tui_monitor.runtime.wiring import completed  # loads rules, routing and probes: only where there is a fault to report

        raise Refused(str(completed(error)), CONFIGURATION) from None


def state_path(given: Namespace) -> Path:
    """Path of the state directory, found in the documented order; the configuration is searched for but not read."""
    from tui_monitor.platform.paths import find_config, find_state

    return find_state(given.state, os.environ, find_config(given.config, os.environ))


def wall_ms() -> int:
    """The present in UTC ms."""
    return time.time_ns() // 1_000_000


def counted(count: int, what: str) -> str:
    """The count with its noun in singular or plural: "1 rule", "2 rules"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def seconds_of(text: str, option: str) -> float:
    """Seconds of a typed duration with its unit, above 0 and at most ten years. Raises Refused (64)."""
    if text.replace(".", "", 1).isdecimal():
        raise Refused(f"{option}: {text} needs a unit: {text}s, {text}m, {text}h or {text}d", USAGE)
    try:
        seconds = units.parse_duration(text)
    except ValueError as error:
        raise Refused(f"{option}: {error}", USAGE) from None
    if not 0 < seconds <= LONGEST_S:
        raise Refused(f'{option}: "{text}" is {"nothing" if seconds <= 0 else "more than ten years"}', USAGE)
    return seconds


def time_of(text: str, option: str, now_ms: int, *, ahead: bool = False) -> int:
    """UTC ms of a typed time (core.times). Raises Refused (64)."""
    try:
        return parse_time(text, now_ms, ahead=ahead)
    except ValueError as error:
        raise Refused(f"{option}: {error}", USAGE) from None


def suggestion(word: str, known: Sequence[str]) -> str:
    """Suffix for a message about an unknown name: the nearest known name, else the known names."""
    meant = near(word, known)
    return f"; did you mean {meant}?" if meant else f"; there are {', '.join(known)}" if known else ""
