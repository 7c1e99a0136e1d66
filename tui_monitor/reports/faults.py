"""The faults of reports that only compiling their queries shows."""

from __future__ import annotations

from collections.abc import Iterator

from tui_monitor.config.faults import Fault
from tui_monitor.config.settings import Settings
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.reports.figures import RANGE


def report_faults(settings: Settings) -> Iterator[Fault]:
    """A fault for each query that is no PromQL."""
    for index, report in enumerate(settings.reports):
        for number, figure in enumerate(report.figures):
            for name, text in figure.queries.items():
                try:
                    compile_expr(text.replace(RANGE, "1d"))
                except PromqlError as error:
                    place = ("columns", name) if name else ("query",)
                    yield Fault(("reports", index, "figures", number, *place), str(error))
