"""Targets that refuse, hang, cut, drip and answer garbage: always a verdict with a reason, never an exception."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.net import stream
from tui_monitor.sources.net.resolve import Address, Resolver


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


async def probe(url: str, resolver: Resolver | None = None, **settings: Any) -> ProbeResult:
    check = made(HttpCheck, name="api", url=url, **settings)
    return await (HttpProbe(check, resolver=resolver) if resolver else HttpProbe(check)).probe()


def lookup(*answer: Address | Exception) -> Resolver:
    def found(host: str) -> Sequence[Address]:
        for item in answer:
            if isinstance(item, Exception):
                raise item
        return [item for item in answer if not isinstance(item, Exception)]

    return Resolver(found)


@pytest.mark.parametrize(
    ("fault", "how", "reason"),
    [
        ("silent", {}, "closed the connection without an answer"),
        ("reset", {}, "connection reset"),
        ("garbage", {}, "answered garbage (not HTTP)"),
        ("cut", {}, "broke off in the middle of the answer"),
        ("endless_headers", {}, "answered garbage (more than 64KiB of headers)"),
        ("raw", {"body": b"SSH-2.0-OpenSSH_9.2\r\n"}, "answered garbage (not HTTP)"),
        ("raw", {"body": b"x" * 1_000_000}, "answered garbage (more than 64KiB of headers)"),
        ("raw", {"body": b"\x15\x03\x01\x00\x02\x02\x16"}, "answered TLS, not plain HTTP (https?)"),
        ("raw", {"body": b"HTTP/1.1 200 OK\r\nContent-Le"}, "broke off in the middle of the headers"),
        ("raw", {"body": b"HTTP/1.1 200 OK\r\nbad header: 1\r\n\r\n"}, "answered broken HTTP (illegal header line)"),
        ("raw", {"body": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}, "answered broken HTTP (illegal chunk header)"),
        ("raw", {"body": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}, "broke off in the middle of the answer"),
        ("raw", {"body": b"HTTP/1.1 100 Continue\r\n\r\n" * 40}, "sends interim answers (1xx) without end"),
        ("raw", {"body": b"HTTP/1.1 101 Switching Protocols\r\n\r\n"}, "answered garbage (not HTTP)"),
        ("raw", {"body": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nok"}, ""),
        ("raw", {"body": b"HTTP/1.1 200 OK\n\nok"}, ""),
        ("raw", {"body": b"HTTP/1.1 200 \xff\xfe\r\nX: \xff\r\n\r\n\xff\xfe"}, ""),
    ],
)
async def test_faulty_answers(server: HttpServer, fault: Any, how: dict[str, Any], reason: str) -> None:
    """Each kind of broken answer has its own short reason, and no connection stays open."""
    server.behave(fault, **how)
    result = await probe(server.url)
    assert result.reason.removesuffix(f" (127.0.0.1:{server.port})") == reason
    assert result.status is (HealthStatus.UNHEALTHY if reason else HealthStatus.HEALTHY)
    await server.wait_for(lambda now: now.open_connections == 0)


async def test_a_refused_connection_names_the_address(server: HttpServer) -> None:
    """Nobody listens: refused, with address and port."""
    await server.stop()
    assert (await probe(server.url)).reason == f"connection refused (127.0.0.1:{server.port})"


@pytest.mark.parametrize(("fault", "stage"), [("hang", "waiting for the answer"), ("drip", "waiting for the answer")])
async def test_a_cancelled_probe_says_where_it_was_and_leaves_nothing(server: HttpServer, fault: Any, stage: str) -> None:
    """A timeout cancels the probe: the stage stays readable and the connection is closed at once."""
    server.behave(fault, delay=0.5 if fault == "drip" else 0.0)
    tested = HttpProbe(made(HttpCheck, name="api", url=server.url))
    task = asyncio.create_task(tested.probe())
    await server.wait_for(lambda now: now.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tested.stage == stage
    if fault == "hang":
        await server.wait_for(lambda now: now.open_connections == 0)


async def test_a_name_that_does_not_exist_is_the_targets_fault() -> None:
    """NXDOMAIN is unhealthy: no such host."""
    result = await probe("http://nope.example/", lookup(socket.gaierror(socket.EAI_NONAME, "")))
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "no such host (nope.example)")


async def test_a_resolver_that_does_not_answer_is_own_trouble() -> None:
    """EAI_AGAIN, and silence for nine tenths of the timeout, are the monitor's own trouble."""
    with pytest.raises(OwnTrouble, match="no resolver answers"):
        await probe("http://a.example/", lookup(socket.gaierror(socket.EAI_AGAIN, "")))

    class Silent(Resolver):
        async def resolve(self, host: str) -> Sequence[Address]:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(OwnTrouble, match="no resolver answers"):
        await probe("http://a.example/", Silent(), timeout=0.05)


async def test_of_several_addresses_one_that_answers_is_enough(server: HttpServer) -> None:
    """A name with a dead IPv6 address and a living IPv4 one is healthy."""
    both: list[Address] = [(socket.AF_INET6, ("::1", 0, 0, 0)), (socket.AF_INET, ("127.0.0.1", 0))]
    result = await probe(f"http://dual.example:{server.port}/", lookup(*both))
    assert result.status is HealthStatus.HEALTHY
    assert result.facts["address"] == f"127.0.0.1:{server.port}"
    assert server.requests[0].headers["host"] == f"dual.example:{server.port}"


async def test_an_address_that_is_silent_is_overtaken(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one address does not answer the next is tried beside it, and the loser is closed."""
    real = stream._attempt
    closed = asyncio.Event()

    async def attempt(address: Address, port: int) -> stream.Stream:
        if address[1][0] != "192.0.2.1":
            return await real(address, port)
        try:
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            closed.set()

    monkeypatch.setattr(stream, "_attempt", attempt)
    monkeypatch.setattr(stream, "ATTEMPT_DELAY", 0.01)
    resolver = lookup((socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET, ("127.0.0.1", 0)))
    assert (await probe(f"http://dual.example:{server.port}/", resolver)).status is HealthStatus.HEALTHY
    assert closed.is_set()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENOBUFS])
async def test_what_this_machine_lacks_is_own_trouble(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """No descriptors, no route, no ports: unknown, not down."""

    async def attempt(address: Address, port: int) -> stream.Stream:
        raise OSError(code, "")

    monkeypatch.setattr(stream, "_attempt", attempt)
    with pytest.raises(OwnTrouble):
        await probe("http://127.0.0.1:1/")


async def test_the_targets_fault_decides_among_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """No route for IPv6 but a refusal on IPv4 is a refusal."""

    async def attempt(address: Address, port: int) -> stream.Stream:
        raise OSError(errno.ENETUNREACH if address[0] == socket.AF_INET6 else errno.ECONNREFUSED, "")

    monkeypatch.setattr(stream, "_attempt", attempt)
    resolver = lookup((socket.AF_INET6, ("2001:db8::1", 0, 0, 0)), (socket.AF_INET, ("192.0.2.1", 0)))
    assert (await probe("http://dual.example/", resolver)).reason == "connection refused (192.0.2.1:80)"


HEADS = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: ",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=HEADS, tail=st.one_of(st.binary(max_size=300), st.text(max_size=60).map(lambda text: text.encode() + b"\r\n\r\nx")))
def test_any_bytes_give_a_verdict(head: bytes, tail: bytes) -> None:
    """Whatever a target answers, probe() returns a verdict whose texts are printable."""

    async def run() -> ProbeResult:
        async with HttpServer() as server:
            server.behave("raw", body=head + tail)
            return await probe(server.url, expect_body="ok", expect_json={"a": 1}, follow_redirects=b"Location" not in head)

    result = asyncio.run(run())
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason.isprintable()
    assert all(text.isprintable() for text in result.facts.values())


async def test_no_descriptors_left_is_own_trouble_for_real() -> None:
    """With RLIMIT_NOFILE used up a probe of a healthy server is unknown; with descriptors again it is healthy."""
    async with HttpServer() as server:
        program = f"""
import asyncio, os, resource
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http.probe import HttpProbe
async def main():
    probe = HttpProbe(HttpCheck(name="api", url={server.url!r}))
    print((await probe.probe()).status)
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        print((await probe.probe()).status)
    except OwnTrouble as error:
        print(error)
    for number in held:
        os.close(number)
    print((await probe.probe()).status)
asyncio.run(main())
"""
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert output.decode().splitlines() == ["healthy", f"too many open files in the monitor (127.0.0.1:{server.port})", "healthy"]


async def test_cancelling_at_any_moment_leaves_no_descriptor(server: HttpServer) -> None:
    """Probes cancelled after 0, 1, 2, ... turns of the loop leave no socket open here or there."""
    server.at("/hop", redirect="/end")
    url = f"http://dual.example:{server.port}/hop"
    resolver = lookup((socket.AF_INET6, ("::1", 0, 0, 0)), (socket.AF_INET, ("127.0.0.1", 0)))
    await probe(url, resolver)
    before = len(os.listdir("/dev/fd"))
    for turns in range(80):
        for target in (url, server.url):
            task = asyncio.create_task(probe(target, resolver))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    await server.wait_for(lambda now: now.open_connections == 0)
    assert len(os.listdir("/dev/fd")) <= before
