"""The table of functions: each entry is one that the parser knows, and the docs and completion follow it."""

from __future__ import annotations

import pytest

from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.function_table import FUNCTIONS, KINDS, PromqlFunction
from tui_monitor.promql.names import FUNCTION_NAMES

SAMPLES = {"range-vector": "m[5m]", "instant-vector": "m", "scalar": "0.5", "string": '"x"', "string...": '"x"'}


def call(entry: PromqlFunction, *, short: bool) -> str:
    given = [SAMPLES[argument.split()[1]] for argument in entry.arguments if not (short and " = " in argument)]
    return f"{entry.name}({', '.join(given)})"


@pytest.mark.parametrize("entry", FUNCTIONS.values(), ids=FUNCTIONS)
def test_an_entry_says_what_the_parser_takes(entry: PromqlFunction) -> None:
    """With and without what may be left out the call compiles; with one argument more it does not."""
    for short in (True, False):
        assert compile_expr(call(entry, short=short)).kind in ("vector", "scalar")
    if not entry.arguments or not entry.arguments[-1].endswith("..."):
        with pytest.raises(PromqlError):
            compile_expr(call(entry, short=False).replace(")", ", m)" if entry.arguments else "m)"))
    assert entry.kind in KINDS and entry.help and entry.name in FUNCTION_NAMES


def test_aggregations_can_be_completed() -> None:
    """They are no functions and yet typed like them."""
    assert {"sum", "topk", "quantile", "count_values"} <= set(FUNCTION_NAMES)
