"""The ICMP check on real sockets, in network namespaces: replies, loss, refusals by a router, and rights that are missing."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.support.peers.namespaces import FAR, far_host, in_namespace
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.icmp.packet import error_text, reply, request
from tui_monitor.sources.icmp.pings import Echo, Pings
from tui_monitor.sources.icmp.probe import IcmpProbe, jitter
from tui_monitor.sources.icmp.settings import IcmpCheck
from tui_monitor.sources.icmp.sockets import SOCKETS, EchoSocket

CLONE_NEWNET = 0x40000000


def no_ping_sockets() -> None:
    """A new network, where the kernel's default lets nobody have ping sockets."""
    assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


async def ping(host: str, **keys: Any) -> ProbeResult:
    probe = IcmpProbe(made(IcmpCheck, {"name": "x", "host": host, **keys}))
    try:
        async with asyncio.timeout(20):
            return await probe.probe()
    finally:
        await probe.close()


def series(result: ProbeResult) -> dict[str, float]:
    named = ((dict(sample.labels), sample.value) for sample in result.samples)
    return {labels.get("phase", labels["__name__"]): value for labels, value in named}


@in_namespace
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize("kind", ["ping", "raw"])
def test_a_host_that_answers_is_healthy(host: str, kind: str) -> None:
    """By both kinds of socket and both families: no loss, the duration is the round trip's, jitter is measured."""
    if kind == "raw":
        no_ping_sockets()
    result = asyncio.run(ping(host, size=1000))
    assert (result.status, result.reason, result.facts["socket"], result.facts["replies"]) == (HealthStatus.HEALTHY, "", kind, "3 of 3")
    found = series(result)
    assert set(found) == {"resolve", "setup", "rtt", "probe_icmp_loss_ratio", "probe_icmp_jitter_seconds"}
    assert found["probe_icmp_loss_ratio"] == 0 and result.duration == found["rtt"] < 0.5


@in_namespace
@pytest.mark.parametrize(
    ("kind", "words"),
    [("unreachable", "host unreachable, says "), ("prohibit", "prohibited by a filter, says "), ("blackhole", "no reply (")],
)
def test_what_a_router_says_is_told_at_once(kind: str, words: str) -> None:
    """A limit of 30 s is not waited for where a router refuses; silence is no reply."""
    with far_host("203.0.113.0/24") as host:
        host.refuse(kind, "203.0.113.0/24")
        silent = kind == "blackhole"
        result = asyncio.run(ping("203.0.113.5", timeout="1s" if silent else "30s", count=2))
    assert result.status is HealthStatus.UNHEALTHY and result.reason.startswith(words) and result.reason.endswith("(203.0.113.5)")
    assert silent or FAR in result.reason
    assert series(result)["probe_icmp_loss_ratio"] == 1 and "rtt" not in series(result)


@in_namespace
def test_a_share_of_lost_packets_is_judged() -> None:
    """Every third packet is dropped by the far host's firewall: degraded from a fifth on, unhealthy where that is the limit."""
    with far_host() as host:
        host.run("sh", "-c", "iptables -A INPUT -p icmp -m statistic --mode nth --every 3 --packet 0 -j DROP")
        result = asyncio.run(ping(FAR, timeout="1s", count=6))
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, f"2 of 6 packets lost ({FAR})")
        result = asyncio.run(ping(FAR, timeout="1s", count=6, loss_unhealthy="30%"))
        assert result.status is HealthStatus.UNHEALTHY and result.facts["replies"] == "4 of 6"
        assert asyncio.run(ping(FAR, timeout="1s", count=6, loss_degraded="50%")).status is HealthStatus.HEALTHY


@in_namespace
def test_a_packet_that_must_not_be_cut_finds_a_small_mtu() -> None:
    """1,400 bytes do not pass a link of 1,280 whole; in parts they do."""
    with far_host() as host:
        host.run("ip", "link", "set", "far", "mtu", "1280")
        subprocess.run(["ip", "link", "set", "near", "mtu", "1280"], check=True)
        assert "too large for the path" in asyncio.run(ping(FAR, size=1400, dont_fragment=True)).reason
        assert asyncio.run(ping(FAR, size=1400)).reason == ""


@in_namespace
def test_without_the_right_it_is_unknown_with_three_remedies() -> None:
    """Neither the sysctl nor the capability: our own trouble, never the target's."""
    no_ping_sockets()
    snippet = (
        "import asyncio, tests.integration.test_icmp as t\nfrom tui_monitor.sources.api import OwnTrouble\n"
        "try: print(asyncio.run(t.ping('127.0.0.1')))\n"
        "except OwnTrouble as trouble: print(trouble)"
    )
    argv = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", sys.executable, "-c", snippet]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    assert "ping_group_range" in said and "AmbientCapabilities=CAP_NET_RAW" in said and "setcap" in said


@in_namespace
def test_all_targets_share_one_socket_per_family() -> None:
    """A hundred hosts at once are pinged by one descriptor; replies reach their own probe, and the last one closes it."""

    async def many() -> tuple[int, list[ProbeResult]]:
        probes = [IcmpProbe(made(IcmpCheck, {"name": "x", "host": f"127.0.0.{last}"})) for last in range(1, 101)]
        before = len(os.listdir("/proc/self/fd"))
        results = await asyncio.gather(*(probe.probe() for probe in probes))
        more = len(os.listdir("/proc/self/fd")) - before
        for probe in probes:
            await probe.close()
        assert len(os.listdir("/proc/self/fd")) == before
        return more, list(results)

    more, results = asyncio.run(many())
    assert more == 1 and all(result.status is HealthStatus.HEALTHY for result in results)
    assert [result.facts["address"] for result in results] == [f"127.0.0.{last}" for last in range(1, 101)]


def sent(echo_socket: EchoSocket, count: int = 1) -> tuple[Pings, Echo]:
    """The requests of a probe, whose first one was sent."""
    pings = Pings(("127.0.0.1", 0), count=count, gap=0.05, size=56, dont_fragment=False)
    echo_socket.send(pings)
    return pings, next(iter(pings.echoes.values()))


@in_namespace
def test_late_doubled_and_foreign_replies_are_no_replies() -> None:
    """By sequence number and nonce: a second reply is doubled, one after the end is late, a changed one corrupted, a stranger's nothing."""

    async def run() -> None:
        owner = object()
        echo_socket = SOCKETS.take(2, owner)
        pings, echo = sent(echo_socket)
        [sequence] = pings.echoes
        echo_socket._take(sequence, b"stranger" + pings.payload[8:], 0)
        echo_socket._take(sequence, pings.payload[:-1] + b"!", 0)
        assert echo.pending and pings.mangled == 1
        await pings.done
        echo_socket._take(sequence, pings.payload, 0)
        assert echo.took is not None and pings.doubled == 1
        pings, echo = sent(echo_socket)
        [sequence] = pings.echoes
        pings.end()
        echo_socket.forget(pings)
        await asyncio.sleep(0)
        echo_socket._take(sequence, pings.payload, 0)
        assert pings.late >= 1 and echo.pending
        SOCKETS.give_back(owner)

    asyncio.run(run())


@in_namespace
@pytest.mark.parametrize("kind", ["ping", "raw"])
def test_a_busy_monitor_is_not_the_latency_of_the_target(kind: str) -> None:
    """The reply waits half a second until it is read; the round trip ends when the kernel got it.

    The kernel begins with its stamps a moment after the first socket has asked for them, so it is tried until they are there.
    """
    if kind == "raw":
        no_ping_sockets()

    async def run() -> None:
        owner = object()
        echo_socket = SOCKETS.take(2, owner)
        assert echo_socket.raw == (kind == "raw")
        async with asyncio.timeout(30):
            took = 0.5
            while took >= 0.25:
                pings, echo = sent(echo_socket)
                time.sleep(0.5)  # noqa: ASYNC251  the point of the test
                await pings.done
                took = echo.took or 0.0
                echo_socket.forget(pings)
        assert took > 0
        SOCKETS.give_back(owner)

    asyncio.run(run())


@in_namespace
def test_a_time_of_arrival_of_another_clock_does_not_count() -> None:
    """Where the wall clock was set between request and reply, the time measured by the monitor stands."""

    async def run() -> None:
        for arrival in (0, 2**62):
            echo = Echo(Pings(("127.0.0.1", 0), count=1, gap=0.05, size=56, dont_fragment=False))
            echo.replied(arrival)
            assert echo.took is not None and 0 <= echo.took < 60

    asyncio.run(run())


def test_packets_and_errors_of_any_shape_are_read() -> None:
    """Cut-short packets are none; unknown errors are told by number."""
    packet = request(2, 1, 7, b"nonce678rest")
    assert reply(2, b"\x00" + packet[1:], False) == (7, b"nonce678rest")
    assert all(reply(2, packet[:size], raw) is None for size in range(len(packet)) for raw in (True, False))
    assert reply(2, b"\x45" + bytes(19) + b"\x00" + packet[1:], True) == (7, b"nonce678rest")
    assert error_text(2, (113).to_bytes(4, "little") + bytes((2, 3, 99)) + bytes(9)) == "no route to host (ICMP 3/99)"


def test_limits_in_the_wrong_order_and_too_many_packets_are_faults() -> None:
    """Both are found before the first probe."""
    for keys in ({"loss_degraded": "50%", "loss_unhealthy": "40%"}, {"count": 100, "timeout": "1s"}):
        with pytest.raises(ConfigurationError):
            made(IcmpCheck, {"name": "x", "host": "a", **keys})


def test_jitter_is_the_mean_step() -> None:
    """Between neighbours, not from the mean."""
    assert jitter([0.1, 0.2, 0.1]) == pytest.approx(0.1) and jitter([1.0]) == 0
