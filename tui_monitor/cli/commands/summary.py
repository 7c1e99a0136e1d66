"""`summary`: count, sum, minimum, average, maximum and last value of stored series over the last hour, day or week."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing

from tui_monitor.board.json_shapes import series_summary_json
from tui_monitor.board.listings import SeriesStatistics
from tui_monitor.cli.arguments import add_json
from tui_monitor.cli.history_access import StoredHistory, selector_matchers
from tui_monitor.cli.options import seconds_of, state_path, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.core.humanize import measured
from tui_monitor.core.values import METRIC_NAME, label
from tui_monitor.promql.query_facts import unit_of
from tui_monitor.promql.values import format_labels
from tui_monitor.runtime.series_statistics import statistics_of

MOST_SERIES = 50_000


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `summary`."""
    parser.add_argument(
        "selector", nargs="?", metavar="SELECTOR", help='a PromQL selector, as cpu_usage_ratio or {check="api"}; default: all'
    )
    parser.add_argument("--since", default="1d", metavar="D", help="over which time, as 1h, 1d (default) or 7d")
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0, 1 without a readable history, 64 usage."""
    window_ms = round(seconds_of(given.since, "--since") * 1000)
    matchers, end = selector_matchers(given.selector) if given.selector else (), wall_ms()
    with closing(StoredHistory(state_path(given))) as history:
        found = history.query(lambda reader: statistics_of(reader, [matchers], end - window_ms, end, 1, MOST_SERIES))
    if given.json:
        print_json([series_summary_json(one, _unit(one)) for one in found])
    elif not found:
        print_line(f"no series has samples of the last {given.since}")
    else:
        table([_row(one) for one in found], ("SERIES", "COUNT", "SUM", "MIN", "AVG", "MAX", "LAST"))
    return 0


def _unit(found: SeriesStatistics) -> str:
    return unit_of(label(found.labels, METRIC_NAME))


def _row(found: SeriesStatistics) -> Sequence[Cell]:
    figures = (found.low, found.sum / found.count, found.high, found.last)
    values = (measured(value, _unit(found)) for value in figures)
    return (Data(format_labels(found.labels)), "bold"), str(found.count), f"{found.sum:.6g}", *values
