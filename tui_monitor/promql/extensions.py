"""Functions beyond those of Prometheus: forecasts and anomalies. All begin with ``tui_``, so no name is taken twice.

They are range functions like any other: over stored series or subqueries, in rules and in queries. docs/promql.md describes them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from tui_monitor.promql.numbers import INF, divide
from tui_monitor.promql.ranges import Bounds
from tui_monitor.promql.robust_statistics import SPREAD, finite, median, seconds_to_zero, trend

DAY_S = 86_400.0
HALF_SLOT_MS = 1_800_000
"""How far from the same moment a period earlier a sample may lie: half an hour, and at most a 48th of the period."""
RECENT_MS = 300_000
"""What counts as the present: the last five minutes."""
FEWEST_PERIODS = 3
_MOST_PERIODS = 1000
_MOST_OF_SLOT = 240


def time_to_zero(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """Seconds from the evaluation until the gauge's trend (Theil–Sen) reaches 0; +Inf where it does not fall; two samples at least."""
    line = trend(times, values, bounds.at)
    return None if line is None else seconds_to_zero(line)


def usual(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The median of the samples around this time in each earlier period (default: a day); three periods at least."""
    slots = _slots(times, values, bounds)
    return None if slots is None else median([median(slot) for slot in slots])


def usual_ratio(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The present value (median of the last five minutes) divided by the usual one."""
    found, present = usual(times, values, bounds), _present(times, values, bounds)
    return None if found is None or present is None else divide(present, found)


def usual_score(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """How many usual spreads (scaled median deviation) the present value lies above (+) or below (-) the usual one."""
    slots, present = _slots(times, values, bounds), _present(times, values, bounds)
    if slots is None or present is None:
        return None
    middle = median([median(slot) for slot in slots])
    spread = SPREAD * median([median([abs(value - middle) for value in slot]) for slot in slots])
    return 0.0 if present == middle else divide(present - middle, spread)


def _period_ms(bounds: Bounds) -> int:
    """The second argument in milliseconds; 0 for one that is no period."""
    seconds = DAY_S if bounds.parameter != bounds.parameter else bounds.parameter
    return round(seconds * 1000) if 0.001 <= seconds < INF else 0


def _slots(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> list[Sequence[float]] | None:
    """The samples around this time in each earlier period that has any; None for fewer than three such periods."""
    period = _period_ms(bounds)
    if not period:
        return None
    half = min(HALF_SLOT_MS, period // 48)
    slots: list[Sequence[float]] = []
    for back in range(1, min(_MOST_PERIODS, (bounds.until + half - bounds.after) // period) + 1):
        middle = bounds.until - back * period
        first, last = bisect_right(times, middle - half - 1), bisect_right(times, middle + half)
        slot = finite(values[first : last : 1 + (last - first) // _MOST_OF_SLOT])
        if slot:
            slots.append(slot)
    return slots if len(slots) >= FEWEST_PERIODS else None


def _present(times: Sequence[int], values: Sequence[float], bounds: Bounds) -> float | None:
    """The median of the last five minutes; where samples are further apart, the last one; None for a series that has ended."""
    half = min(HALF_SLOT_MS, _period_ms(bounds) // 48)
    recent = finite(values[bisect_right(times, bounds.until - min(RECENT_MS, half)) :])
    if not recent and times[-1] > bounds.until - half:
        recent = finite(values[-1:])
    return median(recent) if recent else None
