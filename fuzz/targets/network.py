"""Packets of DNS servers, NTP servers and pinged hosts, and the lines of mail and SSH servers."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from types import SimpleNamespace

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from fuzz.targets.answers import MemoryStream, driven
from tui_monitor.sources.dns.question import DnsQuestion, MalformedAnswer, answer_of, question_of
from tui_monitor.sources.icmp import packet as icmp
from tui_monitor.sources.net import lines, starttls
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.ntp import packet as ntp

NOW = 1_790_000_000.0
_ID = 0x5151
_QUESTIONS = tuple(question_of("a.test", record, "IN", dnssec=False) for record in ("A", "MX", "TXT", "SOA", "ANY"))


def _dns(data: bytes) -> bool:
    """One packet as the answer to questions of several types."""
    accepted = False
    for question in _QUESTIONS:
        try:
            message = question.answered_by(data, _ID)
        except MalformedAnswer:
            continue
        if message is not None:
            answer = answer_of(question, message)
            assert all(isinstance(text, str) for text in answer.records)
            accepted = True
    return accepted


def _dns_seeds() -> list[bytes]:
    """An answer with a record of each type, an alias before it, and a refusal."""
    name = b"\1a\4test\0"
    records = {
        1: b"\x7f\0\0\1",
        15: struct.pack("!H", 10) + name,
        16: b"\5hello\0",
        6: name + name + struct.pack("!5I", 7, 60, 60, 60, 60),
        5: b"\1b\xc0\x0e",
    }
    seeds = [struct.pack("!6H", _ID, 0x8185, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1)]
    for kind, data in records.items():
        head = struct.pack("!6H", _ID, 0x8180, 1, 1, 0, 0) + name + struct.pack("!2H", kind, 1)
        seeds.append(head + b"\xc0\x0c" + struct.pack("!2HIH", kind, 1, 60, len(data)) + data)
    return seeds


_NONCE = b"QQQQQQQQ"


def _ntp(data: bytes) -> bool:
    reply = ntp.read(data, _NONCE, NOW, NOW + 0.01)
    if reply is not None:
        assert all(value == value for value in (reply.offset, reply.delay, reply.distance))
    return reply is not None


_NTP = struct.pack("!BBbbIII8s8s8s8s", 0x24, 2, 6, -20, 655, 1311, 0x0A000001, b"\xee" * 8, _NONCE, b"\xee\x61" * 4, b"\xee\x61" * 4)
_IN_NO_BYTES = SimpleNamespace(size=0, unpack_from=ntp._PACKET.unpack_from)
"""Takes any packet for long enough: the fence of NTP is its length."""


def _icmp(data: bytes) -> bool:
    accepted = False
    for family in (socket.AF_INET, socket.AF_INET6):
        for raw in (False, True):
            accepted |= icmp.reply(family, data, raw) is not None
        accepted |= icmp.quoted_sequence(family, data) is not None
        icmp.error_text(family, (b"\x71\0\0\0" + data).ljust(_WHOLE, b"\0"))
    return accepted


_WHOLE = icmp._EXTENDED_ERROR.size + 28
"""What the kernel gives is whole and has a number of its own; the rest is as routers sent it."""


_ICMP_SEEDS = [
    b"\0\0\xff\xff\0\1\0\2" + b"nonce890", b"\x81\0\xff\xff\0\1\0\2" + b"nonce890", b"\x45" + bytes(19) + b"\0\0\xff\xff\0\1\0\2nonce890",
    icmp._EXTENDED_ERROR.pack(113, 2, 3, 1, 0, 0, 0)[4:] + b"\2\0\0\0\xc0\0\2\1" + bytes(8), b"\x08\0\0\0\0\1\0\2",
]  # fmt: skip
_ANY_LENGTH = SimpleNamespace(size=-icmp.NONCE, unpack_from=icmp.HEADER.unpack_from)


class _Reset(MemoryStream):
    """A stream that is reset at its end."""

    async def receive(self) -> bytes:
        if piece := await super().receive():
            return piece
        raise ConnectionResetError("by the other side")


def _lines(data: bytes) -> bool:
    """A greeting and an answer, a line, and bytes of a known number, in pieces; "!" before them: the end is a reset."""
    accepted = False
    readers: tuple[Callable[[lines.Lines], object], ...] = (
        lambda found: driven(found.reply("SMTP")),
        lambda found: driven(found.line()),
        lambda found: driven(found.exactly(4)),
    )
    for read in readers:
        stream = _Reset(data[1:]) if data[:1] == b"!" else MemoryStream(data)
        reader = lines.Lines(stream)  # type: ignore[arg-type]  # what it uses of a Stream
        try:
            read(reader)
            read(reader)
            reader.ensure_nothing_more()
            accepted = True
        except Failure as failure:
            assert len(failure.reason) < 1000
    return accepted


def _starttls(data: bytes) -> bool:
    """All that a server says before the handshake, in each protocol."""
    accepted = False
    for dialogue in starttls.STARTTLS.values():
        try:
            driven(dialogue(lines.Lines(MemoryStream(data))))  # type: ignore[arg-type]
            accepted = True
        except Failure as failure:
            assert len(failure.reason) < 1000
    return accepted


_DIALOGUES = [
    b"220 mail\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n", b"220 mail\r\n502 no\r\n250 mail\r\n", b"* OK\r\ns OK\r\n",
    b"* BYE busy\r\n", b"+OK\r\n+OK\r\n", b"220 ftp\r\n234 go\r\n", b"S", b"N",
    b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", b"\x30\x84\0\0\0\x0c\x02\x01\x01\x78\x07\x0a\x01\x35\x04\x00\x04\x00",
]  # fmt: skip


_ADDRESSES = ("QQ", "\x81", "\xc0\x0c", "\x00", "\x01", "\xff")
_BYTES = ("QQQQQQQQ", "\x00", "\x08", "\x24", "\x81", "\x45", "\xff")
_LINES = ("220 ", "220-", "250", "\r\n", "\n", "SSH-2.0-", "* OK", "\xff", "!")
_MAIL = [b"220-mail\r\n220 ok\r\n250-A\r\n250 B\r\n", b"!220-mail\r\n", b"SSH-2.0-x\r\n", b"x" * 3000 + b"\n"]
TARGETS = (
    Target(
        name="dns-answer", kind="bytes", call=_dns, seeds=_dns_seeds, words=_ADDRESSES, longest=2000,
        fence=lambda: unfenced(DnsQuestion.answered_by),
    ),
    Target(
        name="ntp-reply", kind="bytes", call=_ntp, seeds=lambda: [_NTP], words=_BYTES, longest=200,
        fence=lambda: replaced(ntp, "_PACKET", _IN_NO_BYTES),
    ),
    Target(
        name="icmp-packet", kind="bytes", call=_icmp, seeds=lambda: _ICMP_SEEDS, words=_BYTES, longest=200,
        fence=lambda: replaced(icmp, "HEADER", _ANY_LENGTH),
    ),
    Target(
        name="mail-and-ssh-lines", kind="bytes", call=_lines, seeds=lambda: _MAIL, words=_LINES,
        fence=lambda: unfenced(lines.Lines._more),
    ),
    Target(
        name="starttls-dialogue", kind="bytes", call=_starttls, seeds=lambda: _DIALOGUES, words=(*_LINES, "\x02\x01\x01\x78", "\x0a\x01"),
        longest=4000, fence=lambda: replaced(starttls, "_ldap_result", lambda message: message[5 + message[4] + 2]),
    ),
)  # fmt: skip
