"""The TLS probe: handshake, certificate, version, public key; of one address, of all, or of a file."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence

from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.sources.net.certificate import Certificate, public_key_pin, read_certificate
from tui_monitor.sources.net.connect import Failure, addresses_of, connect_failure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.expiry import SHARE_OF_LIFETIME, CertificateExpiry
from tui_monitor.sources.net.lines import Lines
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER, Address
from tui_monitor.sources.net.secured import LEAF_EXPIRY, secure_and_tell
from tui_monitor.sources.net.starttls import STARTTLS
from tui_monitor.sources.net.stream import ConnectError, HungUp, Stream, connect
from tui_monitor.sources.net.tls import DAY, TlsSettings, handshake_reason
from tui_monitor.sources.tls.certificate_file import certificates_in
from tui_monitor.sources.tls.settings import TlsCheck

MAX_ADDRESSES = 16
_PHASES = ("resolve", "connect", "starttls", "tls")
_PHASE_LABELS = {phase: labels_of("probe_phase_seconds", phase=phase) for phase in _PHASES}
_AFTER_HANDSHAKE = 0.25
"""Seconds, or three round trips where that is more: until then a TLS 1.3 server has said that it wants a client certificate."""


class TlsProbe:
    """Probe of a port's TLS, or of a certificate file."""

    def __init__(self, settings: TlsCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._lookup = settings.host.strip("[]")
        self._name = settings.server_name or self._lookup.rstrip(".")
        self._pins = settings.pins()
        self._tls = TlsSettings(
            verify=settings.verify,
            ca_file=settings.ca_file,
            cert_file=settings.cert_file,
            key_file=settings.key_file,
            min_version=settings.tls_min_version,
            legacy_renegotiation=settings.tls_legacy_renegotiation,
        )

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure."""
        measured = Measurement(_PHASES if self._settings.host else ())
        return await measured.result(self, self._run(measured) if self._settings.host else self._file(measured))

    async def close(self) -> None:
        """Nothing to close."""

    async def _file(self, measured: Measurement) -> None:
        path = self._settings.file or ""
        self.stage = f"reading {path}"
        encoded = await asyncio.to_thread(certificates_in, path)
        found = [certificate for der in encoded if (certificate := read_certificate(der)) is not None]
        if not found:
            raise Failure(f"{path} holds no certificate")
        self._tell_file(measured, found)
        self._ensure_pinned(encoded[0])

    def _tell_file(self, measured: Measurement, found: Sequence[Certificate]) -> None:
        now, leaf = time.time(), found[0]
        first = min(found, key=lambda certificate: certificate.not_after)
        limit = min(self._settings.tls_expiry_warning, first.lifetime / SHARE_OF_LIFETIME)
        expiry = CertificateExpiry(first.not_after, limit if self._settings.tls_expiry_warning > 0 else None, self._name)
        measured.samples += [Sample(LEAF_EXPIRY, leaf.not_after), *expiry.samples()]
        measured.facts["certificate"] = f"{clean(leaf.subject, 80)}, issued by {clean(leaf.issuer, 80)}"
        measured.facts["certificate_days"] = f"{(leaf.not_after - now) / DAY:.0f}"
        if first.not_after <= now:
            raise Failure(expiry.reason(now, self._name))
        if leaf.not_before > now:
            raise Failure("certificate is not valid yet")
        if expiry.is_soon(now):
            measured.degraded = expiry.reason(now, self._name)

    async def _run(self, measured: Measurement) -> None:
        with measured.phase("resolve"):
            self.stage = "resolving the name"
            addresses = await addresses_of(self._lookup, RESOLVER, self._settings.timeout)
        try:
            if self._settings.all_addresses:
                await self._each(addresses[:MAX_ADDRESSES], measured)
            else:
                await self._one(addresses, measured)
        finally:
            measured.samples += [Sample(_PHASE_LABELS[phase], seconds) for phase, seconds in measured.phases.items()]

    async def _each(self, addresses: Sequence[Address], measured: Measurement) -> None:
        """Probe all addresses in parallel: earliest expiry, longest phases, and the first fault in the resolver's order."""
        parts = [Measurement(_PHASES) for _ in addresses]
        outcomes = await asyncio.gather(
            *(self._one([address], part) for address, part in zip(addresses, parts, strict=True)), return_exceptions=True
        )
        for part in parts:
            measured.facts |= part.facts
            measured.inventories = part.inventories
            measured.phases |= {phase: max(measured.phases[phase], seconds) for phase, seconds in part.phases.items()}
        measured.samples += _smallest([sample for part in parts for sample in part.samples])
        measured.facts["address"] = ", ".join(part.facts.get("address", "?") for part in parts)
        measured.degraded = next((part.degraded for part in parts if part.degraded), "")
        for wanted in (Failure, BaseException):  # the target's fault decides, as with one address of several
            for outcome, address in zip(outcomes, addresses, strict=True):
                if isinstance(outcome, wanted):
                    raise _at(outcome, str(address[1][0]), len(addresses))

    async def _one(self, addresses: Sequence[Address], measured: Measurement) -> None:
        try:
            with measured.phase("connect"):
                self.stage = "connecting"
                stream = await connect(addresses, self._settings.port)
        except ConnectError as error:
            raise connect_failure(error) from error
        try:
            measured.facts["address"] = stream.peer
            await self._secure(stream, measured)
        finally:
            stream.close()

    async def _secure(self, stream: Stream, measured: Measurement) -> None:
        settings = self._settings
        if settings.starttls:
            with measured.phase("starttls"):
                self.stage = f"STARTTLS ({settings.starttls})"
                await STARTTLS[settings.starttls](Lines(stream))
        await secure_and_tell(self, stream, self._tls, self._name, measured, settings.tls_expiry_warning, leaf=True)
        assert stream.tls is not None
        await self._after_handshake(stream, measured)
        version = (stream.tls.version() or "").removeprefix("TLSv")
        version = "1.0" if version == "1" else version
        if version < settings.min_version:
            raise Failure(f"agreed on TLS {version}; wanted at least {settings.min_version} (min_version)")
        self._ensure_pinned(stream.tls.getpeercert(binary_form=True) or b"")

    async def _after_handshake(self, stream: Stream, measured: Measurement) -> None:
        """Wait for the server's verdict on the client certificate: TLS 1.3 sends it after the client's handshake (RFC 8446, section 2)."""
        if stream.tls is None or stream.tls.version() != "TLSv1.3":
            return
        self.stage = "waiting for a refusal after the TLS handshake"
        try:
            async with asyncio.timeout(max(_AFTER_HANDSHAKE, 3 * measured.phases["connect"])):
                await stream.first_record()
        except TimeoutError:
            return
        except ssl.SSLError as error:
            raise Failure(handshake_reason(error, [], self._name, time.time())) from error
        except HungUp as error:
            raise Failure(f"{error} ({stream.peer})") from error
        except OSError as error:
            raise stream_failure(error, stream.peer) from error

    def _ensure_pinned(self, der: bytes) -> None:
        if not self._pins:
            return
        found = public_key_pin(der)
        if found not in self._pins:
            raise Failure(f"another public key than the pinned one: sha256/{found or '?'}")


def _at(error: BaseException, address: str, count: int) -> BaseException:
    """The failure with its address, if there are several and the text lacks it."""
    if isinstance(error, Failure) and count > 1 and address not in error.reason:
        return Failure(f"{error.reason} (at {address})")
    return error


def _smallest(samples: Sequence[Sample]) -> list[Sample]:
    """The smallest value per series: the earliest expiry."""
    found: dict[object, Sample] = {}
    for sample in samples:
        if sample.labels not in found or sample.value < found[sample.labels].value:
            found[sample.labels] = sample
    return list(found.values())
