"""The SNMP check against Net-SNMP's agent, and against devices that are silent, broken or hostile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.peers.require import peers_needed
from tests.support.peers.snmpd import AUTH_PASSWORD, PRIVACY_PASSWORD, USER, Snmpd, snmpd
from tests.support.servers import free_port
from tests.support.settings import made
from tests.support.udp import udp_server
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult
from tui_monitor.sources.snmp.probe import SnmpProbe
from tui_monitor.sources.snmp.settings import SnmpCheck

NAMES, OCTETS, MAC, TEXT = "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.2.2.1.6", "1.3.6.1.4.1.8072.1.3.2.3.1.1"
UPTIME = "1.3.6.1.2.1.1.3.0"
V3 = {"version": "3", "user": USER, "auth_password": AUTH_PASSWORD, "privacy_password": PRIVACY_PASSWORD}
Series = dict[tuple[tuple[str, str], ...], float]


def check(port: int, *values: dict[str, Any], **keys: Any) -> SnmpCheck:
    return made(SnmpCheck, {"name": "x", "type": "snmp", "host": "127.0.0.1", "port": port, "values": list(values), **keys})


async def ask(port: int, *values: dict[str, Any], **keys: Any) -> ProbeResult:
    settings = check(port, *values, **keys)
    return await probe_once(SnmpProbe(settings), settings, SystemClock())


def series(result: ProbeResult) -> Series:
    return {tuple(sorted((key, text) for key, text in labels)): value for labels, value in result.samples}


def labelled(result: ProbeResult, name: str) -> dict[str, float]:
    return {dict(labels)[name]: value for labels, value in result.samples if name in dict(labels)}


@pytest.mark.parametrize("keys", [{}, {"version": "1"}, V3], ids=["2c", "1", "3"])
async def test_numbers_tables_and_texts_of_a_real_agent(snmpd_peer: Snmpd, keys: dict[str, Any]) -> None:
    """One value, a table by names and by row, a number that the agent sends as a text; what is missing costs the others nothing."""
    result = await ask(
        snmpd_peer.port,
        {"metric": "up_seconds", "oid": f".{UPTIME}", "scale": 0.01},
        {"metric": "octets_total", "oid": OCTETS, "table": True, "labels": {"interface": NAMES}},
        {"metric": "speed", "oid": "1.3.6.1.2.1.2.2.1.5", "table": True},
        {"metric": "words", "oid": f"{TEXT}.5.119.111.114.100.115"},
        {"metric": "missing", "oid": "1.3.6.1.2.1.1.99.0"},
        **keys,
    )
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    found = series(result)
    assert 0 <= found[((METRIC_NAME, "up_seconds"),)] < 600 and found[((METRIC_NAME, "words"),)] == 12.5
    assert labelled(result, "interface")["lo"] > 0 and "1" in labelled(result, "index")
    assert result.facts["missing"] == "the device has no such value" and result.facts["device"] == "peer.test"
    ends = {(one.metrics, one.label): one.values for one in result.inventories}
    assert "lo" in ends[("octets_total",), "interface"]


async def test_many_values_are_asked_for_in_few_packets(snmpd_peer: Snmpd) -> None:
    """Fifty values of a real agent, of which half are missing."""
    values = [{"metric": f"m{number}", "oid": f"1.3.6.1.2.1.1.{3 if number % 2 else 99}.0"} for number in range(50)]
    result = await ask(snmpd_peer.port, *values)
    assert result.status is HealthStatus.HEALTHY and len(result.samples) == 25


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"community": "wrong"}, "timed out after 1s (waiting for 127.0.0.1:{} to answer; a wrong community and a machine"),
        ({**V3, "user": "nobody"}, "the agent does not know this user (127.0.0.1:{})"),
        ({**V3, "auth_password": "wrong password"}, "the agent refuses the signature: auth_password or auth_protocol is wrong"),
        ({**V3, "auth_protocol": "sha512"}, "the agent refuses the signature: auth_password or auth_protocol is wrong"),
        (
            {**V3, "privacy_password": "wrong password"},
            "timed out after 1s (waiting for 127.0.0.1:{}, which has answered the first packet; privacy",
        ),
    ],
)
async def test_a_wrong_key_is_told_apart_from_silence(snmpd_peer: Snmpd, keys: dict[str, Any], reason: str) -> None:
    """The reason says which key to look at; only a wrong community looks like a dead device."""
    result = await ask(snmpd_peer.port, timeout="1s", **keys)
    assert result.status is HealthStatus.UNHEALTHY and result.reason.startswith(reason.format(snmpd_peer.port))


async def test_a_security_level_that_the_agent_does_not_allow(snmpd_peer: Snmpd) -> None:
    """Signed but not encrypted, where the agent wants both."""
    result = await ask(snmpd_peer.port, version="3", user=USER, auth_password=AUTH_PASSWORD, timeout="1s")
    assert result.status is HealthStatus.UNHEALTHY and ("refuses" in result.reason or "does not allow" in result.reason)


async def test_an_agent_that_has_started_again_is_known_again() -> None:
    """Its engine boots are others then (version 3), and its uptime has begun anew."""
    port = 0
    with peers_needed(), snmpd() as peer:
        port = peer.port
        settings = check(port, **V3)
        probe = SnmpProbe(settings)
        assert (await probe.probe()).reason == ""
        peer.stop()
        peer.start()
        assert (await probe.probe()).reason == ""


async def test_required_and_nothing_at_all(snmpd_peer: Snmpd) -> None:
    """A required value that is missing is unhealthy; a device that has none of the values is degraded."""
    gone = {"metric": "gone", "oid": "1.3.6.1.2.1.1.99.0"}
    result = await ask(snmpd_peer.port, {**gone, "required": True})
    assert result.status is HealthStatus.UNHEALTHY and result.reason.startswith("gone: the device has no such value")
    result = await ask(snmpd_peer.port, gone, {"metric": "rows", "oid": "1.3.6.1.2.1.99", "table": True})
    assert result.status is HealthStatus.DEGRADED and result.reason.startswith("the device has none of the values")


async def test_a_dead_device_costs_one_time_limit() -> None:
    """Not one for each value: three packets within the limit, however many values there are."""
    packets: list[bytes] = []

    def silent(packet: bytes) -> Iterator[bytes]:
        packets.append(packet)
        yield from ()

    values = [{"metric": f"m{number}", "oid": f"1.3.6.1.2.1.1.{number}.0"} for number in range(100)]
    async with udp_server(silent) as port:
        began = time.monotonic()
        result = await ask(port, *values, timeout="400ms")
    assert result.status is HealthStatus.UNHEALTHY and "timed out after 400ms" in result.reason
    assert len(packets) == 3 and time.monotonic() - began < 5


async def test_a_closed_port_is_told_at_once() -> None:
    """The kernel says so; nobody waits for the limit."""
    port = free_port()
    result = await ask(port, timeout="30s")
    assert result.reason == f"connection refused (127.0.0.1:{port})"


def tlv(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body if len(body) < 128 else bytes((tag, 0x82)) + len(body).to_bytes(2, "big") + body


def reply(packet: bytes, *pairs: tuple[bytes, bytes], error: int = 0) -> bytes:
    """An answer to a v2c question, with OIDs and values as they are on the wire."""
    at = packet.index(b"public") + 8
    request = packet[at : at + 2 + packet[at + 1]]
    body = b"".join(tlv(0x30, tlv(6, oid) + value) for oid, value in pairs)
    pdu = tlv(0xA2, request + tlv(2, bytes([error])) + tlv(2, b"\0") + tlv(0x30, body))
    return tlv(0x30, tlv(2, b"\1") + tlv(4, b"public") + pdu)


UP = (bytes.fromhex("2b06010201010300"), tlv(0x43, b"\x10"))
COLUMN = bytes.fromhex("2b0601020102020105")


def first_then(then: Callable[[bytes], Iterator[bytes]]) -> Callable[[bytes], Iterator[bytes]]:
    """An agent that answers the question for its uptime, and then as told."""

    def answer(packet: bytes) -> Iterator[bytes]:
        if UP[0] in packet:
            yield reply(packet, UP)
        else:
            yield from then(packet)

    return answer


HOSTILE = [
    b"",
    b"\x30",
    b"\xff" * 2000,
    bytes.fromhex("65ecd1304b02010104067075626c6963a83e"),
    bytes.fromhex("301b020101049b7075626c6963a80e020424e771fc0201000201003000"),
    bytes.fromhex("305202010104067075626c6963a24502043a6dd1e60201630201003037300c06082b060102010103000600"),
]
"""Among them packets on which the library's Rust code panics."""


async def test_broken_packets_are_passed_over() -> None:
    """What is no SNMP never reaches the library; the good answer behind it counts."""

    def answer(packet: bytes) -> Iterator[bytes]:
        yield from HOSTILE
        yield reply(packet, UP)[:-1]
        yield reply(packet, UP)

    async with udp_server(answer) as port:
        result = await ask(port)
    assert (result.reason, result.status) == ("", HealthStatus.HEALTHY) and result.facts["uptime"] == "0s"
    assert result.facts["stray_packets"].startswith("6 packets")


async def test_a_flood_of_packets_ends_the_probe() -> None:
    """A device that sends without end holds nothing."""
    async with udp_server(lambda packet: [b"\x30\x00"] * 200) as port:
        result = await ask(port, timeout="2s")
    assert result.reason.startswith(("sent 100 packets that are no answer", "timed out"))


async def test_an_agent_that_goes_in_circles() -> None:
    """The walk ends with a reason, not with the limit."""

    def circles(packet: bytes) -> Iterator[bytes]:
        yield reply(packet, *((COLUMN + bytes([row]), tlv(2, b"\x05")) for row in (1, 2, 1)))

    async with udp_server(first_then(circles)) as port:
        result = await ask(port, {"metric": "m", "oid": "1.3.6.1.2.1.2.2.1.5", "table": True}, timeout="2s")
    assert result.status is HealthStatus.UNHEALTHY and ("the agent loops" in result.reason or "malformed" in result.reason)


async def test_a_table_has_a_limit() -> None:
    """More rows than max_series are not read, and no series ends for that."""

    def endless(packet: bytes) -> Iterator[bytes]:
        last = packet[packet.rindex(COLUMN[:-1]) + len(COLUMN) :]
        row = last[0] if last[1:] and last[0] < 100 and len(last) > 2 else 0
        yield reply(packet, *((COLUMN + bytes([row + step]), tlv(0x41, b"\x05")) for step in range(1, 6)))

    async with udp_server(first_then(endless)) as port:
        result = await ask(port, {"metric": "m", "oid": "1.3.6.1.2.1.2.2.1.5", "table": True, "max_series": 7}, timeout="2s")
    assert len(result.samples) == 7 and result.inventories == ()
    assert result.facts["m"] == "more than 7 rows, the others are not read (max_series)"


async def test_an_answer_that_is_too_long_is_asked_for_in_parts() -> None:
    """A device that answers tooBig to several values is asked for each."""

    def small(packet: bytes) -> Iterator[bytes]:
        asked = packet.count(bytes.fromhex("2b060102010163"))
        pairs = [(bytes.fromhex("2b06010201016300"), tlv(2, b"\x07"))] if asked == 1 else []
        yield reply(packet, *pairs, error=0 if asked == 1 else 1)

    async with udp_server(first_then(small)) as port:
        result = await ask(port, *({"metric": f"m{number}", "oid": f"1.3.6.1.2.1.1.99.{number}"} for number in range(2)), timeout="2s")
    assert len(result.samples) == 1, (result.reason, result.facts)


@pytest.mark.parametrize(
    "keys",
    [
        {"version": "3"},
        {"user": "x"},
        {"version": "3", "user": "x", "community": "y"},
        {"version": "3", "user": "x", "privacy_password": "12345678"},
        {"values": [{"metric": "m", "oid": "ifTable"}]},
        {"values": [{"metric": "m", "oid": "1.3.6.1.99999999999"}]},
        {"values": [{"metric": "m", "oid": UPTIME, "labels": {"check": NAMES}}]},
        {"values": [{"metric": "m", "oid": UPTIME, "labels": {"row": "index"}}]},
    ],
)
def test_keys_that_do_not_fit(keys: dict[str, Any]) -> None:
    """Faults of the configuration, before a device is asked."""
    with pytest.raises(ConfigurationError):
        check(161, **keys)


def test_a_short_password_is_refused() -> None:
    """RFC 3414 wants eight characters, so no agent has a user with fewer."""
    with pytest.raises(ValueError, match="auth_password: shorter than 8 characters"):
        SnmpProbe(check(161, version="3", user="x", auth_password="short"))


async def test_cancelling_leaves_no_socket() -> None:
    """A probe that is cut off gives its descriptors back."""
    import os

    async with udp_server(lambda packet: []) as port:
        await ask(port, timeout="50ms")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            await ask(port, timeout="50ms")
        await asyncio.sleep(0)
        assert len(os.listdir("/proc/self/fd")) <= before
