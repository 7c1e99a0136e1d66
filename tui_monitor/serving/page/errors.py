"""Errors of pages as pages, in the reader's language, with what to do."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.page.frame import framed
from tui_monitor.serving.page.render import render
from tui_monitor.serving.page.words import Words


def page_error(error: ApiError, words: Words) -> Response:
    """The error with its status and headers; a browser asks for a token by itself after 401 (Basic)."""
    t = words.t
    leads = {401: t.sign_in, 403: t.forbidden, 404: t.not_found, 429: t.too_many, 503: t.not_now}
    advice = t.sign_in_how if error.status in (401, 403) else ""
    lead = leads.get(error.status, t.wrong)
    body = render("error.html", t=t, lead=lead, text=error.text, advice=advice)
    return framed(words, lead, "none", body, status=error.status, headers=error.headers, narrow="status")
