"""Screens by role as pages: the values of the terminal's panels, escaped, in the reader's language, without what is private."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import sample_boards as boards
from tests.support.http_face import face
from tests.support.role_backend import RoleBackend
from tests.unit.serving.test_page import html, with_session
from tui_monitor.board.screens import ScreenDefinition, ScreenPanel
from tui_monitor.config.screens import ScreenKind

ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
KINDS = ScreenKind.__args__  # type: ignore[attr-defined]


def every_kind() -> ScreenDefinition:
    """A screen with a panel of each kind."""
    queried = {"stat": "orders_open", "chart": "portfolio_value", "table": "ticker_last", "bars": "shop_orders", "pie": "portfolio_value"}
    panels = tuple(ScreenPanel(kind, queries=(queried[kind],) if kind in queried else (), text="Call 1234") for kind in KINDS)
    return ScreenDefinition("all kinds", "All kinds", panels=panels)


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_every_kind_is_well_formed_and_says_its_values(language: str) -> None:
    """No inline style, unique ids, one heading; a ring, charts, bars, strips; the text below panels."""
    backend = RoleBackend("shop")
    backend.role_screens.append(every_kind())
    async with face(backend, open=["read"]) as server:
        answer, page = await html(server, "/screens/all%20kinds", accept_language=language)
    assert answer.status == 200 and len(page.all("h1")) == 1 and page.all("html") == [{"lang": language}]
    idents = [given["id"] for _, given in page.tags if given.get("id")]
    assert len(idents) == len(set(idents)) and f"panel-{len(KINDS) - 1}" in idents
    assert not [given for _, given in page.tags if given.keys() & {"style", "onclick", "src"}]
    for said in ("4,", "shop-web-1", "postgres", "/api/checkout", "payment provider timed out", "Call 1234"):
        assert said in page.text, said
    assert ('class="ring"' in answer.text and 'class="chart wide"' in answer.text) and "…" not in page.text
    assert ("메모리" in page.text) is (language == "ko")


async def test_the_list_and_the_navigation_lead_to_screens() -> None:
    """Without screens there is no link; an unknown screen is 404."""
    async with face(RoleBackend("trading"), open=["read"]) as server:
        _, listed = await html(server, "/screens")
        links = [given["href"] for given in listed.all("a")]
        assert {"/screens", "/screens/trading", "/screens/portfolio"} <= set(links)
        _, shown = await html(server, "/screens/portfolio")
        assert "Value of all portfolios" in shown.text and "/screens" in [given["href"] for given in shown.all("a")]
        assert (await server.get("/screens/none", accept="text/html")).status == 404
        bare = RoleBackend("trading")
        bare.role_screens.clear()
    async with face(bare, open=["read"]) as server:
        _, page = await html(server, "/")
        assert "/screens" not in [given.get("href") for given in page.all("a")]
        assert "[[screens]]" in (await html(server, "/screens"))[1].text


async def test_texts_from_outside_are_texts() -> None:
    """Names, titles, legends, log lines and labels never become markup."""
    backend = RoleBackend("shop")
    backend.example = replace(
        boards.hostile(), checks=tuple(replace(check, name=ATTACK, reason=ATTACK) for check in boards.hostile().checks[:1])
    )
    panels = (
        ScreenPanel("bars", ATTACK, ('label_replace(orders_open, "x", "<b>", "", "")',), ("{{x}}" + ATTACK,)),
        ScreenPanel("pie", ATTACK, ("shop_users",), (ATTACK,)), ScreenPanel("chart", ATTACK, ("shop_users",), (ATTACK,)),
        ScreenPanel("stat", ATTACK, ("orders_open",), (ATTACK,)), ScreenPanel("table", ATTACK, ("orders_open",), (ATTACK,)),
        ScreenPanel("checks"), ScreenPanel("alerts"), ScreenPanel("text", text=ATTACK),
    )  # fmt: skip
    backend.role_screens = [ScreenDefinition(ATTACK, ATTACK, panels=panels)]
    async with face(backend, open=["read"]) as server:
        for path in ("/screens", "/screens/" + "".join(f"%{byte:02x}" for byte in ATTACK.encode())):
            answer, page = await html(server, path)
            assert answer.status == 200 and "<img" not in answer.text and answer.text.count("<script>") == 1
            assert not page.all("img") and ATTACK in page.text


async def test_private_series_are_shown_to_administrators_only() -> None:
    """Two readers of one page at the same time see what each may."""
    backend = RoleBackend("trading")
    cookies = {scope: with_session(backend, scope) for scope in ("act", "admin")}
    async with face(backend, beside={"redact": {"private": ["portfolio_value"]}}) as server:
        for scope, shown in (("act", False), ("admin", True), ("act", False)):
            _, page = await html(server, "/screens/portfolio", cookie=cookies[scope])
            assert ("arbitrage" in page.text) is shown, scope
            assert ("no data" in page.text) is not shown
