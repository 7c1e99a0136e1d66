"""Range queries and the errors of evaluation, apart from the tables."""

from __future__ import annotations

import pytest

from tui_monitor.core.values import labels_of
from tui_monitor.promql.engine import EvaluationError, Matrix, compile_expr
from tui_monitor.promql.openmetrics import read_text

FILE = read_text('a{x="2"} 1 0\na{x="1"} 2 0\na{x="1"} 3 60\nb{x="1"} 1 120\n')


def test_series_are_sorted_by_labels() -> None:
    """A matrix comes sorted by labels, whatever the expression's own order."""
    assert compile_expr("sort_desc(a)").range(FILE, 0, 60_000, 60_000) == Matrix(
        [(labels_of("a", x="1"), [0, 60_000], [2.0, 3.0]), (labels_of("a", x="2"), [0, 60_000], [1.0, 1.0])]
    )


def test_a_scalar_is_one_series_without_labels() -> None:
    """time() over a range is a series."""
    assert compile_expr("time()").range(FILE, 0, 2000, 1000) == Matrix([((), [0, 1000, 2000], [0.0, 1.0, 2.0])])


@pytest.mark.parametrize("text", ["a[5m]", "'text'", "a[5m:1m]"])
def test_other_kinds_are_refused(text: str) -> None:
    """Range vectors and strings have no range query; the answer is Prometheus' bad_data."""
    with pytest.raises(EvaluationError, match="invalid expression type") as failure:
        compile_expr(text).range(FILE, 0, 1000, 1000)
    assert failure.value.error_type == "bad_data"


@pytest.mark.parametrize(("start", "end", "step"), [(0, 1000, 0), (0, 1000, -5), (1000, 0, 5), (0, 12_000, 1)])
def test_impossible_times_are_refused(start: int, end: int, step: int) -> None:
    """No step, an end before the start, and more than 11,000 steps."""
    with pytest.raises(EvaluationError):
        compile_expr("a").range(FILE, start, end, step)


def test_a_query_ends_when_its_asker_has_had_enough() -> None:
    """The caller is asked at each step and may end it."""
    answers = iter((False, False, True))
    with pytest.raises(EvaluationError, match="timed out") as failure:
        compile_expr("a").range(FILE, 0, 60_000, 1000, enough=lambda: next(answers))
    assert failure.value.error_type == "timeout" and next(answers, None) is None


def test_endless_subqueries_are_refused() -> None:
    """A subquery of billions of steps fails at once instead of filling the memory."""
    with pytest.raises(EvaluationError, match="too many samples"):
        compile_expr("count_over_time(a[10y:1ms])").instant(FILE, 10**12)


def test_names_that_collide_over_time_are_an_error() -> None:
    """Two metrics that give one label set after losing their names fail in a range query even at different times."""
    query = compile_expr('last_over_time({__name__=~"a|b",x="1"}[20s]) + 0')
    assert len(query.range(FILE, 0, 120_000, 60_000)) == 1
    with pytest.raises(EvaluationError, match="same labelset"):
        compile_expr('sum_over_time({__name__=~"a|b",x="1"}[20s])').range(FILE, 0, 120_000, 60_000)


def test_the_interval_is_the_step_of_plain_subqueries() -> None:
    """[5m:] uses a minute, or the interval that the caller gives."""
    query = compile_expr('count_over_time(a{x="2"}[2m:])')
    assert query.instant(FILE, 120_000) == [(labels_of(x="2"), 2.0)]
    assert query.instant(FILE, 120_000, interval_ms=30_000) == [(labels_of(x="2"), 4.0)]
