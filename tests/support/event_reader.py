"""A reader of server-sent events over a raw connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any


class EventReader:
    """One open stream; `next` gives its events in order."""

    def __init__(self, reader: asyncio.StreamReader, status: int, headers: str) -> None:
        self._reader = reader
        self.status = status
        self.headers = headers
        self._text = ""

    async def next(self, kind: str = "", within: float = 20.0) -> tuple[str, Any]:
        """The next event (of this kind): its name and its data as JSON."""
        async with asyncio.timeout(within):
            while True:
                name, data = await self._event()
                if data and kind in ("", name):
                    return name, json.loads(data)

    async def _event(self) -> tuple[str, str]:
        name, data = "", []
        while line := await self._line():
            field, _, value = line.partition(": ")
            name = value if field == "event" else name
            data += [value] if field == "data" else []
        return name, "\n".join(data)

    async def _line(self) -> str:
        while "\n" not in self._text:
            size = int((await self._reader.readuntil(b"\r\n")).strip(), 16)
            if size == 0:
                raise EOFError
            self._text += (await self._reader.readexactly(size + 2))[:-2].decode()
        line, _, self._text = self._text.partition("\n")
        return line

    async def ends(self, within: float = 20.0) -> None:
        """Until the other end has ended the stream."""
        with contextlib.suppress(EOFError, asyncio.IncompleteReadError, ConnectionResetError):
            while True:
                await self.next(within=within)


@contextlib.asynccontextmanager
async def event_stream(port: int, path: str, token: str = "", host: str = "localhost") -> AsyncIterator[EventReader]:
    """An open stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    allowed = f"Authorization: Bearer {token}\r\n" if token else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{allowed}\r\n".encode())
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        yield EventReader(reader, int(head.split(" ")[1]), head.lower())
    finally:
        writer.close()
