"""The gRPC kind against servers that answer oddly: each frame is a real HTTP/2 server's, its content is the test's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from tests.support.peers.certificates import certificate_files
from tests.support.peers.hostile import hostile
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.grpc.health import BadMessage, request, serving_status, unframed
from tui_monitor.sources.grpc.probe import GrpcProbe
from tui_monitor.sources.grpc.settings import GrpcCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
Http2 = h2.connection.H2Connection
OK_HEAD = [(":status", "200"), ("content-type", "application/grpc+proto")]
SERVING = b"\x00\x00\x00\x00\x02\x08\x01"


async def probe(port: int, **keys: Any) -> ProbeResult:
    """One probe."""
    return await GrpcProbe(made(GrpcCheck, {"name": "rpc", "host": "127.0.0.1", "port": port, **keys})).probe()


def serving(answer: Callable[[Http2, int], None], seen: list[dict[str, str]] | None = None) -> Any:
    """A server's behaviour: ``answer`` writes frames of the stream when the request has ended."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http2 = Http2(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        http2.initiate_connection()
        writer.write(http2.data_to_send())
        while data := await reader.read(65536):
            for event in http2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived) and seen is not None:
                    seen.append({str(name): str(value) for name, value in event.headers or ()})
                if isinstance(event, h2.events.StreamEnded) and event.stream_id:
                    answer(http2, event.stream_id)
            writer.write(http2.data_to_send())
            await writer.drain()

    return serve


def told(*trailers: tuple[str, str], body: bytes = SERVING, head: list[tuple[str, str]] = OK_HEAD) -> Callable[[Http2, int], None]:
    """Headers, a body in frames of 16 KiB, trailers; trailers-only without a body."""

    def answer(http2: Http2, stream: int) -> None:
        if not body:
            http2.send_headers(stream, [*head, *trailers], end_stream=True)
            return
        http2.send_headers(stream, head)
        for at in range(0, len(body), 16384):
            http2.send_data(stream, body[at : at + 16384])
        http2.send_headers(stream, [*trailers], end_stream=True) if trailers else http2.end_stream(stream)

    return answer


STATUS = ("grpc-status", "0")
LONG = b"\x00" + (2 + 4 + 40_000).to_bytes(4, "big") + b"\x08\x01" + b"\x7a\xc0\xb8\x02" + b"x" * 40_000


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (told(STATUS), HEALTHY, ""),
        (told(STATUS, body=LONG), HEALTHY, ""),
        (told(STATUS, body=b"\x00\x00\x00\x00\x02\x08\x02"), UNHEALTHY, "the server is NOT_SERVING"),
        (told(STATUS, body=b"\x00\x00\x00\x00\x00"), UNHEALTHY, "the server is UNKNOWN"),
        (told(STATUS, body=b"\x00\x00\x00\x00\x02\x08\x03"), UNHEALTHY, "does not know the server"),
        (told(STATUS, body=b"\x00\x00\x00\x00\x02\x08\x63"), UNHEALTHY, "the server is status 99"),
        (told(STATUS, body=b"\x01\x00\x00\x00\x02\x08\x01"), UNHEALTHY, "the message is compressed although no compression was requested"),
        (told(STATUS, body=b"\x00\x00\x00\x00\x09\x08"), UNHEALTHY, "the message is cut short"),
        (told(STATUS, body=b"\x00\x00\x00\x00\x02\x0f\x0f"), UNHEALTHY, "is no HealthCheckResponse"),
        (told(STATUS, body=b""), UNHEALTHY, "the answer has no message"),
        (told(("grpc-status", "14"), ("grpc-message", "try%20later%1b[31m"), body=b""), UNHEALTHY, "UNAVAILABLE (14): try later"),
        (told(("grpc-status", "16"), ("grpc-message", "no hush-hush"), body=b""), UNHEALTHY, "UNAUTHENTICATED (16): no ***; credentials"),
        (told(("grpc-status", "12"), body=b""), DEGRADED, "has no health service"),
        (told(("grpc-status", "5")), UNHEALTHY, "the health service does not know the server"),
        (told(("grpc-status", "77"), body=b""), UNHEALTHY, "status 77"),
        (told(("grpc-status", "odd"), body=b""), UNHEALTHY, 'grpc-status is "odd", no number'),
        (told(), UNHEALTHY, "the answer has no grpc-status"),
        (told(head=[(":status", "503"), ("content-type", "text/html")], body=b""), UNHEALTHY, "UNAVAILABLE (14): HTTP 503 of type text"),
        (told(head=[(":status", "404")], body=b""), DEGRADED, "has no health service"),
        (lambda http2, stream: http2.reset_stream(stream, 7), UNHEALTHY, "reset the call (REFUSED_STREAM)"),
        (lambda http2, stream: http2.close_connection(11, b"slow down"), UNHEALTHY, "GOAWAY ENHANCE_YOUR_CALM: slow down"),
        (told(STATUS, body=b"\x00" + b"\xff" * 60_000), UNHEALTHY, "sends a message of more than 48KiB"),
    ],
)  # fmt: skip
async def test_what_a_server_may_answer(answer: Callable[[Http2, int], None], status: HealthStatus, reason: str) -> None:
    """Status in headers or trailers, in words of what to do; hidden secrets; bounds."""
    async with hostile(serving(answer)) as server:
        result = await asyncio.wait_for(probe(server.port, metadata={"x-api-key": "hush-hush"}), 10)
    assert result.status is status and reason in result.reason, result
    assert "\x1b" not in result.reason and "hush" not in result.reason + str(result.facts)


async def test_the_request_has_what_grpc_wants() -> None:
    """The path of the health service, metadata, a time limit."""
    seen: list[dict[str, str]] = []
    async with hostile(serving(told(STATUS), seen)) as server:
        await probe(server.port, metadata={"X-Team": "shop"}, timeout="3s", server_name="rpc.example.com")
    assert seen[0][":path"] == "/grpc.health.v1.Health/Check" and seen[0]["te"] == "trailers" and seen[0]["grpc-timeout"] == "3000m"
    assert seen[0]["x-team"] == "shop" and seen[0][":authority"] == f"rpc.example.com:{server.port}"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("hang up", "closed the connection without an answer; where it wants TLS, set tls = true"),
        ("garbage", "speaks broken HTTP/2"),
        ("cut body", "speaks HTTP/1, not HTTP/2"),
        ("reset", "connection reset"),
        ("endless line", "sends an answer without end"),
    ],
)
async def test_hostile_targets_are_unhealthy(behaviour: str, reason: str) -> None:
    """With the reason, and nothing raised."""
    async with hostile(behaviour) as server:
        result = await asyncio.wait_for(probe(server.port), 10)
    assert result.status is UNHEALTHY and reason in result.reason, result


async def test_tls_without_http2_is_named(tmp_path: Path) -> None:
    """A web server that speaks HTTP/1.1 only."""
    files = certificate_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    async with hostile("hang", tls=context) as server:
        result = await probe(server.port, tls=True, ca_file=files.ca, server_name="localhost")
    assert result.status is UNHEALTHY and "no HTTP/2 (ALPN h2)" in result.reason


def test_messages_are_the_documented_bytes() -> None:
    """A string in field 1; unknown fields of every wire type are passed over."""
    assert request("") == bytes(5) and request("a") == b"\x00\x00\x00\x00\x03\x0a\x01a"
    assert len(request("x" * 300)) == 5 + 3 + 300
    assert serving_status(b"\x10\x96\x01\x19" + bytes(8) + b"\x25" + bytes(4) + b"\x08\x02") == 2
    assert unframed(b"") is None
    for broken in (b"\x08", b"\x08" + b"\xff" * 11, b"\x0a\x05a", b"\x0b"):
        with pytest.raises(BadMessage):
            serving_status(broken)


@pytest.mark.parametrize("metadata", [{"a b": "x"}, {"": "x"}, {"a": "b\n"}, {"a": "ü"}])
def test_metadata_that_cannot_be_is_refused(metadata: dict[str, str]) -> None:
    """By the reader."""
    with pytest.raises(ConfigurationError, match="metadata"):
        made(GrpcCheck, {"name": "x", "host": "h", "port": 1, "metadata": metadata})


async def test_a_key_without_a_certificate_is_refused() -> None:
    """When the probe is made."""
    with pytest.raises(ValueError, match="key_file: there is no cert_file"):
        await probe(1, tls=True, key_file="/k.pem")
