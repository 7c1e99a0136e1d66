"""The in-memory series: what is kept, for how long, and how it is found."""

from __future__ import annotations

from tui_monitor.core.values import Labels, Sample, is_stale, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.memory import SeriesMemory

A, B = labels_of("a", x="1"), labels_of("a", x="2")


def memory_of(labels: Labels, *times: int, window_s: float = 600.0) -> SeriesMemory:
    memory = SeriesMemory(window_s)
    for time in times:
        memory.append(time, [Sample(labels, float(time))])
    return memory


def named(name: str) -> tuple[Matcher, ...]:
    return (Matcher("__name__", "=", name),)


def test_samples_are_found_by_time() -> None:
    """Windows are open on the left and closed on the right; the newest sample at a time may be an older one."""
    (series,) = memory_of(A, 1000, 2000, 3000).select(named("a"), 0, 0)
    assert list(series.window(1000, 2000)[0]) == [2000]
    assert list(series.window(0, 9000)[1]) == [1000.0, 2000.0, 3000.0]
    assert [list(part) for part in series.window(3000, 9000)] == [[], []]
    assert series.latest(2500) == (2000, 2000.0)
    assert series.latest(5000) == (3000, 3000.0)
    assert series.latest(999) is None


def test_late_and_double_samples_are_dropped() -> None:
    """A time that is not newer than the newest of the series is dropped and counted."""
    memory = memory_of(A, 2000, 2000, 1000, 3000)
    assert memory.recent(A, 10) == [2000.0, 3000.0]
    assert (memory.dropped, memory.sample_count) == (2, 2)


def test_old_samples_leave_and_empty_series_disappear() -> None:
    """A series without samples for the window is gone; its newest stays as long as its look-back lasts."""
    memory = memory_of(A, 0, 5_000, 10_000, window_s=10)
    memory.append(0, [Sample(B, 1.0)], lookback_ms=60_000)
    memory.drop_older(16_000)
    assert memory.recent(A, 10) == [10_000.0]
    memory.drop_older(50_000)
    assert memory.series_labels() == [A, B]
    memory.drop_older(60_001)
    assert memory.series_labels() == [A]
    memory.drop_older(400_000)
    assert len(memory) == memory.sample_count == 0
    assert memory.select(named("a"), 0, 0) == []


def test_appending_alone_keeps_a_series_bounded() -> None:
    """Even if nobody calls drop_older, a series holds little more than its window."""
    memory = memory_of(A, *range(0, 100_000, 100), window_s=10)
    assert 100 <= memory.sample_count <= 126


def test_the_whole_is_bounded() -> None:
    """Beyond max_samples the window shrinks; beyond max_series new ones are refused and counted."""
    memory = SeriesMemory(600, max_samples=1000, max_series=10)
    for second in range(300):
        memory.append(second * 1000, [Sample(labels_of("m", i=str(i)), 1.0) for i in range(12)])
    assert memory.sample_count <= 1000
    assert (len(memory), memory.refused) == (10, 600)


def test_an_end_marker_ends_the_series() -> None:
    """After mark_stale there is no current value, until the next sample."""
    memory = memory_of(A, 1000)
    memory.mark_stale(1000, A)
    memory.mark_stale(5000, A)
    memory.mark_stale(5000, B)
    (series,) = memory.select(named("a"), 0, 0)
    assert series.latest(2000) is not None and is_stale(series.values[-1]) and len(series.values) == 2
    assert memory.last(A) is None
    assert memory.recent(A, 5) == [1000.0]
    assert compile_expr("a").instant(memory, 2000) == []
    memory.append(3000, [Sample(A, 7.0)])
    assert memory.last(A) == (3000, 7.0)
    assert compile_expr("a").instant(memory, 3000) == [(A, 7.0)]


def test_selection_follows_new_and_gone_series() -> None:
    """Answers are kept between changes, and a compiled query notices every change."""
    memory = memory_of(A, 1000)
    query = compile_expr('a{x=~"1|2"}')
    assert query.instant(memory, 1000) == [(A, 1000.0)]
    generation = memory.generation
    memory.append(2000, [Sample(A, 2.0)])
    assert memory.generation == generation
    memory.append(3000, [Sample(B, 3.0)])
    assert memory.generation != generation
    assert query.instant(memory, 3000) == [(A, 2.0), (B, 3.0)]
    assert memory.select(named("a"), 0, 0) is memory.select(named("a"), 0, 0)
    other = memory_of(B, 3000)
    assert query.instant(other, 3000) == [(B, 3000.0)]
    assert query.instant(memory, 3000) == [(A, 2.0), (B, 3.0)]


def test_matchers_of_every_kind() -> None:
    """Equality, inequality, regular expressions, absent labels as empty, and selection without a name."""
    memory = memory_of(A, 1000)
    memory.append(1000, [Sample(B, 1.0), Sample(labels_of("b"), 1.0)])

    def found(*matchers: Matcher) -> list[Labels]:
        return [series.labels for series in memory.select(matchers, 0, 0)]

    assert found(Matcher("x", "=", "1")) == [A]
    assert found(Matcher("__name__", "=", "a"), Matcher("x", "!=", "1")) == [B]
    assert found(Matcher("__name__", "=~", "a|b"), Matcher("x", "=", "")) == [labels_of("b")]
    assert found(Matcher("x", "!~", "1|")) == [B]


def test_history_can_be_loaded_first() -> None:
    """After a restart older samples come at once; what overlaps is dropped."""
    memory = SeriesMemory()
    memory.load(A, [1000, 2000], [1.0, 2.0], lookback_ms=900_000)
    memory.load(A, [2000, 3000], [9.0, 3.0], lookback_ms=900_000)
    memory.load(B, [], [])
    assert memory.recent(A, 9) == [1.0, 2.0, 3.0]
    assert (memory.dropped, memory.max_lookback_ms, len(memory)) == (1, 900_000, 1)
    assert compile_expr("a").instant(memory, 902_999) == [(A, 3.0)]
    assert compile_expr("a").instant(memory, 903_000) == []


def test_series_that_are_gone_leave_memory_by_themselves() -> None:
    """Labels that change for ever (containers, interfaces) fill nothing up: old series go, new ones are always taken."""
    memory = SeriesMemory(600, max_series=100)
    for minute in range(500):
        at = 1_700_000_000_000 + minute * 60_000
        memory.append(at, [Sample(labels_of("network_receive_bytes_per_second", interface=f"veth{minute}-{n}"), 1.0) for n in range(5)])
    assert memory.refused == 0 and len(memory) <= 5 * 12
    assert len(memory.select((Matcher("__name__", "=", "network_receive_bytes_per_second"),), 0, at)) == len(memory)
