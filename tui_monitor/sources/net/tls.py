"""TLS of probes: a context per distinct settings, certificate facts, and reasons of failed handshakes."""

from __future__ import annotations

import contextlib
import os
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import span_words
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.certificate import Certificate, read_certificate
from tui_monitor.sources.net.excerpt import clean

DAY = 86400.0
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3,
}  # fmt: skip
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT; Python names it from 3.12 on."""
_TOO_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION"}
_EXPIRED, _NOT_YET_VALID = 10, 9
_SELF_SIGNED = {18, 19}
_UNKNOWN_ISSUER = {2, 20, 21}
_WRONG_HOST = {62, 64}
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"}


@frozen
class TlsSettings:
    """Settings that select a TLS context; the paths are PEM files, ``min_version`` is "1.0" to "1.3".

    ``alpn``: the offered protocols in order; none: the extension is not sent.
    Without ``check_host`` a certificate of a trusted authority will do, whatever host it is for.
    """

    verify: bool = True
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    min_version: str = "1.2"
    legacy_renegotiation: bool = False
    alpn: tuple[str, ...] = ()
    check_host: bool = True

    def without_client(self) -> TlsSettings:
        """The same without the client certificate, for hosts that must not receive it."""
        return replace(self, cert_file=None, key_file=None) if self.cert_file else self


def context_for(settings: TlsSettings) -> ssl.SSLContext:
    """The shared context, rebuilt when one of its files has changed. Raises OwnTrouble for an unusable file."""
    stamps = tuple(_stamp(path) for path in (settings.ca_file, settings.cert_file, settings.key_file) if path)
    return _context(settings, stamps)


def ensure_usable(settings: TlsSettings, *, used: bool = True) -> None:
    """Looks at the files now: one that vanishes later is the monitor's own trouble. Raises ValueError naming the key of a bad one.

    ``used``: the context is loaded now too; in the first probe it would hold up the loop, and others would measure that as their latency.
    """
    if settings.key_file and not settings.cert_file:
        raise ValueError("key_file: there is no cert_file that it belongs to")
    for part in (TlsSettings(ca_file=settings.ca_file), TlsSettings(False, None, settings.cert_file, settings.key_file)):
        if part.ca_file or part.cert_file:
            try:
                context_for(part)
            except OwnTrouble as error:
                raise ValueError(f"{'ca_file' if part.ca_file else 'cert_file'}: {error}") from None
    if used:
        with contextlib.suppress(OwnTrouble):
            context_for(settings)


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError as error:
        raise OwnTrouble(f"cannot read {path}: {os.strerror(error.errno or 0)}") from error


@lru_cache(maxsize=64)
def _context(settings: TlsSettings, _stamps: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _allow_old(context, settings)
    if settings.alpn:
        context.set_alpn_protocols(list(settings.alpn))
    context.check_hostname = settings.verify and settings.check_host
    try:
        if not settings.verify:
            context.verify_mode = ssl.CERT_NONE
        elif settings.ca_file:
            context.load_verify_locations(settings.ca_file)
        else:
            _load_system_authorities(context)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file, password="")
    except (OSError, ValueError) as error:
        files = ", ".join(path for path in (settings.ca_file, settings.cert_file, settings.key_file) if path)
        raise OwnTrouble(f"cannot use {files}: {getattr(error, 'reason', None) or error}") from error
    return context


def _allow_old(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Enable versions before 1.2: they sign with SHA-1, which OpenSSL 3 allows at security level 0 only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # requested by min_version
        context.minimum_version = _VERSIONS[settings.min_version]
    if settings.min_version in ("1.0", "1.1"):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if settings.legacy_renegotiation:
        context.options |= _LEGACY_SERVER_CONNECT


def _load_system_authorities(context: ssl.SSLContext) -> None:
    """Load the system's authorities, or certifi's where it has none (minimal containers)."""
    paths = ssl.get_default_verify_paths()
    context.set_default_verify_paths()
    if paths.cafile is None and (paths.capath is None or not os.listdir(paths.capath)):
        import certifi

        context.load_verify_locations(certifi.where())


def sent_certificates(tls: ssl.SSLObject) -> list[Certificate]:
    """The chain sent by the server, leaf first, also after a failed handshake; [] where unavailable.

    Public since Python 3.13 (`SSLObject.get_unverified_chain`); before, the same method of the inner object.
    """
    return [found for der in _chain(tls, "get_unverified_chain") or _leaf(tls) if (found := read_certificate(der)) is not None]


def verified_certificates(tls: ssl.SSLObject) -> list[Certificate]:
    """The chain that OpenSSL built from the leaf to a trusted root; partial after a failed handshake.

    Public since Python 3.13 (`SSLObject.get_verified_chain`); before, the same method of the inner object.
    """
    return [found for der in _chain(tls, "get_verified_chain") if (found := read_certificate(der)) is not None]


def _chain(tls: ssl.SSLObject, method: str) -> list[bytes]:
    ask = getattr(tls, method, None) or getattr(getattr(tls, "_sslobj", None), method, None)
    chain = (ask() if ask is not None else None) or ()
    return [item if isinstance(item, bytes) else _der(item) for item in chain]


def _der(certificate: object) -> bytes:
    pem: str = certificate.public_bytes()  # type: ignore[attr-defined]
    return ssl.PEM_cert_to_DER_cert(pem)


def _leaf(tls: ssl.SSLObject) -> list[bytes]:
    try:
        leaf = tls.getpeercert(binary_form=True)
    except ValueError:  # no chain at this point of the handshake
        return []
    return [leaf] if leaf else []


def certificate_facts(tls: ssl.SSLObject, chain: list[Certificate], now: float) -> Mapping[str, str]:
    """Facts for the detail view: session, certificate and the chain as sent."""
    facts = {"tls": f"{tls.version() or 'no session'} {(tls.cipher() or ('',))[0]}".rstrip()}
    if chain:
        leaf = chain[0]
        facts["certificate"] = f"{clean(leaf.subject, 80)}, issued by {clean(leaf.issuer, 80)}"
        facts["certificate_days"] = f"{(leaf.not_after - now) / DAY:.0f}"
    if len(chain) > 1:
        facts["certificate_chain"] = clean(", ".join(_in_chain(certificate, now) for certificate in chain[:8]), 300)
    return facts


def _in_chain(certificate: Certificate, now: float) -> str:
    ago = _ago([certificate], now)
    return f"{clean(certificate.subject, 60)} (expired {ago})" if ago else clean(certificate.subject, 60)


def handshake_reason(error: ssl.SSLError, chain: list[Certificate], host: str, now: float) -> str:
    """Short reason of a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_reason(error, chain, host, now)
    reason = (error.reason or "").upper()
    if reason in _NO_TLS:
        return "answered without TLS"
    if reason in _TOO_OLD:
        return "supports no TLS version that is allowed (tls_min_version)"
    if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return "wants a client certificate (cert_file, key_file)"
    if reason == "UNSAFE_LEGACY_RENEGOTIATION_DISABLED":
        return "does not know secure renegotiation, RFC 5746 (tls_legacy_renegotiation = true allows it)"
    if isinstance(error, ssl.SSLEOFError):
        return "hung up during the TLS handshake"
    return f"TLS handshake failed ({reason.replace('_', ' ').lower() or 'unknown reason'})"


def _verification_reason(error: ssl.SSLCertVerificationError, chain: list[Certificate], host: str, now: float) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return f"certificate expired {_ago(chain, now)}".rstrip()
    if code in _WRONG_HOST:
        names = chain[0].names or (chain[0].subject,) if chain else ()
        listed = ", ".join(clean(name, 60) for name in names[:3]) + (", …" if len(names) > 3 else "")
        return f"certificate is for {listed or 'another host'}, not {host}"
    if code == _NOT_YET_VALID:
        return "certificate is not valid yet"
    if code in _SELF_SIGNED:
        return "certificate is self-signed"
    if code in _UNKNOWN_ISSUER:
        return "certificate comes from an unknown authority"
    return f"certificate refused ({clean(error.verify_message, 80)})"


def _ago(chain: list[Certificate], now: float) -> str:
    """How long ago the first of these ended, "" where none has."""
    ended = [now - certificate.not_after for certificate in chain if certificate.not_after <= now]
    if not ended:
        return ""
    return f"{span_words(max(ended), most=1)} ago"
