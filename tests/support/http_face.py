"""The HTTP interface over a backend, on loopback and on a unix socket, and raw bytes to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.support.board_backend import FakeBackend
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.config.settings import Settings
from tui_monitor.core.access_token import AccessToken, digest_of
from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.serving.service import HttpService


class Answer:
    """One answer: status, headers (small letters), body."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1]) if first else 0
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Face:
    """An open interface; ``problems``: what it has reported."""

    def __init__(self, backend: Any, directory: Path, port: int, clock: Clock) -> None:
        self.backend = backend
        self.port = port
        self.problems: list[str] = []
        self.directory = directory
        self.service = HttpService(backend, open_directory(directory), clock, self.problems.append, {})

    @property
    def socket(self) -> str:
        """The path of the unix socket."""
        return str(self.directory / "http.sock")

    async def raw(self, data: bytes, *, unix: bool = False, within: float = 20.0) -> bytes:
        """Everything that comes back until the other end closes."""
        reader, writer = await (asyncio.open_unix_connection(self.socket) if unix else asyncio.open_connection("127.0.0.1", self.port))
        try:
            writer.write(data)
            async with asyncio.timeout(within):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def ask(
        self, method: str, path: str, body: bytes | str | Mapping[str, Any] = b"", *, token: str = "", unix: bool = False, **headers: Any
    ) -> Answer:
        """One request on a connection of its own; a mapping goes as JSON. Underscores in header names become hyphens."""
        if isinstance(body, Mapping):
            body, headers = json.dumps(body), {"content_type": "application/json", **headers}
        raw = body.encode() if isinstance(body, str) else body
        lines = {"host": f"127.0.0.1:{self.port}", "connection": "close", "content-length": str(len(raw))}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            lines["authorization"] = f"Bearer {token}"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return Answer(await self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + raw, unix=unix))

    async def get(self, path: str, **more: Any) -> Answer:
        """A GET."""
        return await self.ask("GET", path, **more)


def token_of(*scopes: str, name: str = "test", kind: str = "token", expires_at: int | None = None) -> tuple[str, AccessToken]:
    """A secret and its stored form."""
    secret = f"tm_{name}_{'_'.join(scopes)}"
    return secret, AccessToken(name, scopes, digest_of(secret), "root", 0, expires_at, kind)


@contextlib.asynccontextmanager
async def face(
    backend: Any = None, clock: Clock | None = None, *, beside: Mapping[str, Any] = MappingProxyType({}), **http: Any
) -> AsyncIterator[Face]:
    """An interface with these keys of [http] over a backend (a busy example without one); ``beside``: other sections."""
    with tempfile.TemporaryDirectory(prefix="tui-monitor-http-") as name:
        port = free_port()
        settings = made(Settings, {"host": "web-1", "http": {"listen": f"127.0.0.1:{port}", **http}, **beside})
        opened = Face(FakeBackend() if backend is None else backend, Path(name), port, clock or SystemClock())
        await opened.service.configure(settings)
        try:
            yield opened
        finally:
            await opened.service.close()
