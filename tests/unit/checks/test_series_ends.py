"""Series that a source no longer names end with a marker; silence ends nothing, and what is gone in the meantime ends later."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.checks.series_ends import InventoryEnds, SeriesEnds
from tui_monitor.core.values import ENDED_NAN, Inventory, Labels, Sample, is_ended, is_stale, labels_of
from tui_monitor.storage.memory import SeriesMemory


def samples(*names: str) -> list[Sample]:
    """One sample of each series."""
    return [Sample(labels_of("m", x=name), 1.0) for name in names]


def ended(ends: SeriesEnds, *names: str) -> list[Labels]:
    """The series that end with this answer; each with an end marker."""
    markers = ends.ends(samples(*names))
    assert all(is_ended(value) for _, value in markers)
    return [labels for labels, _ in markers]


def test_what_is_missing_ends_once() -> None:
    """A series ends with the first answer that lacks it, and again after it has come back."""
    ends = SeriesEnds()
    assert ended(ends, "a", "b") == []
    assert ended(ends, "b", "c") == [labels_of("m", x="a")]
    assert ended(ends, "b", "c") == []
    assert ended(ends, "a", "b", "c") == []
    assert ended(ends, "c") == [labels_of("m", x="a"), labels_of("m", x="b")]


def test_equal_labels_are_one_series_whatever_the_object_and_order() -> None:
    """New objects with equal labels, in another order, end nothing; the same objects neither."""
    ends = SeriesEnds()
    kept = samples("a", "b")
    assert ends.ends(kept) == ()
    assert ended(ends, "b", "a") == []
    assert ends.ends([kept[1], *samples("c"), kept[0]]) == ()
    assert [labels for labels, _ in ends.ends(kept)] == [labels_of("m", x="c")]
    assert ends.ends(kept) == ()


def test_an_answer_without_rows_ends_all() -> None:
    """A query without rows: all live series end, and then nothing is left to end."""
    ends = SeriesEnds()
    ended(ends, "a", "b")
    assert len(ended(ends)) == 2
    assert len(ends) == 0
    assert ended(ends) == []


def test_a_failure_ends_nothing_and_the_next_answer_ends_what_it_lacks() -> None:
    """After a failure the series are stale, once; those that are missing in the next answer have ended, the others go on."""
    ends = SeriesEnds()
    ended(ends, "a", "b")
    stale = ends.falls_silent(samples("up"))
    assert [(labels, is_stale(value), is_ended(value)) for labels, value in stale] == [
        (labels_of("m", x="a"), True, False), (labels_of("m", x="b"), True, False),
    ]  # fmt: skip
    assert ends.falls_silent(samples("up")) == ()
    assert ended(ends, "up", "a") == [labels_of("m", x="b")]
    assert ended(ends, "up", "a") == []


def test_what_is_in_memory_counts_as_named_before() -> None:
    """After a restart the first answer ends what it lacks of the series that were loaded."""
    ends = SeriesEnds([labels_of("m", x="a"), labels_of("m", x="b")])
    assert ended(ends, "b") == [labels_of("m", x="a")]


def test_the_end_marker_is_a_staleness_marker_that_says_more() -> None:
    """PromQL sees a series that has ended, like after Prometheus' own marker."""
    memory = SeriesMemory()
    memory.append(1, [Sample(labels_of("orders"), 5.0)])
    memory.append(2, [Sample(labels_of("orders"), ENDED_NAN)])
    assert is_stale(ENDED_NAN) and is_ended(ENDED_NAN) and not is_ended(float("nan"))
    assert memory.last(labels_of("orders")) is None


def test_an_inventory_ends_what_it_does_not_hold_and_of_its_own_labels_only() -> None:
    """A database that was dropped ends for its check; another check's of that name, and a series that has ended already, do not."""
    memory, size = SeriesMemory(), "postgres_database_size_bytes"
    for check, database in (("db", "shop"), ("db", "postgres"), ("other", "shop"), ("db", "old")):
        memory.append(1, [Sample(labels_of(size, check=check, database=database), 5.0)])
    memory.append(2, [Sample(labels_of(size, check="db", database="old"), ENDED_NAN)])
    inventory = Inventory((size,), "database", frozenset({"postgres"}))
    ends = InventoryEnds(memory)
    gone = ends.ends("db", [inventory], {"check": "db"})
    assert [sample.labels for sample in gone] == [labels_of(size, check="db", database="shop")]
    assert ends.ends("db", [], {"check": "db"}) == () == ends.ends("db", [inventory], {"check": "db"})
    empty = replace(inventory, values=frozenset())
    assert labels_of(size, check="db", database="postgres") in [sample.labels for sample in ends.ends("db", [empty], {"check": "db"})]
