"""How a WebSocket connection is made: address, headers, secrets; resolve, connect, TLS, upgrade, each phase timed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping

from tui_monitor.core.units import format_duration
from tui_monitor.sources.http.request import Url, authorization, build_request, parse_url, secrets_of
from tui_monitor.sources.net.connect import Failure, open_stream, secure
from tui_monitor.sources.net.expiry import CertificateExpiry, expiry_of
from tui_monitor.sources.net.resolve import Resolver
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings, certificate_facts, ensure_usable, sent_certificates
from tui_monitor.sources.websocket.connection import Connection
from tui_monitor.sources.websocket.settings import WebSocketCheck

_KEY = re.compile(r"[A-Za-z0-9_+/=.-]{16,}")


class Opener:
    """Makes connections to one address. Raises ValueError naming the key where a setting cannot be used.

    ``phases`` (seconds), ``facts`` and ``expiry`` are those of the newest attempt; ``secrets`` must not be shown.
    """

    def __init__(self, settings: WebSocketCheck, resolver: Resolver) -> None:
        self.stage = ""
        self.url = _url(settings)
        self._settings = settings
        self._resolver = resolver
        self._headers = _headers(settings, self.url)
        self.secrets = _secrets(settings, self.url, self._headers)
        self._tls = TlsSettings(settings.verify, settings.ca_file, settings.cert_file, settings.key_file, settings.tls_min_version)
        ensure_usable(self._tls, used=self.url.secure)
        self.phases: dict[str, float] = {}
        self.facts: dict[str, str] = {}
        self.expiry: CertificateExpiry | None = None

    @property
    def shown(self) -> str:
        """The address without credentials and the values of its query."""
        return "ws" + self.url.shown.removeprefix("http")

    async def opened(self) -> Connection:
        """Resolve, connect, TLS, upgrade, all within the check's timeout. Raises Failure or OwnTrouble."""
        phases = dict.fromkeys(("resolve", "connect", "tls", "upgrade"), 0.0)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._settings.timeout):
                connection = await self._upgraded(phases)
        except TimeoutError:
            raise Failure(f"timed out after {format_duration(self._settings.timeout)} ({self.stage})") from None
        phases["upgrade"] = time.perf_counter() - began - sum(phases.values())
        self.phases, self.stage = phases, ""
        return connection

    async def _upgraded(self, phases: dict[str, float]) -> Connection:
        url, limit = self.url, self._settings.timeout
        stream = await open_stream(self, url.lookup, url.port, phases, self._resolver, limit)
        self.facts = {"address": stream.peer}
        try:
            if url.secure:
                await self._secure(stream, phases)
            self.stage = "upgrading to WebSocket"
            connection = Connection(stream, url, self._settings.max_message)
            await connection.upgrade(self._headers)
        except BaseException:
            stream.close()
            raise
        return connection

    async def _secure(self, stream: Stream, phases: dict[str, float]) -> None:
        try:
            await secure(self, stream, self._tls, self.url.host, phases, time.time())
        finally:
            if stream.tls is not None:
                self.expiry = expiry_of(stream.tls, self._tls, self._settings.tls_expiry_warning, self.url.host)
                self.facts |= certificate_facts(stream.tls, sent_certificates(stream.tls), time.time())


def _url(settings: WebSocketCheck) -> Url:
    try:
        return parse_url("http" + settings.url[2:])
    except ValueError as error:
        raise ValueError(f"url: {error}") from None


def _headers(settings: WebSocketCheck, url: Url) -> dict[str, str]:
    """The configured headers and the credentials of the address. Raises ValueError where HTTP does not allow one."""
    value = authorization(url.userinfo, None, "", "")
    headers = dict(settings.headers)
    if value and not any(name.lower() == "authorization" for name in headers):
        headers["Authorization"] = value
    try:
        build_request(url, "GET", headers, b"")
    except ValueError as error:
        raise ValueError(f"headers: {str(error).partition(chr(32) + 'b' + chr(39))[0]}") from None
    return headers


def _secrets(settings: WebSocketCheck, url: Url, headers: Mapping[str, str]) -> tuple[str, ...]:
    """Those of the address and headers; of what is sent every long word, for a server may send it back."""
    return secrets_of(url, headers, *(word for text in settings.send for word in _KEY.findall(text)))
