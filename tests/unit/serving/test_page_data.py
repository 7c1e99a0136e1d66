"""Readings for pages: kept for as long as they are true, tried again soon where they failed, read once for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.strip import Strip
from tui_monitor.serving.page.data import DAYS, SPANS, PageData
from tui_monitor.serving.shared import Shared

HOUR = 3_600_000


class CountingBackend(FakeBackend):
    """Counts what is read, and refuses where told."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []
        self.broken = False

    async def strips(self, checks: Sequence[str], bounds: Sequence[int], level: bool = False) -> dict[str, Strip]:
        self.read.append(len(bounds) - 1)
        await asyncio.sleep(0)
        if self.broken:
            raise CommandRefused("the history cannot be read: disk I/O error")
        return dict(await super().strips(checks, bounds, level))


async def test_days_that_are_over_are_read_once() -> None:
    """Ten minutes later only today is read; at the next midnight all is."""
    backend, clock = CountingBackend(), ManualClock()
    data = PageData(Shared(backend, clock))
    assert len((await data.days(["api"], boards.AT))["api"]) == DAYS
    await clock.advance(600)
    await data.days(["api"], boards.AT + 600_000)
    assert backend.read == [DAYS - 1, 1, 1]
    await clock.advance(86_400)
    await data.days(["api"], boards.AT + 24 * HOUR)
    assert backend.read[3:] == [DAYS - 1, 1]


async def test_those_who_ask_at_once_share_a_reading() -> None:
    """Fifty viewers cost one."""
    backend = CountingBackend()
    data = PageData(Shared(backend, ManualClock()))
    found = await asyncio.gather(*(data.strips(["api"], SPANS["1h"], boards.AT) for _ in range(50)))
    assert backend.read == [60] and all(one is found[0] for one in found)


async def test_a_failed_reading_is_told_and_tried_again_soon() -> None:
    """The page goes without strips and says why; two seconds later they are read again."""
    backend, clock = CountingBackend(), ManualClock()
    data = PageData(Shared(backend, clock))
    backend.broken = True
    assert await data.days(["api"], boards.AT) == {} and "disk I/O error" in data.trouble
    backend.broken = False
    await clock.advance(2.0)
    assert "api" in await data.days(["api"], boards.AT) and data.trouble == ""


async def test_what_is_kept_is_bounded() -> None:
    """A thousand pages asked for leave two hundred readings."""
    data = PageData(Shared(CountingBackend(), ManualClock()))
    for number in range(1000):
        await data.chart(f"metric_{number}", SPANS["1h"], boards.AT)
    assert len(data._kept) == 200 == len(data._busy)
