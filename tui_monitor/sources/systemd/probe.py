"""The systemd probe: asks systemd over its bus how units are, and how often it had to start them again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.humanize import percent, size
from tui_monitor.core.units import parse_rate, rfc3339
from tui_monitor.core.values import HealthStatus, Inventory, Labels, ProbeResult, Sample, UnitState, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.systemd.bus import Bus, open_bus
from tui_monitor.sources.systemd.reading import MOST_UNITS, UnitReading, UnitsReader, UnitsReading
from tui_monitor.sources.systemd.restarts import RestartCounter
from tui_monitor.sources.systemd.settings import METRICS, SystemdCheck
from tui_monitor.sources.systemd.verdict import UNHEALTHY, UnitJudge, Verdict

STATES = ("active", "activating", "deactivating", "failed", "inactive")
_STATE_OF = {"reloading": "active", "refreshing": "active", "maintenance": "inactive"}
"""States beside the five, which no rule knows."""
_GRAVITY = (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)
MOST_SHOWN = 100
"""Units in the board, those that are not well first."""
_TOLD, _FACTS = 3, 20
"""Units in the reason, and in the details."""


class SystemdProbe:
    """Looks at the units of one check over a new connection each time. ``opened`` connects to the system's or the user's bus."""

    def __init__(
        self, settings: SystemdCheck, clock: Clock | None = None, opened: Callable[[bool], Awaitable[Bus]] = open_bus
    ) -> None:  # fmt: skip
        self.stage = ""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._opened = opened
        limit, window = parse_rate(settings.restarts_degraded)
        self._reader = UnitsReader(settings.units, self._clock)
        self._restarts = RestartCounter(window)
        self._judge = UnitJudge(limit, window, settings.user)

    async def probe(self) -> ProbeResult:
        """Look once. Raises OwnTrouble where the bus or systemd does not answer: nothing is known of the units then."""
        began, limit = time.perf_counter(), self._settings.timeout * 0.9
        self.stage = "asking systemd"
        try:
            async with asyncio.timeout(limit):
                reading = await self._read()
        except TimeoutError:
            raise OwnTrouble(f"systemd does not answer within {limit:g}s: is this machine overloaded, or its bus stuck?") from None
        self.stage = ""
        return self._result(reading, time.perf_counter() - began)

    async def close(self) -> None:
        """Nothing is kept open between probes."""

    async def _read(self) -> UnitsReading:
        bus = await self._opened(self._settings.user)
        try:
            return await self._reader.read(bus)
        finally:
            bus.close()

    def _result(self, reading: UnitsReading, seconds: float) -> ProbeResult:
        now = self._clock.monotonic()
        for each in reading.units:
            if each.fresh and each.details is not None and each.details.restarts is not None:
                self._restarts.note(each.unit.name, each.details.restarts, now)
        self._restarts.keep({each.unit.name for each in reading.units})
        judged = [(each, self._judge.judge(each, self._restarts.recent(each.unit.name, now))) for each in reading.units]
        judged.sort(key=lambda pair: -_GRAVITY.index(pair[1][0]))
        status, reason = _whole([verdict for _, verdict in judged], reading.missing)
        return ProbeResult(
            status, reason, seconds,
            samples=tuple(sample for each in reading.units for sample in _samples(each)),
            facts=_facts(judged, reading.left_out),
            inventories=_inventories(reading),
            units=tuple(_shown(each, verdict[0]) for each, verdict in judged[:MOST_SHOWN]),
        )  # fmt: skip


def _whole(verdicts: Iterable[Verdict], missing: Iterable[str]) -> Verdict:
    """The gravest status, and the first reasons in that order."""
    found = [(UNHEALTHY, f"no loaded unit is {name}") for name in missing]
    found = sorted((*found, *verdicts), key=lambda verdict: -_GRAVITY.index(verdict[0]))
    reasons = [reason for _, reason in found if reason]
    more = [f"and {len(reasons) - _TOLD} more"] if len(reasons) > _TOLD else []
    return (found[0][0] if found else HealthStatus.HEALTHY), "; ".join(reasons[:_TOLD] + more)


@lru_cache(MOST_UNITS)
def _state_labels(unit: str) -> tuple[Labels, ...]:
    return tuple(labels_of("systemd_unit_state", unit=unit, state=word) for word in STATES)


def _samples(reading: UnitReading) -> Iterable[Sample]:
    unit, details = reading.unit, reading.details
    state = _STATE_OF.get(unit.active, unit.active)
    for word, labels in zip(STATES, _state_labels(unit.name), strict=True):
        yield Sample(labels, float(word == state))
    if details is None or not reading.fresh:
        return
    for metric, value in (
        ("systemd_restarts_total", details.restarts), ("systemd_memory_bytes", details.memory), ("systemd_cpu_seconds_total", details.cpu),
    ):  # fmt: skip
        if value is not None:
            yield Sample(labels_of(metric, unit=unit.name), float(value))
    if details.last_trigger:
        yield Sample(labels_of("systemd_timer_last_trigger_timestamp_seconds", unit=unit.name), details.last_trigger / 1000)


def _inventories(reading: UnitsReading) -> tuple[Inventory, ...]:
    """Series of units that are not loaded any more end; where some were left out, nobody knows which."""
    return () if reading.left_out else (Inventory(METRICS, "unit", frozenset(each.unit.name for each in reading.units)),)


def _shown(reading: UnitReading, status: HealthStatus) -> UnitState:
    unit, details = reading.unit, reading.details
    if details is None:
        return UnitState(unit.name, status, unit.active, unit.sub)
    cpu = _cpu(reading)
    return UnitState(
        unit.name, status, unit.active, unit.sub, details.since, details.restarts, details.memory, cpu, details.last_trigger
    )  # fmt: skip


def _cpu(reading: UnitReading) -> float | None:
    """The share of one core since the look before; None where there was none, or the unit began anew."""
    now, before = reading.details, reading.before
    if now is None or before is None or now.cpu is None or before.cpu is None or now.at <= before.at or now.cpu < before.cpu:
        return None
    return (now.cpu - before.cpu) / (now.at - before.at)


def _facts(judged: list[tuple[UnitReading, Verdict]], left_out: int) -> dict[str, str]:
    """How many units are in which state, and the first of them in words."""
    states: dict[str, int] = {}
    for reading, _ in judged:
        states[reading.unit.active] = states.get(reading.unit.active, 0) + 1
    facts = {"units": ", ".join(f"{count} {state}" for state, count in sorted(states.items(), key=lambda pair: -pair[1])) or "none"}
    facts |= {reading.unit.name: _line(reading) for reading, _ in judged[:_FACTS]}
    return facts | ({"left out": f"{left_out} units beyond the first {len(judged)}; name fewer"} if left_out else {})


def _line(reading: UnitReading) -> str:
    unit, details = reading.unit, reading.details
    words = [f"{unit.active} ({unit.sub})" if unit.load == "loaded" else unit.load]
    if details is None:
        return words[0]
    words += [f"since {_minute(details.since)}"] if details.since else []
    words += [f"{details.restarts} restarts"] if details.restarts else []
    words += [size(details.memory)] if details.memory is not None else []
    words += [f"CPU {percent(cpu, 1)}"] if (cpu := _cpu(reading)) is not None else []
    words += [f"last run {_minute(details.last_trigger)}"] if details.last_trigger else []
    words += [f"next run {_minute(details.next_trigger)}"] if details.next_trigger else []
    return ", ".join(words)


def _minute(at_ms: int) -> str:
    return rfc3339(at_ms)[:16].replace("T", " ") + " UTC"
