"""People's units from base units, and text of an exact width."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tui_monitor.core import humanize as f
from tui_monitor.core.units import format_duration, parse_duration
from tui_monitor.promql.durations import parse_duration as parse_promql_duration

NAN, INF = float("nan"), float("inf")
NOON = round(datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.453, "45%"), (0.0, "0%"), (1.0, "100%"), (0.004, "0%"), (1.5, "150%"), (None, "-"), (NAN, "-"), (INF, "-")]
)
def test_percent(ratio: float | None, text: str) -> None:
    """A ratio is shown as percent; what is not known as a dash."""
    assert f.percent(ratio) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.0, "100%"), (0.99999, "99.99%"), (0.5, "50.00%"), (0.0, "0.00%"), (None, "-")])
def test_uptime_is_never_rounded_up(ratio: float | None, text: str) -> None:
    """Only a perfect uptime says 100%."""
    assert f.uptime_percent(ratio) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"),
        (812, "812B"),
        (1024, "1.0K"),
        (1023.9, "1.0K"),
        (3.1 * 2**30, "3.1G"),
        (120 * 2**20, "120M"),
        (5 * 2**40, "5.0T"),
        (None, "-"),
    ],
)
def test_size(count: float | None, text: str) -> None:
    """Bytes take at most five cells."""
    assert f.size(count) == text
    assert f.rate(count) == (f"{text}/s" if text != "-" else "-")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.000004, "0ms"),
        (0.0008, "0.8ms"),
        (0.0099, "9.9ms"),
        (0.00999, "10ms"),
        (0.132, "132ms"),
        (0.9994, "999ms"),
        (1.25, "1.25s"),
        (9.996, "10.0s"),
        (12.34, "12.3s"),
        (300, "5m"),
        (None, "-"),
        (NAN, "-"),
    ],
)
def test_latency(seconds: float | None, text: str) -> None:
    """Latencies change their unit with their size."""
    assert f.latency(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),
        (0, "now"),
        (9.9, "now"),
        (10, "10s"),
        (59, "50s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h 00m"),
        (11100, "3h 05m"),
        (86400, "1d 0h"),
        (864000, "10d"),
        (None, "-"),
    ],
)
def test_span(seconds: float | None, text: str) -> None:
    """Ages have at most two units, and change seldom below a minute: each change costs bytes."""
    assert f.span(seconds) == text


def test_stamps_are_in_the_given_zone_and_name_another_day() -> None:
    """A time of today has no date, one of another day or year has."""
    seoul = timezone(timedelta(hours=9))
    assert f.clock(NOON, UTC, seconds=True) == "12:00:00"
    assert f.clock(NOON, seoul) == "21:00"
    assert f.stamp(NOON - 3_600_000, NOON, UTC) == "11:00"
    assert f.stamp(NOON - 86_400_000, NOON, UTC) == "Nov 20 12:00"
    assert f.stamp(NOON - 400 * 86_400_000, NOON, UTC) == "2025-10-17 12:00"
    assert f.stamp(0, NOON, UTC) == f.stamp(None, NOON, UTC) == "-"


@pytest.mark.parametrize(
    ("until", "text"), [(NOON + 42 * 86_400_000, "42d"), (NOON + 5 * 3_600_000, "5h"), (NOON, "ended"), (NOON - 1, "ended"), (None, "-")]
)
def test_days_left(until: int | None, text: str) -> None:
    """A certificate's end is told in days, then hours."""
    assert f.days_left(until, NOON) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("postgres_connections", 23.0, "23"),
        ("redis_hit_ratio", 0.913, "91.3%"),
        ("postgres_database_size_bytes", 2.0**30, "1.0G"),
        ("replication_lag_seconds", 4.2, "4.20s"),
        ("network_receive_bytes_per_second", 1024.0, "1.0K/s"),
        ("redis_commands_per_second", 12.0, "12/s"),
        ("orders{late}", 2.5, "2.5"),
        ("big", 1e18, "1e+18"),
        ("odd", NAN, "nan"),
    ],
)
def test_figures_follow_the_unit_in_their_name(name: str, value: float, text: str) -> None:
    """The ending of a series' name says how its value is shown."""
    assert f.figure(name, value) == text


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("한국", 4), ("e\u0301", 1), ("", 0), ("✓⠶", 2), ("\u200b", 0), ("ｱ", 1), ("Ａ", 2), ("·", 1)]
)
def test_cells(text: str, width: int) -> None:
    """Wide characters take two cells, combining ones none, ambiguous ones one."""
    assert f.cells(text) == width


@pytest.mark.parametrize(
    ("text", "width", "result"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc~"),
        ("한국어", 5, "한국~"),
        ("한국어", 4, "한~ "),
        ("한", 1, "~"),
        ("abc", 0, ""),
        ("a b", 2, "a~"),
    ],
)
def test_fit_is_always_exactly_as_wide(text: str, width: int, result: str) -> None:
    """Text is padded or cut to its cells, never through a wide character."""
    assert f.fit(text, width) == result
    assert f.cells(f.fit(text, width)) == width
    assert f.cells(f.fit(text, width, right=True)) == width


def test_wrap_breaks_at_spaces_and_through_words_that_are_too_long() -> None:
    """No line is wider than asked for."""
    assert f.wrap("one two three", 7) == ["one two", "three"]
    assert f.wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert f.wrap("한국어 한국어", 4) == ["한국", "어", "한국", "어"]
    assert f.wrap("a\n\nb", 9) == ["a", "", "b"]
    assert len(f.wrap("x " * 5000, 1, 40)) == 40


@pytest.mark.parametrize(
    ("seconds", "text"), [(5400, "1h30m"), (0, "0s"), (0.25, "250ms"), (0.5, "500ms"), (90061, "1d1h1m1s"), (604800, "7d")]
)
def test_a_duration_is_told_as_it_may_be_written(seconds: float, text: str) -> None:
    """The shortest exact spelling, which the configuration and PromQL read."""
    assert format_duration(seconds) == text
    assert parse_duration(text) == parse_promql_duration(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(2.5, "2.5s"), (1.0005, "1s"), (59.9, "59.9s"), (0.0001, "0.1ms")])
def test_a_duration_with_a_fraction_has_one_unit(seconds: float, text: str) -> None:
    """It is read in a reason: timed out after 2.5s."""
    assert format_duration(seconds) == text and parse_duration(text) == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize(
    ("seconds", "words", "column", "exact"),
    [
        (0, "0s", "now", "0s"),
        (45, "45s", "40s", "45s"),
        (59.9, "59s", "50s", "59.9s"),
        (750, "12m", "12m", "12m30s"),
        (3600, "1h", "1h 00m", "1h"),
        (3600 + 300, "1h 5m", "1h 05m", "1h5m"),
        (86_400 + 60, "1d", "1d 0h", "1d1m"),
        (3 * 86_400 + 4 * 3600 + 59, "3d 4h", "3d 4h", "3d4h59s"),
        (12 * 86_400 + 3600, "12d", "12d", "12d1h"),
    ],
)
def test_a_length_of_time_is_spelled_from_one_division(seconds: float, words: str, column: str, exact: str) -> None:
    """In a sentence, in a column, and as the configuration has it: the same counts of the same units."""
    assert (f.span_words(seconds), f.span(seconds), format_duration(seconds)) == (words, column, exact)
    assert f.span_words(seconds, {"d": "일", "h": "시간", "m": "분", "s": "초"}, most=1).split() == [
        words.replace("d", "일").replace("h", "시간").replace("m", "분").replace("s", "초").split()[0]
    ]
    assert format_duration(5430, 1) == "1h" and format_duration(5430, 2) == "1h30m"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (48, "48s"), (1332, "22m 12s"), (6300, "1h 45m"), (100_000, "1d 3h"), (-5, "0s")])
def test_a_length_that_is_counted_keeps_its_seconds(seconds: float, text: str) -> None:
    """Two units, apart by a space, wherever lengths are compared or counted down."""
    assert f.exact_span(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1.0, "seconds", "1s"), (0.25, "seconds", "250ms"), (90, "duration", "1m30s"), (0.9, "ratio", "90%"), (0.125, "ratio", "12.5%"),
     (2.0**30, "bytes", "1.0G"), (10, "", "10"), (0.0001, "seconds", "0.1ms")],
)  # fmt: skip
def test_a_limit_reads_as_it_is_configured(value: float, unit: str, text: str) -> None:
    """Beside a chart and in a message: unhealthy > 1s, limit 90%."""
    assert f.limit_text(value, unit) == text
