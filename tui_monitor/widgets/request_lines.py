"""The routes of applications as rows, and the PromQL of their histories. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui_monitor.board.values import RequestRow, RequestTable
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.values import selection
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, data_style

WIDE, NARROW = 100, 60
MANY_ERRORS = 0.05
"""The share of errors from which on it is red; `HighErrorRate` begins there too."""
QUANTILES = ("0.5", "0.95", "0.99")


@frozen
class RouteRow:
    """One row: a route, or all of an application (``route`` and ``method`` are "")."""

    table: RequestTable
    row: RequestRow

    @property
    def share(self) -> float:
        """Its requests as a share of those of the application's busiest route."""
        busiest = max((row.per_second for row in self.table.rows), default=0.0)
        return self.row.per_second / busiest if busiest > 0 else 0.0

    @property
    def key(self) -> str:
        """Its key in a list."""
        return f"{self.table.check}\n{self.row.method}\n{self.row.route}"

    @property
    def name(self) -> str:
        """Method and route, as servers name their operations."""
        return f"{self.row.method} {self.row.route}".strip() or f"all {self.table.routes} routes"

    @property
    def is_whole(self) -> bool:
        """Whether it is the sum of all routes."""
        return self.row is self.table.total


def _number(value: float | None) -> float:
    return -1.0 if value is None else value


ORDERS: Mapping[str, Callable[[RequestRow], tuple[float | str, ...]]] = {
    "rate": lambda row: (-row.per_second,),
    "errors": lambda row: (-_number(row.error_ratio), -_number(row.errors)),
    "p95": lambda row: (-_number(row.p95),),
    "p99": lambda row: (-_number(row.p99),),
    "in flight": lambda row: (-_number(row.in_flight),),
    "route": lambda row: (row.route, row.method),
}


def route_rows(tables: Sequence[RequestTable], order: str, check: str = "") -> list[RouteRow]:
    """The rows of each application: all of it, then its routes in an order."""
    found = []
    for table in tables:
        if check in ("", table.check):
            found += [RouteRow(table, row) for row in (table.total, *sorted(table.rows, key=ORDERS[order]))]
    return found


def request_heads(order: str, named: bool, width: int, look: RenderStyle) -> Sequence[Line]:
    """The columns' names; the one that sorts is marked."""
    row = LineBuilder(width, look).gap(1)
    named = named and width >= NARROW
    if named:
        row.append("check", "dim", 14).gap()
    row.append("route", _style("route", order), _route_width(width, named)).gap()
    for name, key, cells in _columns(width):
        row.append(name, _style(key, order), cells, right=True).gap()
    return [row.line()]


def _style(key: str, order: str) -> str:
    return "strong" if key == order else "dim"


def _columns(width: int) -> Sequence[tuple[str, str, int]]:
    """(head, order, cells)"""
    if width < NARROW:
        return (("/s", "rate", 6), ("err", "errors", 5), ("p95", "p95", 7))
    return (
        ("per s", "rate", 7),
        ("errors", "errors", 7),
        ("p50", "p50", 8),
        ("p95", "p95", 8),
        ("p99", "p99", 8),
        ("flight", "in flight", 6),
    )


def _route_width(width: int, named: bool) -> int:
    used = sum(cells + 1 for _, _, cells in _columns(width)) + 2 + (15 if named else 0) + (17 if width >= WIDE else 0)
    return max(8, width - used)


def request_line(one: RouteRow, named: bool, width: int, look: RenderStyle) -> Line:
    """One route; at the right its share of the busiest one's requests."""
    row, style = one.row, "title" if one.is_whole else "text"
    line = LineBuilder(width, data_style(look)).gap(1)
    name = one.table.check if one.is_whole and width < NARROW else look.words.say(one.name) if one.is_whole else one.name
    named = named and width >= NARROW
    if named:
        line.name(one.table.check if one.is_whole else "", "title", 14).gap()
    line.name(name, style, _route_width(width, named)).gap()
    texts = {
        "rate": (_rate(row.per_second), style),
        "errors": _errors(row),
        "p50": (_latency(row.p50), "dim"),
        "p95": (_latency(row.p95), style),
        "p99": (_latency(row.p99), "dim"),
        "in flight": (f.NOTHING if row.in_flight is None else f.number(row.in_flight), "dim"),
    }
    for _, key, cells in _columns(width):
        text, own = texts[key]
        line.append(text, own, cells, right=True).gap()
    if width >= WIDE and not one.is_whole:
        filled = max(1, round(16 * one.share)) if one.share > 0 else 0
        line.append(look.glyphs.full * filled, "critical" if (row.error_ratio or 0) >= MANY_ERRORS else "bar", 16)
    return line.line()


def _rate(per_second: float) -> str:
    return f"{per_second:.0f}" if per_second >= 100 else f"{per_second:.1f}" if per_second >= 1 else f"{per_second:.2f}"


def _latency(seconds: float | None) -> str:
    return f.NOTHING if seconds is None else f.latency(seconds)


def _errors(row: RequestRow) -> tuple[str, str]:
    """The share of errors, and its style."""
    if row.error_ratio is None:
        return f.NOTHING, "dim"
    if not row.errors:
        return "0%", "faint"
    text = f.percent(row.error_ratio, 1) if row.error_ratio >= 0.0005 else "<0.1%"
    return text, "critical" if row.error_ratio >= MANY_ERRORS else "warning"


def _selectors(one: RouteRow) -> dict[str, str]:
    names, row = one.table.names, one.row
    pairs = ((names.source, one.table.check), (names.method, row.method), (names.route, row.route))
    return {name: value for name, value in pairs if name and value}


def rate_expr(one: RouteRow) -> str:
    """PromQL of the requests per second, by status where the series say it."""
    names = one.table.names
    by = f" by ({names.status})" if names.status else ""
    return f"sum{by} (rate({selection(names.count, **_selectors(one))}[5m]))" if names.count else ""


def latency_expr(one: RouteRow) -> str:
    """PromQL of the quantiles of the latency, "" without a histogram."""
    duration = one.table.names.duration
    if not duration:
        return ""
    buckets = f"sum by (le) (rate({selection(f'{duration}_bucket', **_selectors(one))}[5m]))"
    return "; ".join(f'label_replace(histogram_quantile({q}, {buckets}), "quantile", "{q}", "", "")' for q in QUANTILES)
