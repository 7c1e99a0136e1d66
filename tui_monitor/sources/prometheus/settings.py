"""What a scrape needs to know: the address with http's TLS and authentication keys, the limits, and whose labels win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tui_monitor.config.fields import TlsVersion
from tui_monitor.core.frozen import frozen
from tui_monitor.promql.exposition_format import Format


@frozen
class ScrapeSettings:
    """One target. ``timeout`` and ``tls_expiry_warning`` are seconds, ``body_limit`` bytes before and after decompression.

    ``keep`` and ``drop`` are regular expressions (RE2 syntax, anchored) on metric names. ``fallback``: the format of a page without
    a Content-Type; None refuses it. ``labels`` and ``category`` are put on every series.
    """

    name: str
    url: str
    timeout: float = 5.0
    verify: bool = True
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    tls_expiry_warning: float = 14 * 86400.0
    tls_min_version: TlsVersion = "1.2"
    tls_legacy_renegotiation: bool = False
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    sample_limit: int = 20_000
    body_limit: int = 16 * 2**20
    honor_labels: bool = False
    honor_timestamps: bool = False
    fallback: Format | None = "text"
    category: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
