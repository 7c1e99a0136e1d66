"""Base class of SMTP and IMAP probes: connect, implicit TLS or STARTTLS, phases, closing command."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.platform.regex import compile_regex
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.connect import Failure, open_stream
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.expiry import without_expiry
from tui_monitor.sources.net.lines import Lines
from tui_monitor.sources.net.mail_settings import MailCheck
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.net.secured import secure_and_tell
from tui_monitor.sources.net.starttls import NO_STARTTLS
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings

_PHASES = ("resolve", "connect", "tls", "greeting", "abilities")
_PHASE_LABELS = {phase: labels_of("probe_phase_seconds", phase=phase) for phase in _PHASES}
_FAREWELL = 1.0
"""Seconds that a server may take to answer to QUIT or LOGOUT; it is no part of the verdict."""


class MailProbe(ABC):
    """Probe of a mail server up to its capabilities, under TLS where offered; it does not log in."""

    def __init__(self, settings: MailCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.host.strip("[]")
        self._pattern = compile_regex(settings.expect) if settings.expect else None
        self._tls = TlsSettings(verify=settings.verify, ca_file=settings.ca_file, min_version=settings.tls_min_version)

    @abstractmethod
    async def greeting(self, lines: Lines) -> str:
        """Read the greeting's text. Raises Failure."""

    @abstractmethod
    async def abilities(self, lines: Lines) -> tuple[str, ...]:
        """The server's current capabilities, in capitals. Raises Failure."""

    @abstractmethod
    async def start_tls(self, lines: Lines) -> None:
        """Send STARTTLS, up to the handshake. Raises Failure."""

    @abstractmethod
    async def quit(self, lines: Lines) -> None:
        """End the session with the protocol's closing command."""

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:  # noqa: B027  (not abstract)
        """Nothing to close."""

    async def _run(self, measured: Measurement) -> None:
        settings = self._settings
        try:
            stream = await open_stream(self, self._host, settings.port, measured.phases, RESOLVER, settings.timeout)
            measured.facts["address"] = stream.peer
            try:
                await self._talk(stream, measured)
            finally:
                stream.close()
        finally:
            measured.samples += [Sample(_PHASE_LABELS[phase], seconds) for phase, seconds in measured.phases.items()]

    async def _talk(self, stream: Stream, measured: Measurement) -> None:
        if self._settings.tls:
            await self._secure(stream, measured)
        lines = Lines(stream)
        with measured.phase("greeting"):
            self.stage = "waiting for the greeting"
            greeting = await self.greeting(lines)
        measured.facts["greeting"] = clean(greeting, 200)
        if self._pattern is not None and not self._pattern.is_in(greeting):
            raise Failure(f'greeting "{clean(greeting, 60)}" does not match "{clean(self._settings.expect or "", 60)}"')
        abilities = await self._abilities(lines, measured)
        if not self._settings.tls:
            lines, abilities = await self._upgraded(stream, lines, abilities, measured)
        measured.facts["abilities"] = clean(", ".join(abilities), 300) or "none"
        await self._leave(lines)

    async def _abilities(self, lines: Lines, measured: Measurement) -> tuple[str, ...]:
        with measured.phase("abilities"):
            self.stage = "querying its capabilities"
            return await self.abilities(lines)

    async def _upgraded(
        self, stream: Stream, lines: Lines, abilities: tuple[str, ...], measured: Measurement
    ) -> tuple[Lines, tuple[str, ...]]:
        """STARTTLS as configured; capabilities from before it are discarded (RFC 3207, section 4.2)."""
        if self._settings.starttls == "required" and "STARTTLS" not in abilities:
            raise Failure(f'{NO_STARTTLS}, which starttls = "required" wants ({stream.peer})')
        if self._settings.starttls == "no" or "STARTTLS" not in abilities:
            measured.inventories += without_expiry(None)
            return lines, abilities
        self.stage = "STARTTLS"
        await self.start_tls(lines)
        await self._secure(stream, measured)
        lines = Lines(stream)
        return lines, await self._abilities(lines, measured)

    async def _secure(self, stream: Stream, measured: Measurement) -> None:
        await secure_and_tell(self, stream, self._tls, self._host.rstrip("."), measured, self._settings.tls_expiry_warning)

    async def _leave(self, lines: Lines) -> None:
        try:
            async with asyncio.timeout(min(_FAREWELL, self._settings.timeout / 10)):
                await self.quit(lines)
        except (Failure, OwnTrouble, TimeoutError):
            return
