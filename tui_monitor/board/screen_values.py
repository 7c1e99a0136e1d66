"""Values of a screen by role at one moment: the same rows and lines for the terminal and for the web page."""

from __future__ import annotations

from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.board.strip import Strip
from tui_monitor.board.values import ChartLine, Spark
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import NOTHING, count_text, measured, unit_value

NUMBERS = frozenset({"value", "latency", "rate", "errors", "p95", "duration", "restarts", "cpu", "memory"})
"""Columns of numbers, but for tables of queries."""


@frozen
class PanelRow:
    """One row of a panel. ``status``: a health status or a severity, "" for none. ``key``: the check or alert that it opens.

    ``ratio``: the filled part of its bar, 0 to 1. ``values``: its sparkline.
    """

    cells: tuple[str, ...]
    status: str = ""
    key: str = ""
    ratio: float | None = None
    strip: Strip = ()
    values: Spark = ()


@frozen
class PanelValues:
    """One panel. ``heads``: keys of its columns (core.catalogue.screen_phrases), or texts as they are; ``rows`` by kind.

    ``start`` and ``end`` (UTC ms) bound ``lines``. ``more``: how many rows are left out. ``empty``: what to say where there is nothing;
    ``error``: why nothing is known; ``loading``: nothing has been answered yet.
    """

    panel: ScreenPanel
    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[PanelRow, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    start: int = 0
    end: int = 0
    unit: str = ""
    more: int = 0
    remark: str = ""
    empty: str = ""
    error: str = ""
    loading: bool = False

    def is_number(self, head: str) -> bool:
        """Whether a column holds numbers, which are set to the right: in a table of queries the last ones, one a query."""
        if self.panel.kind == "table":
            return head in self.heads[len(self.heads) - len(self.panel.queries) :]
        return head in NUMBERS

    @property
    def status(self) -> str:
        """The gravest status of its rows: "critical", "warning" or ""."""
        states = {row.status for row in self.rows}
        if states & {"critical", "error", "unhealthy"}:
            return "critical"
        return "warning" if states & {"warning", "degraded"} else ""


@frozen
class ScreenValues:
    """All panels of a screen at a moment (UTC ms)."""

    screen: ScreenDefinition
    at: int
    panels: tuple[PanelValues, ...]


def value_text(value: float | None, unit: str) -> str:
    """A value for people: "91.3%", "1.25s", "3.1G", "12,345", "0.42"; "-" for none."""
    if value is None or value != value:
        return NOTHING
    if not unit:
        return count_text(value)
    return measured(value, unit) if unit in ("health", "duration") else unit_value(value, unit)
