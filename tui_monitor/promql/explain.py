"""The parts of an expression with their values at one moment: why a rule is firing, or why it is not."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen
from tui_monitor.promql.engine import SUBQUERY_STEP_MS, Query, walk
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.nodes import Context
from tui_monitor.promql.queryable import Queryable
from tui_monitor.promql.values import Value


@frozen
class Part:
    """One sub-expression: its spelling, how deep it lies in the tree (0: the whole), and its value or the reason for having none."""

    text: str
    depth: int
    result: Value | EvaluationError


def explain(query: Query, storage: Queryable, at_ms: int) -> list[Part]:
    """All parts, the whole first, then each operand or argument before its own parts; literals are left out."""
    ctx = Context(storage, at_ms, at_ms, SUBQUERY_STEP_MS)
    parts: list[Part] = []
    for node, depth in walk(query.root):
        if depth and not node.children and node.kind in ("scalar", "string"):
            continue
        try:
            parts.append(Part(node.text, depth, node.result(ctx, at_ms)))
        except EvaluationError as reason:
            parts.append(Part(node.text, depth, reason))
    return parts
