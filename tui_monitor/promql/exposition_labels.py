"""Finished labels of a scraped series: the target's own beside the page's, bucket bounds in one spelling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from tui_monitor.core.values import Labels
from tui_monitor.promql.exposition_line import read_value

Pair = tuple[str, str]


def finished(page: dict[str, str], target: Mapping[str, str], defaults: Mapping[str, str], honor: bool, shared: dict[Pair, Pair]) -> Labels:
    """The label set of one series; ``shared`` keeps one object for equal pairs, which most series of a page have in common."""
    labels = {name: value for name, value in page.items() if value}
    if not honor:
        for name in [name for name in labels if name in target]:
            moved = f"exported_{name}"
            while moved in labels or moved in target:
                moved = f"exported_{moved}"
            labels[moved] = labels.pop(name)
    labels = {**defaults, **target, **labels}
    return tuple([shared.setdefault(pair, pair) for pair in sorted(labels.items()) if pair[1]])


def normal_float(text: str) -> str:
    """A bound of ``le`` or ``quantile`` as OpenMetrics writes it: "1" is "1.0", "1000000" is "1e+06"; what is no number stays.

    Source: prometheus/common expfmt (writeOpenMetricsFloat); Prometheus 3 does it at the scrape, so that exporters match.
    """
    try:
        value = read_value(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    number = Decimal(repr(value)).normalize()
    exponent = number.adjusted() if value else 0
    if -4 <= exponent < 6:
        written = f"{number:f}" if value else "0"
        return written if "." in written else f"{written}.0"
    digits = "".join(map(str, number.as_tuple().digits))
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    return f"{'-' if value < 0 else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
