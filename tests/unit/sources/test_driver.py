"""What the checks with drivers of their own share: whose fault a name or a failed connection is."""

from __future__ import annotations

import errno
import os
import resource
import socket
import ssl
import threading
from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.driver_common import ensure_resolvable, network_reason, one_of_many
from tui_monitor.sources.net.resolve import Resolver
from tui_monitor.sources.postgres.probe import PostgresProbe
from tui_monitor.sources.postgres.settings import PostgresCheck
from tui_monitor.sources.redis.probe import RedisProbe
from tui_monitor.sources.redis.settings import RedisCheck


async def test_hanging_resolver_is_own_trouble() -> None:
    """A resolver that does not answer in time is the monitor's trouble, named with the host."""
    release = threading.Event()

    def silent(host: str) -> list[Any]:
        release.wait(10)
        return []

    resolver = Resolver(silent)
    with pytest.raises(OwnTrouble, match=r"no resolver answers \(db\.example\)"):
        await ensure_resolvable("db.example:5432", 0.05, resolver)
    release.set()


async def test_numbers_sockets_and_lists_need_no_resolver() -> None:
    """Addresses in numbers, local sockets and lists of hosts are not looked up."""

    def refuse(host: str) -> list[object]:
        raise AssertionError(host)

    for address in ("127.0.0.1:1", "[::1]:1", "local socket", "a:1,b:2"):
        await ensure_resolvable(address, 1, Resolver(refuse))  # type: ignore[arg-type]


def test_the_targets_fault_decides_among_several_addresses() -> None:
    """Of no route for IPv6 and a refused IPv4 connection the refusal is told."""
    both = OSError(f"Multiple exceptions: [Errno {errno.ENETUNREACH}] no, [Errno {errno.ECONNREFUSED}] no")
    assert network_reason(one_of_many(both), "db:1") == "connection refused (db:1)"
    assert one_of_many(OSError(f"Multiple exceptions: [Errno {errno.ENETUNREACH}] no")).errno == errno.ENETUNREACH


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no such host (a:1)"),
        (ConnectionError("closed"), "connection closed by the server (a:1)"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x"), "TLS: failed (a:1)"),
    ],
)
def test_network_reasons(error: OSError, reason: str) -> None:
    """Every kind of failure has a short reason with the address."""
    assert network_reason(error, "a:1") == reason


async def test_no_descriptors_left_is_own_trouble(postgres_dsn: str, redis_url: str) -> None:
    """Without a free descriptor both checks are unknown, and well again when there is one."""
    probes = (
        PostgresProbe(made(PostgresCheck, {"name": "db", "dsn": postgres_dsn})),
        RedisProbe(made(RedisCheck, {"name": "cache", "url": redis_url})),
    )
    for probe in probes:
        assert (await probe.probe()).reason == ""
        await probe.close()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest_free = os.open("/dev/null", os.O_RDONLY)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            with pytest.raises(OwnTrouble, match="too many open files"):
                await probe.probe()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (await probe.probe()).reason == ""
        await probe.close()
