"""What pages read from the stores, kept for as long as a bar or a point of the drawing lasts, so that fifty viewers cost one reading."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from tui_monitor.board.backend import Backend, CommandRefused
from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.board.screen_values import ScreenValues
from tui_monitor.board.screens import ScreenDefinition
from tui_monitor.board.strip import Strip, day_bounds, slot_bounds
from tui_monitor.board.values import AlertDetail, AlertView, Board, Chart
from tui_monitor.core.frozen import frozen
from tui_monitor.serving.page.words import Words
from tui_monitor.serving.shared import Shared

T = TypeVar("T")
DAYS = 90
MOST_KEPT = 200
INCIDENTS = 300
RECENT_MS = 3_600_000
AGAIN_S = 2.0
"""How soon a failed reading is tried again."""


@frozen
class PageSpan:
    """What strips and charts reach over: ``length`` ms a bar, ``count`` bars; ``window``: which of a check's windows stands beside it."""

    name: str
    length: int
    count: int
    window: str

    @property
    def whole(self) -> int:
        """In ms."""
        return self.length * self.count


SPANS = {
    one.name: one
    for one in (
        PageSpan("15m", 15_000, 60, "5m"),
        PageSpan("1h", 60_000, 60, "1h"),
        PageSpan("24h", 1_200_000, 72, "24h"),
        PageSpan("30d", 43_200_000, 60, "24h"),
    )
}


class PageData:
    """Readings for pages. Each returns what it has when the store cannot be read; ``trouble`` then says why."""

    def __init__(self, shared: Shared) -> None:
        self._backend = shared.backend
        self._clock = shared.clock
        self._kept: dict[Any, tuple[float, Any]] = {}
        self._busy: dict[Any, asyncio.Lock] = {}
        self._readers: dict[tuple[str, str, bool], ScreenReader] = {}
        self.trouble = ""

    async def strips(self, names: Sequence[str], span: PageSpan, now: int) -> Mapping[str, Strip]:
        """Strips that end now."""
        bounds = slot_bounds(now, span.length, span.count)
        read = lambda: self._backend.strips(names, bounds)  # noqa: E731
        return await self._keep(("strips", span.name, tuple(names)), max(5.0, span.length / 6000), read, {})

    async def days(self, names: Sequence[str], now: int) -> Mapping[str, Strip]:
        """Strips of the last 90 calendar days of the machine's zone. Days that are over are read once: 20 checks take a second."""
        bounds = day_bounds(now, None, DAYS)
        over = await self._days(("over", tuple(names), bounds[0]), 86_400, names, bounds[:-1])
        today = await self._days(("today", tuple(names), bounds[0]), 60, names, bounds[-2:])
        return {name: (*over[name], *today[name]) for name in names if name in over and name in today}

    async def _days(self, key: tuple[object, ...], seconds: float, names: Sequence[str], bounds: Sequence[int]) -> Mapping[str, Strip]:
        return await self._keep(key, seconds, lambda: self._backend.strips(names, bounds, level=True), {})

    async def chart(self, expr: str, span: PageSpan, now: int) -> Chart:
        """A chart that ends now."""
        points = min(180, span.count * 2)
        read = lambda: self._backend.chart(expr, now - span.whole, now, points)  # noqa: E731
        return await self._keep(("chart", expr, span.name), max(5.0, span.whole / points / 1000), read, Chart())

    async def ended(self) -> Sequence[AlertView]:
        """Alerts that have ended, newest first."""
        return await self._keep("ended", 5, lambda: self._backend.alert_history(INCIDENTS), ())

    async def detail(self, ident: str) -> AlertDetail | None:
        """One alert; None where there is none of this id."""
        return await self._keep(("detail", ident), 1, lambda: self._detail(ident), None)

    async def _detail(self, ident: str) -> AlertDetail | None:
        try:
            return await self._backend.alert_detail(ident)
        except CommandRefused:
            return None

    async def screens(self) -> Sequence[ScreenDefinition]:
        """The configured screens."""
        return await self._keep("screens", 5, self._backend.screens, ())

    async def screen_values(self, screen: ScreenDefinition, backend: Backend, board: Board, words: Words) -> ScreenValues:
        """A screen's values as a reader may see them; readers of the same language and rights share the questions."""
        key = (screen.name, words.t.language, backend is self._backend)
        reader = self._readers.get(key)
        if reader is None or reader.screen != screen:
            reader = self._readers[key] = ScreenReader(backend, screen, words.t.language, words.zone)
        reader.backend = backend
        async with self._busy.setdefault(("screen", *key), asyncio.Lock()):
            await reader.refresh(board)
        return reader.values(board)

    def forget(self) -> None:
        """Read everything anew: something was done."""
        self._kept = {key: kept for key, kept in self._kept.items() if key != "ended" and key[0] != "detail"}

    async def _keep(self, key: Any, seconds: float, read: Callable[[], Awaitable[T]], default: T) -> T:
        """What was read at most ``seconds`` ago, else a new reading; those who want it meanwhile wait for the same one."""
        async with self._busy.setdefault(key, asyncio.Lock()):
            now = self._clock.monotonic()
            if key in self._kept and now < self._kept[key][0]:
                kept: T = self._kept[key][1]
                return kept
            found = await self._read(read, default)
            self._kept.pop(key, None)
            self._kept[key] = (now + (AGAIN_S if self.trouble else seconds), found)
            while len(self._kept) > MOST_KEPT:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._busy.pop(oldest, None)
            return found

    async def _read(self, read: Callable[[], Awaitable[T]], default: T) -> T:
        try:
            found = await read()
        except CommandRefused as refused:
            self.trouble = str(refused)
            return default
        self.trouble = ""
        return found
