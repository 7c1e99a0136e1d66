"""Units as systemd lists them, the properties that are asked for beyond that, and how their values are read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.systemd.bus import SYSTEMD, BusCall
from tui_monitor.sources.systemd.settings import SUFFIXES

MANAGER_PATH = "/org/freedesktop/systemd1"
_PATH = re.compile(r"/org/freedesktop/systemd1/unit/[A-Za-z0-9_]{1,1000}")
_PROPERTIES = "org.freedesktop.DBus.Properties"
_UNIT = "Unit"
_WITH_GROUP = ("scope", "slice", "socket", "mount", "swap")
"""Kinds beside services that have a control group, hence memory and CPU time."""
_UNSET = 1 << 63
"""Counters without a value are 2^64-1, limits without one too (source: org.freedesktop.systemd1(5))."""
_WORD = 40
_COLUMNS = 10
"""Values of a row of ListUnits (source: org.freedesktop.systemd1(5))."""


@frozen
class ListedUnit:
    """A unit as systemd lists it: whether it has a file (``load``), its state in general (``active``) and for its kind (``sub``)."""

    name: str
    load: str
    active: str
    sub: str
    path: str

    @property
    def kind(self) -> str:
        """The ending of its name; "" for none that systemd has."""
        ending = self.name.rpartition(".")[2]
        return ending if ending in SUFFIXES else ""


@frozen
class UnitDetails:
    """What its properties say; None: not known. Times are UTC ms, 0: never; ``at`` is when they were read (monotonic seconds).

    ``memory`` in bytes, ``cpu`` in seconds. ``code`` and ``exit_status`` are how its main process ended (source: waitid(2)).
    ``triggered``: another unit starts it. ``starts``: the unit that a timer starts.
    """

    at: float
    since: int = 0
    restarts: int | None = None
    memory: int | None = None
    cpu: float | None = None
    result: str = ""
    code: int = 0
    exit_status: int = 0
    oneshot: bool = False
    triggered: bool = False
    last_trigger: int = 0
    next_trigger: int = 0
    starts: str = ""


def rows_of(values: tuple[Any, ...], width: int) -> list[tuple[Any, ...]]:
    """The rows of a list of structs, each of so many values; of another answer there are none."""
    rows = values[0] if values and isinstance(values[0], list) else []
    return rows if all(isinstance(row, tuple) and len(row) == width for row in rows) else []


def listed(values: tuple[Any, ...]) -> list[ListedUnit]:
    """The units of an answer of ListUnits and its kin; an entry without a name or a usable path is left out."""
    return [
        ListedUnit(clip(clean(row[0]), 300), _word(row[2]), _word(row[3]), _word(row[4]), row[6])
        for row in rows_of(values, _COLUMNS)
        if row[0] and _PATH.fullmatch(row[6])
    ]


def wanted(unit: ListedUnit, named: bool) -> list[BusCall]:
    """The calls that ask for a unit's details: few, for a unit has 300 properties, and more where it is not well."""
    kind, own, general = unit.kind, list[str](), ["StateChangeTimestamp"]
    if kind == "service":
        own += ["NRestarts"]
        if unit.active != "active":
            own += ["Type", "Result", "ExecMainCode", "ExecMainStatus"]
        if unit.active == "inactive" and named:
            general += ["TriggeredBy"]
    elif kind == "timer":
        own += ["Unit", "LastTriggerUSec", "NextElapseUSecRealtime", "NextElapseUSecMonotonic"]
    if kind == "service" or kind in _WITH_GROUP:
        own += ["MemoryCurrent", "CPUUsageNSec"]
    if unit.active == "failed" and kind in ("timer", "scope", "socket", "mount", "swap"):
        own += ["Result"]
    calls = [_get(unit.path, kind.capitalize(), name) for name in own]
    return calls + [_get(unit.path, _UNIT, name) for name in general]


def ending_of(unit: ListedUnit) -> list[BusCall]:
    """The calls that ask how a failed unit ended."""
    return [_get(unit.path, "Service", name) for name in ("Result", "ExecMainCode", "ExecMainStatus")] if unit.kind == "service" else []


def _get(path: str, interface: str, name: str) -> BusCall:
    return BusCall(path, _PROPERTIES, "Get", "ss", (f"{SYSTEMD}.{interface}", name))


def by_names(names: Iterable[str]) -> BusCall:
    """The call that lists these units, loading them where they are not."""
    return BusCall(MANAGER_PATH, f"{SYSTEMD}.Manager", "ListUnitsByNames", "as", (list(names),))


def by_patterns(patterns: Iterable[str], states: Iterable[str] = ()) -> BusCall:
    """The call that lists loaded units."""
    return BusCall(MANAGER_PATH, f"{SYSTEMD}.Manager", "ListUnitsByPatterns", "asas", (list(states), list(patterns)))


def manager_property(name: str) -> BusCall:
    """The call that asks for a property of systemd itself."""
    return _get(MANAGER_PATH, "Manager", name)


def details_of(values: Mapping[str, Any], at: float, wall_ms: int) -> UnitDetails:
    """The details that these values of properties give; what is unset or of another type is not known."""
    cpu = _number(values.get("CPUUsageNSec"))
    return UnitDetails(
        at=at,
        since=_stamp(values.get("StateChangeTimestamp")),
        restarts=_number(values.get("NRestarts")),
        memory=_number(values.get("MemoryCurrent")),
        cpu=None if cpu is None else cpu / 1e9,
        result=_word(values.get("Result")),
        code=_number(values.get("ExecMainCode")) or 0,
        exit_status=_number(values.get("ExecMainStatus")) or 0,
        oneshot=values.get("Type") == "oneshot",
        triggered=bool(values.get("TriggeredBy")),
        last_trigger=_stamp(values.get("LastTriggerUSec")),
        next_trigger=_next(values, wall_ms),
        starts=str(values.get("Unit") or ""),
    )


def _next(values: Mapping[str, Any], wall_ms: int) -> int:
    """The nearer of a timer's two next times; the monotonic one is counted from the boot."""
    found = [_stamp(values.get("NextElapseUSecRealtime"))]
    since_boot = _number(values.get("NextElapseUSecMonotonic"))
    if since_boot:
        found.append(wall_ms + since_boot // 1000 - round(time.monotonic() * 1000))
    return min((at for at in found if at > 0), default=0)


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _UNSET else None


def _stamp(value: Any) -> int:
    return (_number(value) or 0) // 1000


def _word(value: Any) -> str:
    return clip(clean(value), _WORD) if isinstance(value, str) else ""
