"""Handlers around the page: the feed, badges, the public status page."""

from __future__ import annotations

from starlette.responses import Response

from tui_monitor.board.values import CheckView
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.endpoint import HttpCall
from tui_monitor.serving.page.badge import badge_svg
from tui_monitor.serving.page.data import PageData
from tui_monitor.serving.page.feed import feed_xml
from tui_monitor.serving.page.frame import framed
from tui_monitor.serving.page.public import public_body, public_verdict, shown
from tui_monitor.serving.page.words import Words, check_at, language_of, shade

REFRESH_S = 60


def _words(call: HttpCall) -> Words:
    return Words(language_of(call.request.headers.get("accept-language", ""), language_in_use(call.settings.language)))


async def feed(call: HttpCall) -> Response:
    """Atom."""
    xml = feed_xml(call.backend.board, await call.shared.one(PageData).ended(), _words(call))
    return Response(xml.encode("utf-8", "replace"), media_type="application/atom+xml", headers={"vary": "accept-language"})


def _may_read(call: HttpCall) -> bool:
    return "read" in call.caller.scopes or "read" in call.http.open


def _public(call: HttpCall) -> list[tuple[str, list[CheckView]]]:
    """What the public page shows; nothing without the section."""
    page = call.http.status_page
    return shown(page.show, call.backend.board) if page is not None else []


async def badge(call: HttpCall) -> Response:
    """The badge of one check; without the right to read only of one that the public page shows. Raises ApiError 404."""
    found = check_at(call.path["name"], call.backend.board)
    listed = [check for _, checks in _public(call) for check in checks]
    if found is None or not (_may_read(call) or found in listed):
        raise ApiError(404, "there is no such check")
    words = _words(call)
    svg = badge_svg(found.name, words.status(found.status), shade(found.status))
    guards = {
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "cache-control": "no-cache",
        "vary": "accept-language",
    }
    return Response(svg.encode("utf-8", "replace"), media_type="image/svg+xml", headers=guards)


async def status(call: HttpCall) -> Response:
    """The public page. Raises ApiError 404 where it is not configured."""
    page = call.http.status_page
    if page is None:
        raise ApiError(404, "there is nothing at this address")
    board, words = call.backend.board, _words(call)
    groups = _public(call)
    watched = board.leader.alive and not board.loading
    strips = await call.shared.one(PageData).days([check.name for _, checks in groups for check in checks], board.at) if groups else {}
    title = page.title or call.settings.service or words.t.status_title
    found = public_verdict([check for _, checks in groups for check in checks], words, watched=watched)
    return framed(
        words, f"{title}: {found.lead}", found.shade, public_body(groups, strips, words, watched=watched), host=title,
        at=words.clock(board.at), narrow="status", refresh=REFRESH_S,
    )  # fmt: skip
