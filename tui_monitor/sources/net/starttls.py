"""STARTTLS in several protocols: the dialogue before the handshake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.lines import MAX_LINES, LineReply, Lines

_LDAP_START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
"""ExtendedRequest 1 with the OID of RFC 4511, section 4.14."""
_POSTGRES_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
NO_STARTTLS = "offers no STARTTLS"


async def smtp_greeting(lines: Lines) -> LineReply:
    """Read the greeting. Raises Failure where the server is busy (421) or refuses service (554)."""
    greeting = await lines.reply("SMTP")
    if greeting.code == 220:
        return greeting
    words = {421: "is there, but not now", 554: "is there, but refuses this machine"}.get(greeting.code, "greets with")
    raise refused(words, greeting, lines)


async def smtp_hello(lines: Lines, name: str) -> tuple[str, ...]:
    """The server's extensions, in capitals; none where it supports HELO only."""
    await lines.send(f"EHLO {name}")
    answer = await lines.reply("SMTP")
    if answer.code == 250:
        return tuple(line.upper() for line in answer.lines[1:])
    await lines.send(f"HELO {name}")
    older = await lines.reply("SMTP")
    if older.code != 250:
        raise refused("refuses EHLO", answer, lines)
    return ()


async def smtp_start(lines: Lines) -> None:
    """STARTTLS, up to the handshake."""
    await lines.send("STARTTLS")
    answer = await lines.reply("SMTP")
    if answer.code != 220:
        raise refused("refuses STARTTLS", answer, lines)
    lines.ensure_nothing_more()


async def imap_greeting(lines: Lines) -> str:
    """Read the greeting's text. Raises Failure where the server closes the session or does not speak IMAP."""
    line = await lines.line()
    kind, _, text = line.removeprefix("* ").partition(" ")
    if line.startswith("* ") and kind.upper() in ("OK", "PREAUTH"):
        return text
    if line.startswith("* ") and kind.upper() == "BYE":
        raise Failure(f'is there, but refuses: "{clean(text, 100)}" ({lines.stream.peer})')
    raise Failure(f'does not speak IMAP: "{clean(line, 60)}" ({lines.stream.peer})')


async def imap_command(lines: Lines, tag: str, command: str) -> list[str]:
    """The untagged lines of a command's answer. Raises Failure where it is not OK."""
    await lines.send(f"{tag} {command}")
    found: list[str] = []
    for _ in range(MAX_LINES):
        line = await lines.line()
        if line.startswith(f"{tag} "):
            if not line[len(tag) + 1 :].upper().startswith("OK"):
                raise Failure(f'refuses {command}: "{clean(line[len(tag) + 1 :], 100)}" ({lines.stream.peer})')
            return found
        found.append(line)
    raise Failure(f"sent an answer of more than {MAX_LINES} lines ({lines.stream.peer})")


async def imap_start(lines: Lines) -> None:
    """STARTTLS, up to the handshake."""
    await imap_command(lines, "s", "STARTTLS")
    lines.ensure_nothing_more()


def refused(words: str, answer: LineReply, lines: Lines) -> Failure:
    """A Failure with the server's own text."""
    return Failure(f'{words}: "{answer.code} {clean(answer.text, 100)}" ({lines.stream.peer})')


async def _smtp(lines: Lines) -> None:
    await smtp_greeting(lines)
    if "STARTTLS" not in await smtp_hello(lines, "tui-monitor"):
        raise Failure(f"{NO_STARTTLS} ({lines.stream.peer})")
    await smtp_start(lines)


async def _imap(lines: Lines) -> None:
    await imap_greeting(lines)
    await imap_start(lines)


async def _pop3(lines: Lines) -> None:
    greeting = await lines.line()
    if not greeting.startswith("+OK"):
        raise Failure(f'does not speak POP3: "{clean(greeting, 60)}" ({lines.stream.peer})')
    await lines.send("STLS")
    answer = await lines.line()
    if not answer.startswith("+OK"):
        raise Failure(f'refuses STLS: "{clean(answer, 100)}" ({lines.stream.peer})')
    lines.ensure_nothing_more()


async def _ftp(lines: Lines) -> None:
    greeting = await lines.reply("FTP")
    if greeting.code != 220:
        raise refused("greets with", greeting, lines)
    await lines.send("AUTH TLS")
    answer = await lines.reply("FTP")
    if answer.code != 234:
        raise refused("refuses AUTH TLS", answer, lines)
    lines.ensure_nothing_more()


async def _ldap(lines: Lines) -> None:
    await lines.send_bytes(_LDAP_START_TLS)
    head = await lines.exactly(2)
    if head[0] != 0x30 or head[1] in (0x80, 0xFF):
        raise Failure(f"does not speak LDAP ({lines.stream.peer})")
    size = head[1]
    if size & 0x80:
        size = int.from_bytes(await lines.exactly(size & 0x7F), "big")
    if size > 4096:
        raise Failure(f"does not speak LDAP ({lines.stream.peer})")
    message = await lines.exactly(size)
    code = _ldap_result(message)
    if code is None:
        raise Failure(f"does not speak LDAP ({lines.stream.peer})")
    if code:
        raise Failure(f"refuses STARTTLS with LDAP result {code} ({lines.stream.peer})")
    lines.ensure_nothing_more()


def _ldap_result(message: bytes) -> int | None:
    """The result code of an ExtendedResponse to message 1 (RFC 4511, section 4.12); None for anything else."""
    if message[:4] != b"\x02\x01\x01\x78" or len(message) < 5:
        return None
    at = 5 + (message[4] & 0x7F if message[4] & 0x80 else 0)
    return message[at + 2] if message[at : at + 2] == b"\x0a\x01" and len(message) > at + 2 else None


async def _postgres(lines: Lines) -> None:
    await lines.send_bytes(_POSTGRES_SSL_REQUEST)
    answer = await lines.exactly(1)
    if answer == b"N":
        raise Failure(f"offers no TLS ({lines.stream.peer})")
    if answer != b"S":
        raise Failure(f"does not speak PostgreSQL ({lines.stream.peer})")
    lines.ensure_nothing_more()


STARTTLS: Mapping[str, Callable[[Lines], Awaitable[None]]] = {
    "smtp": _smtp, "imap": _imap, "pop3": _pop3, "ftp": _ftp, "ldap": _ldap, "postgres": _postgres,
}  # fmt: skip
"""By the protocol's name: all that comes before the handshake."""
