"""Settings from environment variables: TUI_MONITOR_HOST, TUI_MONITOR_SYSTEM__INTERVAL and so on (lists of tables stay in the file)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_origin

from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.config.reader import Key, has_list, read_keys, walk_types
from tui_monitor.config.section import Section
from tui_monitor.config.settings import Settings

PREFIX = "TUI_MONITOR_"
_LIST_WANTED = 'cannot be read; a list is written as ["a", "b"]'


class Environment:
    """The settings in the environment: ``values`` in the shape of the file, ``names`` of the variables by key, ``faults``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values: dict[str, Any] = {}
        self.names: dict[KeyPath, str] = {}
        self.faults: list[Fault] = []
        for name, text in environ.items():
            if name.upper().startswith(PREFIX):
                self._add(name, tuple(name.upper().removeprefix(PREFIX).lower().split("__")), text)

    def placed(self, fault: Fault) -> Fault | None:
        """The fault with the name of its variable; None for a fault of the file."""
        for depth in range(len(fault.path), 0, -1):
            if name := self.names.get(fault.path[:depth]):
                return replace(fault, label=name)
        return None

    def _add(self, name: str, path: tuple[str, ...], text: str) -> None:
        """Set the variable's key. An unknown name is ignored, as it may belong to another program; in one of our sections it is a fault."""
        record = _record(path[:-1])
        key = read_keys(record).get(path[-1]) if record is not None else None
        if record is None or (key is None and record is Settings) or (key is not None and not _is_plain(key)):
            return
        self.names[path] = name
        try:
            value = json.loads(text) if key is not None and _reads_json(key, text) else text
        except ValueError:
            self.faults.append(Fault(text=_LIST_WANTED, label=name))
            return
        table = self.values
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value


def _record(path: tuple[str, ...]) -> type[Section] | None:
    """The record of the section at a path; None where there is none."""
    record: type[Section] = Settings
    for part in path:
        found = read_keys(record).get(part)
        if found is None or found.record is None or found.is_list:
            return None
        record = found.record
    return record


def _is_plain(key: Key) -> bool:
    return key.record is None and not any(get_origin(part) is dict for part in walk_types(key.hint))


def _reads_json(key: Key, text: str) -> bool:
    """A list is written as JSON; a key that may also be true or false only where it begins as one."""
    return has_list(key.hint) and (bool not in walk_types(key.hint) or text.lstrip().startswith("["))
