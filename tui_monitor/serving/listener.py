"""The listening sockets: TCP (with TLS where configured) and the unix socket, served by uvicorn's protocol on our own event loop.

uvicorn's own server is not used: it takes the signals and wakes ten times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import stat
from pathlib import Path
from typing import Any

from tui_monitor.config.serving import HttpSettings, host_and_port_of
from tui_monitor.platform.import_trimming import trim_imports

trim_imports("uvicorn")

from uvicorn.config import Config  # noqa: E402  after the stand-ins
from uvicorn.server import ServerState  # noqa: E402

from tui_monitor.serving.protocol import MOST_HEAD, LimitedProtocol  # noqa: E402

IDLE_S = 30
CLOSE_WITHIN_S = 1.0


class ListenFault(Exception):
    """An address or a certificate that cannot be used; the text says what to change."""


class Listener:
    """Serves an ASGI application on the configured addresses."""

    def __init__(self, app: Any) -> None:
        self._state = ServerState()
        self._config = Config(
            app, loop="none", http=LimitedProtocol, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
            server_header=False, timeout_keep_alive=IDLE_S, h11_max_incomplete_event_size=2 * MOST_HEAD,
        )  # fmt: skip
        self._config.load()
        self._servers: list[asyncio.Server] = []
        self._tls: ssl.SSLContext | None = None
        self._socket_file: Path | None = None

    async def open(self, settings: HttpSettings, socket_file: Path | None) -> None:
        """Listen. ``socket_file``: where the unix socket lies, None for none. Raises ListenFault; then nothing listens."""
        try:
            if settings.listen:
                await self._open_tcp(settings)
            if socket_file is not None:
                await self._open_unix(socket_file)
        except ListenFault:
            await self.close()
            raise

    async def _open_tcp(self, settings: HttpSettings) -> None:
        host, port = host_and_port_of(settings.listen)
        self._tls = server_tls(settings)
        try:
            self._servers.append(
                await asyncio.get_running_loop().create_server(self._protocol, host, port, ssl=self._tls, backlog=256, reuse_address=True)
            )
        except OSError as error:
            raise ListenFault(f"[http] listen = {settings.listen}: {os.strerror(error.errno) if error.errno else error}") from None

    async def _open_unix(self, path: Path) -> None:
        """A left-over socket file of a dead process is replaced; that of a living one is not."""
        try:
            _remove_dead_socket(path)
            self._servers.append(await asyncio.get_running_loop().create_unix_server(self._protocol, str(path), backlog=256))
            os.chmod(path, 0o666)
        except OSError as error:
            raise ListenFault(f"{path}: {os.strerror(error.errno) if error.errno else error}") from None
        self._socket_file = path

    def _protocol(self) -> LimitedProtocol:
        return LimitedProtocol(self._config, self._state, {})

    @property
    def port(self) -> int:
        """The TCP port; 0 where there is none."""
        sockets = [one for server in self._servers for one in server.sockets if one.family != socket.AF_UNIX]
        return int(sockets[0].getsockname()[1]) if sockets else 0

    def reload_tls(self, settings: HttpSettings) -> None:
        """Use the certificate as it is now for new connections. Raises ListenFault; then the old one stays."""
        if self._tls is not None:
            server_tls(settings)
            assert settings.tls_cert and settings.tls_key
            self._tls.load_cert_chain(settings.tls_cert, settings.tls_key)

    async def close(self) -> None:
        """Take no more connections, end the idle ones, give the others a second."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if tasks := set(self._state.tasks):
            _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CLOSE_WITHIN_S)
        for connection in list(self._state.connections):
            if transport := getattr(connection, "transport", None):
                transport.abort()
        if self._socket_file is not None:
            self._socket_file.unlink(missing_ok=True)
            self._socket_file = None


def server_tls(settings: HttpSettings) -> ssl.SSLContext | None:
    """The TLS of the TCP address; None without a certificate. Raises ListenFault."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=lambda: b"")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ListenFault(f"[http] tls_cert and tls_key cannot be used: {getattr(error, 'strerror', None) or error}") from None
    return context


def _remove_dead_socket(path: Path) -> None:
    """Delete the socket file of a process that is gone. Raises ListenFault where something else is there."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ListenFault(f"{path} is in the way and no socket; move it away")
        if _answers(path):
            raise ListenFault(f"another process listens on {path}")
        path.unlink()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True
