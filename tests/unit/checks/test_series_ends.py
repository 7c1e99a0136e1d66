"""Series that a source no longer names end with a marker; silence ends nothing."""

from __future__ import annotations

from tui_monitor.checks.series_ends import SeriesEnds
from tui_monitor.core.values import Labels, Sample, is_stale, labels_of


def samples(*names: str) -> list[Sample]:
    """One sample of each series."""
    return [Sample(labels_of("m", x=name), 1.0) for name in names]


def ended(ends: SeriesEnds, *names: str) -> list[Labels]:
    """The series that end with this answer; each with a stale marker."""
    markers = ends.ends(samples(*names))
    assert all(is_stale(value) for _, value in markers)
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
    """A query without rows, a scrape that fails, a check that is removed: all live series end, and then nothing is left to end."""
    ends = SeriesEnds()
    ended(ends, "a", "b")
    assert len(ended(ends)) == 2
    assert len(ends) == 0
    assert ended(ends) == []
