"""A small real HTTP/1.1 server on loopback for tests, whose behaviour is switched at run time; also `python tests/support/httpserver.py`.

    async with HttpServer() as server:
        server.behave(status=500)                 # from now on, on every path
        server.at("/old", redirect="/new")        # on one path only
        server.behave("hang")                     # a fault
        server.requests[-1].path

`serve_in_thread()` gives the same server to tests without an event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Fault = Literal["", "hang", "silent", "reset", "garbage", "cut", "drip", "endless_headers", "endless_body", "long_line", "raw", "ignore"]
"""What goes wrong:

"" nothing · "hang" reads the request, never answers · "silent" closes without an answer · "reset" closes with RST · "garbage" no HTTP ·
"cut" half of the body, then the end · "drip" one byte each ``delay`` seconds · "endless_headers" · "endless_body" chunked, for ever ·
"long_line" a body of one 10 MB line · "raw" sends ``body`` as the whole answer and closes · "ignore" does not even read.
"""


@dataclass(frozen=True)
class Behaviour:
    """How a path answers; ``delay`` is seconds before the answer (or between the bytes of "drip")."""

    fault: Fault = ""
    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    redirect: str = ""
    version: str = "HTTP/1.1"
    chunked: bool = False
    echo: bool = False


@dataclass(frozen=True)
class Request:
    """What came; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpServer:
    """Listens on loopback (port from bind(0) unless given) while its context is open."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self.changed = asyncio.Event()
        self._tls = tls
        self._behaviour = Behaviour()
        self._paths: dict[str, Behaviour] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def behave(self, fault: Fault = "", **how: Any) -> None:
        """Answer like this from now on, on every path that has no behaviour of its own."""
        self._behaviour = _behaviour(fault, how)

    def at(self, path: str, fault: Fault = "", **how: Any) -> None:
        """Answer like this on one path."""
        self._paths[path] = _behaviour(fault, how)

    async def wait_for(self, condition: Any, seconds: float = 60.0) -> None:
        """Wait until ``condition(server)`` holds; looked at after every request, connection and end of one."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()

    async def __aenter__(self) -> HttpServer:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening and drop every connection; new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def start(self) -> None:
        """Listen again on the same port."""
        await self.__aenter__()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_connections += 1
        self.changed.set()
        try:
            while await self._serve(reader, writer):
                continue
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)
            self.open_connections -= 1
            self.changed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self._behaviour.fault == "ignore":
            await asyncio.Event().wait()
        first = await reader.readexactly(1)
        if first == b"\x16":  # a TLS hello: answer in plain HTTP, as web servers do
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return False
        request = await _read_request(reader, first)
        self.requests.append(request)
        self.changed.set()
        how = self._paths.get(request.path.partition("?")[0], self._behaviour)
        if how.delay and how.fault != "drip":
            await asyncio.sleep(how.delay)
        if how.fault:
            await _misbehave(how, reader, writer)
            return False
        keep = how.version == "HTTP/1.1" and request.headers.get("connection", "").lower() != "close"
        writer.write(answer_bytes(how, request, keep))
        await writer.drain()
        return keep


def _behaviour(fault: Fault, how: dict[str, Any]) -> Behaviour:
    body = how.pop("body", None)
    made = replace(Behaviour(fault=fault), **how)
    return made if body is None else replace(made, body=body.encode() if isinstance(body, str) else body)


async def _read_request(reader: asyncio.StreamReader, first: bytes) -> Request:
    lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def answer_bytes(how: Behaviour, request: Request, keep: bool = False) -> bytes:
    """The whole answer as it goes over the wire."""
    body = repr(request).encode() if how.echo else how.body
    status = 302 if how.redirect and how.status == 200 else how.status
    headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "keep-alive" if keep else "close", **how.headers}
    if how.redirect:
        headers["Location"] = how.redirect
    if how.chunked:
        headers["Transfer-Encoding"] = "chunked"
        sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:3], body[3:]) if part) + b"0\r\n\r\n"
    else:
        headers.setdefault("Content-Length", str(len(body)))
        sent = body
    head = f"{how.version} {status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    return head.encode("latin-1") + (b"" if request.method == "HEAD" else sent)


async def _misbehave(how: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    match how.fault:
        case "hang":
            await reader.read()
        case "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        case "garbage":
            writer.write(b"\x00\xff\x1b[31m hello <b>there</b>\r\n\r\n" * 4)
        case "raw":
            writer.write(how.body)
        case "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * len(how.body) + 2) + how.body)
        case "drip":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(how.delay)
        case "endless_headers":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-More: " + b"a" * 4000 + b"\r\n")
                await writer.drain()
        case "endless_body":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")
                await writer.drain()
        case "long_line":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"a" * 10_000_000)
            await writer.drain()


class ThreadedServer:
    """The server's face for tests without a loop: what it does is done in the server's thread."""

    def __init__(self, server: HttpServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self.url = server.url
        self.port = server.port

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        return list(self._server.requests)

    def behave(self, fault: Fault = "", **how: Any) -> None:
        """As `HttpServer.behave`; in force when this returns."""
        self._server.behave(fault, **how)

    def at(self, path: str, fault: Fault = "", **how: Any) -> None:
        """As `HttpServer.at`."""
        self._server.at(path, fault, **how)

    def stop(self) -> None:
        """Stop listening; new connections are refused."""
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(60)

    def start(self) -> None:
        """Listen again on the same port."""
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(60)


@contextlib.contextmanager
def serve_in_thread(**how: Any) -> Iterator[ThreadedServer]:
    """Run a server in a thread of its own while the context is open; arguments as for `HttpServer`."""
    ready: list[ThreadedServer] = []
    started = threading.Event()
    stopping: list[asyncio.Event] = []

    async def main() -> None:
        stop = asyncio.Event()
        async with HttpServer(**how) as server:
            ready.append(ThreadedServer(server, asyncio.get_running_loop()))
            stopping.append(stop)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield ready[0]
    finally:
        ready[0]._loop.call_soon_threadsafe(stopping[0].set)
        thread.join(60)


@contextlib.asynccontextmanager
async def serving(**how: Any) -> AsyncIterator[HttpServer]:
    """`HttpServer` that answers like ``how`` from the start."""
    async with HttpServer() as server:
        server.behave(**how)
        yield server


if __name__ == "__main__":

    async def _main() -> None:
        async with HttpServer() as server:
            print(server.url, flush=True)
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
