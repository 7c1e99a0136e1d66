"""Expiry of a target's certificates, judged by the verified chain rather than by all sent certificates.

A server can send unneeded certificates, for example an expired cross-signed root; they are facts only.
"""

from __future__ import annotations

import ssl

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import span_words
from tui_monitor.core.values import Inventory, Sample, labels_of
from tui_monitor.sources.net.certificate import Certificate
from tui_monitor.sources.net.tls import TlsSettings, sent_certificates, verified_certificates

SHARE_OF_LIFETIME = 3
"""A certificate that lives 6 days is renewed after 4: the warning comes when a third of the lifetime is left, if that is later."""
_EXPIRY_METRIC, _WARNING_METRIC = "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds"
_EXPIRY, _WARNING = labels_of(_EXPIRY_METRIC), labels_of(_WARNING_METRIC)


@frozen
class CertificateExpiry:
    """The certificate of ``host`` that expires first: Unix seconds; ``warning``: seconds before that, None without a warning."""

    not_after: float
    warning: float | None
    host: str

    def is_soon(self, now: float) -> bool:
        """Whether the warning time has begun, or the certificate has expired."""
        return self.warning is not None and self.not_after - now < self.warning

    def samples(self) -> tuple[Sample, ...]:
        """Samples of the expiry, and of the limit that the rule CertificateExpiry reads."""
        end = Sample(_EXPIRY, self.not_after)
        return (end,) if self.warning is None else (end, Sample(_WARNING, self.warning))

    def reason(self, now: float, tested: str) -> str:
        """The reason, with the host where a redirect led to another one."""
        return expiry_text(self.not_after, now, "" if self.host == tested else self.host)


def judged_certificates(tls: ssl.SSLObject, settings: TlsSettings) -> list[Certificate]:
    """The verified chain, or the server's own certificate without verification; [] where unavailable."""
    return (verified_certificates(tls) if settings.verify else []) or sent_certificates(tls)[:1]


def expiry_of(tls: ssl.SSLObject, settings: TlsSettings, warning: float, host: str) -> CertificateExpiry | None:
    """The earliest expiry of the session's judged certificates; ``warning``: `tls_expiry_warning` in seconds, 0: never."""
    first = min(judged_certificates(tls, settings), key=lambda certificate: certificate.not_after, default=None)
    if first is None:
        return None
    limit = min(warning, first.lifetime / SHARE_OF_LIFETIME) if warning > 0 else None
    return CertificateExpiry(first.not_after, limit, host)


def earlier(one: CertificateExpiry | None, other: CertificateExpiry | None) -> CertificateExpiry | None:
    """The earlier of two expiries."""
    return min((found for found in (one, other) if found is not None), key=lambda found: found.not_after, default=None)


def without_expiry(expiry: CertificateExpiry | None) -> tuple[Inventory, ...]:
    """Inventories without the certificate's series, which end them: for a target without certificate or warning."""
    if expiry is not None and expiry.warning is not None:
        return ()
    metrics = (_WARNING_METRIC,) if expiry is not None else (_EXPIRY_METRIC, _WARNING_METRIC)
    return (Inventory(metrics, "check", frozenset()),)


def expiry_text(expiry: float, now: float, host: str = "") -> str:
    """ "certificate expires in 9 d" or "certificate of HOST expired 3 d ago", in one unit, so that the reason rarely changes."""
    seconds = abs(expiry - now)
    span = span_words(seconds, most=1)
    whose = f"certificate of {host}" if host else "certificate"
    return f"{whose} expired {span} ago" if expiry <= now else f"{whose} expires in {span}"
