"""Handlers of the web page: overview, checks, alerts, history, and the stream that keeps them up to date."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.responses import Response

from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.commands import Acknowledge, AlertCommand, Resolve, Unacknowledge
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.version import VERSION
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import pairs_of, parameters_of
from tui_monitor.serving.endpoint import HttpCall
from tui_monitor.serving.event_stream import event
from tui_monitor.serving.form_token import FormTokens
from tui_monitor.serving.page.alert_page import alert_page
from tui_monitor.serving.page.check_page import check_page
from tui_monitor.serving.page.data import SPANS, PageData
from tui_monitor.serving.page.frame import PageVisitor, live_page
from tui_monitor.serving.page.history_page import history_page
from tui_monitor.serving.page.live import LivePages
from tui_monitor.serving.page.overview import overview
from tui_monitor.serving.page.parts import PageContent
from tui_monitor.serving.page.screens import screen_page, screens_page
from tui_monitor.serving.page.view import PageView
from tui_monitor.serving.page.words import Words, alert_link, language_of

MOST_NOTE = 500
Make = Callable[[PageView, str], Awaitable[PageContent | None]]


async def _overview(view: PageView, name: str) -> PageContent | None:
    return await overview(view)


PAGES: dict[str, Make] = {
    "overview": _overview, "check": check_page, "alert": alert_page, "history": history_page,
    "screens": screens_page, "screen": screen_page,
}  # fmt: skip
"""What makes the content of each kind of page; None where there is no such check, alert or screen."""


def words_of(call: HttpCall) -> Words:
    """In the reader's language."""
    return Words(language_of(call.request.headers.get("accept-language", ""), language_in_use(call.settings.language)))


def may_act(call: HttpCall) -> bool:
    """Whether the reader gets forms. A board that takes no commands has none."""
    return "act" in call.caller.scopes and not call.backend.board.read_only


async def _page(call: HttpCall, kind: str, name: str = "") -> Response:
    """One page. Raises ApiError 404."""
    span = dict(pairs_of(call.request.url.query)).get("span", "")
    view = _view(call, words_of(call), may_act(call), span)
    content = await PAGES[kind](view, name)
    if content is None:
        raise ApiError(404, "there is no such check, alert or screen")
    query = {"page": kind, "span": view.span.name, "name": name, "language": view.words.t.language}
    here = quote(call.request.scope["path"], safe="/")
    reader = PageVisitor(call.caller.name, _form_token(call), view.may_act, call.caller.by_cookie)
    screens = bool(await view.data.screens())
    return live_page(content, view.words, call.backend.board.host, here, reader, query, screens=screens)


def _form_token(call: HttpCall) -> str:
    """For readers who have forms: to act, or to sign out."""
    return call.shared.one(FormTokens).of(call.caller) if may_act(call) or call.caller.by_cookie else ""


def _view(call: HttpCall, words: Words, act: bool, span: str) -> PageView:
    return PageView(call.backend.board, call.shared.one(PageData), words, call.backend, act, SPANS.get(span, SPANS["1h"]))


async def main(call: HttpCall) -> Response:
    """The overview."""
    return await _page(call, "overview")


async def check(call: HttpCall) -> Response:
    """One check."""
    return await _page(call, "check", call.path["name"])


async def alert(call: HttpCall) -> Response:
    """One alert."""
    return await _page(call, "alert", call.path["id"])


async def history(call: HttpCall) -> Response:
    """90 days."""
    return await _page(call, "history")


async def screens(call: HttpCall) -> Response:
    """The list of screens by role."""
    return await _page(call, "screens")


async def screen(call: HttpCall) -> Response:
    """One screen by role."""
    return await _page(call, "screen", call.path["name"])


async def live(call: HttpCall) -> Response:
    """The stream of one page: a greeting with the reader's form token, then the page's parts as they change."""
    asked = dict(pairs_of(call.request.url.query))
    kind, name, span = asked.get("page", ""), asked.get("name", ""), asked.get("span", "")
    if kind not in PAGES or len(name) > 1000:
        raise ApiError(400, "there is no such page")
    words, act = Words("ko" if asked.get("language") == "ko" else "en"), may_act(call)

    async def make() -> PageContent | None:
        return await PAGES[kind](_view(call, words, act, span), name)

    streams = call.shared.streams
    stream = streams.open()
    stream.put(event("hello", json.dumps({"version": VERSION, "token": _form_token(call)})))
    whole = call.backend is call.shared.backend
    call.shared.one(LivePages).watch((kind, name, span if span in SPANS else "", words.t.language, act, whole), make, stream)
    return streams.answer(stream)


# --- acting ----------------------------------------------------------------------------------------------------------------------


async def _act(call: HttpCall, command: Callable[[str, str], AlertCommand]) -> Response:
    """Apply a command to an alert, then show the page again."""
    fields = dict(await parameters_of(call.request))
    call.shared.one(FormTokens).check(call.caller, fields.get("form_token", ""))
    result = await call.backend.command(command(call.path["id"], clip(clean(fields.get("note", "")), MOST_NOTE)), call.by())
    if not result.ok:
        raise ApiError(409, result.text)
    call.shared.one(PageData).forget()
    return Response(status_code=303, headers={"location": _back(fields.get("back", ""), call.path["id"])})


def _back(path: str, ident: str) -> str:
    """A page of ours: what is not plainly a path here would lead elsewhere ("//other.example", "/\\other")."""
    return quote(path, safe="/%?=&") if path.startswith("/") and not path.startswith(("//", "/\\")) else alert_link(ident)


async def acknowledge(call: HttpCall) -> Response:
    """A form's acknowledgement."""
    return await _act(call, lambda ident, note: Acknowledge((ident,), note=note))


async def take_back(call: HttpCall) -> Response:
    """A form's end of an acknowledgement."""
    return await _act(call, lambda ident, note: Unacknowledge((ident,)))


async def resolve(call: HttpCall) -> Response:
    """A form's end of an alert."""
    return await _act(call, lambda ident, note: Resolve((ident,), note=note))
