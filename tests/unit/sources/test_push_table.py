"""The table of pushed series: bounds, repetition, look-back, ends."""

from __future__ import annotations

import math

from tui_monitor.core.values import Labels, Sample, is_ended, label, labels_of
from tui_monitor.sources.push.series import PushedDistribution, PushedNumber, PushedSet
from tui_monitor.sources.push.table import MINIMUM_LOOKBACK_MS, SeriesTable


def number(table: SeriesTable, name: str, now: float, value: float = 1, *, hold: bool = False, sender: str = "app") -> PushedNumber | None:
    """A pushed value."""
    series = table.entry(PushedNumber, labels_of(name), sender, now, hold=hold)
    if series is not None:
        series.value = value
        table.touch(series, now)
    return series


def flushed(table: SeriesTable, now: float) -> dict[Labels, float]:
    """The samples of a flush."""
    return {labels: value for part in table.flush(now) for labels, value in part.samples}


def test_a_sender_with_too_many_series_keeps_those_it_has_and_is_named() -> None:
    """New series beyond max_series are left out, known ones go on, another sender has room; ten quiet minutes later it is forgotten."""
    table = SeriesTable(max_series=2, ttl=3600)
    assert [number(table, name, 1) is not None for name in ("a", "b", "c")] == [True, True, False]
    assert number(table, "a", 2, 5) is not None and number(table, "d", 2, sender="other") is not None
    assert flushed(table, 3) == {labels_of("a"): 5, labels_of("b"): 1, labels_of("d"): 1}
    assert "app" in table.trouble(3) and "max_series = 2" in table.trouble(3) and table.refused == 1
    assert table.trouble(700) == ""


def test_what_changes_is_stored_and_what_holds_is_repeated() -> None:
    """A gauge over JSON is stored when it comes; a counter also each 15 s, so that rate() sees that nothing has happened."""
    table = SeriesTable(max_series=10, ttl=3600)
    number(table, "gauge", 1)
    number(table, "count", 1, hold=True)
    assert len(flushed(table, 1)) == 2
    assert flushed(table, 2) == {}
    assert flushed(table, 17) == {labels_of("count"): 1}


def test_a_series_that_comes_rarely_is_current_for_three_times_its_interval() -> None:
    """At least five minutes, and in whole minutes, so that one flush has few observations."""
    table = SeriesTable(max_series=10, ttl=7200)
    number(table, "a", 10)
    assert [part.lookback_ms for part in table.flush(10)] == [MINIMUM_LOOKBACK_MS]
    number(table, "a", 610)
    assert [part.lookback_ms for part in table.flush(610)] == [30 * 60_000]


def test_a_series_ends_when_nothing_comes_for_its_ttl_and_makes_room() -> None:
    """Rules see an end, no lack of data; the sender may send a new one."""
    table = SeriesTable(max_series=1, ttl=100)
    number(table, "a", 10, hold=True)
    flushed(table, 10)
    ended = flushed(table, 120)
    assert list(ended) == [labels_of("a")] and is_ended(ended[labels_of("a")])
    assert len(table) == 0 and number(table, "b", 121) is not None


def test_a_distribution_has_quantiles_of_the_last_minute_and_a_sum_for_ever() -> None:
    """Exact to 1 %; NaN when the window is empty."""
    table = SeriesTable(max_series=10, ttl=3600)
    table.flush(0)
    series = table.entry(PushedDistribution, labels_of("t_seconds", job="x"), "app", 0, hold=True)
    assert series is not None
    for value in range(1, 101):
        series.observe_one(value / 10)
    table.touch(series, 1)
    found = flushed(table, 6)
    by_quantile = {label(labels, "quantile"): value for labels, value in found.items()}
    assert abs(by_quantile["0.5"] - 5.0) < 0.1 and abs(by_quantile["0.99"] - 9.9) < 0.15
    assert found[labels_of("t_seconds_count", job="x")] == 100
    for at in (35, 70, 105):
        found = flushed(table, at)
    assert math.isnan(found[labels_of("t_seconds", job="x", quantile="0.5")]) and found[labels_of("t_seconds_count", job="x")] == 100


def test_a_set_counts_distinct_values() -> None:
    """Of the last half to whole minute."""
    table = SeriesTable(max_series=10, ttl=3600)
    series = table.entry(PushedSet, labels_of("users"), "app", 0)
    assert series is not None
    for member in ("kim", "lee", "kim"):
        series.add(member)
    table.touch(series, 1)
    assert table.flush(1)[0].samples == (Sample(labels_of("users"), 2.0),)
