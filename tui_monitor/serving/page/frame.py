"""A whole page: its parts within the frame of header, navigation and footer, and the headers that guard it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from tui_monitor.core.catalogue.screen_phrases import screen_phrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.version import VERSION
from tui_monitor.serving.page.parts import PageContent
from tui_monitor.serving.page.render import HEADERS, icon, marked, policy, render, script, style
from tui_monitor.serving.page.words import Words

_same = marked(str)


@frozen
class PageVisitor:
    """Who reads: the name, the form token ("" for a reader without forms), what is possible.

    ``session``: signed in by a link, and may sign out.
    """

    name: str
    form_token: str = ""
    may_act: bool = False
    session: bool = False


def live_page(
    content: PageContent, words: Words, host: str, here: str, reader: PageVisitor, stream_query: Mapping[str, str], *, screens: bool = False
) -> Response:
    """A page that keeps itself up to date; ``here``: its path; ``screens``: whether there are screens by role."""
    t = words.t
    lost_before, _, lost_after = t.lost.partition("{at}")
    live_before, _, live_after = t.live.partition("{at}")
    stream = "/live?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in stream_query.items())
    around: dict[str, Any] = {"lost_before": lost_before, "lost_after": lost_after, "live_before": live_before, "live_after": live_after}
    return framed(
        words, content.title, content.shade, "".join(part.html for part in content.parts), host=host, here=here, at=content.at,
        live=stream, nav=navigation(words, screens), caller=reader.name,
        form_token=reader.form_token, may_act=reader.may_act, session=reader.session, feed=True, **around,
    )  # fmt: skip


def navigation(words: Words, screens: bool) -> list[tuple[str, str]]:
    """The pages that every page leads to; ``screens``: whether there are screens by role."""
    by_role = [(screen_phrases(words.t.language).screens, "/screens")] if screens else []
    return [(words.t.overview, "/"), *by_role, (words.t.history, "/history"), (words.t.reports, "/reports")]


def framed(
    words: Words, title: str, shade: str, body: str, *, status: int = 200, headers: Mapping[str, str] = {}, **more: object
) -> Response:
    """The frame. ``more`` is what the template layout.html asks for beside this."""
    values: dict[str, object] = {
        "live": "", "refresh": 0, "nav": (), "at": "", "feed": False, "may_act": False, "session": False,
        "narrow": "", "here": "", "host": "",
        "caller": "", "form_token": "", "script": _same(script()), "lost_before": "", "lost_after": "",
        "live_before": "", "live_after": "", **more,
    }  # fmt: skip
    html = render(
        "layout.html",
        t=words.t,
        words=words,
        title=title,
        icon=icon(shade),
        style=_same(style()),
        body=_same(body),
        version=VERSION,
        **values,
    )
    guards = {
        **HEADERS,
        "content-language": words.t.language,
        "vary": "accept-language",
        "content-security-policy": policy(bool(values["live"] or values["refresh"])),
    }
    return Response(html.encode("utf-8", "replace"), status, {**guards, **headers}, media_type="text/html")
