"""The TLS part of a probe: handshake, certificate facts and series, expiry warning."""

from __future__ import annotations

import ssl
import time

from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.net.connect import Staged, secure
from tui_monitor.sources.net.expiry import expiry_of, without_expiry
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings, certificate_facts, sent_certificates

LEAF_EXPIRY = labels_of("probe_ssl_leaf_cert_expiry")


async def secure_and_tell(
    staged: Staged, stream: Stream, settings: TlsSettings, host: str, measured: Measurement, warning: float, *, leaf: bool = False
) -> None:
    """Do the handshake and record the certificate, also on failure. ``warning``: `tls_expiry_warning` (s). Raises Failure or OwnTrouble."""
    try:
        await secure(staged, stream, settings, host, measured.phases, time.time())
    finally:
        if stream.tls is not None:
            tell_certificate(stream.tls, settings, host, measured, warning, leaf=leaf)


def tell_certificate(tls: ssl.SSLObject, settings: TlsSettings, host: str, measured: Measurement, warning: float, *, leaf: bool) -> None:
    """Add facts and series of the session's certificates; ``leaf``: also the expiry of the server's own, of any issuer."""
    now, sent = time.time(), sent_certificates(tls)
    measured.facts |= certificate_facts(tls, sent, now)
    expiry = expiry_of(tls, settings, warning, host)
    measured.inventories += without_expiry(expiry)
    if leaf and sent:
        measured.samples.append(Sample(LEAF_EXPIRY, sent[0].not_after))
    if expiry is None:
        return
    measured.samples += expiry.samples()
    if expiry.is_soon(now):
        measured.degraded = measured.degraded or expiry.reason(now, host)
