"""Queries, as Prometheus' HTTP API has them: instant, range, exemplars (none are kept), and the formatter."""

from __future__ import annotations

import promql_parser
from starlette.responses import Response

from tui_monitor.board.backend import QUERY_S
from tui_monitor.promql.engine import MAX_STEPS, compile_expr
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.prometheus_api import answer, answer_value, invalid, parameters, promql_faults

TOO_FINE = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
MOST_FORMATTED = 2_000
"""Characters that are formatted: the time grows with the square."""


async def instant(call: HttpCall) -> Response:
    """The value of an expression at one moment."""
    given = await parameters(call)
    at = given.time("time", call.clock.wall_ms())
    limit = given.limit()
    with promql_faults():
        value = await call.backend.query(given.query(), at, given.within(QUERY_S))
    return await answer_value(call, value, at, limit)


async def over_range(call: HttpCall) -> Response:
    """The values of an expression at each step of a range."""
    given = await parameters(call)
    start, end = given.time("start"), given.time("end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    step, limit = given.step(), given.limit()
    if (end - start) // step > MAX_STEPS:
        raise ApiError(400, TOO_FINE)
    with promql_faults():
        value = await call.backend.query_range(given.query(), start, end, step, given.within(QUERY_S))
    return await answer_value(call, value, end, limit)


async def exemplars(call: HttpCall) -> Response:
    """No exemplars; Grafana asks for them once, with milliseconds as times."""
    return await answer(call, [])


async def formatted(call: HttpCall) -> Response:
    """An expression on several lines."""
    text = (await parameters(call)).query()
    if len(text) > MOST_FORMATTED:
        raise invalid("query", f"at most {MOST_FORMATTED} characters are formatted")
    with promql_faults():
        compile_expr(text)  # first: it refuses what makes the library panic, and says where
    return await answer(call, promql_parser.parse(text).prettify())


ENDPOINTS = tuple(
    Endpoint(method, f"/api/v1/{path}", handler, summary, family="prometheus")
    for path, handler, summary in (
        ("query", instant, "PromQL at one moment"),
        ("query_range", over_range, "PromQL over a range"),
        ("query_exemplars", exemplars, "exemplars: always none"),
        ("format_query", formatted, "a PromQL expression, formatted"),
    )
    for method in ("GET", "POST")
)
