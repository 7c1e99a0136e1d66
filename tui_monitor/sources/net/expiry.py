"""When a target's certificate ends, and whether that is soon: judged by the chain that was verified, not by all that was sent.

A server may send certificates that nobody needs, for example an expired cross-signed root; they harm nobody and are facts only.
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
    """The certificate of ``host`` that ends first: Unix seconds; ``warning``: seconds before that, None where nobody wants to know."""

    not_after: float
    warning: float | None
    host: str

    def is_soon(self, now: float) -> bool:
        """Whether it is time to renew it, or too late."""
        return self.warning is not None and self.not_after - now < self.warning

    def samples(self) -> tuple[Sample, ...]:
        """The end, and the limit that the rule CertificateExpiry reads."""
        end = Sample(_EXPIRY, self.not_after)
        return (end,) if self.warning is None else (end, Sample(_WARNING, self.warning))

    def reason(self, now: float, tested: str) -> str:
        """Names the host where it is not the tested one: a redirect leads to others."""
        return expiry_text(self.not_after, now, "" if self.host == tested else self.host)


def judged_certificates(tls: ssl.SSLObject, settings: TlsSettings) -> list[Certificate]:
    """The verified chain, without verification the server's own certificate; [] where nothing is to be had."""
    return (verified_certificates(tls) if settings.verify else []) or sent_certificates(tls)[:1]


def expiry_of(tls: ssl.SSLObject, settings: TlsSettings, warning: float, host: str) -> CertificateExpiry | None:
    """What ends first of the session's judged certificates; ``warning`` is the check's `tls_expiry_warning` in seconds, 0 for never."""
    first = min(judged_certificates(tls, settings), key=lambda certificate: certificate.not_after, default=None)
    if first is None:
        return None
    limit = min(warning, first.lifetime / SHARE_OF_LIFETIME) if warning > 0 else None
    return CertificateExpiry(first.not_after, limit, host)


def earlier(one: CertificateExpiry | None, other: CertificateExpiry | None) -> CertificateExpiry | None:
    """The one that ends first."""
    return min((found for found in (one, other) if found is not None), key=lambda found: found.not_after, default=None)


def without_expiry(expiry: CertificateExpiry | None) -> tuple[Inventory, ...]:
    """What a good answer does not have, so that its series end: no certificate (any more), or no warning."""
    if expiry is not None and expiry.warning is not None:
        return ()
    metrics = (_WARNING_METRIC,) if expiry is not None else (_EXPIRY_METRIC, _WARNING_METRIC)
    return (Inventory(metrics, "check", frozenset()),)


def expiry_text(expiry: float, now: float, host: str = "") -> str:
    """ "certificate expires in 9 d" or "certificate of HOST expired 3 d ago", in one unit: a reason does not change all the time."""
    seconds = abs(expiry - now)
    span = span_words(seconds, most=1)
    whose = f"certificate of {host}" if host else "certificate"
    return f"{whose} expired {span} ago" if expiry <= now else f"{whose} expires in {span}"
