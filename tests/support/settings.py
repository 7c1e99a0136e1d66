"""Settings for tests, read as from a file: durations as text, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from tui_monitor.config.entries import CheckSettings, NotifierSettings
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.kinds import KindLike, resolve
from tui_monitor.config.reader import Reader
from tui_monitor.config.section import Section
from tui_monitor.notifiers import kinds as notifiers
from tui_monitor.sources import kinds as checks

S = TypeVar("S", bound=Section)


def made(record: type[S], keys: Mapping[str, Any] | None = None, **more: Any) -> S:
    """The record of a table as written; its `type` is added. Raises ConfigurationError."""
    reader = Reader(Path.cwd())
    found = reader.section(record, {**_type(record), **(keys or {}), **more})
    if reader.faults or found is None:
        raise ConfigurationError(reader.faults)
    return found


def _type(record: type[Section]) -> dict[str, str]:
    if not issubclass(record, CheckSettings | NotifierSettings):
        return {}
    kinds: dict[str, KindLike] = {**checks.KINDS, **notifiers.KINDS}
    return {"type": next(name for name, kind in kinds.items() if resolve(kind.settings) is record)}
