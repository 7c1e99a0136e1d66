"""The table of services, and the lines of one service's page."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.service import DEPENDENTS, GROUP, LABEL, LAYER, ServiceView
from tui_monitor.board.values import CheckView, RequestRow, RequestTable
from tui_monitor.board.watched import WatchedContainer, WatchedUnit
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import HEALTH_STYLES, Line, LineBuilder, RenderStyle
from tui_monitor.widgets.services import RANK
from tui_monitor.widgets.table_pane import Column, TablePane
from tui_monitor.widgets.watched_tables import memory_text

KINDS = {GROUP: "group", LABEL: "label", DEPENDENTS: "depends", LAYER: "layer"}
NARROW = 60
"""Below this width the reason has a line of its own."""
BAD_RATIO = 0.01
"""Share of failed requests from which it is coloured."""


@frozen
class ServiceRow:
    """A service and the errors in its log lines of the last hour (None: no lines are counted)."""

    service: ServiceView
    log_errors: float | None = None

    @property
    def per_second(self) -> float | None:
        """Requests a second of all its applications; None where none are counted."""
        tables = self.service.requests
        return sum(table.total.per_second for table in tables) if tables else None

    @property
    def error_ratio(self) -> float | None:
        """Share of its requests that failed."""
        errors = [table.total for table in self.service.requests if table.total.error_ratio is not None]
        count = sum(row.count for row in errors)
        return sum((row.error_ratio or 0.0) * row.count for row in errors) / count if count else None

    @property
    def p95(self) -> float | None:
        """The slowest application's 95th percentile in seconds."""
        return max((table.total.p95 for table in self.service.requests if table.total.p95 is not None), default=None)


def healthy_text(service: ServiceView) -> str:
    """How many of its checks are healthy: "3 of 5"."""
    checks = service.members
    return f"{sum(check.status is HealthStatus.HEALTHY for check in checks)} of {len(checks)}"


def rate_text(per_second: float | None) -> str:
    """Requests a second, or a minute where they are rare: "12.4/s", "3/min"."""
    if per_second is None:
        return ""
    return f"{f.number(per_second)}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"


def _ratio(value: float | None) -> tuple[str, str]:
    return f.percent(value, 1) if value is not None else "", "warning" if value is not None and value >= BAD_RATIO else "text"


def _count(value: float | None) -> tuple[str, str]:
    return ("", "faint") if value is None else (f"{value:.0f}", "warning" if value >= 1 else "dim")


def _healthy_share(one: ServiceRow) -> float:
    checks = one.service.members
    return sum(check.status is HealthStatus.HEALTHY for check in checks) / max(1, len(checks))


Of = Column[ServiceRow]


class ServicesTable(TablePane[ServiceRow]):
    """All services of the board."""

    TITLE = "Services"
    FULL_IS_DATA = True
    COLUMNS = (
        Of("status", 1, lambda one: ("", ""), lambda one: RANK[one.service.status]),
        Of("name", 24, lambda one: (one.service.name, "strong"), lambda one: one.service.name.casefold()),
        Of("by", 8, lambda one: (KINDS[one.service.kind], "dim"), lambda one: one.service.kind, from_width=70),
        Of("healthy", 9, lambda one: (healthy_text(one.service), "text"), _healthy_share, right=True),
        Of("firing", 7, lambda one: _count(float(one.service.firing)), lambda one: one.service.firing, True, True, 60),
        Of("requests", 9, lambda one: (rate_text(one.per_second), "text"), lambda one: one.per_second, True, True, 90),
        Of("errors", 7, lambda one: _ratio(one.error_ratio), lambda one: one.error_ratio, True, True, 90),
        Of("p95", 7, lambda one: (f.latency(one.p95) if one.p95 is not None else "", "text"), lambda one: one.p95, True, True, 90),
        Of("in log", 8, lambda one: _count(one.log_errors), lambda one: one.log_errors, True, True, 90),
        Of("reason", 0, lambda one: (one.service.reason, "text"), lambda one: one.service.reason or None, from_width=60),
    )
    EMPTY_TEXT = (
        "No service yet. A check of type group makes one of its members, so do checks with the same label service or category,\n"
        'and a check that others name in depends_on:\n \n[[checks]]\nname = "shop"\ntype = "group"\nmembers = ["web", "api", "db"]'
    )

    def key_of(self, row: ServiceRow) -> str:
        """Kind and name."""
        return row.service.key

    def search_of(self, row: ServiceRow) -> str:
        """Name, kind, status, reason and the names of its checks."""
        service = row.service
        return " ".join((service.name, service.kind, service.status, service.reason, *(check.name for check in service.checks)))

    def full_of(self, row: ServiceRow) -> str:
        """Its checks."""
        return f"{row.service.name}: {', '.join(check.name for check in row.service.members)}"

    def cell(self, number: int, item: ServiceRow) -> tuple[str, str]:
        """The first column is the status as a shape."""
        if number == 0:
            status = item.service.status
            return self.look.glyphs.health(status), HEALTH_STYLES[status]
        if self.COLUMNS[number].title == "by":
            return table_head(KINDS[item.service.kind], self.look.words.language), "dim"
        if self.COLUMNS[number].title == "healthy":
            return self.look.words.say(healthy_text(item.service)), "text"
        return super().cell(number, item)


def verdict_lines(row: ServiceRow, now: int, width: int, look: RenderStyle) -> list[Line]:
    """The head of a service's page: status and since when, then requests, errors, latency and log errors."""
    service = row.service
    ill = [check.since for check in service.members if check.status is service.status and check.since]
    style = HEALTH_STYLES[service.status]
    head = LineBuilder(width, look).gap(1).append(look.glyphs.health(service.status), style).gap().append(service.status.value, style).gap()
    if ill and service.status is not HealthStatus.HEALTHY:
        head.append(f.age(min(ill), now), style).gap()
    head.gap().say(f"{healthy_text(service)} healthy", "text")
    narrow = width < NARROW and service.reason
    reason = [LineBuilder(width, look).gap(1).say(service.reason, "strong").line()] if narrow else []
    if not narrow:
        head.gap(2).say(service.reason, "strong")
    words = [
        f"{rate_text(row.per_second)} requests" if row.per_second is not None else "",
        f"{f.percent(row.error_ratio, 1)} errors" if row.error_ratio is not None else "",
        f"p95 {f.latency(row.p95)}" if row.p95 is not None else "",
        f"{service.firing} firing" if service.firing else "no alert fires",
        f"{row.log_errors:.0f} errors in the log (1h)" if row.log_errors is not None else "",
    ]
    figures = LineBuilder(width, look).gap(1).say(("  " if narrow else "   ").join(filter(None, words)), "dim")
    return [head.line(), *reason, figures.line()]


def section_line(title: str, right: str, width: int, look: RenderStyle) -> Line:
    """The head of a section, with the names of its columns at the right."""
    row = LineBuilder(width, look).gap(1).append(title, "heading")
    return row.align(f.cells(right) + 1).name(right, "faint").line() if right else row.line()


def request_heads(look: RenderStyle) -> str:
    """The names of the columns of `request_line`."""
    return "".join(f.fit(table_head(name, look.words.language), 9, right=True) for name in ("rate", "errors", "p50", "p95", "p99"))


def request_line(table: RequestTable, row: RequestRow, width: int, look: RenderStyle) -> Line:
    """One route of an application."""
    line = LineBuilder(width, look).gap(3)
    route = f"{row.method} {row.route}".strip()
    line.name(route or look.words.say(f"all of {table.check}"), "text", max(8, width - 3 - 5 * 9 - 1))
    errors, style = _ratio(row.error_ratio)
    times = [(f.latency(one) if one is not None else "", "dim") for one in (row.p50, row.p95, row.p99)]
    for text, tone in ((rate_text(row.per_second), "text"), (errors, style), *times):
        line.append(text, tone, 9, right=True)
    return line.line()


def watched_line(one: WatchedContainer | WatchedUnit, now: int, width: int, look: RenderStyle) -> Line:
    """One container or unit of a service."""
    state = one.state
    style = HEALTH_STYLES[state.status]
    line = LineBuilder(width, look).gap().append(look.glyphs.health(state.status), style).gap()
    line.name(state.name, "text", max(12, min(32, width // 3))).gap().name(state.state, "dim", 12).gap()
    if width >= 60:
        line.append(f"{state.cpu * 100:.1f}%" if state.cpu is not None else "", "text", 7, right=True).gap()
        memory = memory_text(one.state)[0] if isinstance(one, WatchedContainer) else f.size(one.state.memory)
        line.append(memory, "text", 15, right=True).gap()
        again = f"{state.restarts} restart{'s' * (state.restarts != 1)}" if state.restarts else ""
        line.say(again, "warning", 12, right=True).gap()
    return line.append(f.age(state.since, now) if state.since else "", "dim", 7, right=True).line()


def figure_lines(checks: Sequence[CheckView], most: int) -> list[tuple[CheckView, str]]:
    """(check, text) of the most important figures: a line a check that has some."""
    found = []
    for check in checks:
        figures = [
            f"{_short(name, check.type)} {f.figure(name, value)}"
            for name, value in list(check.figures.items())[:most]
            if "probe_" not in name
        ]
        if figures:
            found.append((check, "   ".join(figures)))
    return found


def _short(name: str, kind: str) -> str:
    return name.removeprefix(f"{kind}_").removesuffix("_ratio").removesuffix("_bytes").removesuffix("_seconds").replace("_", " ")


def figure_line(check: CheckView, text: str, width: int, look: RenderStyle) -> Line:
    """The figures of one check."""
    return LineBuilder(width, look).gap(3).name(check.name, "dim", max(8, min(20, width // 4))).gap().name(text, "text").line()
