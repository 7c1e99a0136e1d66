"""The HTTP interface beside a leader: opened, changed and closed as the configuration says. Without [http] nothing of it is loaded."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.core.clock import Clock
from tui_monitor.platform.state_directory import StateDirectory

if TYPE_CHECKING:
    from tui_monitor.board.backend import Backend
    from tui_monitor.config.serving import HttpSettings
    from tui_monitor.config.settings import Settings
    from tui_monitor.serving.app import App
    from tui_monitor.serving.listener import Listener

log = logging.getLogger(__name__)
RETRY_S = 5.0
"""An address that is in use is tried again: after a kill -9 the dead process' address may be taken for a moment."""


class HttpService:
    """``report``: called with what is wrong, "" when it is well again."""

    def __init__(
        self,
        backend: Backend,
        directory: StateDirectory,
        clock: Clock,
        report: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._backend = backend
        self._directory = directory
        self._clock = clock
        self._report = report
        self._environ = environ
        self._app: App | None = None
        self._listener: Listener | None = None
        self._listens: HttpSettings | None = None
        self._retry: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The TCP port; 0 while there is none."""
        return self._listener.port if self._listener is not None else 0

    async def configure(self, settings: Settings) -> None:
        """Listen as the settings say; what stays the same is not interrupted. An unusable address is reported, and tried again."""
        await self._end_retry()
        if settings.http is None:
            await self._stop()
            self._report("")
            return
        from tui_monitor.serving.listener import ListenFault

        try:
            await self._apply(settings, settings.http)
        except ListenFault as fault:
            self._report(f"HTTP does not listen: {fault}")
            log.error("HTTP does not listen, trying again each %g s: %s", RETRY_S, fault)
            self._retry = asyncio.create_task(self._try_again(settings), name="http-retry")
            return
        self._report("")

    async def _apply(self, settings: Settings, http: HttpSettings) -> None:
        from tui_monitor.serving.app import App
        from tui_monitor.serving.listener import Listener
        from tui_monitor.serving.route_table import ENDPOINTS

        if self._app is None:
            host = settings.host or os.uname().nodename
            self._app = App(ENDPOINTS, self._backend, settings, self._clock, host, self._directory.path.stat().st_uid)
        else:
            self._app.configure(settings)
        if self._listener is not None and self._listens is not None and _same_addresses(self._listens, http):
            self._listener.reload_tls(http)
        else:
            await self._stop_listening()
            listener = Listener(self._app)
            await listener.open(http, self._socket_file() if http.socket else None)
            self._listener = listener
            log.info("HTTP listens on %s", http.listen or "the unix socket")
        self._listens = http

    def _socket_file(self) -> Path:
        """Beside other services' sockets where systemd gives a directory for them, else in the state directory."""
        directory = self._environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
        return Path(directory or self._directory.path) / "http.sock"

    async def _try_again(self, settings: Settings) -> None:
        from tui_monitor.serving.listener import ListenFault

        assert settings.http is not None
        while True:
            await self._clock.sleep(RETRY_S)
            try:
                await self._apply(settings, settings.http)
            except ListenFault as fault:
                self._report(f"HTTP does not listen: {fault}")
                continue
            self._report("")
            return

    async def close(self) -> None:
        """Stop listening."""
        await self._end_retry()
        await self._stop()

    async def _end_retry(self) -> None:
        task, self._retry = self._retry, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _stop(self) -> None:
        await self._stop_listening()
        self._app = None

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if self._app is not None:
            await self._app.shared.end()
        if listener is not None:
            await listener.close()


def _same_addresses(before: HttpSettings, after: HttpSettings) -> bool:
    return (before.listen, before.socket, before.tls_cert, before.tls_key) == (after.listen, after.socket, after.tls_cert, after.tls_key)
