"""The strip of a check: states, heights, calendar days, and the same values read from a real history."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from tests.support.stored_history import write_history
from tui_monitor.board.strip import SlotSamples, day_bounds, down_seconds, mean_uptime, slot_bounds, strip, with_present, worst_of
from tui_monitor.core.values import HealthStatus, labels_of
from tui_monitor.runtime.strips import StripReader, read_strips
from tui_monitor.storage.history.interface import HistoryQueries
from tui_monitor.storage.history.reader import HistoryReader

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY


def test_states_are_the_worst_of_a_slot_and_unmeasured_slots_have_none() -> None:
    """A slot is as bad as its worst sample; without samples it is neither healthy nor down."""
    slots = strip((0, 1, 2, 3, 4), [SlotSamples(), SlotSamples(0.0), SlotSamples(1.0), SlotSamples(2.0)])
    assert [slot.status for slot in slots] == [None, HEALTHY, DEGRADED, UNHEALTHY]


def test_a_steady_latency_makes_low_bars_and_a_rise_high_ones() -> None:
    """The scale reaches 2.5 times the median, an unhealthy slot is of full height, one without latency between."""
    slots = strip(
        range(6), [SlotSamples(0, 1, 0.1), SlotSamples(0, 1, 0.1), SlotSamples(0, 1, 0.5), SlotSamples(2, 0, 9.0), SlotSamples(0)]
    )
    heights = [slot.height for slot in slots]
    assert heights[0] == heights[1] < 0.4 and heights[2] == heights[3] == 1.0 and heights[4] == 0.4
    steady = strip((0, 1, 2), [SlotSamples(0, 1, 0.1)] * 2)
    assert steady[0].height == pytest.approx(0.14 + 0.86 / 2.5)


def test_bars_of_days_have_one_height() -> None:
    """With ``level`` the latency does not count."""
    assert {slot.height for slot in strip((0, 1, 2), [SlotSamples(0, 1, 0.1), SlotSamples()], level=True)} == {1.0}


def test_bounds_stand_still_between_two_slots() -> None:
    """The same bounds for every moment of a slot; the last slot holds the moment."""
    assert slot_bounds(125, 60, 2) == slot_bounds(179, 60, 2) == (60, 120, 180)


def test_calendar_days_have_23_and_25_hours_where_the_clock_is_set() -> None:
    """Days begin at midnight of the zone, also around daylight saving."""
    zone = ZoneInfo("Europe/Berlin")
    now = round(datetime(2026, 3, 30, 12, tzinfo=zone).timestamp() * 1000)
    bounds = day_bounds(now, zone, 3)
    assert [(end - begin) // 3_600_000 for begin, end in pairwise(bounds)] == [24, 23, 24]
    assert datetime.fromtimestamp(bounds[0] / 1000, zone).hour == 0 and bounds[-2] < now < bounds[-1]


def test_uptime_counts_measured_time_only() -> None:
    """A half-down hour of two measured ones is 75 %, the running slot counts until now."""
    slots = strip((0, 60_000, 120_000, 180_000), [SlotSamples(), SlotSamples(2, 0.5), SlotSamples(0, 1.0)])
    assert mean_uptime(slots, 180_000) == pytest.approx(0.75)
    assert mean_uptime(slots, 150_000) == pytest.approx(2 / 3)
    assert down_seconds(slots, 180_000) == pytest.approx(30)
    assert mean_uptime(slots[:1], 60_000) is None


def test_a_check_that_is_tested_rarely_has_no_holes() -> None:
    """Slots between two probes take the earlier one's bar; a gap longer than the usual distance stays."""
    healthy = SlotSamples(0.0)
    given = [healthy, SlotSamples(), healthy, SlotSamples(), healthy, SlotSamples(), SlotSamples(), SlotSamples(), healthy]
    states = [slot.status for slot in strip(range(10), given)]
    assert states == [HEALTHY] * 7 + [None, HEALTHY]
    assert [slot.status for slot in strip(range(6), [healthy, healthy, SlotSamples(), healthy, SlotSamples()])][2:] == [
        None,
        HEALTHY,
        HEALTHY,
    ]
    assert [slot.status for slot in strip(range(4), [healthy, healthy, SlotSamples()], level=True)] == [HEALTHY, HEALTHY, None]


def test_the_last_bar_is_at_least_as_bad_as_the_present() -> None:
    """What the history does not know yet shows at once; an old status, and "unknown", change nothing."""
    bars = strip((0, 1, 2), [SlotSamples(0.0), SlotSamples(0.0)])
    assert [slot.status for slot in with_present(bars, UNHEALTHY, 1)] == [HEALTHY, UNHEALTHY]
    assert with_present(bars, UNHEALTHY, 2) == bars == with_present(bars, HealthStatus.UNKNOWN, 1)


def test_several_strips_become_one() -> None:
    """The worst state of each slot."""
    one = strip((0, 1, 2), [SlotSamples(0.0, 1.0), SlotSamples()], level=True)
    two = strip((0, 1, 2), [SlotSamples(2.0, 0.5), SlotSamples()], level=True)
    assert [(slot.status, slot.uptime) for slot in worst_of([one, two])] == [(UNHEALTHY, 0.75), (None, None)]


def test_strips_of_a_real_history(tmp_path: Path) -> None:
    """Minutes and calendar days of two checks come from the store as they were written; a check without samples has bare slots."""
    end = round(datetime(2026, 9, 21, 14, tzinfo=UTC).timestamp() * 1000)
    start = end - 3 * DAY
    down = range(end - 10 * MINUTE, end - 5 * MINUTE)

    def series(name: str) -> dict[str, str]:
        return {"check": name, "type": "http"}

    def health(at: int) -> float:
        return 2.0 if at in down else 0.0

    curves = {
        labels_of("check_health", **series("api")): health,
        labels_of("probe_success", **series("api")): lambda at: 0.0 if at in down else 1.0,
        labels_of("probe_duration_seconds", **series("api")): lambda at: 0.25,
        labels_of("check_health", **series("db")): lambda at: 1.0 if at < start + DAY else 0.0,
    }
    reader = write_history(tmp_path / "history.db", curves, start, end, 60.0)
    try:
        hour = read_strips(reader, ["api", "none"], slot_bounds(end - 1, MINUTE, 60), level=False)
        assert [slot.status for slot in hour["api"]] == [HEALTHY] * 50 + [UNHEALTHY] * 5 + [HEALTHY] * 5
        assert {slot.seconds for slot in hour["api"]} == {0.25} and {slot.status for slot in hour["none"]} == {None}
        days = read_strips(reader, ["api", "db"], day_bounds(end - 1, ZoneInfo("Asia/Seoul"), 4), level=True)
        assert [slot.status for slot in days["api"]] == [HEALTHY, HEALTHY, HEALTHY, UNHEALTHY]
        assert [slot.status for slot in days["db"]] == [DEGRADED, DEGRADED, HEALTHY, HEALTHY]
        uneven = read_strips(reader, ["api"], (end - 4 * MINUTE, end - 2 * MINUTE, end - MINUTE), level=False)
        assert len(uneven["api"]) == 2
    finally:
        reader.close()


class Asked:
    """A reader of a history that notes which spans are asked for."""

    def __init__(self, reader: HistoryReader) -> None:
        self.spans: list[tuple[int, int]] = []
        self._reader = reader

    def downsampled_all(self, matchers: Any, after_ms: int, until_ms: int, points: int) -> Any:
        """Note the span."""
        self.spans.append((after_ms, until_ms))
        return self._reader.downsampled_all(matchers, after_ms, until_ms, points)


def test_strips_that_are_read_again_are_the_same_and_only_their_newest_slots_are_read(tmp_path: Path) -> None:
    """As time moves on, after a step back into the past, and for another set of checks between."""
    end = round(datetime(2026, 9, 21, 14, tzinfo=UTC).timestamp() * 1000)
    curves = {
        labels_of("check_health", check=name, type="http"): lambda at, turn=turn: float(at // MINUTE % 7 == turn)
        for turn, name in enumerate(("api", "db"))
    }
    reader = write_history(tmp_path / "history.db", curves, end - 3 * HOUR, end, 30.0)
    asked, strips = Asked(reader), StripReader()
    try:
        both = ("api", "db")
        for names, now in ((both, -20), (both, -20), (("api",), -19), (both, -18), (both, -70), (both, -1)):
            bounds = slot_bounds(end + now * MINUTE, MINUTE, 60)
            found = strips.read(cast(HistoryQueries, asked), names, bounds, level=False)
            assert found == read_strips(reader, names, bounds, level=False), now
    finally:
        reader.close()
    lengths = [(until - after) // MINUTE for after, until in asked.spans[::3]]
    assert lengths == [60, 3, 60, 5, 60, 60]
