"""TLS for probes: one context per distinct setting, what a certificate says for people, and why a handshake failed."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import lru_cache

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.base import OwnTrouble
from tui_monitor.sources.net.certificate import Certificate, read_certificate
from tui_monitor.sources.net.excerpt import clean

DAY = 86400.0
_EXPIRED, _NOT_YET_VALID = 10, 9
_SELF_SIGNED = {18, 19}
_UNKNOWN_ISSUER = {2, 20, 21}
_WRONG_HOST = {62, 64}
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"}


@frozen
class TlsSettings:
    """What makes two probes need different contexts; the paths are PEM files."""

    verify: bool = True
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def without_client(self) -> TlsSettings:
        """The same without the client's certificate: for hosts that it is not meant for."""
        return TlsSettings(self.verify, self.ca_file) if self.cert_file else self


def context_for(settings: TlsSettings) -> ssl.SSLContext:
    """The shared context, made anew when one of its files has changed. Raises OwnTrouble where a file cannot be used."""
    stamps = tuple(_stamp(path) for path in (settings.ca_file, settings.cert_file, settings.key_file) if path)
    return _context(settings, stamps)


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError as error:
        raise OwnTrouble(f"cannot read {path}: {os.strerror(error.errno or 0)}") from error


@lru_cache(maxsize=64)
def _context(settings: TlsSettings, _stamps: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if not settings.verify:
            context.check_hostname = False
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


def _load_system_authorities(context: ssl.SSLContext) -> None:
    """The system's; where it has none (minimal containers), those that certifi brings."""
    paths = ssl.get_default_verify_paths()
    context.set_default_verify_paths()
    if paths.cafile is None and (paths.capath is None or not os.listdir(paths.capath)):
        import certifi

        context.load_verify_locations(certifi.where())


def sent_certificates(tls: ssl.SSLObject) -> list[Certificate]:
    """The chain the server sent, the leaf first; also after a handshake that failed; [] where nothing is to be had.

    Public since Python 3.13 (`SSLObject.get_unverified_chain`); before, the same method of the inner object.
    """
    ask = getattr(tls, "get_unverified_chain", None) or getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    chain = (ask() if ask is not None else None) or ()
    encoded = [item if isinstance(item, bytes) else _der(item) for item in chain]
    if not encoded:
        encoded = _leaf(tls)
    return [found for der in encoded if (found := read_certificate(der)) is not None]


def _der(certificate: object) -> bytes:
    pem: str = certificate.public_bytes()  # type: ignore[attr-defined]
    return ssl.PEM_cert_to_DER_cert(pem)


def _leaf(tls: ssl.SSLObject) -> list[bytes]:
    try:
        leaf = tls.getpeercert(binary_form=True)
    except ValueError:  # the handshake did not get that far
        return []
    return [leaf] if leaf else []


def earliest_expiry(chain: list[Certificate]) -> float | None:
    """Unix seconds at which the first certificate of the chain ends."""
    return min((certificate.not_after for certificate in chain), default=None)


def expiry_text(expiry: float, now: float) -> str:
    """ "certificate expires in 9 d" or "certificate expired 3 d ago"; below a day in hours."""
    seconds = abs(expiry - now)
    span = f"{seconds // DAY:.0f} d" if seconds >= DAY else f"{seconds // 3600:.0f} h"
    return f"certificate expired {span} ago" if expiry <= now else f"certificate expires in {span}"


def certificate_facts(tls: ssl.SSLObject, chain: list[Certificate], now: float) -> Mapping[str, str]:
    """Short texts for the detail view: the certificate and the session."""
    facts = {"tls": f"{tls.version() or 'no session'} {(tls.cipher() or ('',))[0]}".rstrip()}
    if chain:
        leaf = chain[0]
        facts["certificate"] = f"{clean(leaf.subject, 80)}, issued by {clean(leaf.issuer, 80)}"
        facts["certificate_days"] = f"{(leaf.not_after - now) / DAY:.0f}"
    return facts


def handshake_reason(error: ssl.SSLError, chain: list[Certificate], host: str, now: float) -> str:
    """Why the handshake failed, short and for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_reason(error, chain, host, now)
    reason = (error.reason or "").upper()
    if reason in _NO_TLS:
        return "answered without TLS"
    if isinstance(error, ssl.SSLEOFError):
        return "hung up during the TLS handshake"
    return f"TLS handshake failed ({reason.replace('_', ' ').lower() or 'unknown reason'})"


def _verification_reason(error: ssl.SSLCertVerificationError, chain: list[Certificate], host: str, now: float) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        expiry = earliest_expiry(chain)
        return expiry_text(expiry, now) if expiry is not None and expiry <= now else "certificate expired"
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
