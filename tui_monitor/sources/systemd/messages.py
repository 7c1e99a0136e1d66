"""D-Bus messages from the bytes of a bus: bounded, and of the few shapes that this monitor asks for."""

from __future__ import annotations

import struct
from typing import Any

from jeepney.low_level import Header, HeaderFields, MessageType, parse_signature

from tui_monitor.core.frozen import frozen

LARGEST = 8 << 20
"""Bytes of a message: a list of 50,000 units."""
_LARGEST_HEADER = 16_384
_FIXED = 16
_ENDIAN = {ord("l"): "<", ord("B"): ">"}
_BODIES = frozenset({"s", "v", "a(ssssssouso)", "a(ss)"})
_VALUES = frozenset({b"s", b"u", b"t", b"i", b"b", b"as"})
_FAULTS = (ValueError, KeyError, TypeError, IndexError, AssertionError, RecursionError, OverflowError, struct.error)
"""What jeepney raises over bytes that are no message."""


class MalformedMessage(ValueError):
    """The bytes are not what a D-Bus daemon sends; the text says what is wrong with them."""


@frozen
class BusReply:
    """The answer to the call of a serial number: its values, or the name of an error with its text as the value."""

    serial: int
    values: tuple[Any, ...]
    error: str = ""


class MessageBuffer:
    """Cuts the bytes of a connection into messages. Holds at most LARGEST bytes and one piece more."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete. Raises MalformedMessage."""
        self._bytes += data
        found = []
        while len(self._bytes) >= _FIXED and len(self._bytes) >= (size := _size(self._bytes)):
            found.append(bytes(self._bytes[:size]))
            del self._bytes[:size]
        return found


def _size(data: bytearray) -> int:
    """Bytes of the message that begins here (source: D-Bus specification, message format)."""
    order = _ENDIAN.get(data[0])
    if order is None or data[3] != 1:
        raise MalformedMessage("it does not speak D-Bus")
    body, header = struct.unpack_from(f"{order}I", data, 4)[0], struct.unpack_from(f"{order}I", data, 12)[0]
    if header > _LARGEST_HEADER or body > LARGEST:
        raise MalformedMessage(f"it announces a message of {header + body:,} bytes")
    return int(_FIXED + (header + 7) // 8 * 8 + body)


def read_reply(message: bytes) -> BusReply | None:
    """The reply in a message; None where it is a signal or a call. Raises MalformedMessage."""
    try:
        return _reply(message)
    except _FAULTS as fault:
        raise MalformedMessage(f"a message cannot be read ({type(fault).__name__})") from None


def _reply(message: bytes) -> BusReply | None:
    _refuse_empty_structs(message)
    header, start = Header.from_buffer(message)
    if header.message_type not in (MessageType.method_return, MessageType.error):
        return None
    signature, error = header.fields.get(HeaderFields.signature, ""), header.fields.get(HeaderFields.error_name, "")
    serial = header.fields[HeaderFields.reply_serial]
    if signature and not (signature in _BODIES or error):
        raise ValueError("a body of another shape")
    start += -start % 8
    if signature == "v" and message[start + 1 : start + 1 + message[start]] not in _VALUES:
        raise ValueError("a value of another type")
    if error and signature != "s":  # its name is enough
        return BusReply(int(serial), ("",), str(error))
    body = parse_signature(list(f"({signature})")).parse_data(message, start, header.endianness)[0]
    return BusReply(int(serial), body, str(error))


def _refuse_empty_structs(message: bytes) -> None:
    """An array of empty structs has no end for jeepney; no signature of a header has one."""
    order = _ENDIAN[message[0]]
    if b"()" in message[_FIXED : _FIXED + struct.unpack_from(f"{order}I", message, 12)[0]]:
        raise ValueError("an empty struct")
