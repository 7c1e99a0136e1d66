"""Facts that charts need of a text: whether it is a plain selector, and which expressions its semicolons separate."""

from __future__ import annotations

import promql_parser

from tui_monitor.promql.dialect import rewrite
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher


def plain_selector(text: str) -> tuple[Matcher, ...] | None:
    """The matchers of an expression that is one selector without offset and @; None for anything else.

    Its chart can be drawn from stored resolutions, without evaluation.
    """
    query = compile_expr(text)  # first: it refuses what makes the library panic
    tree = promql_parser.parse(rewrite(text).text)
    if not isinstance(tree, promql_parser.VectorSelector) or tree.offset or tree.at:
        return None
    return query.matchers[0]


def expressions(text: str) -> list[tuple[int, str]]:
    """The parts of a text between semicolons (never those in quotes), each with its offset; blank ones are left out."""
    parts, start, quote, place = [], 0, "", 0
    while place < len(text):
        sign = text[place]
        if quote:
            place += sign == "\\" and quote != "`"
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign == ";":
            parts.append((start, text[start:place]))
            start = place + 1
        place += 1
    parts.append((start, text[start:]))
    return [part for part in parts if part[1].strip()] or [(0, text)]
