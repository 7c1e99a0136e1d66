"""What is wrong with a configuration, as values that keep their place; and a configuration that was read."""

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
"""Where a key stands: names of keys, and positions (from 0) in arrays."""


@frozen
class Fault:
    """One thing that is wrong: where, and what to change. ``label`` names the place where its path does not (a rule, a variable)."""

    path: KeyPath = ()
    text: str = ""
    label: str = ""
    line: int | None = None
    file: str = ""

    @property
    def key(self) -> str:
        """The place as people read it: checks[1].url."""
        return self.label or path_text(self.path)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.key}: {self.text}" if self.key else f"{place}{self.text}"


def path_text(path: KeyPath) -> str:
    """A path as people read it; entries are counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class ConfigurationError(Exception):
    """The configuration cannot be used; ``faults`` lists every reason.

    ``partial``: what could be read of it, with examples in the place of what could not; None where that says nothing more.
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
    """Where each key stands in the file."""

    def placed(self, fault: Fault) -> Fault:
        """The fault with its file and the line of its key, or of the nearest table around it; one of another file has both already."""
        if fault.file:
            return fault
        return replace(fault, line=line_of(self.lines, fault.path), file=str(self.path or ""))


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key; of a table that has no line of its own that of its first key, else that of what is around it."""
    while path:
        if path in lines:
            return lines[path]
        if found := [number for place, number in lines.items() if place[: len(path)] == path]:
            return found[0]
        path = path[:-1]
    return None
