"""The TCP probe: connect, optional TLS, send a text, expect a text."""

from __future__ import annotations

import time
from time import perf_counter

from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.connect import Failure, open_stream, secure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.expiry import CertificateExpiry, expiry_of, without_expiry
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings, certificate_facts, context_for, sent_certificates
from tui_monitor.sources.tcp.settings import TcpCheck

MAX_ANSWER = 65536
"""Bytes that are read while waiting for the expected text."""

EXCERPT = 200
_PHASES = ("resolve", "connect", "tls", "processing")
_PHASE_LABELS = {phase: labels_of("probe_phase_seconds", phase=phase) for phase in _PHASES}


class TcpProbe:
    """Probe of one TCP port. With TLS the certificate is verified.

    The constructor raises ValueError naming the key of an unusable setting.
    """

    def __init__(self, settings: TcpCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._lookup = settings.host.strip("[]")
        self._host = self._lookup.rstrip(".")
        self._tls = _tls(settings)

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure."""
        started = perf_counter()
        phases = dict.fromkeys(_PHASES, 0.0)
        expiry: list[CertificateExpiry] = []
        facts = {"target": f"{self._settings.host}:{self._settings.port}"}
        try:
            await self._run(phases, facts, expiry)
        except Failure as failure:
            reason = failure.reason
        else:
            reason = ""
        self.stage = ""
        status = HealthStatus.UNHEALTHY if reason else HealthStatus.HEALTHY
        now = time.time()
        if not reason and any(found.is_soon(now) for found in expiry):
            status, reason = HealthStatus.DEGRADED, expiry[0].reason(now, self._host)
        samples = [Sample(_PHASE_LABELS[phase], seconds) for phase, seconds in phases.items()]
        samples += [sample for found in expiry for sample in found.samples()]
        absent = () if status is HealthStatus.UNHEALTHY else without_expiry(expiry[0] if expiry else None)
        return ProbeResult(status, reason, perf_counter() - started, phases, tuple(samples), facts, inventories=absent)

    async def close(self) -> None:
        """Nothing to close."""

    async def _run(self, phases: dict[str, float], facts: dict[str, str], expiry: list[CertificateExpiry]) -> None:
        stream = await open_stream(self, self._lookup, self._settings.port, phases, RESOLVER, self._settings.timeout)
        facts["address"] = stream.peer
        try:
            if self._settings.tls:
                await self._secure(stream, phases, facts, expiry)
            await self._talk(stream, phases, facts)
        finally:
            stream.close()

    async def _secure(self, stream: Stream, phases: dict[str, float], facts: dict[str, str], expiry: list[CertificateExpiry]) -> None:
        try:
            await secure(self, stream, self._tls, self._host, phases, time.time())
        finally:
            if stream.tls is not None:
                facts |= certificate_facts(stream.tls, sent_certificates(stream.tls), time.time())
                found = expiry_of(stream.tls, self._tls, self._settings.tls_expiry_warning, self._host)
                expiry += [found] if found is not None else []

    async def _talk(self, stream: Stream, phases: dict[str, float], facts: dict[str, str]) -> None:
        started = perf_counter()
        try:
            if self._settings.send:
                self.stage = "sending"
                await stream.send(self._settings.send.encode())
            if self._settings.expect:
                self.stage = "waiting for the answer"
                await self._await_text(stream, self._settings.expect, facts)
        except OSError as error:
            raise stream_failure(error, stream.peer) from error
        finally:
            phases["processing"] += perf_counter() - started

    async def _await_text(self, stream: Stream, expected: str, facts: dict[str, str]) -> None:
        wanted = expected.encode()
        answer = bytearray()
        while True:
            data = await stream.receive()
            seen = max(0, len(answer) - len(wanted))
            answer += data
            if answer.find(wanted, seen) >= 0:
                return
            if not data or len(answer) > MAX_ANSWER:
                facts["excerpt"] = _begin(answer, EXCERPT)
                raise Failure(_lack(bytes(answer), bool(data), expected))
            self.stage = f'answer "{_begin(answer, 60)}" lacks "{clean(expected, 60)}"'


def _begin(answer: bytearray, limit: int) -> str:
    return clean(answer[: 4 * limit].decode("utf-8", "replace"), limit)


def _lack(answer: bytes, more: bool, expected: str) -> str:
    if not answer:
        return "closed the connection without an answer"
    where = f" (in the first {MAX_ANSWER // 1024}KiB)" if more else ""
    return f'answer lacks "{clean(expected, 60)}"{where}'


def _tls(settings: TcpCheck) -> TlsSettings:
    """The check's TLS settings, with the file checked now; one that vanishes later is own trouble."""
    made = TlsSettings(
        settings.verify, settings.ca_file, min_version=settings.tls_min_version, legacy_renegotiation=settings.tls_legacy_renegotiation
    )
    if settings.ca_file is not None:
        try:
            context_for(TlsSettings(ca_file=settings.ca_file))
        except OwnTrouble as error:
            raise ValueError(f"ca_file: {error}") from None
    return made
