"""Line protocol over a stream (SMTP, IMAP, POP3, FTP, SSH), bounded, with no bytes buffered across STARTTLS."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.net.connect import Failure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.stream import Stream

MAX_LINE = 8192
"""Bytes; SMTP allows 512 (RFC 5321), IMAP's capabilities are one long line."""
MAX_LINES = 200
"""Of one answer: a banner is a screen of text at most."""


@frozen
class LineReply:
    """A reply of SMTP or FTP: a three-digit code and its lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines joined, for people."""
        return " ".join(self.lines)


class Lines:
    """Reader and writer of lines. Raises Failure where the peer closes, floods or breaks the connection, or OwnTrouble."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._rest = bytearray()

    async def send(self, line: str) -> None:
        """Send one line."""
        await self.send_bytes(line.encode() + b"\r\n")

    async def send_bytes(self, data: bytes) -> None:
        """Send these bytes."""
        try:
            await self.stream.send(data)
        except OSError as error:
            raise stream_failure(error, self.stream.peer) from error

    async def line(self) -> str:
        """The next line without its end."""
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > MAX_LINE:
                raise Failure(f'sent a line without end: "{clean(self._rest[:240].decode("utf-8", "replace"), 60)}" ({self.stream.peer})')
            await self._more()
        found = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return found.rstrip(b"\r").decode("utf-8", "replace")

    async def exactly(self, size: int) -> bytes:
        """This many bytes."""
        while len(self._rest) < size:
            await self._more()
        found = bytes(self._rest[:size])
        del self._rest[:size]
        return found

    async def reply(self, protocol: str) -> LineReply:
        """Read a reply with a code, of one or several lines ("220-first", "220 last")."""
        first = await self.line()
        if not (first[:3].isascii() and first[:3].isdigit()) or first[3:4] not in ("", " ", "-"):
            raise Failure(f'does not speak {protocol}: "{clean(first, 60)}" ({self.stream.peer})')
        lines, last = [first[4:]], first
        while last[3:4] == "-" or not last.startswith(first[:3]):
            if len(lines) >= MAX_LINES:
                raise Failure(f"sent an answer of more than {MAX_LINES} lines ({self.stream.peer})")
            last = await self.line()
            lines.append(last[4:] if last.startswith(first[:3]) else last)
        return LineReply(int(first[:3]), tuple(lines))

    def ensure_nothing_more(self) -> None:
        """Raise Failure for bytes after the STARTTLS reply: an attacker could have injected them to be read as if under TLS.

        Source: CVE-2011-0411, "STARTTLS command injection".
        """
        if self._rest:
            raise Failure(f"sent data between its answer to STARTTLS and TLS, as an attacker on the way would ({self.stream.peer})")

    async def _more(self) -> None:
        try:
            data = await self.stream.receive()
        except OSError as error:
            raise stream_failure(error, self.stream.peer) from error
        if not data:
            raise Failure(f"closed the connection {'in the middle of a line' if self._rest else 'without an answer'} ({self.stream.peer})")
        self._rest += data
