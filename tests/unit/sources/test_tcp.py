"""TCP ports, plain and TLS: open, refused, the expected text, and what else may answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.processes import until
from tests.support.settings import made
from tests.support.tls_chains import authorities, issue, server_context
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.tcp.probe import TcpProbe
from tui_monitor.sources.tcp.settings import TcpCheck

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that holds one kind of conversation; gives its port."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.read(100))
    await writer.drain()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\xff\x1b[2J" * 1000)
        await writer.drain()


async def drops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"xx220 ready":
        writer.write(bytes([byte]))
        await writer.drain()


async def probe(port: int, host: str = "127.0.0.1", **settings: Any) -> ProbeResult:
    return await TcpProbe(made(TcpCheck, name="port", host=host, port=port, **settings)).probe()


async def test_an_open_port_is_healthy() -> None:
    """Connecting is enough when nothing is expected; resolve and connect are timed."""
    async with listening(silence) as port:
        result = await probe(port)
        assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
        assert result.phases["connect"] > 0
        assert result.facts["address"] == f"127.0.0.1:{port}"
        assert {dict(sample.labels)["phase"] for sample in result.samples} == {"resolve", "connect", "tls", "processing"}
        assert (await probe(port, host="localhost")).status is HealthStatus.HEALTHY
    assert (await probe(port)).reason == f"connection refused (127.0.0.1:{port})"


@pytest.mark.parametrize(
    ("talk", "expect", "reason"),
    [
        (echo, "said PING", ""),
        (echo, "PONG", 'answer lacks "PONG"'),
        (silence, "PONG", "closed the connection without an answer"),
        (endless, "PONG", 'answer lacks "PONG" (in the first 64KiB)'),
        (drops, "220 ready", ""),
    ],
)
async def test_sending_and_expecting(talk: Talk, expect: str, reason: str) -> None:
    """The text goes out, the expected one is waited for across pieces, and an endless answer is bounded."""
    async with listening(talk) as port:
        result = await probe(port, send="PING", expect=expect)
    assert result.reason == reason
    assert all(text.isprintable() for text in result.facts.values())


async def test_a_cancelled_probe_names_its_stage() -> None:
    """A timeout while waiting for the text closes the connection and says where it was."""
    met, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()
        gone.set()

    async with listening(wait) as port:
        tested = TcpProbe(made(TcpCheck, name="port", host="127.0.0.1", port=port, expect="x"))
        task = asyncio.create_task(tested.probe())
        await asyncio.wait_for(met.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tested.stage == "waiting for the answer"
        await asyncio.wait_for(gone.wait(), 60)


async def test_a_wrong_answer_on_an_open_line_is_named_when_the_time_is_up() -> None:
    """A server that answers otherwise and then keeps the line open is told by its answer, made harmless, not as silent."""

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too \x1b[31mbusy\r\n")
        await reader.read()

    async with listening(busy) as port:
        tested = TcpProbe(made(TcpCheck, name="port", host="127.0.0.1", port=port, expect="220"))
        task = asyncio.create_task(tested.probe())
        await until(lambda: "lacks" in tested.stage)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert tested.stage == 'answer "421 too busy" lacks "220"'


async def test_tls(tmp_path: Path) -> None:
    """TLS is verified, timed, and tells the certificate's end; no TLS on the port is a verdict."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with listening(echo, context) as port:
        check = made(TcpCheck, name="port", host="127.0.0.1", port=port, tls=True, send="PING", expect="PING")
        trusted = await TcpProbe(replace(check, ca_file=str(tmp_path / "ca.pem"))).probe()
        assert (trusted.status, trusted.reason) == (HealthStatus.HEALTHY, "")
        assert trusted.phases["tls"] > 0
        assert any(("__name__", "probe_ssl_earliest_cert_expiry") in sample.labels for sample in trusted.samples)
        assert (await TcpProbe(check).probe()).reason == "certificate comes from an unknown authority"
    async with listening(endless) as port:
        plain = made(TcpCheck, name="port", host="127.0.0.1", port=port, tls=True)
        assert (await TcpProbe(plain).probe()).reason == "answered without TLS"


async def test_tls_is_judged_as_for_http(tmp_path: Path) -> None:
    """With `ca_file` or `verify = false` the port is tested; an end that is near is degraded, "0s" switches that off."""
    root = issue("Root", days=3000, ca=True)
    ca_file = authorities(tmp_path, root)
    async with listening(silence, tls=server_context(issue("127.0.0.1", root, days=5.5))) as port:
        assert (await probe(port, tls=True)).reason == "certificate comes from an unknown authority"
        for settings in ({"ca_file": ca_file}, {"verify": False}):
            result = await probe(port, tls=True, **settings)
            assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expires in 5d")
        result = await probe(port, tls=True, ca_file=ca_file, tls_expiry_warning="0s")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert {dict(sample.labels)["__name__"] for sample in result.samples} == {"probe_phase_seconds", "probe_ssl_earliest_cert_expiry"}


def test_a_ca_file_that_cannot_be_used_is_refused() -> None:
    """A missing or broken PEM file is a fault of the configuration that names its key."""
    for path in ("/nowhere/ca.pem", __file__):
        with pytest.raises(ValueError, match=r"^ca_file: cannot"):
            TcpProbe(made(TcpCheck, name="port", host="127.0.0.1", port=1, tls=True, ca_file=path))
