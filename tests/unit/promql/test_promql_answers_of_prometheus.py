"""PromQL answers what Prometheus' documentation says, case by case (tests/data/promql/*.cases)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.support.promql_table import Case, cases, labels_from, milliseconds
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.numbers import parse_float
from tui_monitor.promql.values import Matrix


def same(first: float, second: float) -> bool:
    """Equal to the last digits that texts keep; NaN equals NaN."""
    if first != first or second != second:
        return first != first and second != second
    return first == second or math.isclose(first, second, rel_tol=1e-14, abs_tol=1e-15)


def parsed(line: str) -> tuple[Any, list[tuple[int | None, float]]]:
    """Labels and points (time or None, value) of one expected line."""
    name, _, rest = line.partition("} ") if "}" in line else line.partition(" ")
    labels = labels_from(name + "}" if "}" in line else name)
    points = []
    for word in rest.split():
        value, _, seconds = word.partition("@")
        points.append((milliseconds(seconds) if seconds else None, parse_float(value)))
    return labels, points


def answered(value: Any) -> list[tuple[Any, list[tuple[int | None, float]]]]:
    """Our answer in the form of the expected lines."""
    if isinstance(value, Matrix):
        return [(labels, list(zip(times, values, strict=True))) for labels, times, values in value]
    return [(labels, [(None, number)]) for labels, number in value]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_case(case: Case) -> None:
    """The expression gives the stated answer."""
    query = compile_expr(case.expr)

    def run() -> Any:
        return query.range(case.storage, *case.times) if len(case.times) == 3 else query.instant(case.storage, *case.times)

    if case.expected and case.expected[0].startswith("fails "):
        with pytest.raises(EvaluationError) as failure:
            run()
        assert case.expected[0].removeprefix("fails ") in str(failure.value)
        return
    value = run()
    if isinstance(value, float):
        assert same(value, parse_float(case.expected[0])), (case.expr, value)
        return
    if isinstance(value, str):
        assert [f'"{value}"'] == case.expected
        return
    got, wanted = answered(value), [parsed(line) for line in case.expected]
    if not case.ordered:
        got, wanted = sorted(got), sorted(wanted)
    assert [labels for labels, _ in got] == [labels for labels, _ in wanted], (case.expr, got)
    for (_, ours), (_, theirs) in zip(got, wanted, strict=True):
        assert [time for time, _ in ours] == [time for time, _ in theirs], (case.expr, got)
        assert all(same(first[1], second[1]) for first, second in zip(ours, theirs, strict=True)), (case.expr, got)


def test_there_are_many_cases() -> None:
    """The table files are found and read."""
    assert len(cases()) > 200
