"""The reading of kept log lines for the log screen: their end, a moment, what comes, what is near the selection, matches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from tui_monitor.board.backend import Backend
from tui_monitor.board.log_pages import NEWEST, OLDEST, LogPage, LogPageQuery, PlacedLine, Position
from tui_monitor.widgets.log_filter import LogChoice
from tui_monitor.widgets.log_window import LogWindow

PARTS = 8
"""Pages that one second of following reads; where more has come, the newest are shown and the rest is left out."""
MOST_NEW = 1000
PAGE = 200


class LogView(Protocol):
    """What shows the lines."""

    def lines_changed(self, *, last: bool = False, searched: int = 0) -> None:
        """The window has changed; ``last``: select its last line. ``searched``: how far back a search is (UTC ms), 0: none runs."""
        ...

    def select_line(self, line: PlacedLine | None) -> None:
        """Select a line of the window, with the lines around it."""
        ...

    def lacks(self, *, older: bool) -> bool:
        """Whether the selection is so near the window's beginning, or end, that further lines are needed."""
        ...


class LogReading:
    """Reads the part of the log that ``window`` holds. An answer to a question that another one has replaced is dropped."""

    def __init__(self, backend: Backend, window: LogWindow, view: LogView, now: Callable[[], int], choice: LogChoice) -> None:
        self.choice = choice
        self.past_at = 0
        """The moment of the past up to which lines are shown (UTC ms), 0: all."""
        self.following = True
        self.new = 0
        """Lines that have come while it was paused, at most about `MOST_NEW`."""
        self._backend, self._window, self._view, self._now = backend, window, view, now
        self._turn = 0
        self._busy = asyncio.Lock()
        self._counted: Position = NEWEST

    @property
    def is_busy(self) -> bool:
        """Whether a question waits for its answer."""
        return self._busy.locked()

    def choose(self, choice: LogChoice) -> None:
        """Read other lines from now on; what is held is forgotten."""
        self.choice, self.new, self._counted = choice, 0, NEWEST
        self._window.clear()

    def cancel(self) -> None:
        """Drop what is being read."""
        self._turn += 1

    def pause(self) -> None:
        """Stay at the lines that are shown, and count those that come."""
        if self.following:
            self.new, self._counted = 0, self._window.newer if self._window.at_end else NEWEST
        self.following = False

    def resume(self) -> None:
        """Follow the log from its shown end on."""
        self.following, self.new = True, 0

    async def _page(self, position: Position, *, newer: bool, at: int = 0, search: str = "", limit: int = PAGE) -> LogPage:
        limits = self.choice.limits(self._now(), self.past_at)
        if search:
            limits = replace(limits, texts=(*limits.texts, search))
        return await self._backend.log_page(LogPageQuery(limits, position, at, newer, limit))

    async def show_end(self) -> None:
        """Read the newest lines; rare ones fill the screen part by part."""
        self.cancel()
        turn = self._turn
        self.resume()
        async with self._busy:
            page = await self._page(NEWEST, newer=False)
            if turn == self._turn:
                self._window.begin(page, newer=False)
                self._view.lines_changed(last=True, searched=_part(page))
                await self._fill(turn, last=True)

    async def show_from(self, position: Position = OLDEST, at: int = 0) -> None:
        """Read the lines behind a position, or from a moment on (UTC ms), and older ones above them."""
        self.cancel()
        turn = self._turn
        self.pause()
        async with self._busy:
            page = await self._page(position, newer=True, at=at)
            while not page.lines and page.more and turn == self._turn:
                page = await self._page(page.reached, newer=True, at=at)
            if turn != self._turn:
                return
            self._window.begin(page, newer=True)
            above = await self._page(self._window.older or NEWEST, newer=False)
            if turn == self._turn:
                self._window.add_older(above)
                self._view.lines_changed()
                self._view.select_line((page.lines or above.lines[-1:] or (None,))[0])

    async def _fill(self, turn: int, *, last: bool = False) -> None:
        """Read older lines while they are needed."""
        while turn == self._turn and self._window.older is not None and self._view.lacks(older=True):
            page = await self._page(self._window.older, newer=False)
            if turn == self._turn:
                self._window.add_older(page)
                self._view.lines_changed(last=last and self.following, searched=_part(page))

    async def read_near(self, *, older: bool) -> None:
        """Read what the selection needs."""
        turn = self._turn
        async with self._busy:
            if older:
                await self._fill(turn)
            while not older and turn == self._turn and not self._window.at_end and self._view.lacks(older=False):
                page = await self._page(self._window.newer, newer=True)
                if turn == self._turn:
                    self._window.add_newer(page)
                    self._view.lines_changed()

    async def read_new(self) -> None:
        """Add the lines that have come, or count them while paused."""
        turn = self._turn
        async with self._busy:
            for _ in range(PARTS):
                page = await self._page(self._window.newer if self.following else self._counted, newer=True)
                if turn != self._turn:
                    return
                self._take(page)
                if not page.more or self.new >= MOST_NEW:
                    return self._view.lines_changed(last=self.following)
        if self.following:
            await self.show_end()

    def _take(self, page: LogPage) -> None:
        if self.following:
            self._window.add_newer(page)
        else:
            self.new += len(page.lines)
            self._counted = page.reached

    async def find(self, search: str, position: Position, *, newer: bool, progress: Callable[[int], None]) -> PlacedLine | None:
        """The next line with a text; ``progress`` is told how far the search is (UTC ms). None: there is none, or it was replaced."""
        self.cancel()
        turn = self._turn
        while True:
            page = await self._page(position, newer=newer, search=search, limit=1)
            if page.lines or not page.more or turn != self._turn:
                return page.lines[0] if page.lines and turn == self._turn else None
            position = page.reached
            progress(page.at)


def _part(page: LogPage) -> int:
    return page.at if page.more and not page.lines else 0
