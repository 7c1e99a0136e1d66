"""Tell a plain selector from any other expression: its chart can be drawn from stored resolutions, without evaluation."""

from __future__ import annotations

import promql_parser

from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.storage import Matcher


def plain_selector(text: str) -> tuple[Matcher, ...] | None:
    """The matchers of an expression that is one selector without offset and @; None for anything else."""
    query = compile_expr(text)  # first: it refuses what makes the library panic
    tree = promql_parser.parse(text)
    if not isinstance(tree, promql_parser.VectorSelector) or tree.offset or tree.at:
        return None
    return query.matchers[0]
