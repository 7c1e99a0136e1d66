"""The definitions of the configured screens, and the faults that only parsing their queries and matchers shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.config.screens import HEIGHT, HEIGHTS, QUERIED, ScreenPanelSettings, ScreenSettings
from tui_monitor.core.sanitize import clean
from tui_monitor.dispatch.matchers import parse_matcher
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError

_UNITS = {"bytes/s": "bytes_per_second"}


def screens_of(configured: Sequence[ScreenSettings]) -> tuple[ScreenDefinition, ...]:
    """The definitions of [[screens]]."""
    return tuple(
        ScreenDefinition(
            each.name, each.title or each.name, tuple(each.groups), each.columns, tuple(_panel(one, each.columns) for one in each.panels)
        )
        for each in configured
    )


def _panel(given: ScreenPanelSettings, columns: int) -> ScreenPanel:
    usual = {"stat": max(1, columns // 4), "text": columns}.get(given.kind, max(1, columns // 2))
    return ScreenPanel(
        kind=given.kind,
        title=given.title,
        queries=tuple(query.strip() for query in given.query if query.strip()),
        legends=tuple(given.legend),
        select=tuple(given.select),
        text=given.text,
        span=round(given.span * 1000),
        width=min(columns, given.width or usual),
        height=given.height or HEIGHTS.get(given.kind, HEIGHT),
        unit=_UNITS.get(given.unit, given.unit),
        warning=given.thresholds.get("warning"),
        critical=given.thresholds.get("critical"),
    )


def screen_faults(configured: Sequence[ScreenSettings]) -> Iterator[Fault]:
    """PromQL that cannot be parsed, matchers that are none, panels wider than their screen."""
    for number, screen in enumerate(configured):
        for place, panel in enumerate(screen.panels):
            path: KeyPath = ("screens", number, "panels", place)
            yield from _panel_faults(panel, path)
            if panel.width is not None and panel.width > screen.columns:
                text = f"is {panel.width}, but the screen has {screen.columns} columns; write at most {screen.columns}, or more columns"
                yield Fault((*path, "width"), text)


def _panel_faults(panel: ScreenPanelSettings, path: KeyPath) -> Iterator[Fault]:
    for query in panel.query if panel.kind in QUERIED else ():
        try:
            compile_expr(query)
        except PromqlError as error:
            yield Fault((*path, "query"), f"{clean(query)}: {error}")
    for text in panel.select:
        try:
            parse_matcher(text)
        except ValueError as error:
            yield Fault((*path, "select"), str(error))
