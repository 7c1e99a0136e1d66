"""What several commands share: the configuration or a clear end, the state to read, times as people type them."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_monitor.config import Configuration, ConfigurationError, find_config, find_state, load
from tui_monitor.statedir import StateDirectory, StateUnusable, open_directory


class Refused(Exception):
    """The command cannot be done; ``code`` is the exit code, the text one sentence for people."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def complain(text: str) -> None:
    """Print to standard error, one message a line."""
    for line in text.splitlines():
        print(f"tui-monitor: {line}", file=sys.stderr)


def configuration(given: Namespace) -> Configuration:
    """Load it; Refused with code 2 and every fault."""
    try:
        return load(find_config(given.config, os.environ))
    except ConfigurationError as error:
        raise Refused(str(error), 2) from None


def state_path(given: Namespace) -> Path:
    """The state directory by the contract's order."""
    return find_state(given.state, os.environ, find_config(given.config, os.environ))


def state_directory(given: Namespace) -> StateDirectory:
    """The state directory, made where it is missing; Refused with code 2 where it cannot be used."""
    try:
        return open_directory(state_path(given))
    except StateUnusable as error:
        raise Refused(str(error), 2) from None


def parse_time(text: str, now_ms: int) -> int:
    """UTC ms of RFC 3339 (without zone: local), Unix seconds, or HH:MM[:SS] (today, else yesterday). ValueError with advice."""
    text = text.strip()
    try:
        return round(float(text) * 1000)
    except ValueError:
        pass
    try:
        parts = [int(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) in (2, 3):
        now = datetime.fromtimestamp(now_ms / 1000).astimezone()
        try:
            moment = now.replace(hour=parts[0], minute=parts[1], second=parts[2] if len(parts) == 3 else 0, microsecond=0)
        except ValueError:
            raise ValueError(f'"{text}" is not a time of day') from None
        return round((moment if moment <= now else moment - timedelta(days=1)).timestamp() * 1000)
    try:
        return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is not a time; write 2026-05-01T03:10:00Z, Unix seconds or 03:10') from None


def rfc3339(ms: int | None) -> str | None:
    """A stamp as the contract wants it, None for none."""
    if not ms:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
