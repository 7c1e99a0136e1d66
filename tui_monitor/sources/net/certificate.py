"""Reader of certificates from untrusted DER bytes (RFC 5280, section 4.1)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address

from tui_monitor.core.frozen import frozen

_UTC_TIME, _CONTEXT_0, _CONTEXT_3, _OID = 0x17, 0xA0, 0xA3, 0x06
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_COMMON_NAME, _ORGANIZATION, _ORGANIZATIONAL_UNIT = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x04\x0b"
_SUBJECT_ALT_NAME = b"\x55\x1d\x11"
_UTF16 = 0x1E


@frozen
class Certificate:
    """Validity (Unix seconds), subject and issuer of a certificate; ``names`` are its DNS names and addresses."""

    not_before: float
    not_after: float
    subject: str
    issuer: str
    names: tuple[str, ...]

    @property
    def lifetime(self) -> float:
        """Seconds of validity, not below 0."""
        return max(0.0, self.not_after - self.not_before)


@lru_cache(maxsize=4096)
def read_certificate(der: bytes) -> Certificate | None:
    """Read one certificate; None for invalid bytes. Cached, since a target sends the same one every time."""
    try:
        return _read(der)
    except (IndexError, ValueError, OverflowError):
        return None


def public_key_pin(der: bytes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo in base64 (RFC 7469, section 2.4); "" where the bytes are no certificate."""
    try:
        fields = list(_elements(_first(_first(der))))
        tag, content = fields[6 if fields[0][0] == _CONTEXT_0 else 5]
    except (IndexError, ValueError):
        return ""
    return base64.b64encode(sha256(bytes((tag,)) + _length(len(content)) + content).digest()).decode()


def _length(size: int) -> bytes:
    """DER's spelling of a length."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def _read(der: bytes) -> Certificate:
    fields = list(_elements(_first(_first(der))))
    if fields[0][0] == _CONTEXT_0:
        del fields[0]
    issuer, validity, subject = fields[2][1], fields[3][1], fields[4][1]
    begin, end = list(_elements(validity))[:2]
    extensions = next((value for tag, value in fields[6:] if tag == _CONTEXT_3), b"")
    return Certificate(_time(*begin), _time(*end), _name(subject), _name(issuer), tuple(_alternative_names(extensions)))


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The consecutive (tag, content) pairs. Raises ValueError or IndexError where truncated."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + length]
        at += length


def _first(data: bytes) -> bytes:
    for _, content in _elements(data):
        return content
    raise ValueError("empty")


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # two digits: 50 to 99 are 19xx
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _name(content: bytes) -> str:
    """The common name, else the unit, else the organisation."""
    found: dict[bytes, str] = {}
    for _, relative in _elements(content):
        for _, pair in _elements(relative):
            (_, kind), (tag, value) = list(_elements(pair))[:2]
            found[kind] = value.decode("utf-16-be" if tag == _UTF16 else "utf-8", "replace")
    return found.get(_COMMON_NAME) or found.get(_ORGANIZATION) or found.get(_ORGANIZATIONAL_UNIT) or ""


def _alternative_names(extensions: bytes) -> Iterator[str]:
    for _, listed in _elements(extensions):
        for _, extension in _elements(listed):
            parts = list(_elements(extension))
            if parts[0] != (_OID, _SUBJECT_ALT_NAME):
                continue
            for tag, value in _elements(_first(parts[-1][1])):
                if tag == _DNS_NAME:
                    yield value.decode("utf-8", "replace")
                elif tag == _IP_ADDRESS:
                    yield str(ip_address(value))
