"""One unary gRPC call over a stream, on h2's state machine, bounded in every direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from tui_monitor.sources.grpc.health import BadMessage, Outcome, code_of, code_of_http, said_of, unframed
from tui_monitor.sources.net.connect import Failure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.stream import Stream

MAX_RECEIVED = 2**18
"""Bytes of a whole answer with all its frames; a health answer has a hundred."""
MAX_BODY = 49_152
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
Header = tuple[str, str]


class UnaryCall:
    """One call on a new connection; ``run`` gives its outcome."""

    def __init__(self, stream: Stream, secured: bool) -> None:
        self._stream = stream
        self._secured = secured
        self._http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None))
        self._received = 0
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._trailers: dict[str, str] = {}
        self._ended = False

    async def run(self, headers: Sequence[Header], payload: bytes) -> Outcome:
        """Send the request and read the answer. Raises Failure, BadMessage or OwnTrouble."""
        try:
            return await self._run(headers, payload)
        except OSError as error:
            raise stream_failure(error, self._stream.peer) from error
        except h2.exceptions.H2Error as error:
            raise Failure(f"speaks broken HTTP/2 ({_words(error)}) ({self._stream.peer})") from error

    async def _run(self, headers: Sequence[Header], payload: bytes) -> Outcome:
        http2 = self._http2
        http2.initiate_connection()
        stream = http2.get_next_available_stream_id()
        http2.send_headers(stream, headers)
        http2.send_data(stream, payload, end_stream=True)
        await self._stream.send(http2.data_to_send())
        while not self._ended:
            self._take(await self._some())
            if out := http2.data_to_send():
                await self._stream.send(out)
        return self._outcome()

    async def _some(self) -> bytes:
        data = await self._stream.receive()
        first, self._received = not self._received, self._received + len(data)
        if not data:
            raise Failure(f"{self._hung_up(first)} ({self._stream.peer})")
        if first and data.startswith(b"HTTP/1"):
            raise Failure(f"speaks HTTP/1, not HTTP/2: no gRPC server listens there ({self._stream.peer})")
        if first and data[:2] in _TLS_RECORDS and not self._secured:
            raise Failure(f"answered TLS: set tls = true ({self._stream.peer})")
        if self._received > MAX_RECEIVED:
            raise Failure(f"sends an answer without end ({self._stream.peer})")
        return data

    def _hung_up(self, first: bool) -> str:
        if not first:
            return "broke off in the middle of the answer"
        return "closed the connection without an answer" + ("" if self._secured else "; where it wants TLS, set tls = true")

    def _take(self, data: bytes) -> None:
        for event in self._http2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self._headers = _texts(event.headers)
            elif isinstance(event, h2.events.TrailersReceived):
                self._trailers = _texts(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self._data(event)
            elif isinstance(event, h2.events.StreamEnded):
                self._ended = True
            elif isinstance(event, h2.events.StreamReset):
                self._reset(event)
            elif isinstance(event, h2.events.ConnectionTerminated) and not self._ended:
                said = clean((event.additional_data or b"").decode("utf-8", "replace"), 80)
                raise Failure(f"ended the connection (GOAWAY {_error_name(event.error_code)}{f': {said}' if said else ''})")

    def _data(self, event: h2.events.DataReceived) -> None:
        self._body += event.data or b""
        if len(self._body) > MAX_BODY:
            raise Failure(f"sends a message of more than {MAX_BODY // 1024}KiB ({self._stream.peer})")
        if event.flow_controlled_length and event.stream_id and not self._ended:
            self._http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _reset(self, event: h2.events.StreamReset) -> None:
        """A reset without an error after the status is allowed: the server does not want the rest of the request."""
        if "grpc-status" not in self._headers:
            raise Failure(f"reset the call ({_error_name(event.error_code)})")
        self._ended = True

    def _outcome(self) -> Outcome:
        told = self._trailers if "grpc-status" in self._trailers else self._headers
        kind, status = self._headers.get("content-type", ""), self._headers.get(":status", "")
        if "grpc-status" in told:
            code = code_of(told["grpc-status"])
            return Outcome(code, said_of(told.get("grpc-message", "")), unframed(bytes(self._body)) if code == 0 else None)
        if status == "200" and kind.startswith("application/grpc"):
            raise BadMessage("the answer has no grpc-status")
        return Outcome(code_of_http(status), f"HTTP {clean(status, 10)} of type {clean(kind, 40) or 'unknown'}, not gRPC")


def _texts(headers: Iterable[tuple[object, object]] | None) -> dict[str, str]:
    return {_text(name).lower(): _text(value) for name, value in headers or ()}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _error_name(code: object) -> str:
    try:
        return h2.errors.ErrorCodes(code).name  # type: ignore[arg-type]
    except ValueError:
        return clean(str(code), 20)


def _words(error: Exception) -> str:
    return clean(str(error) or type(error).__name__, 80)
