"""What devices answer: packets of SNMP, through the real session with its library over loopback, and what smartctl says of disks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.platform.child_process import ProgramOutcome
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.snmp.packet import is_whole
from tui_monitor.sources.snmp.session import Session
from tui_monitor.sources.snmp.settings import SnmpCheck, SnmpValueSettings
from tui_monitor.sources.snmp.values import rows, single
from tui_monitor.sources.system import smart

UPTIME, COLUMN = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.10"
_PUBLIC = b"public"
_MARK = b"QQQQQQ"
"""In an input: the number of the question, without which no packet is taken for its answer."""


class _Agent:
    """A socket that answers each question with one packet."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(2.0)
        self.port = self._socket.getsockname()[1]

    def answer(self) -> None:
        question, address = self._socket.recvfrom(65535)
        at = question.index(_PUBLIC) + len(_PUBLIC) + 2
        number = question[at : at + 2 + question[at + 1]].ljust(len(_MARK), b"\0")[: len(_MARK)]
        with contextlib.suppress(OSError):  # an empty or too long packet
            self._socket.sendto(self._packet.replace(_MARK, number), address)

    def close(self) -> None:
        self._socket.close()


async def _asked(packet: bytes, question: Callable[[Session], Awaitable[Any]]) -> Any:
    """What the library makes of the packet; None where it is passed over."""
    agent = _Agent(packet)
    session = Session(SnmpCheck(name="x", type="snmp", host="127.0.0.1", port=agent.port), "127.0.0.1", None, lambda: None)
    try:
        asking = asyncio.ensure_future(question(session))
        await asyncio.sleep(0)
        agent.answer()
        for _ in range(4):
            await asyncio.sleep(0)
        if not asking.done():
            asking.cancel()
        return await asking
    except (asyncio.CancelledError, Failure, StopAsyncIteration):
        return None
    finally:
        session.close()
        agent.close()


def _packet(packet: bytes) -> bool:
    """One answer to a question for a value, and to one for rows."""
    is_whole(packet)
    found = asyncio.run(_asked(packet, lambda session: session.get_many([UPTIME])))
    row = asyncio.run(_asked(packet, lambda session: session.fetch(COLUMN).__anext__()))
    readings = [single(SnmpValueSettings(metric="m", oid=UPTIME), found or {})]
    if row is not None:
        readings.append(rows(SnmpValueSettings(metric="r", oid=COLUMN, table=True), {COLUMN: {"1": row[1]}}, cut=False))
    for reading in readings:
        assert not admit_samples(reading.samples)[1]
    return bool(found) or row is not None


def _element(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body


_VALUES = [
    _element(0x43, b"\x10"), _element(2, b"\x05"), _element(4, b"12.5"), _element(0x41, b"\xff\xff\xff\xff"), _element(0x46, b"\xff" * 8),
    _element(0x40, b"\x7f\0\0\1"), _element(6, b"\x2b\6"), b"\x80\0", b"\x82\0", b"\5\0",
]  # fmt: skip


def _seeds() -> Iterator[bytes]:
    for oid in (bytes.fromhex("2b06010201010300"), bytes.fromhex("2b060102010202010a01")):
        for value in _VALUES:
            pairs = _element(0x30, _element(0x30, _element(6, oid) + value))
            pdu = _element(0xA2, _MARK + _element(2, b"\0") + _element(2, b"\0") + pairs)
            yield _element(0x30, _element(2, b"\1") + _element(4, _PUBLIC) + pdu)


def _disk(text: str) -> bool:
    samples, fault = smart.disk_samples("sda", ProgramOutcome(0, text.encode("utf-8", "replace"), b"", False, 0.1))
    assert not admit_samples(samples)[1] and len(fault) <= 400
    return bool(samples)


_WORDS = ("0", "\x02", "\x04", "\x06", "\x80", "\x81", "\x82", "\x84", "\xff", "QQQQQQ", "public", "\x00")
TARGETS = (
    Target(
        name="snmp-answer", kind="bytes", call=_packet, words=_WORDS, longest=1400, seeds=lambda: list(_seeds()),
        fence=lambda: unfenced(is_whole),
    ),
    Target(name="smart-disk", kind="json", call=_disk, words=("NaN", "Infinity", "1e400"), fence=lambda: unfenced(smart._document)),
)  # fmt: skip
