"""Substitution of environment variables: ${NAME} in any string of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_monitor.config.faults import Fault, KeyPath

_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")


@dataclass(slots=True)
class Variables:
    """The substitution of ${NAME}; $${ is a literal ${. ``used``: the keys that contain a variable. An unset name is a fault."""

    environ: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)
    used: set[KeyPath] = field(default_factory=set)

    def replaced(self, value: Any, path: KeyPath = ()) -> Any:
        """The same value with its strings replaced."""
        if isinstance(value, dict):
            return {key: self.replaced(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.replaced(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        self.used.add(path)
        return _VARIABLE.sub(lambda found: self._value(found, path), value)

    def _value(self, found: re.Match[str], path: KeyPath) -> str:
        if found[1] is None:
            if found[0] == "${":
                self.faults.append(Fault(path, 'after "${" a name and "}" are wanted; a literal ${ is written $${'))
            return "${"
        if found[1] not in self.environ:
            self.faults.append(Fault(path, f"the environment variable {found[1]} is not set"))
        return self.environ.get(found[1], "unset")


def merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the values of ``over``, table by table."""
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return found


def paths_in(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every value in tables within tables."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths_in(item, (*path, key))
    else:
        yield path
