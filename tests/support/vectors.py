"""Answers of queries as the type that a test expects."""

from __future__ import annotations

from tui_monitor.promql.values import Matrix, Value, Vector


def vector_of(answer: Value) -> Vector:
    """The answer of a query that gives an instant vector."""
    assert isinstance(answer, list) and not isinstance(answer, Matrix)
    return answer
