"""The screens of services: all of them, and the page of one, which leads on to checks, alerts, containers and units."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.backend import Backend, CommandRefused
from tui_monitor.board.service import ServiceView, service_at, services_of
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import AlertView, Board, CheckView, RequestRow, RequestTable
from tui_monitor.board.watched import WatchedContainer, WatchedUnit
from tui_monitor.core.values import label
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.values import Matrix, selection
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.base import LogFocus, alert_focus
from tui_monitor.tui.screens.check_details import CheckDetailsScreen
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.incident import IncidentScreen
from tui_monitor.tui.screens.pane_screen import LIST_HINTS, ListScreen, PaneScreen
from tui_monitor.tui.screens.route import RouteScreen
from tui_monitor.tui.screens.watched_details import WatchedDetailsScreen
from tui_monitor.widgets.alerts import alert_line, alert_of_check, search_text
from tui_monitor.widgets.cell_line import Hints, Line, RenderStyle
from tui_monitor.widgets.list_panes import ListRow
from tui_monitor.widgets.request_lines import RouteRow
from tui_monitor.widgets.service_tables import (
    ServiceRow,
    ServicesTable,
    figure_line,
    figure_lines,
    request_heads,
    request_line,
    section_line,
    verdict_lines,
    watched_line,
)
from tui_monitor.widgets.services import TreeRow, names_width, service_line, services_head
from tui_monitor.widgets.strip_cells import WINDOWS

LOG_ERRORS = 'sum by (check, service) (increase(log_lines_total{level=~"error|critical"}[1h]))'
MOST_ROUTES, MOST_FIGURES = 5, 6
DrawRow = Callable[[int, RenderStyle, bool], Line]
Target = CheckView | AlertView | WatchedContainer | WatchedUnit


async def log_errors(backend: Backend, at: int) -> Mapping[str, float]:
    """Errors in the log lines of the last hour by check or pushing service; empty where nothing counts lines."""
    try:
        found = await backend.query(LOG_ERRORS, at)
    except (CommandRefused, EvaluationError):
        return {}
    vector = found if isinstance(found, list) and not isinstance(found, Matrix) else ()
    return {label(labels, "service") or label(labels, "check"): value for labels, value in vector if math.isfinite(value)}


def errors_of(service: ServiceView, errors: Mapping[str, float]) -> float | None:
    """The errors of a service's checks and of what pushes lines under its name."""
    names = {check.name for check in service.checks} | {service.name}
    known = [value for name, value in errors.items() if name in names]
    return sum(known) if known else None


class ServicesScreen(PaneScreen):
    """All services; Enter opens the page of one."""

    HINTS: ClassVar[Hints] = (*hints(("open", "its page"), "order", "logs", "acknowledge"), *LIST_HINTS)
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext) -> None:
        self.table = ServicesTable(look=context.look, text_styles=context.text_styles)
        super().__init__(context, self.table)
        self._errors: Mapping[str, float] = {}

    async def load(self) -> None:
        """Read the errors in the logs."""
        self._errors = await log_errors(self.context.backend, self.context.view.past_at or self.context.now())
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Show the board's services."""
        self.table.fill([ServiceRow(one, errors_of(one, self._errors)) for one in services_of(board)])

    def open_row(self, key: str) -> None:
        """Open the service's page."""
        if self.table.chosen is not None:
            self.context.start(self.context.open(ServiceScreen(self.context, self.table.chosen.service)))

    def action_order(self) -> None:
        """Sort by the next column."""
        self.table.next_order()

    def log_focus(self) -> LogFocus:
        """The lines of the selected service and its checks."""
        chosen = self.table.chosen
        return LogFocus((chosen.service.name, *(check.name for check in chosen.service.checks))) if chosen is not None else LogFocus()

    def chosen_alert(self) -> AlertView | None:
        """The first alert of the selected service."""
        return next(iter(self.table.chosen.service.alerts), None) if self.table.chosen is not None else None


class ServiceScreen(ListScreen):
    """One service: strips of its checks, alerts, requests, containers, units, figures; Enter goes on to the details of a row."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("service")
    HINTS: ClassVar[Hints] = (*hints(("open", "details"), "trend", "logs", "acknowledge", "silence", "window"), *LIST_HINTS)
    TITLE_TEXT = "Service"
    EMPTY_TEXT = "This service is no longer on the board."
    RELOAD_EVERY: ClassVar[int] = 10

    def __init__(self, context: ScreenContext, service: ServiceView) -> None:
        super().__init__(context)
        self._service = service
        self.rows.heading = context.look.words.say(f"Service {service.name}")
        self._strips: Mapping[str, Strip] = {}
        self._errors: Mapping[str, float] = {}
        self._targets: dict[str, Target] = {}

    async def load(self) -> None:
        """Read the strips and the errors in the logs."""
        window, at = WINDOWS[self.context.strip_window], self.context.view.past_at or self.context.now()
        try:
            names = [check.name for check in self._service.checks]
            self._strips = await self.context.backend.strips(names, slot_bounds(at, window.slot, window.count))
        except CommandRefused:
            self._strips = {}
        self._errors = await log_errors(self.context.backend, at)
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Show the service as the board has it now."""
        service = service_at(board, self._service.key)
        self._targets = {}
        if service is None:
            self.rows.fill([])
            return
        self._service = service
        row = ServiceRow(service, errors_of(service, self._errors))
        self.rows.fill(self._rows(service, board.at), columns=lambda width, look: verdict_lines(row, board.at, width, look))

    def _rows(self, service: ServiceView, now: int) -> list[ListRow]:
        rows = [*self._checks(service, now), *self._alerts(service, now), *_requests(service)]
        for title, watched in (("Containers", _containers(service)), ("Units", _units(service))):
            rows += self._watched(title, watched, now)
        return rows + self._figures(service)

    def _checks(self, service: ServiceView, now: int) -> list[ListRow]:
        placed = [TreeRow(check) for check in service.checks]
        title = WINDOWS[self.context.strip_window].title
        rows = [_section("Checks", lambda width, look: services_head(width, title, look))]
        for one in placed:
            draw = partial(_check, placed, one, now, self._strips.get(one.check.name, ()))
            rows.append(self._row(f"check:{one.check.name}", one.check, f"{one.check.name} {one.check.status} {one.check.reason}", draw))
        return rows

    def _alerts(self, service: ServiceView, now: int) -> list[ListRow]:
        rows = [self._row(f"alert:{one.id}", one, search_text(one), partial(_alert, one, now)) for one in service.alerts]
        return [_section("Alerts"), *rows] if rows else []

    def _watched(self, title: str, watched: Sequence[WatchedContainer | WatchedUnit], now: int) -> list[ListRow]:
        rows = [
            self._row(f"{title}:{one.check}:{one.state.name}", one, f"{one.state.name} {one.state.state}", partial(_watched, one, now))
            for one in watched
        ]
        return [_section(title), *rows] if rows else []

    def _figures(self, service: ServiceView) -> list[ListRow]:
        rows = [
            self._row(f"figures:{check.name}", check, f"{check.name} {text}", partial(_figures, check, text))
            for check, text in figure_lines(service.members, MOST_FIGURES)
        ]
        return [_section("Figures"), *rows] if rows else []

    def _row(self, key: str, target: Target, search: str, draw: DrawRow) -> ListRow:
        self._targets[key] = target
        return ListRow(key, search, draw)

    @property
    def target(self) -> Target | None:
        """What the selected row is about."""
        return self._targets.get(self.rows.selection)

    def open_row(self, key: str) -> None:
        """Open the details of the row."""
        target = self._targets.get(key)
        if isinstance(target, CheckView):
            self.context.start(self.context.open(CheckDetailsScreen(self.context, target)))
        elif isinstance(target, AlertView):
            self.context.start(self.context.open(IncidentScreen(self.context, target.id)))
        elif target is not None:
            self.context.start(self.context.open(WatchedDetailsScreen(self.context, target)))
        elif key.startswith("request:"):
            self._open_route(key)

    def _open_route(self, key: str) -> None:
        """Open the history of a route."""
        for table in self._service.requests:
            for one in (table.total, *table.rows):
                if key == request_key(table, one):
                    return self.context.start(self.context.open(RouteScreen(self.context, RouteRow(table, one))))
        return None

    def action_window(self) -> None:
        """Show the next window of time in the strips."""
        self.context.strip_window = (self.context.strip_window + 1) % len(WINDOWS)
        self.context.start(self.load())

    async def selected_expr(self) -> str:
        """The latency of the selected check, the series of the selected alert."""
        target = self.target
        if isinstance(target, CheckView):
            return selection("probe_duration_seconds", check=target.name)
        return await super().selected_expr()

    def chosen_alert(self) -> AlertView | None:
        """The selected alert, that of the selected check, else the service's first."""
        target = self.target
        if isinstance(target, AlertView):
            return target
        name = target.name if isinstance(target, CheckView) else target.check if target is not None else ""
        return alert_of_check(self.context.shown, name) or next(iter(self._service.alerts), None)

    def log_focus(self) -> LogFocus:
        """The lines of the selected row, else of the service and its checks."""
        target = self.target
        if isinstance(target, AlertView):
            return alert_focus(target)
        if isinstance(target, CheckView):
            return LogFocus((target.name,))
        names = (self._service.name, *(check.name for check in self._service.checks))
        return LogFocus(names if target is None else (target.state.name, target.check))

    def silence_labels(self) -> Sequence[tuple[str, str]]:
        """The name of the selected check, else the labels of the alert."""
        return [("check", self.target.name)] if isinstance(self.target, CheckView) else super().silence_labels()


def _section(title: str, right: Callable[[int, RenderStyle], str] = lambda width, look: "") -> ListRow:
    def draw(width: int, look: RenderStyle, selected: bool) -> Line:
        return section_line(title, right(width, look), width, look)

    return ListRow("", "", draw)


def request_key(table: RequestTable, one: RequestRow) -> str:
    """The key of a route's row."""
    return f"request:{table.check}:{one.method} {one.route}"


def _requests(service: ServiceView) -> list[ListRow]:
    if not service.requests:
        return []
    rows = [_section("Requests", lambda width, look: request_heads(look))]
    for table in service.requests:
        rows += [
            ListRow(request_key(table, one), one.route, partial(_request, table, one)) for one in (table.total, *table.rows[:MOST_ROUTES])
        ]
    return rows


def _containers(service: ServiceView) -> list[WatchedContainer]:
    return [WatchedContainer(check.name, one) for check in service.checks for one in check.containers]


def _units(service: ServiceView) -> list[WatchedUnit]:
    return [WatchedUnit(check.name, one) for check in service.checks for one in check.units]


def _check(placed: Sequence[TreeRow], row: TreeRow, now: int, strip: Strip, width: int, look: RenderStyle, selected: bool) -> Line:
    return service_line(row, strip, width, look, names_width(placed, width), now)


def _alert(alert: AlertView, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return alert_line(alert, now, width, look, selected=selected)


def _request(table: RequestTable, row: RequestRow, width: int, look: RenderStyle, selected: bool) -> Line:
    return request_line(table, row, width, look)


def _watched(one: WatchedContainer | WatchedUnit, now: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return watched_line(one, now, width, look)


def _figures(check: CheckView, text: str, width: int, look: RenderStyle, selected: bool) -> Line:
    return figure_line(check, text, width, look)
