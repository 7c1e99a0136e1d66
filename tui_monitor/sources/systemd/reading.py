"""One look at the units of a check: their list, and the details of as many of them as a probe has time for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.systemd.bus import Bus, BusCall
from tui_monitor.sources.systemd.settings import full_name, is_pattern
from tui_monitor.sources.systemd.units import (
    ListedUnit,
    UnitDetails,
    by_names,
    by_patterns,
    details_of,
    ending_of,
    listed,
    manager_property,
    wanted,
)  # fmt: skip

MOST_UNITS = 2_000
"""Units of a check; each has five series of states."""
MOST_CALLS = 160
"""Questions for details in one probe, 10 ms of CPU: 40 services. Of more, each probe takes those that waited longest."""


@frozen
class UnitReading:
    """A unit as it was read. ``named``: by name, not by a pattern. ``fresh``: its details are of now. ``run``: what a timer starts."""

    unit: ListedUnit
    named: bool
    details: UnitDetails | None = None
    before: UnitDetails | None = None
    fresh: bool = False
    run: UnitReading | None = None


@frozen
class UnitsReading:
    """All units of a check, those that are not at rest first.

    ``missing``: names and patterns without a unit; ``left_out``: how many there are beyond MOST_UNITS.
    """

    units: tuple[UnitReading, ...]
    missing: tuple[str, ...] = ()
    left_out: int = 0


class UnitsReader:
    """Reads the units of a check, and keeps the details of those that a probe does not ask for."""

    def __init__(self, units: Sequence[str], clock: Clock) -> None:
        self._names = list(dict.fromkeys(full_name(name) for name in units if not is_pattern(name)))
        self._patterns = [name for name in units if is_pattern(name)]
        self._clock = clock
        self._kept: dict[str, UnitDetails] = {}

    async def read(self, bus: Bus) -> UnitsReading:
        """Look once. Raises OwnTrouble."""
        named = listed(await bus.ask(by_names(self._names))) if self._names else []
        matched = listed(await bus.ask(by_patterns(self._patterns))) if self._patterns else []
        asked = {unit.name for unit in named}
        units = {unit.name: unit for unit in (*(unit for unit in matched if unit.load != "not-found"), *named)}
        if not any(unit.load != "not-found" for unit in units.values()):
            await self._check_view(bus)
        ordered = sorted(units.values(), key=lambda unit: (unit.active in ("active", "inactive"), unit.name))[:MOST_UNITS]
        readings = await self._with_details(bus, ordered, asked)
        missing = [name for name in self._names if len(named) < len(self._names) and name not in asked]
        missing += self._patterns if self._patterns and not matched else []
        return UnitsReading(tuple(readings), tuple(missing), len(units) - len(ordered))

    async def _check_view(self, bus: Bus) -> None:
        """None of the units is there: either they are not, or this bus shows nobody's units (a container's empty systemd)."""
        [reply] = await bus.ask_all([manager_property("NNames")])
        if not reply.error and _value(reply.values) == 0:
            raise OwnTrouble("systemd on this bus has no units at all; in a container, mount the host's /run/dbus")

    async def _with_details(self, bus: Bus, units: Sequence[ListedUnit], named: set[str]) -> list[UnitReading]:
        before = self._kept
        found = await self._ask(bus, self._chosen(units, named))
        self._kept = {unit.name: known for unit in units if (known := found.get(unit.name) or before.get(unit.name))}
        runs = await self._runs(bus, [details.starts for details in found.values() if details.starts])
        return [
            UnitReading(
                unit, unit.name in named, self._kept.get(unit.name), before.get(unit.name), unit.name in found, _run(unit, found, runs)
            )
            for unit in units
        ]  # fmt: skip

    def _chosen(self, units: Sequence[ListedUnit], named: set[str]) -> list[tuple[ListedUnit, list[BusCall]]]:
        """The units to ask for in this probe, with their questions: first those that are not at rest, then those that waited longest."""
        loaded = [unit for unit in units if unit.load == "loaded"]
        chosen, left = [], MOST_CALLS
        for unit in sorted(loaded, key=lambda unit: (unit.active in ("active", "inactive"), self._age(unit))):
            calls = wanted(unit, unit.name in named)
            if (left := left - len(calls)) < 0:
                break
            chosen.append((unit, calls))
        return chosen

    def _age(self, unit: ListedUnit) -> float:
        known = self._kept.get(unit.name)
        return known.at if known else 0.0

    async def _ask(self, bus: Bus, chosen: Iterable[tuple[ListedUnit, list[BusCall]]]) -> dict[str, UnitDetails]:
        asked = list(chosen)
        replies = iter(await bus.ask_all([call for _, calls in asked for call in calls]))
        at, wall, found = self._clock.monotonic(), self._clock.wall_ms(), {}
        for unit, calls in asked:
            answers = list(islice(replies, len(calls)))
            values = {call.values[1]: _value(reply.values) for call, reply in zip(calls, answers, strict=True) if not reply.error}
            found[unit.name] = details_of(values, at, wall)
        return found

    async def _runs(self, bus: Bus, names: Sequence[str]) -> dict[str, UnitReading]:
        """What timers start, with its end where it failed."""
        units = listed(await bus.ask(by_names(dict.fromkeys(names)))) if names else []
        failed = [(unit, ending_of(unit)) for unit in units if unit.active == "failed"]
        ends = await self._ask(bus, failed) if failed else {}
        return {unit.name: UnitReading(unit, True, ends.get(unit.name)) for unit in units}


def _run(unit: ListedUnit, found: dict[str, UnitDetails], runs: dict[str, UnitReading]) -> UnitReading | None:
    return runs.get(found[unit.name].starts) if unit.name in found else None


def _value(values: tuple[Any, ...]) -> Any:
    """What a variant holds."""
    return values[0][1] if values and isinstance(values[0], tuple) and len(values[0]) == 2 else None
