"""Server-sent events (WHATWG HTML, 9.2): streams with a bounded queue each, a comment every 15 s, ended at once when the server closes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from tui_monitor.serving.answers import ApiError

MOST_STREAMS = 64
MOST_WAITING = 200
"""Events that may wait for a slow reader; one more ends its stream: it connects again and gets the present state."""
COMMENT_EVERY_S = 15.0
"""Proxies close what is silent for 30 to 60 s."""
RETRY_MS = 2000
LONGEST_S = 1800.0
"""A stream ends after this and is opened anew by its reader: who has lost the right to read meanwhile gets no further."""


def event(name: str, data: str, ident: str = "") -> bytes:
    """One event; the lines of ``data`` become one field each."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"{f'id: {ident}' + chr(10) if ident else ''}event: {name}\n{lines}\n".encode("utf-8", "replace")


class EventStream:
    """One reader's stream."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self.ended = False

    def put(self, message: bytes) -> None:
        """Send an event; a reader that is too slow loses its stream."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self.ended = True
        if not self.ended:
            self._waiting.append(message)
        self._wake.set()

    def end(self) -> None:
        """End after what is waiting."""
        self.ended = True
        self._wake.set()

    async def messages(self, comment_every: float = COMMENT_EVERY_S, longest: float = LONGEST_S) -> AsyncIterator[bytes]:
        """What is to be written, all that waits at once; a comment where nothing was for a while."""
        yield b"retry: %d\n\n" % RETRY_MS
        end = asyncio.get_running_loop().time() + longest
        while asyncio.get_running_loop().time() < end:
            self._wake.clear()
            if self._waiting:
                together = b"".join(self._waiting)
                self._waiting.clear()
                yield together
            if self.ended:
                return
            try:
                async with asyncio.timeout(comment_every):
                    await self._wake.wait()
            except TimeoutError:
                yield b":\n\n"


class EventStreams:
    """The open streams of a server, all subjects together."""

    def __init__(self) -> None:
        self._open: set[EventStream] = set()

    def __len__(self) -> int:
        return len(self._open)

    def open(self) -> EventStream:
        """A new stream. Raises ApiError 503 where there are too many."""
        if len(self._open) >= MOST_STREAMS:
            raise ApiError(503, f"there are {MOST_STREAMS} event streams already", headers={"retry-after": "5"})
        stream = EventStream()
        self._open.add(stream)
        return stream

    def answer(self, stream: EventStream) -> StreamingResponse:
        """The response that writes the stream until it or its reader ends."""
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._written(stream), media_type="text/event-stream", headers=headers)

    async def _written(self, stream: EventStream) -> AsyncIterator[bytes]:
        try:
            async for message in stream.messages():
                yield message
        finally:
            stream.ended = True
            self._open.discard(stream)

    def end_all(self) -> None:
        """End every stream: the server closes."""
        for stream in self._open:
            stream.end()
