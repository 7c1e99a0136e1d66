"""SNMP packets looked at before the library reads them: whether their structure is whole, and what a report says. Pure.

gufo-snmp 0.13 ends in a panic of its Rust code (and prints a trace to standard error) on lengths that point outside the packet; so no
packet reaches it whose elements do not fill each other exactly.
"""

from __future__ import annotations

_SEQUENCE, _OCTETS, _INTEGER, _OID = 0x30, 0x04, 0x02, 0x06
_PDUS = range(0xA0, 0xA9)
_PRIMITIVES = frozenset((_INTEGER, _OCTETS, 0x05, _OID, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x80, 0x81, 0x82))
"""ASN.1 types of values in SNMP (RFC 3416, section 3), Opaque and the exceptions of v2c included."""
_DEEPEST = 8
_LONGEST_NUMBER = 9
_REPORT_PREFIX = bytes((0x2B, 6, 1, 6, 3, 15, 1, 1))
"""usmStats (RFC 3414, section 5): an agent names in a report the counter of what was wrong."""
_REPORTS = {
    1: "the agent does not allow this security level for the user: give (or leave out) auth_password and privacy_password",
    3: "the agent does not know this user",
    5: "the agent refuses the signature: auth_password or auth_protocol is wrong",
    6: "the agent cannot decrypt: privacy_password or privacy_protocol is wrong",
}
_NUMBERS = frozenset((_INTEGER, 0x41, 0x42, 0x43, 0x46, 0x47))


def is_whole(packet: bytes) -> bool:
    """Whether every element of the message lies within its parent and fills it; never raises."""
    try:
        parts = _elements(packet, 0, len(packet), 0)
        if [tag for tag, _, _ in parts] != [_SEQUENCE]:
            return False
        _, start, end = parts[0]
        inner = _elements(packet, start, end, 1)
        if len(inner) < 3 or inner[0][0] != _INTEGER:
            return False
        for tag, begin, stop in inner:
            if tag in _CONSTRUCTED:
                _descend(packet, begin, stop, 2)
        if packet[inner[0][1] : inner[0][2]] == b"\x03":
            _, begin, stop = inner[2]  # the security parameters: a sequence within the octets
            _descend(packet, begin, stop, 2)
    except ValueError:
        return False
    return True


_CONSTRUCTED = frozenset((_SEQUENCE, *_PDUS))


def _descend(packet: bytes, start: int, end: int, depth: int) -> None:
    for tag, begin, stop in _elements(packet, start, end, depth):
        if tag in _CONSTRUCTED:
            _descend(packet, begin, stop, depth + 1)


def _elements(packet: bytes, start: int, end: int, depth: int) -> list[tuple[int, int, int]]:
    """(tag, begin, end) of the elements between two places. Raises ValueError where they do not fill it exactly."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    found = []
    while start < end:
        tag, begin, stop = _element(packet, start, end)
        found.append((tag, begin, stop))
        start = stop
    return found


def _element(packet: bytes, start: int, end: int) -> tuple[int, int, int]:
    if end - start < 2:
        raise ValueError("cut short")
    tag, length, begin = packet[start], packet[start + 1], start + 2
    if tag not in _CONSTRUCTED and tag not in _PRIMITIVES:
        raise ValueError("a type that SNMP does not have")
    if length > 0x80:
        digits = length & 0x7F
        if digits > 3 or begin + digits > end:
            raise ValueError("a length that is too long")
        length, begin = int.from_bytes(packet[begin : begin + digits], "big"), begin + digits
    elif length == 0x80:
        raise ValueError("a length that is not known")
    if begin + length > end:
        raise ValueError("beyond its parent")
    if (tag in _NUMBERS and not 0 < length <= _LONGEST_NUMBER) or (tag == _OID and not 0 < length <= 640) or (tag == 0x40 and length != 4):
        raise ValueError("a value of an impossible length")
    return tag, begin, begin + length


def report_of(packet: bytes) -> str:
    """Why an agent of version 3 has refused the message, "" where it has not."""
    at = packet.find(_REPORT_PREFIX)
    number = packet[at + len(_REPORT_PREFIX)] if 0 <= at < len(packet) - len(_REPORT_PREFIX) else 0
    return _REPORTS.get(number, "")
