"""The request table: counts, errors, rates and quantiles of an application's routes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.settings import made
from tests.support.vectors import vector_of
from tui_monitor.board.requests import growth, request_tables, tables_then
from tui_monitor.board.values import RequestNames, RequestTable
from tui_monitor.config.settings import RequestSettings
from tui_monitor.core.values import STALE_NAN, Sample, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.storage.memory import SeriesMemory

START = 1_700_000_000_000
STEP = 10_000


class App:
    """Series in memory, a scrape each ten seconds."""

    def __init__(self) -> None:
        self.memory, self.now = SeriesMemory(), START

    def scrape(self, *samples: tuple[str, dict[str, str], float], check: str = "shop") -> None:
        self.now += STEP
        self.memory.append(self.now, [Sample(labels_of(name, check=check, **labels), value) for name, labels, value in samples])

    def tables(self, **keys: Any) -> tuple[RequestTable, ...]:
        work = request_tables(made(RequestSettings, keys), self.memory, self.now)
        try:
            while True:
                next(work)
        except StopIteration as done:
            found: tuple[RequestTable, ...] = done.value
            return found


def counter(route: str, status: str, value: float, method: str = "GET") -> tuple[str, dict[str, str], float]:
    return "http_requests_total", {"route": route, "method": method, "status_code": status}, value


def histogram(route: str, counts: dict[str, float], seconds: float) -> list[tuple[str, dict[str, str], float]]:
    name, labels = "http_request_duration_seconds", {"route": route, "method": "GET"}
    buckets = [(f"{name}_bucket", {**labels, "le": bound}, value) for bound, value in counts.items()]
    return [*buckets, (f"{name}_sum", labels, seconds), (f"{name}_count", labels, counts["+Inf"])]


def shop() -> App:
    """Two routes over 100 s: /pay 100 requests of which 10 fail, /list 50."""
    app = App()
    for turn in range(11):
        app.scrape(
            counter("/pay", "200", 9 * turn), counter("/pay", "503", turn),
            counter("/list", "200", 4 * turn), counter("/list", "404", turn),
            *histogram("/pay", {"0.1": 5.0 * turn, "1.0": 9.0 * turn, "5.0": 10.0 * turn, "+Inf": 10.0 * turn}, 4.0 * turn),
            ("http_requests_in_flight", {}, 3),
        )  # fmt: skip
    return app


def test_a_route_has_all_figures() -> None:
    """Count, rate, errors, average and quantiles, the busiest first; the whole in front."""
    [table] = shop().tables()
    assert (table.check, table.window, table.errors, table.routes) == ("shop", 100, "5xx", 2)
    pay, listing = table.rows[:2]
    assert (pay.route, pay.method, pay.count, pay.per_second, pay.per_minute) == ("/pay", "GET", 100, 1.0, 60.0)
    assert (pay.errors, pay.error_ratio, pay.average) == (10, 0.1, 0.4)
    assert (pay.p50, pay.p95, pay.p99) == (pytest.approx(0.1), pytest.approx(3.0), pytest.approx(4.6))
    assert (listing.route, listing.count, listing.errors, listing.p99) == ("/list", 50, 0, None)
    assert (table.total.count, table.total.errors, table.total.in_flight) == (150, 10, 3)


def test_errors_may_count_from_400_on() -> None:
    """`errors = "4xx"`; a status may be written as a class."""
    [table] = shop().tables(errors="4xx")
    assert {row.route: row.errors for row in table.rows} == {"/pay": 10, "/list": 10}
    app = App()
    for turn in range(3):
        app.scrape(("http_requests_total", {"handler": "/a", "status": "5xx"}, 2 * turn))
    [table] = app.tables()
    assert [(row.route, row.errors, row.error_ratio) for row in table.rows] == [("/a", 4, 1.0)]


def test_names_and_labels_are_the_configurations() -> None:
    """Other names, one application each; the quantiles are those of PromQL."""
    app = App()
    for turn in range(7):
        for check, factor in (("a", 1), ("b", 5)):
            app.memory.append(app.now + turn * STEP, [
                Sample(labels_of("web_seconds_bucket", check=check, url=url, le=le, code="200"), value * turn * factor)
                for url in ("/x", "/y") for le, value in (("0.5", 1.0), ("2.0", 3.0), ("+Inf", 4.0))
            ])  # fmt: skip
            app.memory.append(
                app.now + turn * STEP, [Sample(labels_of("web_seconds_count", check=check, url="/x", code="200"), turn * factor)]
            )
    app.now += 6 * STEP
    tables = app.tables(count=["none"], duration=["web_seconds"], route=["url"], status=["code"])
    assert [(table.check, table.total.count, table.total.errors) for table in tables] == [("b", 30, 0), ("a", 6, 0)]
    answer = compile_expr("histogram_quantile(0.5, sum by (le) (increase(web_seconds_bucket{check='b'}[1m])))").instant(app.memory, app.now)
    assert tables[0].total.p50 == pytest.approx(vector_of(answer)[0][1])


def test_requests_in_flight_without_a_method_go_to_their_route() -> None:
    """Where the route has one method; the whole has all of them."""
    app = App()
    for turn in range(3):
        gauges = [("http_requests_in_progress", {"path": route}, 2.0) for route in ("/one", "/two")]
        ways = (("/one", "GET"), ("/two", "GET"), ("/two", "PUT"))
        app.scrape(*gauges, *(("http_requests_total", {"path": route, "method": method}, 5.0 * turn) for route, method in ways))
    [table] = app.tables()
    assert [(row.route, row.method, row.in_flight) for row in table.rows] == [
        ("/one", "GET", 2),
        ("/two", "GET", None),
        ("/two", "PUT", None),
    ]
    assert table.total.in_flight == 4 and table.total.errors is None


def test_growth_goes_through_resets_and_not_over_gaps() -> None:
    """A restart counts from zero, a series that had ended begins anew; NaN adds nothing."""

    def grown(*values: float) -> float:
        memory = SeriesMemory()
        for turn, value in enumerate(values):
            memory.append(START + turn * STEP, [Sample(labels_of("c"), value)])
        [series] = memory.select((), 0, START + len(values) * STEP)
        return growth(series, START, START + len(values) * STEP)

    assert grown(5, 7, 10) == 5
    assert grown(5, 7, 2, 4) == 6
    assert grown(5, 7, STALE_NAN, 9, 10) == 3
    assert grown(5, float("nan"), 9, 10) == 1
    assert grown(5) == 0


def test_only_the_busiest_are_shown_and_what_counts_nothing_has_no_table() -> None:
    """Ten of many routes; a gauge alone is no table, and neither is one scrape."""
    app = App()
    for turn in range(3):
        app.scrape(*(counter(f"/{number}", "200", number * turn) for number in range(30)))
    [table] = app.tables()
    assert (table.routes, len(table.rows), table.rows[0].route) == (30, 10, "/29")
    assert len(app.tables(top=3)[0].rows) == 3
    empty = App()
    empty.scrape(("http_requests_in_flight", {}, 3), counter("/", "200", 5))
    assert empty.tables() == ()


def test_a_table_names_its_series() -> None:
    """What a chart of a route asks for: counter (else that of the histogram), histogram and labels as this application calls them."""
    [table] = shop().tables()
    assert table.names == RequestNames("http_requests_total", "http_request_duration_seconds", "check", "method", "route", "status_code")
    app = App()
    for turn in range(3):
        app.scrape(*histogram("/a", {"+Inf": 3.0 * turn}, turn))
    [table] = app.tables()
    assert table.names == RequestNames(
        "http_request_duration_seconds_count", "http_request_duration_seconds", "check", "method", "route", ""
    )


def test_the_tables_of_a_past_moment_are_those_of_that_time() -> None:
    """What the present tables count is read again from the stored series; a board without requests reads nothing."""
    app = shop()
    then = app.now
    [before] = app.tables(window=60)
    for turn in range(11, 20):
        app.scrape(counter("/pay", "200", 9 * turn + 500), counter("/pay", "503", turn))
    present = app.tables(window=60)
    [found] = tables_then(present, app.memory, then)
    assert found.total.count == before.total.count and found.total.errors == before.total.errors
    assert [(row.route, row.count) for row in found.rows] == [(row.route, row.count) for row in before.rows[: len(present[0].rows)]]
    assert tables_then((), app.memory, then) == ()
