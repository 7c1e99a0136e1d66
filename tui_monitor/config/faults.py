"""Faults of a configuration with their places, and the loaded configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.core.exit_codes import CONFIGURATION
from tui_monitor.core.frozen import frozen

if TYPE_CHECKING:
    from tui_monitor.config.settings import Settings

KeyPath = tuple[str | int, ...]
"""The path of a key: names of keys, and positions (from 0) in arrays."""


@frozen
class Fault:
    """One fault: its place and what to change. ``label`` names a place that is not in the file (a rule, a variable)."""

    path: KeyPath = ()
    text: str = ""
    label: str = ""
    line: int | None = None
    file: str = ""

    @property
    def key(self) -> str:
        """The place for people: checks[1].url."""
        return self.label or path_text(self.path)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.key}: {self.text}" if self.key else f"{place}{self.text}"


def path_text(path: KeyPath) -> str:
    """A path for people; entries are counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class ConfigurationError(Exception):
    """The configuration cannot be used; ``faults`` lists every reason.

    ``partial``: the part that could be read, with examples in place of the rest; None where checking it further is useless.
    """

    exit_code = CONFIGURATION

    def __init__(self, faults: Iterable[Fault], partial: Configuration | None = None) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line or 0)
        self.partial = partial
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[list[Fault], Configuration | None]]:
        return ConfigurationError, (self.faults, self.partial)


@frozen
class Configuration:
    """A loaded configuration: the settings, the file they came from (None: built-in defaults), and warnings for people."""

    settings: Settings
    path: Path | None = None
    warnings: tuple[str, ...] = ()
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    """The line of each key in the file."""

    def placed(self, fault: Fault) -> Fault:
        """The fault with its file and the line of its key, or of the nearest enclosing table; a fault of another file has both already."""
        if fault.file:
            return fault
        return replace(fault, line=line_of(self.lines, fault.path), file=str(self.path or ""))


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key. Of a table without a line of its own: the line of its first key, else of the enclosing table."""
    while path:
        if path in lines:
            return lines[path]
        if found := [number for place, number in lines.items() if place[: len(path)] == path]:
            return found[0]
        path = path[:-1]
    return None
