"""The strip of a check in cells: the height is the latency, the colour the status, and the shape tells failures without colour. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache

from tui_monitor.board.strip import LOWEST, STATES, Slot, Strip, with_present
from tui_monitor.board.values import CheckView
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import LineBuilder, Run
from tui_monitor.widgets.glyphs import Glyphs

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STYLES = {HealthStatus.HEALTHY: "slot-ok", HealthStatus.DEGRADED: "slot-slow", HealthStatus.UNHEALTHY: "slot-down", None: "slot-none"}
SLOW = 0.5
"""The least height of a slow slot. Heights are squared: in one line of cells, a usual latency stays low and a rise is seen."""
_RANK: Mapping[HealthStatus | None, int] = {None: -1, **{status: rank for rank, status in enumerate(STATES)}}


@frozen
class StripWindow:
    """A range of all strips on the screen: its name, the title of the column, and the length (ms) and number of its slots."""

    name: str
    title: str
    slot: int
    count: int


WINDOWS = (
    StripWindow("1h", "last 1h", MINUTE, 60),
    StripWindow("24h", "last 24h", 15 * MINUTE, 96),
    StripWindow("30d", "last 30d", 8 * HOUR, 90),
    StripWindow("15m", "last 15m", MINUTE // 4, 60),
)
"""In the order in which the key `w` shows them."""


def windows_text(chosen: str) -> str:
    """The names of all windows, the shortest first, with the chosen one (by its title) in brackets: "15m [1h] 24h 30d"."""
    ordered = sorted(WINDOWS, key=lambda window: window.slot * window.count)
    return " ".join(f"[{window.name}]" if window.title == chosen else window.name for window in ordered)


@lru_cache(4096)
def strip_runs(strip: Strip, width: int, glyphs: Glyphs, moment: int = 0) -> tuple[Run, ...]:
    """The strip in exactly ``width`` cells, the newest at the right; a cell of several slots has the worst status of them.

    The cells of a ``moment`` (UTC ms, 0: none) are marked.
    """
    parts = _parts(strip, width)
    cells = [_cell(part, glyphs) for part in parts]
    if moment and strip:
        chosen = slots_at(strip, width, moment)
        cells = [(_marked(cell[0], glyphs), "chip-cursor") if part == chosen else cell for part, cell in zip(parts, cells, strict=True)]
    runs: list[list[str]] = []
    for text, style in cells:
        if runs and runs[-1][1] == style:
            runs[-1][0] += text
        else:
            runs.append([text, style])
    return tuple((text, style) for text, style in runs)


def _marked(text: str, glyphs: Glyphs) -> str:
    """A full block would hide the mark's colour."""
    return glyphs.unhealthy if text == glyphs.failed else text


def append_strip(row: LineBuilder, strip: Strip, width: int, glyphs: Glyphs, moment: int = 0) -> LineBuilder:
    """Append a strip to a line, with the cell of a ``moment`` marked."""
    for text, style in strip_runs(strip, max(0, min(width, row.room)), glyphs, moment):
        row.append(text, style)
    return row


def present_strip(check: CheckView, strip: Strip) -> Strip:
    """The strip of a check, whose last slot has its present status."""
    return with_present(strip, check.status, check.since)


def cell_text(slots: Sequence[Slot], now: int, zone: tzinfo | None) -> str:
    """What a cell says: "14:05-14:06  unhealthy  5.00s"; its worst status and its longest latency."""
    begin, end = slots[0].begin, slots[-1].end
    worst = max(slots, key=lambda slot: _RANK[slot.status]).status
    known = [slot.seconds for slot in slots if slot.seconds is not None]
    seconds = end - begin < MINUTE
    first, last = f.stamp(begin, now, zone, seconds=seconds), f.clock(end, zone, seconds=seconds)
    parts = (f"{first}-{last}", "not measured" if worst is None else str(worst), f.latency(max(known)) if known else "")
    return "  ".join(filter(None, parts))


def _parts(strip: Strip, width: int) -> list[Sequence[Slot]]:
    count = len(strip)
    if not count:
        return [()] * width
    return [strip[at * count // width : max((at + 1) * count // width, at * count // width + 1)] for at in range(width)]


def _cell(slots: Sequence[Slot], glyphs: Glyphs) -> Run:
    worst = max((slot.status for slot in slots), key=_RANK.__getitem__, default=None)
    if worst is None:
        return glyphs.nothing, STYLES[None]
    if worst is HealthStatus.UNHEALTHY:
        return glyphs.failed, STYLES[worst]
    height = max((slot.height for slot in slots if slot.status is worst), default=LOWEST)
    if worst is HealthStatus.DEGRADED and not glyphs.colored:
        return glyphs.slow, STYLES[worst]
    if worst is HealthStatus.DEGRADED:
        return glyphs.block(max(height**2, SLOW)), STYLES[worst]
    return glyphs.low_block(height**2), STYLES[worst]


def slots_at(strip: Strip, width: int, moment: int) -> Strip:
    """The slots of the cell that holds a moment (UTC ms), the first or last cell where it lies outside."""
    parts = _parts(strip, width)
    return tuple(next((part for part in reversed(parts) if part and part[0].begin <= moment), parts[0] if parts else ()))


def next_cell(strip: Strip, width: int, moment: int, step: int) -> int:
    """The begin (UTC ms) of the cell ``step`` cells from that of a moment, of the newest cell where the moment is 0; 0 without a strip."""
    begins = sorted({part[0].begin for part in _parts(strip, width) if part})
    if not begins or not moment:
        return begins[-1] if begins else 0
    here = max((place for place, begin in enumerate(begins) if begin <= moment), default=0)
    return begins[max(0, min(here + step, len(begins) - 1))]


def moment_of(slots: Sequence[Slot]) -> int:
    """The moment (UTC ms) to which these slots lead: the end of the first with the worst status, or the begin where none was measured."""
    worst = max(slots, key=lambda slot: _RANK[slot.status])
    return worst.end - 1 if worst.status is not None else worst.begin


def moment_at(strip: Strip, cell: int, width: int) -> int:
    """The moment (UTC ms) to which a cell of a strip leads, as `moment_of`; 0 where there is none."""
    if not strip or not 0 <= cell < width:
        return 0
    return moment_of(_parts(strip, width)[cell])


def trouble_moment(strip: Strip, at: int, step: int) -> int:
    """The moment of the next slot before (``step`` < 0) or after ``at`` in which the check was not healthy; 0 without one.

    A failure that spans several slots is one: the moment is the end of its first slot.
    """
    begins = [
        slot
        for before, slot in zip((None, *strip), strip, strict=False)
        if _RANK[slot.status] > 0 and (before is None or _RANK[before.status] <= 0)
    ]
    found = [slot.end - 1 for slot in begins if (slot.end - 1 < at if step < 0 else slot.end - 1 > at)]
    return (found[-1] if step < 0 else found[0]) if found else 0


def merged(strips: Sequence[Strip]) -> Strip:
    """One strip of all checks: the worst status of each slot, as high as the share of checks that have it; low where all is well."""
    return tuple(_merged(slots) for slots in zip(*strips, strict=False)) if strips else ()


def _merged(slots: Sequence[Slot]) -> Slot:
    worst = max((slot.status for slot in slots), key=_RANK.__getitem__)
    known = [slot for slot in slots if slot.status is not None]
    share = sum(slot.status is worst for slot in known) / len(known) if known else 0.0
    height = LOWEST if worst is HealthStatus.HEALTHY else 0.6 + 0.4 * share
    return Slot(slots[0].begin, slots[0].end, worst, height)
