"""The exposition format of an answer: its Content-Type decides, never what was asked for."""

from __future__ import annotations

from typing import Literal

from tui_monitor.core.sanitize import clean, clip

Format = Literal["text", "openmetrics"]

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
"""What a scrape asks for. No protobuf: native histograms only come that way, classic buckets are served as text then."""

_OPENMETRICS = ("", "0.0.1", "1.0.0")


class UnknownFormat(ValueError):
    """The answer is in no format that can be read; the text names the Content-Type."""


def format_of(content_type: str | None, fallback: Format | None) -> Format:
    """The format of an answer; ``fallback`` is for one without a Content-Type (None: such an answer is refused).

    Raises UnknownFormat. A page that is OpenMetrics but is called text is read as text, as Prometheus does: seconds read as
    milliseconds would give wrong times (prometheus#13214).
    """
    media, *parameters = [part.strip() for part in (content_type or "").split(";")]
    if not media:
        if fallback is None:
            raise UnknownFormat("the answer has no Content-Type; set fallback")
        return fallback
    media = media.lower()
    if media == "text/plain":
        return "text"
    if media == "application/openmetrics-text" and _version(parameters) in _OPENMETRICS:
        return "openmetrics"
    raise UnknownFormat(f"the Content-Type {clip(clean((content_type or '').strip()), 80)} is not a format for metrics")


def _version(parameters: list[str]) -> str:
    pairs = [parameter.partition("=") for parameter in parameters]
    return next((value.strip().strip('"') for key, _, value in pairs if key.strip().lower() == "version"), "")
