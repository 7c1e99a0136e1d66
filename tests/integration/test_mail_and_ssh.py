"""The SSH, SMTP and IMAP checks against sshd, aiosmtpd, Dovecot, and servers that refuse, delay and lie."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.peers.dovecot import Dovecot
from tests.support.peers.hostile import BEHAVIOURS, hostile
from tests.support.peers.sshd import Sshd
from tests.support.settings import made
from tests.support.smtp_server import smtp_server
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.config.kinds import resolve
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.platform.service_discovery import discover
from tui_monitor.sources.kinds import KINDS, build_probe


async def probe(kind: str, port: int, **keys: Any) -> ProbeResult:
    check = made(resolve(KINDS[kind].settings), {"name": "x", "host": "127.0.0.1", "port": port, **keys})
    return await probe_once(build_probe(check), check, SystemClock(), lag=30)


def series(result: ProbeResult) -> dict[str, float]:
    named = ((dict(sample.labels), sample.value) for sample in result.samples)
    return {labels.get("phase", labels["__name__"]): value for labels, value in named}


async def test_sshd(sshd_peer: Sshd) -> None:
    """The version line is read, compared and timed."""
    result = await probe("ssh", sshd_peer.port, expect="^SSH-2[.]0-OpenSSH_")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "") and "OpenSSH" in result.facts["version"]
    assert set(series(result)) == {"resolve", "connect", "banner"}
    assert "does not match" in (await probe("ssh", sshd_peer.port, expect="dropbear")).reason


def says(*lines: bytes, then: Callable[..., Any] = BEHAVIOURS["hang"]) -> Any:
    """A server that greets and then goes on otherwise."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(lines))
        await writer.drain()
        await then(reader, writer)

    return talk


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([b"welcome\r\n", b"to us\r\n", b"SSH-2.0-x\r\n"], ""),
        ([b"SSH-1.99-old\n"], ""),
        ([b"SSH-1.5-older\n"], "speaks an old version of SSH"),
        ([b"220 mail\r\n"] * 51, 'does not speak SSH: "220 mail"'),
        ([b"Exceeded MaxStartups\r\n"], 'without an answer (ADDRESS), after "Exceeded MaxStartups"'),
        ([b"x" * 10000], "sent a line without end"),
    ],
)
async def test_what_may_stand_before_a_version(lines: list[bytes], reason: str) -> None:
    """Lines before it are allowed, fifty at most; what a server says before it closes is in the reason."""
    async with hostile(says(*lines, then=BEHAVIOURS["close at once"])) as server:
        result = await probe("ssh", server.port)
    assert reason.replace("ADDRESS", f"127.0.0.1:{server.port}") in result.reason and bool(reason) == bool(result.reason)


@pytest.mark.parametrize("starttls", ["auto", "required", "no"])
async def test_smtp_and_imap_by_starttls(dovecot_peer: Dovecot, starttls: str) -> None:
    """The certificate is looked at where TLS begins; `no` leaves it."""
    result = await probe("imap", dovecot_peer.port, starttls=starttls, ca_file=dovecot_peer.ca_file, expect="Dovecot")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert ("probe_ssl_earliest_cert_expiry" in series(result)) is (starttls != "no") and "IMAP4REV1" in result.facts["abilities"]
    with smtp_server() as mail:
        result = await probe("smtp", mail.port, starttls=starttls, ca_file=mail.ca_file, expect="mail[.]test")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert ("probe_ssl_earliest_cert_expiry" in series(result)) is (starttls != "no")


async def test_tls_from_the_first_byte(dovecot_peer: Dovecot) -> None:
    """imaps and smtps; the certificate is verified."""
    assert (await probe("imap", dovecot_peer.tls_port, tls=True, ca_file=dovecot_peer.ca_file)).reason == ""
    assert (await probe("imap", dovecot_peer.tls_port, tls=True)).reason == "certificate comes from an unknown authority"
    with smtp_server("implicit") as mail:
        assert (await probe("smtp", mail.port, tls=True, ca_file=mail.ca_file)).reason == ""
    for kind, port in (("smtp", 465), ("imap", 993)):
        assert made(resolve(KINDS[kind].settings), {"name": "x", "host": "a", "tls": True}).port == port


async def test_starttls_that_is_required_and_not_there() -> None:
    """Unhealthy where required, healthy where not."""
    with smtp_server("none") as mail:
        assert (await probe("smtp", mail.port)).reason == ""
        assert "offers no STARTTLS" in (await probe("smtp", mail.port, starttls="required")).reason


@pytest.mark.parametrize(
    ("kind", "greeting", "reason"),
    [
        ("smtp", b"421-busy\r\n421 come back\r\n", 'is there, but not now: "421 busy come back"'),
        ("smtp", b"554 no service for you\r\n", 'is there, but refuses this machine: "554 no service for you"'),
        ("smtp", b"* OK IMAP4\r\n", "does not speak SMTP"),
        ("smtp", b"220-a\r\n" * 300, "answer of more than 200 lines"),
        ("imap", b"* BYE too many connections\r\n", 'is there, but refuses: "too many connections"'),
        ("imap", b"220 mail\r\n", "does not speak IMAP"),
        ("imap", b"* OK hi\r\n" + b"* x\r\n" * 300, "answer of more than 200 lines"),
        ("imap", b"* OK hi\r\nc NO not today\r\n", 'refuses CAPABILITY: "NO not today"'),
        ("smtp", b"220 hi\r\n550 go away\r\n550 go away\r\n", 'refuses EHLO: "550 go away"'),
        ("smtp", b"220 hi\r\n250-x\r\n250 STARTTLS\r\n454 no TLS now\r\n", 'refuses STARTTLS: "454 no TLS now"'),
        ("smtp", b"220 hi\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n250 evil\r\n", "between its answer to STARTTLS and TLS"),
        ("imap", b"* OK hi\r\n* CAPABILITY STARTTLS\r\nc OK\r\ns OK\r\n* evil\r\n", "between its answer to STARTTLS and TLS"),
    ],
)
async def test_refusals_and_injected_answers(kind: str, greeting: bytes, reason: str) -> None:
    """A server that is there but refuses is not "down"; bytes before TLS are an attack."""
    async with hostile(says(greeting)) as server:
        result = await probe(kind, server.port)
    assert result.status is HealthStatus.UNHEALTHY and reason in result.reason


async def test_greetings_of_several_lines() -> None:
    """All of them are compared; an old server that knows HELO only is fine."""
    async with hostile(says(b"220-one\r\n220-two\r\n220 three\r\n500 EHLO?\r\n250 hello\r\n221 bye\r\n")) as server:
        result = await probe("smtp", server.port, expect="one two three")
    assert result.reason == "" and result.facts["abilities"] == "none"


@pytest.mark.parametrize("kind", ["ssh", "smtp", "imap"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_hostile_servers_are_a_reason(kind: str, behaviour: str) -> None:
    """Whatever comes: unhealthy with words, in time."""
    async with hostile(behaviour) as server:
        result = await probe(kind, server.port, timeout="300ms")
    assert result.status is HealthStatus.UNHEALTHY and result.reason


async def test_a_slow_greeting_has_its_own_phase() -> None:
    """The time until the greeting is not the connection's."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(b"220 at last\r\n250 ok\r\n221 bye\r\n")
        await reader.read(100)

    async with hostile(slow) as server:
        found = series(await probe("smtp", server.port))
    assert found["greeting"] > max(0.1, found["connect"])


async def test_the_server_sees_a_polite_end() -> None:
    """QUIT is the last that is sent, and its answer is waited for."""
    heard = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        writer.write(b"220 hi\r\n250 ok\r\n")
        while data := await reader.read(100):
            heard += data
            if b"QUIT" in heard:
                writer.write(b"221 bye\r\n")

    async with hostile(talk) as server:
        assert (await probe("smtp", server.port, ehlo="me.test")).reason == ""
    assert heard == b"EHLO me.test\r\nQUIT\r\n"


async def test_config_init_finds_them(sshd_peer: Sshd, dovecot_peer: Dovecot) -> None:
    """A server that greets is known by its greeting, whatever it was asked."""
    async with hostile(says(b"220 mail.test ESMTP Postfix\r\n")) as mail:
        places = [("127.0.0.1", port) for port in (sshd_peer.port, dovecot_peer.port, mail.port)]
        assert [found.kind for found in await discover(places)] == ["ssh", "imap", "smtp"]
