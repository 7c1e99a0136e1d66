"""Live pages: what is sent when, to whom, and at which cost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.event_reader import event_stream
from tests.support.http_face import Face, face, token_of
from tests.support.processes import until
from tui_monitor.board.values import Board
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import HealthStatus
from tui_monitor.serving.page.live import LivePages
from tui_monitor.serving.page.overview import row_id
from tui_monitor.serving.page.parts import PagePart, differences

OVERVIEW = "/live?page=overview&span=1h&name=&language=en"


class QuickClock(SystemClock):
    """A clock whose pauses do not last."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def changed(board: Board, name: str, **fields: Any) -> Board:
    """The board a second later with one check changed."""
    checks = tuple(replace(check, **fields) if check.name == name else check for check in board.checks)
    return replace(board, at=board.at + 1000, checks=checks)


def push(backend: FakeBackend, board: Board) -> None:
    """A new board, also for those who ask."""
    backend.example = board
    backend.push(board)


def watches(server: Face) -> int:
    assert server.service._app is not None
    return len(server.service._app.shared.one(LivePages))


def test_only_changed_rows_differ() -> None:
    """A row goes by itself; other rows or another frame bring the whole part; other parts the whole page."""
    one = PagePart("a", "<p>", (("r1", "1"), ("r2", "2")), "</p>")
    assert differences([one], [replace(one, rows=(("r1", "1"), ("r2", "3")))]) == {"r2": "3"}
    assert differences([one], [replace(one, rows=(("r1", "1"),))]) == {"a": "<p>1</p>"}
    assert differences([one], [replace(one, after="</p> ")]) == {"a": "<p>12</p> "}
    assert differences([one], [one]) == {} and differences([one], []) is None


async def test_a_page_gets_what_changed() -> None:
    """First a greeting and the whole page, then the changed row, verdict and title; what stays the same is not sent again."""
    backend = FakeBackend()
    async with face(backend, QuickClock(), open=["read"]) as server, event_stream(server.port, OVERVIEW) as events:
        assert (await events.next())[1].keys() == {"version", "token"}
        _, page = await events.next()
        assert page["parts"].keys() == {"notices", "verdict", "incidents", "services", "tiles", "days"}
        push(backend, changed(backend.example, "api", duration=0.5))
        _, page = await events.next()
        assert list(page["parts"]) == [row_id("api")] and "500" in page["parts"][row_id("api")] and "icon" not in page
        ill = changed(backend.example, "api", status=HealthStatus.UNHEALTHY, reason="connection refused", since=backend.example.at)
        push(backend, ill)
        _, page = await events.next()
        assert {"verdict", "services"} <= page["parts"].keys() and "tiles" not in page["parts"]
        assert page["title"].startswith("✗3") and "api" in page["say"]


async def test_a_hundred_viewers_cost_one_rendering() -> None:
    """A page is rendered once for all its viewers; without viewers nothing is rendered any more."""
    backend = FakeBackend()
    async with face(backend, QuickClock(), open=["read"]) as server:
        async with event_stream(server.port, OVERVIEW) as one, event_stream(server.port, OVERVIEW) as two:
            for events in (one, two):
                await events.next("page")
            assert watches(server) == 1
            async with event_stream(server.port, OVERVIEW.replace("=en", "=ko")) as three:
                assert "서비스" in (await three.next("page"))[1]["parts"]["services"]
                assert watches(server) == 2
        for _ in range(100):
            push(backend, changed(backend.example, "api"))
            await asyncio.sleep(0.01)
            if not watches(server):
                break
        await until(lambda: watches(server) == 0)


async def test_a_page_whose_check_is_gone_is_loaded_anew() -> None:
    """A reload of the configuration took the check away: the viewer's page asks again, and finds what there is."""
    backend = FakeBackend()
    path = "/live?page=check&name=api&span=1h&language=en"
    async with face(backend, QuickClock(), open=["read"]) as server, event_stream(server.port, path) as events:
        await events.next("page")
        push(backend, replace(backend.example, checks=backend.example.checks[1:]))
        assert (await events.next())[0] == "reload"


async def test_only_who_may_act_gets_a_form_token() -> None:
    """The greeting has the token that the page's forms need, also after a restart."""
    backend = FakeBackend()
    acting, token = token_of("act", name="kim")
    backend.access_tokens = [token]
    async with face(backend, QuickClock(), open=["read"]) as server:
        async with event_stream(server.port, OVERVIEW, acting) as events:
            assert len((await events.next("hello"))[1]["token"]) == 64
            assert "formaction" in (await events.next("page"))[1]["parts"]["incidents"]
        async with event_stream(server.port, OVERVIEW) as events:
            assert (await events.next("hello"))[1]["token"] == ""
            assert "formaction" not in (await events.next("page"))[1]["parts"]["incidents"]
        assert (await server.get("/live?page=nothing")).status == 400


async def test_a_page_is_rendered_once_a_second_at_most() -> None:
    """Boards that come faster wait for the pause's end and are told together."""
    backend, clock = FakeBackend(), ManualClock()
    async with face(backend, clock, open=["read"]) as server, event_stream(server.port, OVERVIEW) as events:
        await events.next("page")
        for number in range(5):
            push(backend, changed(backend.example, "api", duration=number / 10))
        await clock.advance(1.0)
        assert "400" in (await events.next("page"))[1]["parts"][row_id("api")]
