"""The messages of grpc.health.v1 as bytes, gRPC's status codes, and what they mean for a check. Pure.

Source: grpc/grpc-proto health.proto, grpc/grpc doc/statuscodes.md, http-grpc-status-mapping.md and PROTOCOL-HTTP2.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.net.excerpt import clean

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY
CHECK_PATH = "/grpc.health.v1.Health/Check"
CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED",
)  # fmt: skip
OK, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED = 0, 5, 7, 12, 16
SERVING_STATUS = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_OF_HTTP = {400: 13, 401: UNAUTHENTICATED, 403: PERMISSION_DENIED, 404: UNIMPLEMENTED, 429: 14, 502: 14, 503: 14, 504: 14}
_UNKNOWN = 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_PREFIX = 5
"""Bytes before a message: the compressed flag and four of its length."""


class BadMessage(ValueError):
    """What came is no message of gRPC; the text says what is wrong."""


@frozen
class Outcome:
    """What a call gave: gRPC's status code, the server's words (decoded, not cleaned), and the message, None where none came."""

    code: int
    said: str = ""
    message: bytes | None = None


def request(service: str) -> bytes:
    """The request with its prefix: field 1, a string."""
    name = service.encode()
    message = b"\x0a" + _varint_bytes(len(name)) + name if name else b""
    return b"\x00" + len(message).to_bytes(4, "big") + message


def unframed(body: bytes) -> bytes | None:
    """The one message in a body, None where it is empty. Raises BadMessage."""
    if not body:
        return None
    if len(body) < _PREFIX or len(body) - _PREFIX < int.from_bytes(body[1:_PREFIX], "big"):
        raise BadMessage("the message is cut short")
    if body[0] != 0:
        raise BadMessage("the message is compressed although no compression was requested")
    return body[_PREFIX : _PREFIX + int.from_bytes(body[1:_PREFIX], "big")]


def serving_status(message: bytes) -> int:
    """The field `status` of a HealthCheckResponse, 0 where it is left out. Raises BadMessage."""
    found = 0
    for number, value in _fields(message):
        if number == 1 and isinstance(value, int):
            found = value
    return found


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Every field by its number; a number for varints, the bytes of the others."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise BadMessage("the message is no HealthCheckResponse")
        if size > len(message) - at:
            raise BadMessage("the message is no HealthCheckResponse")
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise BadMessage("the message is no HealthCheckResponse")


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def code_of(text: str) -> int:
    """The number in a `grpc-status`. Raises BadMessage."""
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise BadMessage(f'grpc-status is "{clean(text, 20)}", no number')
    return int(text)


def code_of_http(status: str) -> int:
    """The code that stands for an HTTP status where the server sends no `grpc-status`."""
    return _OF_HTTP.get(int(status), _UNKNOWN) if status.isascii() and status.isdigit() and len(status) == 3 else _UNKNOWN


def said_of(text: str) -> str:
    """The text of a percent-encoded `grpc-message`."""
    return unquote(text[:4000], errors="replace")


def code_text(code: int) -> str:
    """ "UNAVAILABLE (14)"."""
    return f"{CODES[code]} ({code})" if 0 <= code < len(CODES) else f"status {code}"


def judged(outcome: Outcome, service: str) -> tuple[HealthStatus, str]:
    """Status and reason. Raises BadMessage where the message is none."""
    name, said = f'service "{clean(service, 60)}"' if service else "the server", f": {text}" if (text := clean(outcome.said, 120)) else ""
    if outcome.code == OK:
        if outcome.message is None:
            raise BadMessage("the answer has no message")
        return _of_status(serving_status(outcome.message), name)
    if outcome.code == UNIMPLEMENTED:
        return DEGRADED, f"has no health service (grpc.health.v1.Health): register one, or test the port by a check of type tcp{said}"
    if outcome.code == NOT_FOUND:
        return UNHEALTHY, f"the health service does not know {name}{said}"
    if outcome.code in (UNAUTHENTICATED, PERMISSION_DENIED):
        return UNHEALTHY, f"{code_text(outcome.code)}{said}; credentials go into metadata"
    return UNHEALTHY, f"{code_text(outcome.code)}{said}"


def _of_status(number: int, name: str) -> tuple[HealthStatus, str]:
    word = SERVING_STATUS[number] if number < len(SERVING_STATUS) else f"status {number}"
    if word == "SERVING":
        return HEALTHY, ""
    if word == "SERVICE_UNKNOWN":
        return UNHEALTHY, f"the health service does not know {name}"
    return UNHEALTHY, f"{name} is {word}"
