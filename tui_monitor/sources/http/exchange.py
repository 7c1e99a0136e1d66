"""One HTTP/1.1 request and answer over a stream, bounded in size, on h11's state machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

import h11

from tui_monitor.sources.http.charset import header_text
from tui_monitor.sources.http.inflate import ENCODINGS, PIECE, BadCompression, inflate
from tui_monitor.sources.http.request import HttpRequest
from tui_monitor.sources.net.slices import Pause, in_slices
from tui_monitor.sources.net.stream import Stream

MAX_HEAD = 65536
"""Bytes that status line and headers together may take."""
_MAX_INTERIM = 16
_FEW_STEPS = 64


class BadAnswer(Exception):
    """An invalid or truncated HTTP answer; the text is the reason. ``silent`` where not one byte was received."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


@dataclass(slots=True)
class Answer:
    """An HTTP answer; header names are lower case; ``cut`` where the body was longer than read."""

    status: int
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    cut: bool
    reusable: bool

    def header(self, name: str) -> str | None:
        """The values of a header, joined by ", "; None where it is absent."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


class Exchange:
    """Request runner over one stream; ``first`` is the perf_counter of the answer's first byte, else 0."""

    __slots__ = ("_connection", "_in_body", "_stream", "first")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._in_body = False
        self.first = 0.0

    async def run(self, request: HttpRequest, max_body: int, begun: Callable[[], None]) -> Answer:
        """Send the request and read the answer, its body up to ``max_body`` bytes; calls ``begun`` after the headers.

        Raises BadAnswer or OSError.
        """
        self._in_body = False
        self.first = 0.0
        await self._send(request)
        head = await self._head()
        self._in_body = True
        begun()
        body, cut = (b"", False) if isinstance(head, h11.InformationalResponse) else await self._body(max_body)
        headers = [(name.decode("ascii"), header_text(value)) for name, value in head.headers]
        version = "HTTP/" + head.http_version.decode("ascii")
        return Answer(head.status_code, version, headers, body, cut, self._renew())

    async def _send(self, request: HttpRequest) -> None:
        connection = self._connection
        data = connection.send(request.head) or b""
        if request.body:
            data += connection.send(h11.Data(data=request.body)) or b""
        data += connection.send(h11.EndOfMessage()) or b""
        try:
            await self._stream.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # a server can answer (413, 401) and close before it has read the request: read its answer

    async def _head(self) -> h11.Response | h11.InformationalResponse:
        interim = 0
        while True:
            event = self._next_event()
            if event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.Response) or (isinstance(event, h11.InformationalResponse) and event.status_code == 101):
                return event
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > _MAX_INTERIM:
                    raise BadAnswer("sends interim answers (1xx) without end")
            else:
                raise BadAnswer("closed the connection without an answer")

    async def _body(self, limit: int) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        size = 0
        pause = Pause()
        while True:
            await pause.when_due()  # yields: data of a fast sender never blocks, and one-byte chunks cost 10 µs each
            event = self._next_event()
            if isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                size += len(event.data)
                if size > limit:
                    return b"".join(parts)[:limit], True
            elif event is h11.NEED_DATA:
                await self._receive()
            else:
                return b"".join(parts), False

    async def _receive(self) -> None:
        data = await self._stream.receive()
        if data:
            self.first = self.first or perf_counter()
        elif not self.first:
            raise BadAnswer("closed the connection without an answer", silent=True)
        self._connection.receive_data(data)

    def _next_event(self) -> object:
        try:
            return self._connection.next_event()
        except h11.RemoteProtocolError as error:
            raise BadAnswer(self._fault(error)) from error

    def _fault(self, error: h11.RemoteProtocolError) -> str:
        if self._in_body:
            closed = self._connection.trailing_data[1]
            return "broke off in the middle of the answer" if closed else f"answered broken HTTP ({_what(error)})"
        if error.error_status_hint == 431:
            return f"answered garbage (more than {MAX_HEAD // 1024}KiB of headers)"
        pending, closed = self._connection.trailing_data
        if pending[:2] in (b"\x15\x03", b"\x16\x03"):
            return "answered TLS, not plain HTTP (https?)"
        if closed and pending.startswith(b"HTTP/1."):
            return "broke off in the middle of the headers"
        if "header" in _what(error):
            return f"answered broken HTTP ({_what(error)})"
        return "answered garbage (not HTTP)"

    def _renew(self) -> bool:
        """Prepare for the next request if both sides keep the connection."""
        connection = self._connection
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE and not connection.trailing_data[0]:
            self._connection.start_next_cycle()
            return True
        return False


def _what(error: h11.RemoteProtocolError) -> str:
    """h11's error text without its quotes from the target."""
    return str(error).partition(":")[0].lower()


async def decoded(answer: Answer, limit: int) -> tuple[bytes, bool]:
    """The decoded body, at most ``limit`` bytes, and whether it was cut. Raises BadAnswer."""
    return await in_slices(_decoding(answer, limit))


def beginning(answer: Answer, limit: int) -> bytes:
    """Up to ``limit`` bytes of the decoded body for an excerpt, decoded in a few steps only. Raises BadAnswer."""
    found = b""
    for piece in islice(body_pieces(answer), _FEW_STEPS):
        found += piece
        if len(found) >= limit:
            break
    return found[:limit]


def _decoding(answer: Answer, limit: int) -> Generator[None, None, tuple[bytes, bool]]:
    parts: list[bytes] = []
    size = 0
    for piece in body_pieces(answer):
        parts.append(piece)
        size += len(piece)
        if size > limit:
            return b"".join(parts)[:limit], True
        yield
    return b"".join(parts), answer.cut


def body_pieces(answer: Answer) -> Iterator[bytes]:
    """The decoded body in pieces of at most 64 KiB, each a short step. Raises BadAnswer.

    A plain probe requests no encoding; gzip and deflate of servers that compress anyway are decoded.
    """
    encoding = (answer.header("content-encoding") or "").strip().lower()
    if encoding in ("", "identity") or not answer.body:
        for start in range(0, len(answer.body), PIECE):
            yield answer.body[start : start + PIECE]
        return
    if encoding not in ENCODINGS:
        raise BadAnswer("body has a content encoding that is not understood")
    try:
        yield from inflate(answer.body, encoding)
    except BadCompression as error:
        if not (answer.cut and error.cut_short):
            raise BadAnswer(str(error)) from error
