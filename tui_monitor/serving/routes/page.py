"""The web page's routes. Its code (1 MiB) and jinja2 are loaded with the first request for a page."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.serving.asked_report import FOR
from tui_monitor.serving.endpoint import Endpoint, Handler, HttpCall


def _page(name: str) -> Handler:
    async def handle(call: HttpCall) -> Response:
        from tui_monitor.serving.page import handlers

        handler: Handler = getattr(handlers, name)
        return await handler(call)

    return handle


def _extra(name: str) -> Handler:
    async def handle(call: HttpCall) -> Response:
        from tui_monitor.serving.page import extras

        handler: Handler = getattr(extras, name)
        return await handler(call)

    return handle


def _report(name: str) -> Handler:
    async def handle(call: HttpCall) -> Response:
        from tui_monitor.serving.page import report_page

        handler: Handler = getattr(report_page, name)
        return await handler(call)

    return handle


ENDPOINTS = (
    Endpoint("GET", "/", _page("main"), "the overview", family="page", answer="text/html"),
    Endpoint("GET", "/checks/{name:path}", _page("check"), "one check", family="page", answer="text/html"),
    Endpoint("GET", "/alerts/{id}", _page("alert"), "one alert", family="page", answer="text/html"),
    Endpoint("GET", "/history", _page("history"), "90 days of all checks", family="page", answer="text/html"),
    Endpoint("GET", "/screens", _page("screens"), "the screens by role", family="page", answer="text/html"),
    Endpoint("GET", "/screens/{name:path}", _page("screen"), "one screen by role", family="page", answer="text/html"),
    Endpoint("GET", "/reports", _report("reports"), "the first report", family="page", answer="text/html"),
    Endpoint("GET", "/reports/{name:path}", _report("report"), "one report", parameters=FOR, family="page", answer="text/html"),
    Endpoint("GET", "/live", _page("live"), "what changes on a page, as server-sent events", family="page", answer="text/event-stream"),
    Endpoint(
        "POST", "/alerts/{id}/ack", _page("acknowledge"), "acknowledge, by a form", scope="act", open="", family="page", answer="text/html"
    ),
    Endpoint(
        "POST",
        "/alerts/{id}/unack",
        _page("take_back"),
        "take an acknowledgement back, by a form",
        scope="act",
        open="",
        family="page",
        answer="text/html",
    ),
    Endpoint(
        "POST", "/alerts/{id}/resolve", _page("resolve"), "end an alert, by a form", scope="act", open="", family="page", answer="text/html"
    ),
    Endpoint("GET", "/feed.xml", _extra("feed"), "incidents as an Atom feed", family="page", answer="application/atom+xml"),
    Endpoint(
        "GET",
        "/badge/{name:path}.svg",
        _extra("badge"),
        "a check's state as a drawing",
        open="read status_page",
        family="page",
        answer="image/svg+xml",
    ),
    Endpoint(
        "GET",
        "/status",
        _extra("status"),
        "the public status page: names and states",
        open="status_page",
        family="page",
        answer="text/html",
    ),
)
