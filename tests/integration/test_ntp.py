"""The NTP check against chronyd, and against servers that have lost the time, lie, or want to be left alone."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.peers.chronyd import Chronyd, chronyd
from tests.support.peers.require import peers_needed
from tests.support.servers import free_port
from tests.support.settings import made
from tests.support.udp import udp_server
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.ntp.packet import read
from tui_monitor.sources.ntp.probe import NtpProbe
from tui_monitor.sources.ntp.settings import NtpCheck

EPOCH = 2208988800


def check(port: int, **keys: Any) -> NtpCheck:
    return made(NtpCheck, {"name": "x", "server": "127.0.0.1", "port": port, **keys})


async def probe(port: int, **keys: Any) -> ProbeResult:
    async with asyncio.timeout(20):
        return await NtpProbe(check(port, **keys)).probe()


def series(result: ProbeResult) -> dict[str, float]:
    return {dict(sample.labels)["__name__"]: sample.value for sample in result.samples}


async def test_chronyd_is_synchronised(chronyd_peer: Chronyd) -> None:
    """Its clock is ours, so the offset is next to nothing; stratum and distance are the server's."""
    result = await probe(chronyd_peer.port)
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    found = series(result)
    assert abs(found["ntp_offset_seconds"]) < 0.1 and found["ntp_stratum"] == 8 and found["ntp_leap"] == 0
    assert 0 <= found["ntp_root_distance_seconds"] < 1.5


async def test_a_server_that_has_lost_the_time_is_told() -> None:
    """Its offset would look like 0: no offset is given, and the reason says what to look at."""
    with peers_needed(), chronyd(None) as peer:
        result = await probe(peer.port)
    assert result.status is HealthStatus.UNHEALTHY and result.reason.startswith("is not synchronised (leap indicator 3, stratum 0")
    assert "ntp_offset_seconds" not in series(result)


def stamp(seconds: float) -> bytes:
    return struct.pack("!Q", int((seconds + EPOCH) * 2**32) % 2**64)


def answer(
    packet: bytes, *, leap: int = 0, stratum: int = 2, distance: float = 0.0, reference: bytes = b"\x0a\0\0\1", ahead: float = 0.0
) -> bytes:
    now = time.time() + ahead
    head = struct.pack("!BBbbII4s", leap << 6 | 4 << 3 | 4, stratum, 6, -20, int(distance * 65536 * 2), 0, reference)
    return head + stamp(now) + packet[40:48] + stamp(now) + stamp(now)


@pytest.mark.parametrize(
    ("keys", "status", "reason"),
    [
        ({"ahead": 5.0}, HealthStatus.DEGRADED, "this machine's clock is 5.00s behind 127.0.0.1:"),
        ({"ahead": -0.5}, HealthStatus.DEGRADED, "this machine's clock is 500ms ahead of 127.0.0.1:"),
        ({"leap": 1}, HealthStatus.HEALTHY, ""),
        ({"leap": 3}, HealthStatus.UNHEALTHY, "is not synchronised (leap indicator 3, stratum 2)"),
        ({"stratum": 16}, HealthStatus.UNHEALTHY, "is not synchronised (leap indicator 0, stratum 16)"),
        ({"distance": 2.0}, HealthStatus.UNHEALTHY, "may be wrong by 2.00s"),
        ({"stratum": 0, "reference": b"DENY"}, HealthStatus.UNHEALTHY, "refuses this machine (DENY)"),
        ({"stratum": 0, "reference": b"RSTR"}, HealthStatus.UNHEALTHY, "refuses this machine (RSTR)"),
        ({"stratum": 0, "reference": b"\x1b[2J"}, HealthStatus.UNHEALTHY, "is not synchronised (leap indicator 0, stratum 0, it says [2J)"),
    ],
)
async def test_verdicts(keys: dict[str, Any], status: HealthStatus, reason: str) -> None:
    """Of what a server says of itself, and of the difference to our clock."""
    async with udp_server(lambda packet: [answer(packet, **keys)]) as port:
        result = await probe(port)
    assert result.status is status and result.reason.startswith(reason)
    assert ("ntp_offset_seconds" in series(result)) is (status is not HealthStatus.UNHEALTHY)


async def test_the_packet_with_the_least_delay_counts() -> None:
    """Three replies whose clocks stood while they were on the way, one that came at once: only that one is right."""
    count = 0

    def late(packet: bytes) -> Iterator[bytes]:
        nonlocal count
        count += 1
        if count != 3:
            time.sleep(0.05)  # a queue on the way: the loop stands still, as the packet would
        yield answer(packet, ahead=0.0 if count == 3 else -3.0)

    async with udp_server(late) as port:
        result = await probe(port)
    assert result.reason == "" and count == 4 and abs(series(result)["ntp_offset_seconds"]) < 0.05


async def test_forged_replies_are_passed_over() -> None:
    """Without the nonce, of another mode, or cut short: ignored, however good they look."""

    def lies(packet: bytes) -> Iterator[bytes]:
        good = answer(packet)
        yield answer(packet[:40] + b"guessed!", ahead=100)
        yield packet
        yield good[:40]
        yield good

    async with udp_server(lies) as port:
        assert (await probe(port)).reason == ""


async def test_a_server_that_wants_fewer_questions_gets_them() -> None:
    """After RATE one packet per probe; where that is refused too, unknown, and a pause that doubles."""
    asked, allowed, now = 0, 2, 1000.0

    def limited(packet: bytes) -> Iterator[bytes]:
        nonlocal asked
        asked += 1
        yield answer(packet) if asked <= allowed else answer(packet, stratum=0, reference=b"RATE")

    async with udp_server(limited) as port:
        tested = NtpProbe(check(port), monotonic=lambda: now)
        assert (await tested.probe()).status is HealthStatus.HEALTHY and asked == 3
        for pause in (64, 128):
            with pytest.raises(OwnTrouble, match="RATE"):
                await tested.probe()
            before = asked
            now += pause - 1
            with pytest.raises(OwnTrouble, match="the next one in 1s"):
                await tested.probe()
            assert asked == before
            now += 1
        allowed = asked + 1
        assert (await tested.probe()).status is HealthStatus.HEALTHY


async def test_silence_after_a_good_packet_is_no_fault() -> None:
    """Some servers drop what comes in a burst: what has come is judged."""
    answered = 0

    def once(packet: bytes) -> Iterator[bytes]:
        nonlocal answered
        answered += 1
        if answered == 1:
            yield answer(packet)

    async with udp_server(once) as port:
        result = await probe(port)
    assert result.reason == "" and result.facts["delay"].endswith("the least of 1")


async def test_a_closed_port_is_told_at_once() -> None:
    """Connection refused, without waiting."""
    port = free_port()
    assert (await probe(port, timeout="30s")).reason == f"connection refused (127.0.0.1:{port})"


def test_the_era_after_2036() -> None:
    """32 bits of seconds begin anew on 7 February 2036; the era nearest to our clock is meant."""
    nonce, sent = b"8 bytes!", 2.1e9 + 1e8
    head = struct.pack("!BBbbII4s", 0x24, 2, 6, -20, 0, 0, b"\x0a\0\0\1")
    found = read(head + bytes(8) + nonce + stamp(sent + 1) * 2, nonce, sent, sent)
    assert found is not None and found.offset == pytest.approx(1.0)


@pytest.mark.parametrize("keys", [{"interval": "10s"}, {"retry_interval": "2s"}])
def test_asking_too_often_is_a_fault(keys: dict[str, str]) -> None:
    """Before a server bans us."""
    with pytest.raises(ConfigurationError):
        check(123, **keys)
