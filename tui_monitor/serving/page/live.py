"""Live pages: one task per page that somebody looks at renders its parts with each board and sends what changed to all its viewers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Hashable

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.values import Board
from tui_monitor.serving.event_stream import EventStream, event
from tui_monitor.serving.page.parts import PageContent, differences
from tui_monitor.serving.page.render import icon
from tui_monitor.serving.shared import Shared

log = logging.getLogger(__name__)
Make = Callable[[], Awaitable[PageContent | None]]
EVERY_S = 1.0
"""At most one rendering of a page in this time, however often boards come."""


class Watch:
    """One page and its viewers."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.streams: set[EventStream] = set()
        self.new: set[EventStream] = set()
        self.wake = asyncio.Event()
        self.content: PageContent | None = None

    def add(self, stream: EventStream) -> None:
        """A viewer, who gets the whole page first: it may have changed since he loaded it."""
        self.new.add(stream)
        self.wake.set()

    @property
    def watched(self) -> bool:
        """Whether anybody looks."""
        self.streams = {stream for stream in self.streams if not stream.ended}
        self.new = {stream for stream in self.new if not stream.ended}
        return bool(self.streams or self.new)

    def send(self, content: PageContent | None) -> None:
        """Bring every viewer up to date; one whose page has other parts now loads it anew."""
        before, self.content = self.content, content
        new, self.new = self.new, set()
        if content is None:
            self._put(self.streams | new, event("reload", "{}"))
        elif before is None:
            self._put(self.streams | new, _whole(content))
        else:
            changed = differences(before.parts, content.parts)
            self._put(self.streams, event("reload", "{}") if changed is None else _message(content, changed, before))
            self._put(new, _whole(content))
        self.streams |= new

    @staticmethod
    def _put(streams: set[EventStream], message: bytes) -> None:
        for stream in streams:
            stream.put(message)


def _whole(content: PageContent) -> bytes:
    return _message(content, {part.id: part.html for part in content.parts}, None)


def _message(content: PageContent, parts: dict[str, str], before: PageContent | None) -> bytes:
    said = {"title": content.title, "at": content.at, "parts": parts}
    if before is None or before.shade != content.shade:
        said["icon"] = icon(content.shade)
    if before is not None and before.announcement != content.announcement:
        said["say"] = content.announcement
    return event("page", json.dumps(said, ensure_ascii=False))


class LivePages:
    """All watched pages. Nothing runs and nothing is rendered while nobody looks."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._watches: dict[Hashable, Watch] = {}
        shared.boards.subscribe(self._take)

    def __len__(self) -> int:
        return len(self._watches)

    def watch(self, key: Hashable, make: Make, stream: EventStream) -> None:
        """Send the page that ``make`` renders to a stream until it ends. Pages of the same ``key`` are rendered once for all."""
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = Watch(make)
            self._shared.spawn(self._run(key, watch), "live-page")
        watch.add(stream)

    def _take(self, board: Board) -> None:
        for watch in self._watches.values():
            watch.wake.set()

    async def _run(self, key: Hashable, watch: Watch) -> None:
        try:
            while watch.watched:
                watch.wake.clear()
                try:
                    watch.send(await watch.make())
                except CommandRefused as refused:
                    log.debug("a live page has to wait: %s", refused)
                await self._shared.clock.sleep(EVERY_S)
                await watch.wake.wait()
        except Exception:  # the boundary: one page's fault ends its streams, not the others
            log.exception("internal error while rendering a live page")
        finally:
            del self._watches[key]
            for stream in watch.streams | watch.new:
                stream.end()
