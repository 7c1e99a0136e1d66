"""One WebSocket connection over a stream, on the protocol machine of the library websockets: bounded, and without compression.

Compression (permessage-deflate) is never offered: a message of a few bytes could become one of megabytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from time import perf_counter
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import WebSocketURI

from tui_monitor.core.units import format_size
from tui_monitor.sources.http.expectations import status_text
from tui_monitor.sources.http.request import USER_AGENT, Url
from tui_monitor.sources.net.connect import Failure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.slices import Pause
from tui_monitor.sources.net.stream import Stream

_SLICE = 2048
"""Bytes that the protocol takes at once: a frame may be two bytes, and 64 KiB of them would hold the loop for 0.2 s."""
_CODES = {
    1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "unsupported data", 1005: "no code given",
    1007: "invalid data", 1008: "policy violation", 1009: "message too big", 1010: "extension wanted", 1011: "internal error",
    1012: "service restart", 1013: "try again later", 1014: "bad gateway",
}  # fmt: skip
_SILENT = logging.Logger("websockets", logging.CRITICAL + 1)
"""The library's logger: what it says is in the reasons."""


class Connection:
    """An upgraded connection. Its methods raise Failure with the reason, or OwnTrouble.

    ``answered``: the payload of the newest pong. ``round_trip``: seconds from the newest own ping to its pong, None before the first.
    """

    def __init__(self, stream: Stream, url: Url, max_message: int) -> None:
        path, _, query = url.target.partition("?")
        uri = WebSocketURI(url.secure, url.host, url.port, path, query)
        self._protocol = ClientProtocol(uri, extensions=None, max_size=max_message, logger=_SILENT)
        self._stream = stream
        self._url = url
        self._max_message = max_message
        self._sending = asyncio.Lock()
        self._early: list[Frame] = []
        self._pinged = (b"", 0.0)
        self.answered = b""
        self.round_trip: float | None = None

    async def upgrade(self, headers: Mapping[str, str]) -> None:
        """The opening handshake (RFC 6455, section 4)."""
        protocol = self._protocol
        request = protocol.connect()
        for name, value in {"Host": self._url.authority, "User-Agent": USER_AGENT, **headers}.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        protocol.send_request(request)
        await self._flush()
        while True:
            data = await self._received()
            events = self._fed(data) if data else self._ended()
            if protocol.handshake_exc is not None:
                raise Failure(self._refusal(protocol.handshake_exc))
            if any(isinstance(event, Response) for event in events):
                self._early = [event for event in events if isinstance(event, Frame)]
                return
            if not data:
                raise Failure(f"closed the connection without an answer to the upgrade ({self._stream.peer})")

    def _fed(self, data: bytes) -> list[object]:
        self._protocol.receive_data(data)
        return list(self._protocol.events_received())

    def _ended(self) -> list[object]:
        self._protocol.receive_eof()
        return list(self._protocol.events_received())

    def _refusal(self, error: Exception) -> str:
        if isinstance(error, InvalidStatus):
            response = error.response
            where = response.headers.get_all("Location")
            leads = f", leads to {clean(where[0], 80)}: give that address" if where and 300 <= response.status_code < 400 else ""
            return f"{status_text(response.status_code)} at the upgrade{leads}"
        cause = error.__cause__
        if isinstance(cause, EOFError):
            return f"closed the connection without an answer to the upgrade ({self._stream.peer})"
        return f"does not upgrade to WebSocket ({clean(str(error), 80)}) ({self._stream.peer})"

    async def send(self, text: str) -> None:
        """Send a message."""
        self._protocol.send_text(text.encode())
        await self._flush()

    async def ping(self, payload: bytes) -> None:
        """Send a ping; ``answered`` is its payload once the pong has come."""
        self._pinged = (payload, perf_counter())
        self._protocol.send_ping(payload)
        await self._flush()

    async def messages(self) -> AsyncIterator[bytes]:
        """Every message, text or not, until the connection ends, which is a Failure. Pings are answered meanwhile."""
        pause, message = Pause(), bytearray()
        frames = self._early
        while True:
            for frame in frames:
                await pause.when_due()
                self._look_at(frame)
                if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    message += frame.data
                    if frame.fin:
                        yield bytes(message)
                        message.clear()
            frames = await self._frames(pause)

    async def _frames(self, pause: Pause) -> list[Frame]:
        if self._protocol.parser_exc is not None:
            raise Failure(self._broken(self._protocol.parser_exc))
        data = await self._received()
        found: list[object] = []
        for start in range(0, len(data), _SLICE):
            found += self._fed(data[start : start + _SLICE])
            await pause.when_due()
        if not data:
            found += self._ended()
        await self._flush()
        return cast(list[Frame], found)

    def _look_at(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self.answered, (pinged, at) = bytes(frame.data), self._pinged
            self.round_trip = perf_counter() - at if self.answered == pinged else self.round_trip
        elif frame.opcode is Opcode.CLOSE:
            raise Failure(self._closed())

    def _closed(self) -> str:
        close = self._protocol.close_rcvd
        code, said = (close.code, close.reason) if close is not None else (1005, "")
        name = _CODES.get(code, "")
        return f"closed the connection: {code}{f' ({name})' if name else ''}{f', {chr(34)}{clean(said, 80)}{chr(34)}' if said else ''}"

    def _broken(self, error: Exception) -> str:
        if isinstance(error, PayloadTooBig):
            return f"sends a message larger than max_message = {format_size(self._max_message)}; raise it"
        if isinstance(error, EOFError):
            return f"broke off the connection ({self._stream.peer})"
        if isinstance(error, ProtocolError):
            return f"breaks the WebSocket protocol ({clean(str(error), 80)})"
        return f"breaks the WebSocket protocol ({type(error).__name__})"

    async def _received(self) -> bytes:
        try:
            return await self._stream.receive()
        except OSError as error:
            raise stream_failure(error, self._stream.peer) from error

    async def _flush(self) -> None:
        try:
            async with self._sending:
                for data in self._protocol.data_to_send():
                    if data:
                        await self._stream.send(data)
        except OSError as error:
            raise stream_failure(error, self._stream.peer) from error

    def close(self) -> None:
        """End the connection at once."""
        self._stream.close()
