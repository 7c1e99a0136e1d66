"""The list of this machine's services for a first configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from tests.screens.test_app_keys import press, running, seen, settle
from tui_monitor.board.first_run import FoundService


class SlowSearch:
    """Finds one service once it may."""

    path = "config.toml"

    def __init__(self) -> None:
        self.may_find = asyncio.Event()
        self.written: list[str] = []

    async def find(self) -> Sequence[FoundService]:
        await self.may_find.wait()
        return [FoundService("shop", "http", "127.0.0.1:80", "200 OK", True)]

    async def write(self, names: Collection[str]) -> None:
        self.written += names


async def test_the_search_is_told_until_it_has_ended() -> None:
    """`i` shows the screen at once; Enter writes nothing before it is known what there is."""
    search = SlowSearch()
    async with running(kind="empty", first_run=search) as (app, _, pilot):
        app.action_find_services()
        await pilot.pause()
        async with asyncio.timeout(60):
            while "Searching for services" not in seen(app):
                await pilot.pause()
        await press(app, pilot, "enter")
        assert search.written == []
        search.may_find.set()
        await settle(app, pilot)
        assert "shop" in seen(app) and "Searching" not in seen(app)
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert search.written == ["shop"]
