"""The list of functions: which instant functions there are, and which of Prometheus' are not done here and why."""

from __future__ import annotations

import math
from collections.abc import Callable

from tui_monitor.promql.numbers import atanh, ceil, cosh, exp, floor, ln, log2, log10, sqrt, total


def _sign(value: float) -> float:
    return -1.0 if value < 0 else 1.0 if value > 0 else value


MAPPED: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "acos": total(math.acos),
    "acosh": total(math.acosh),
    "asin": total(math.asin),
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": atanh,
    "ceil": ceil,
    "cos": total(math.cos),
    "cosh": cosh,
    "deg": lambda value: value * 180 / math.pi,
    "exp": exp,
    "floor": floor,
    "ln": ln,
    "log10": log10,
    "log2": log2,
    "rad": lambda value: value * math.pi / 180,
    "sgn": _sign,
    "sin": total(math.sin),
    "sinh": total(math.sinh),
    "sqrt": sqrt,
    "tan": total(math.tan),
    "tanh": math.tanh,
}
"""Functions of each element's value; outside the domain NaN, on overflow an infinity."""

_EXPERIMENTAL = "is experimental in Prometheus and not supported"
_NATIVE = "works on native histograms, which are not supported"

REFUSED: dict[str, str] = {
    **dict.fromkeys(
        (
            "double_exponential_smoothing",
            "end",
            "histogram_quantiles",
            "holt_winters",
            "info",
            "limit_ratio",
            "limitk",
            "mad_over_time",
            "max_of",
            "min_of",
            "range",
            "sort_by_label",
            "sort_by_label_desc",
            "start",
            "start_timestamp",
            "step",
            "ts_of_first_over_time",
            "ts_of_last_over_time",
            "ts_of_max_over_time",
            "ts_of_min_over_time",
        ),
        _EXPERIMENTAL,
    ),
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum", "histogram_buckets"), _NATIVE
    ),
}
"""Known names that are not run, with the reason."""
