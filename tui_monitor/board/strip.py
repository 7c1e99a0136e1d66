"""The strip of a check: one bar per slot of time with a state and a height, the same for the page, the terminal and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus

STATES = (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)
"""By the value of check_health."""
LOWEST, UNTIMED, HEADROOM = 0.14, 0.4, 2.5
"""The height of the fastest bar, of a bar without latency, and how many times the median the scale reaches at least."""


@frozen
class SlotSamples:
    """The samples of one check in one slot: its worst check_health, its uptime (ratio) and mean latency (s); None without samples."""

    health: float | None = None
    uptime: float | None = None
    seconds: float | None = None


@frozen
class Slot:
    """One bar, from ``begin`` to ``end`` (UTC ms). ``status``: the worst in it, None where nothing was measured. ``height``: 0 to 1."""

    begin: int
    end: int
    status: HealthStatus | None = None
    height: float = 1.0
    uptime: float | None = None
    seconds: float | None = None


Strip = tuple[Slot, ...]


def strip(bounds: Sequence[int], samples: Sequence[SlotSamples], *, level: bool = False) -> Strip:
    """The bars between consecutive ``bounds`` (UTC ms), oldest first; ``samples`` has one entry fewer than ``bounds``.

    The height is the latency, 1 where the check was unhealthy; with ``level`` every bar has the height 1. The scale reaches at least
    HEADROOM times the median, so that a steady latency makes low bars and only a real rise makes high ones.
    """
    samples = samples if level else _held(samples)
    states = [None if each.health is None else STATES[min(2, max(0, round(each.health)))] for each in samples]
    timed = [(each.seconds, state) for each, state in zip(samples, states, strict=True)]
    known = sorted(seconds for seconds, state in timed if seconds is not None and state is not HealthStatus.UNHEALTHY)
    top = max(known[-1], HEADROOM * known[len(known) // 2]) if known else 0.0
    heights = [1.0 if level else _height(seconds, state, top) for seconds, state in timed]
    parts = zip(pairwise(bounds), states, heights, samples, strict=True)
    return tuple([Slot(begin, end, state, height, each.uptime, each.seconds) for (begin, end), state, height, each in parts])


def _held(samples: Sequence[SlotSamples]) -> list[SlotSamples]:
    """A bar for each slot between two probes of a check that is tested more rarely than once a slot; a longer gap stays a gap.

    The last slot has only begun: it takes the bar before it until it is measured itself.
    """
    measured = [number for number, each in enumerate(samples) if each.health is not None]
    apart = sorted(later - earlier for earlier, later in pairwise(measured))
    usual = apart[(len(apart) - 1) // 2] if apart else 1
    held, last = list(samples), -len(samples)
    for number, each in enumerate(samples):
        if each.health is not None:
            last = number
        elif number - last <= usual and (usual > 1 or number == len(samples) - 1):
            held[number] = samples[last]
    return held


def with_present(strip: Strip, status: HealthStatus, since: int) -> Strip:
    """The strip whose last bar shows the present status since ``since`` (UTC ms): it may be newer than the history that was read."""
    if status not in STATES:
        return strip
    return tuple(_at_least(slot, status) if slot.end > since and slot is strip[-1] else slot for slot in strip)


def _at_least(slot: Slot, status: HealthStatus) -> Slot:
    if slot.status is not None and STATES.index(slot.status) >= STATES.index(status):
        return slot
    height = 1.0 if status is HealthStatus.UNHEALTHY else slot.height if slot.status else UNTIMED
    return replace(slot, status=status, height=height)


def _height(seconds: float | None, state: HealthStatus | None, top: float) -> float:
    if state is None or state is HealthStatus.UNHEALTHY:
        return 1.0
    if seconds is None or top <= 0:
        return UNTIMED
    return LOWEST + (1 - LOWEST) * min(1.0, seconds / top)


def slot_bounds(now: int, length: int, count: int) -> tuple[int, ...]:
    """The bounds of ``count`` slots of ``length`` ms; the last one holds ``now`` and is not over. They stand still between two slots."""
    end = (now // length + 1) * length
    return tuple(range(end - count * length, end + 1, length))


def day_bounds(now: int, zone: tzinfo | None, count: int) -> tuple[int, ...]:
    """The midnights that bound the last ``count`` calendar days in a zone (None: the machine's); the last day holds ``now``."""
    today = datetime.fromtimestamp(now / 1000, zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    days = (today + timedelta(days=number) for number in range(1 - count, 2))
    return tuple(round((day.replace(tzinfo=zone) if zone else day).timestamp()) * 1000 for day in days)


def mean_uptime(slots: Sequence[Slot], now: int) -> float | None:
    """The uptime over all measured slots (ratio), each by its length until ``now``; None without any."""
    parts = [(slot.uptime, min(slot.end, now) - slot.begin) for slot in slots if slot.uptime is not None]
    whole = sum(length for _, length in parts)
    return sum(uptime * length for uptime, length in parts) / whole if whole > 0 else None


def down_seconds(slots: Sequence[Slot], now: int) -> float:
    """How long the probes failed, in seconds, by the share of each slot."""
    return sum((1 - slot.uptime) * (min(slot.end, now) - slot.begin) / 1000 for slot in slots if slot.uptime is not None)


def worst_of(strips: Sequence[Strip]) -> Strip:
    """One strip of several with the same bounds: the worst state of each slot and the mean of their uptimes."""
    return tuple(_merged(slots) for slots in zip(*strips, strict=False))


def _merged(slots: Sequence[Slot]) -> Slot:
    states = [slot.status for slot in slots if slot.status is not None]
    uptimes = [slot.uptime for slot in slots if slot.uptime is not None]
    status = max(states, key=STATES.index) if states else None
    return Slot(slots[0].begin, slots[0].end, status, 1.0, sum(uptimes) / len(uptimes) if uptimes else None)
