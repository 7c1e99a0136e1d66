"""Screens by role: their definitions, and the form in which the leader stores them for viewers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tui_monitor.board.wire import plain, read
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.matchers import parse_matchers
from tui_monitor.promql.queryable import Matcher

STORED_AS = "\0screens"
"""The source (core.values.SavedState) under which the leader stores the screens, for viewers; no check can have this name."""
HOUR_MS = 3_600_000


@frozen
class ScreenPanel:
    """One panel. ``span`` in ms; ``width`` in columns, ``height`` in lines; ``warning`` and ``critical`` in the unit of the values."""

    kind: str
    title: str = ""
    queries: tuple[str, ...] = ()
    legends: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    text: str = ""
    span: int = HOUR_MS
    width: int = 6
    height: int = 10
    unit: str = ""
    warning: float | None = None
    critical: float | None = None

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """Those of ``select``."""
        return parse_matchers(self.select)

    def legend(self, number: int) -> str:
        """The legend of a query by its number; "" where none is given."""
        if not self.legends:
            return ""
        return self.legends[min(number, len(self.legends) - 1)]

    def severity(self, value: float) -> str:
        """ "critical", "warning" or "": where critical is the lower threshold, low values are the bad ones."""
        low = self.warning is not None and self.critical is not None and self.critical < self.warning
        for limit, word in ((self.critical, "critical"), (self.warning, "warning")):
            if limit is not None and (value <= limit if low else value >= limit):
                return word
        return ""

    @property
    def limits(self) -> tuple[tuple[float, str], ...]:
        """(value, severity) of its thresholds."""
        known = ((self.warning, "warning"), (self.critical, "critical"))
        return tuple((value, word) for value, word in known if value is not None)


@frozen
class ScreenDefinition:
    """One screen: panels in rows of ``columns``, from the left. ``groups``: the Unix groups whose members see it first."""

    name: str
    title: str = ""
    groups: tuple[str, ...] = ()
    columns: int = 12
    panels: tuple[ScreenPanel, ...] = ()


def encode_screens(screens: Sequence[ScreenDefinition]) -> bytes:
    """The stored form; b"" for none."""
    return json.dumps(plain(screens), separators=(",", ":")).encode() if screens else b""


def decode_screens(data: bytes) -> tuple[ScreenDefinition, ...]:
    """The inverse of `encode_screens`; () where the bytes cannot be decoded."""
    try:
        return read(tuple[ScreenDefinition, ...], json.loads(data)) if data else ()
    except (ValueError, RecursionError):
        return ()


def find_screen(screens: Sequence[ScreenDefinition], name: str) -> ScreenDefinition | None:
    """The screen with this name, in any case of letters where none has it exactly."""
    folded = name.casefold()
    exact = next((each for each in screens if each.name == name), None)
    return exact or next((each for each in screens if each.name.casefold() == folded), None)


def own_first(screens: Sequence[ScreenDefinition], groups: frozenset[str]) -> list[ScreenDefinition]:
    """The screens of these Unix groups before the others, each in the order of the configuration."""
    return sorted(screens, key=lambda each: not groups.intersection(each.groups))
