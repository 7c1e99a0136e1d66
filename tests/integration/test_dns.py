"""The DNS check against Knot and dnsmasq, against servers that lie, and over TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rrset
import pytest
import trustme

from tests.support.peers.dnsmasq import dnsmasq
from tests.support.peers.hostile import hostile
from tests.support.peers.knot import Knot
from tests.support.peers.require import peers_needed
from tests.support.servers import free_port
from tests.support.settings import made
from tests.support.udp import udp_server
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.dns.probe import build
from tui_monitor.sources.dns.settings import DnsCheck


async def probe(port: int, query: str = "www.example.test", **keys: Any) -> ProbeResult:
    check = made(DnsCheck, {"name": "x", "server": "127.0.0.1", "port": port, "query": query, **keys})
    async with asyncio.timeout(20):
        return await build(check).probe()


def series(result: ProbeResult) -> dict[str, float]:
    return {dict(sample.labels)["__name__"]: sample.value for sample in result.samples}


@pytest.mark.parametrize(
    ("query", "keys", "reason"),
    [
        ("www.example.test", {"expect": ["192.0.2.11", "192.0.2.10"]}, ""),
        ("www.example.test", {"expect": ["192.0.2.10"]}, "www.example.test A is 192.0.2.1"),
        ("www.example.test", {"record": "AAAA", "expect": ["2001:DB8:0::10"]}, ""),
        ("www.example.test", {"transport": "tcp", "expect_regex": r"^192\.0\.2\.11$"}, ""),
        ("www.example.test", {"expect_regex": "^10[.]"}, 'no answer matches "^10[.]"'),
        ("alias.example.test", {"expect": ["192.0.2.10", "192.0.2.11"]}, ""),
        ("alias.example.test", {"record": "CNAME", "expect": ["WWW.example.test."]}, ""),
        ("mail.example.test", {"record": "MX", "expect": ["10 www.example.test"]}, ""),
        ("_http._tcp.example.test", {"record": "SRV", "expect": ["0 5 80 www.example.test"]}, ""),
        ("example.test", {"record": "TXT", "expect": ["v=spf1 -all"]}, ""),
        ("example.test", {"record": "CAA", "expect": ['0 issue "ca.test"']}, ""),
        ("mail.example.test", {}, "mail.example.test has no A record (NODATA; the name is there)"),
        ("mail.example.test", {"rcode": "nodata"}, ""),
        ("none.example.test", {}, "none.example.test does not exist (NXDOMAIN)"),
        ("none.example.test", {"rcode": "NXDOMAIN"}, ""),
        ("none.example.test", {"rcode": "NODATA"}, "does not exist"),
        ("other.test", {}, "REFUSED for other.test A"),
        ("other.test", {"rcode": "refused"}, ""),
        ("www.example.test", {"dnssec": True}, "www.example.test A is not validated"),
    ],
)
async def test_knots_answers_are_compared(knot_peer: Knot, query: str, keys: dict[str, Any], reason: str) -> None:
    """Answers as a set, in any order and spelling; NODATA is not NXDOMAIN; the reason names server, name and type."""
    result = await probe(knot_peer.port, query, **keys)
    assert reason in result.reason and bool(reason) == bool(result.reason)
    assert result.status is (HealthStatus.UNHEALTHY if reason else HealthStatus.HEALTHY)
    assert not reason or f"127.0.0.1:{knot_peer.port}" in result.reason


async def test_series_of_an_answer(knot_peer: Knot) -> None:
    """The time of the lookup, how many answers, the smallest TTL, and a zone's serial where the answer has one."""
    found = series(await probe(knot_peer.port))
    assert found["probe_dns_answers"] == 2 and found["probe_dns_ttl_seconds"] == 60 and found["probe_dns_lookup_time_seconds"] > 0
    serial = series(await probe(knot_peer.port, "example.test", record="SOA"))["probe_dns_serial"]
    assert serial >= 2026010101
    assert series(await probe(knot_peer.port, "none.example.test", rcode="NXDOMAIN"))["probe_dns_serial"] == serial


async def test_an_answer_that_was_cut_short_is_asked_for_again_by_tcp(knot_peer: Knot) -> None:
    """Twelve texts of 200 letters do not fit in a packet; the facts say that UDP was not enough."""
    result = await probe(knot_peer.port, "big.example.test", record="TXT")
    assert series(result)["probe_dns_answers"] == 12
    assert result.facts["transport"] == "tcp, as the answer by udp was cut short"


async def test_the_class_of_the_servers_own_version() -> None:
    """`version.bind` in class CH, which dnsmasq tells."""
    with peers_needed(), dnsmasq({"a.test": "192.0.2.9"}) as peer:
        result = await probe(peer.port, "version.bind", record="TXT", **{"class": "CH", "expect_regex": "^dnsmasq-"})
        assert (result.reason, result.facts["query"]) == ("", "version.bind CH TXT")
        assert (await probe(peer.port, "a.test", expect=["192.0.2.9"])).reason == ""


async def test_a_closed_port_is_told_at_once() -> None:
    """The kernel's ICMP answer is not waited for until the timeout."""
    port = free_port()
    async with asyncio.timeout(1):
        assert (await probe(port, timeout="30s")).reason == f"connection refused (127.0.0.1:{port})"


def lies(packet: bytes, good: dns.message.Message) -> Iterator[bytes]:
    """What a forger sends before the server's answer: another id, another question, no response, rubbish."""
    for change in ("id", "question", "query", "short"):
        forged = dns.message.from_wire(good.to_wire())
        if change == "id":
            forged.id = (good.id + 1) % 65536
        elif change == "question":
            forged.question[0].name = dns.name.from_text("www.evil.test")
        elif change == "query":
            forged.flags &= ~dns.flags.QR
        yield b"\x00" if change == "short" else forged.to_wire()


def answered(packet: bytes, *records: str, flags: int = 0) -> dns.message.Message:
    query = dns.message.from_wire(packet)
    message = dns.message.make_response(query)
    message.flags |= flags
    if records:
        message.answer.append(dns.rrset.from_text(query.question[0].name, 5, "IN", "A", *records))
    return message


async def test_packets_that_answer_another_question_are_passed_over() -> None:
    """The right answer behind them counts, and the facts say how many there were."""

    def answer(packet: bytes) -> Iterator[bytes]:
        good = answered(packet, "192.0.2.1")
        yield from lies(packet, good)
        yield good.to_wire()

    async with udp_server(answer) as port:
        result = await probe(port, expect=["192.0.2.1"])
    assert result.reason == "" and result.facts["stray_packets"].startswith("4 packets")


async def test_validated_answers() -> None:
    """`dnssec` asks for and wants the AD flag."""
    seen: list[dns.message.Message] = []

    def answer(packet: bytes) -> Iterator[bytes]:
        seen.append(dns.message.from_wire(packet))
        yield answered(packet, "192.0.2.1", flags=dns.flags.AD).to_wire()

    async with udp_server(answer) as port:
        result = await probe(port, dnssec=True)
    assert result.reason == "" and result.facts["flags"] == "validated"
    assert seen[0].flags & dns.flags.AD and seen[0].ednsflags & dns.flags.DO


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda packet: [packet[:2] + b"\x80\x00" + b"\xff" * 60], "malformed answer to www.example.test A"),
        (lambda packet: [packet[:2] + b"\x81\x80" + b"\0\1\0\xff\0\0\0\0" + packet[12:] + b"\xc0\x0c" * 9], "malformed answer"),
        (lambda packet: [packet[:2] + b"\x81\x81" + bytes(8)], "FORMERR for www.example.test A"),
        (lambda packet: [b"no"] * 101, "sent 100 packets that nobody had asked for"),
    ],
)
async def test_rubbish_by_udp_is_a_reason(answer: Any, reason: str) -> None:
    """Malformed, without question, and a flood each end the probe with words."""
    async with udp_server(answer) as port:
        assert reason in (await probe(port)).reason


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("hang up", "closed the connection without an answer"), ("garbage", "answered another question"), ("reset", "reset"),
     ("endless line", "answered another question"), ("close at once", "")],
)  # fmt: skip
async def test_a_hostile_tcp_server_is_a_reason(behaviour: str, reason: str) -> None:
    """Nothing that comes back by TCP ends the probe without a reason."""
    async with hostile(behaviour) as server:
        result = await probe(server.port, transport="tcp")
    assert result.status is HealthStatus.UNHEALTHY and reason in result.reason and result.reason


async def test_dns_over_tls(tmp_path: Path) -> None:
    """The certificate is verified for `server_name` by `ca_file`; without it the authority is unknown."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("dns.test").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        wire = answered(packet, *(f"192.0.2.{last}" for last in range(1, 255))).to_wire()
        for byte in (len(wire).to_bytes(2, "big"), wire[:7], wire[7:]):
            writer.write(byte)
            await writer.drain()

    async with hostile(talk, tls=context) as server:
        keys = {"transport": "tls", "server_name": "dns.test"}
        good = await probe(server.port, **keys, ca_file=str(tmp_path / "ca.pem"))
        assert (good.reason, series(good)["probe_dns_answers"]) == ("", 254.0)
        assert (await probe(server.port, **keys)).reason == "certificate comes from an unknown authority"
        other = await probe(server.port, transport="tls", server_name="b.test", ca_file=str(tmp_path / "ca.pem"))
        assert other.reason == "certificate is for dns.test, not b.test"


@pytest.mark.parametrize(
    ("keys", "words"),
    [({"record": "WHAT"}, "record: "), ({"class": "XX"}, "class: "), ({"rcode": "MAYBE"}, "rcode: "), ({"query": "a..b"}, "query: ")],
)
def test_what_does_not_exist_names_its_key(keys: dict[str, Any], words: str) -> None:
    """`config check` tells it before the first probe."""
    with pytest.raises(ValueError, match=words):
        build(made(DnsCheck, {"name": "x", "server": "s", "query": "a.test", **keys}))


def test_tls_has_a_port_of_its_own() -> None:
    """853 where none is given (RFC 7858)."""
    assert made(DnsCheck, {"name": "x", "server": "s", "query": "a", "transport": "tls"}).port == 853
    assert made(DnsCheck, {"name": "x", "server": "s", "query": "a", "transport": "tls", "port": 53}).port == 53
