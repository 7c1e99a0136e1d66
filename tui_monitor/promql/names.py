"""Names for completion and the list of functions for the docs, both from the function table."""

from __future__ import annotations

from tui_monitor.promql.aggregations import AGGREGATIONS, PARAMETRIC
from tui_monitor.promql.function_table import FUNCTIONS, KINDS

FUNCTION_NAMES = tuple(sorted({*FUNCTIONS, *AGGREGATIONS, *PARAMETRIC}))


def functions_as_markdown() -> str:
    """The tables of docs/promql.md between its markers: one for each kind, a line for each function."""
    tables = []
    for kind, title in KINDS.items():
        lines = [f"| `{entry.signature}` | {entry.help} |" for entry in FUNCTIONS.values() if entry.kind == kind]
        tables.append("\n".join([f"**{title}**", "", "| function | gives |", "| --- | --- |", *lines]))
    return "\n\n".join(tables) + "\n"
