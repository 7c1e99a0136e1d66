"""Rates from counters."""

from __future__ import annotations

import math

import pytest

from tui_monitor.core.rates import Rates, clock_jump, increase


def test_the_first_reading_has_no_rate_and_the_second_has_one() -> None:
    """A rate needs two values."""
    rates = Rates()
    assert rates.begin(1_000, 1.0) is None
    assert rates.per_second("rx", 100.0) is None
    assert rates.begin(3_000, 3.0) == pytest.approx(2.0)
    assert rates.per_second("rx", 150.0) == pytest.approx(25.0)


def test_a_counter_that_falls_gives_no_rate_and_is_the_new_base() -> None:
    """A reset costs one value and is never negative."""
    rates = Rates()
    found = []
    for second, value in enumerate([100.0, 200.0, 5.0, 15.0]):
        rates.begin(second * 1000, float(second))
        found.append(rates.per_second("rx", value))
    assert found == [None, 100.0, None, 10.0]


@pytest.mark.parametrize(("wall_ms", "monotonic"), [(60_000, 2.0), (-60_000, 2.0), (61_000, 61.0), (2_000, 0.5)])
def test_a_clock_step_a_suspend_and_a_gap_start_anew(wall_ms: int, monotonic: float) -> None:
    """A jump between the clocks, a long gap or a monotonic clock that went back gives no rate."""
    rates = Rates()
    rates.begin(1_000, 1.0)
    rates.per_second("rx", 100.0)
    assert rates.begin(wall_ms, monotonic) is None
    assert rates.per_second("rx", 200.0) is None
    rates.begin(wall_ms + 1000, monotonic + 1.0)
    assert rates.per_second("rx", 300.0) == pytest.approx(100.0)


def test_two_readings_at_one_moment_keep_the_older_base() -> None:
    """A reading that follows at once neither divides by zero nor loses the base."""
    rates = Rates()
    rates.begin(1_000, 1.0)
    rates.per_second("rx", 100.0)
    rates.begin(1_000, 1.0)
    assert rates.per_second("rx", 150.0) is None
    rates.begin(2_000, 2.0)
    assert rates.per_second("rx", 200.0) == pytest.approx(100.0)


def test_a_counter_that_was_away_is_measured_over_its_own_time() -> None:
    """A counter missing from one reading gets the rate over both seconds, and none after a long absence."""
    rates = Rates()
    for second in range(3):
        rates.begin(second * 1000, float(second))
        if second != 1:
            last = rates.per_second("usb0", 100.0 * second)
    assert last == pytest.approx(100.0)
    for second in range(3, 40):
        rates.begin(second * 1000, float(second))
    assert rates.per_second("usb0", 9_000.0) is None


def test_absurd_rates_and_non_numbers_are_left_out() -> None:
    """A rate above the ceiling, a NaN and an infinity give nothing."""
    rates = Rates()
    rates.begin(0, 0.0)
    for key in ("a", "b", "c"):
        rates.per_second(key, 0.0)
    rates.begin(1_000, 1.0)
    assert rates.per_second("a", 1e15, ceiling=1e12) is None
    assert rates.per_second("b", math.nan) is None
    assert rates.per_second("c", math.inf) is None


def test_increase_and_clock_jump() -> None:
    """The two pure pieces: how far a counter rose, how far the clocks moved apart."""
    assert increase(1.0, 3.0) == 2.0
    assert increase(3.0, 1.0) is None
    assert clock_jump(0, 0.0, 10_000, 4.0) == pytest.approx(6.0)
    assert clock_jump(0, 0.0, 1_000, 4.0) == pytest.approx(-3.0)


def test_forgotten_counters_do_not_pile_up() -> None:
    """Memory stays bounded when names come and go."""
    rates = Rates(longest_gap=5.0)
    for second in range(100):
        rates.begin(second * 1000, float(second))
        rates.per_second(f"veth{second}", 1.0)
    assert len(rates._last) < 20
