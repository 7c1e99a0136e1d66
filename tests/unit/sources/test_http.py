"""HTTP answers and what is expected of them: status, body, JSON, headers, methods, authentication, limits."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


async def probe(url: str, **settings: Any) -> ProbeResult:
    tested = HttpProbe(made(HttpCheck, name="api", url=url, **settings))
    try:
        return await tested.probe()
    finally:
        await tested.close()


def values(result: ProbeResult) -> dict[str, float]:
    return {"/".join(value for _, value in sample.labels): sample.value for sample in result.samples}


async def test_a_good_answer_is_healthy_with_phases_status_and_facts(server: HttpServer) -> None:
    """A 200 is healthy and tells phase times, status code, address and version."""
    result = await probe(server.url + "/health")
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert set(result.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert result.duration is not None
    assert 0 < sum(result.phases.values()) <= result.duration
    assert values(result)["probe_http_status_code"] == 200
    assert values(result)["probe_phase_seconds/processing"] == result.phases["processing"] > 0
    assert result.facts["address"] == f"127.0.0.1:{server.port}"
    assert result.facts["http_version"] == "HTTP/1.1"
    assert result.facts["connection"] == "new"
    assert "excerpt" not in result.facts


async def test_slow_processing_and_slow_transfer_are_told_apart(server: HttpServer) -> None:
    """The wait for the first byte counts as processing, the rest as transfer."""
    server.behave(delay=0.1)
    slow = await probe(server.url)
    assert slow.phases["processing"] >= 0.1 > slow.phases["transfer"]
    server.behave("drip", delay=0.003)
    dripping = await probe(server.url)
    assert dripping.phases["transfer"] >= 0.05
    assert dripping.status is HealthStatus.HEALTHY


@pytest.mark.parametrize(
    ("status", "reason"),
    [(500, "500 Internal Server Error"), (503, "503 Service Unavailable"), (404, "404 Not Found"), (599, "599"), (302, "302 Found")],
)
async def test_other_statuses_are_unhealthy(server: HttpServer, status: int, reason: str) -> None:
    """Outside of 200 to 299 the standard's phrase is the reason, and the body's beginning a fact."""
    server.behave(status=status, body="database\x1b[31m gone\u202e")
    result = await probe(server.url)
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, reason)
    assert result.facts["excerpt"] == "database gone"
    assert values(result)["probe_http_status_code"] == status


async def test_expected_statuses_replace_the_default(server: HttpServer) -> None:
    """expect_status alone decides, also for a redirect that it names, which is then not followed."""
    server.behave(status=401)
    assert (await probe(server.url, expect_status=[200, 401])).status is HealthStatus.HEALTHY
    server.behave()
    assert (await probe(server.url, expect_status=[204])).reason == "200 OK"
    server.behave(status=301, redirect="/elsewhere")
    assert (await probe(server.url, expect_status=[301])).status is HealthStatus.HEALTHY
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"expect_body": "all good"}, ""),
        ({"expect_body": "fine"}, 'body lacks "fine"'),
        ({"expect_regex": r"all\s+g..d"}, ""),
        ({"expect_regex": r"^good"}, "body does not match /^good/"),
        ({"expect_headers": {"X-Version": "2."}}, ""),
        ({"expect_headers": {"x-version": "3."}}, 'header x-version is "2.1", lacks "3."'),
        ({"expect_headers": {"X-Other": ""}}, "header x-other is missing"),
    ],
)
async def test_body_and_header_assertions(server: HttpServer, settings: dict[str, Any], reason: str) -> None:
    """Text, regular expression and headers are asserted, with short reasons."""
    server.behave(body="it is all good", headers={"X-Version": "2.1"})
    assert (await probe(server.url, **settings)).reason == reason


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"status": "ok"}, ""),
        ({"checks[0].up": True, "load": 1, "length(checks)": 2, "absent": None}, ""),
        ({"status": "down"}, '$.status is "ok", not "down"'),
        ({"load": True}, "$.load is 1.0, not true"),
        ({"nothing": "x"}, '$.nothing is missing, not "x"'),
        ({"length(load)": 1}, "$.length(load) cannot be evaluated on the answer"),
        ({"checks": [{"up": True}, {"up": False}]}, ""),
        ({"checks": [{"up": 1}, {"up": 0}]}, '$.checks is [{"up": true}, {"up": false}], not [{"up": 1}, {"up": 0}]'),
    ],
)
async def test_json_values(server: HttpServer, expected: dict[str, Any], reason: str) -> None:
    """JMESPath values are compared as JSON compares them: true is not 1, 1 is 1.0."""
    server.behave(body='{"status": "ok", "load": 1.0, "checks": [{"up": true}, {"up": false}]}')
    assert (await probe(server.url, expect_json=expected)).reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "body is not JSON"),
        (b"", "body is not JSON"),
        (b"[" * 200_000, "body is JSON nested too deeply"),
        (b"\xff\xfe{}", "body is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "body is not JSON"),
    ],
)
async def test_hostile_json_is_a_verdict(server: HttpServer, body: bytes, reason: str) -> None:
    """What is no JSON, or JSON made to break parsers, is unhealthy and raises nothing."""
    server.behave(body=body)
    assert (await probe(server.url, expect_json={"a": 1})).reason == reason


async def test_method_headers_and_body_are_sent(server: HttpServer) -> None:
    """Method, headers and body go out as configured; configured headers win."""
    await probe(server.url + "/a b?q=ü", method="post", body='{"ping": 1}', headers={"User-Agent": "me", "Host": "virtual.example"})
    sent = server.requests[0]
    assert (sent.method, sent.path, sent.body) == ("POST", "/a%20b?q=%C3%BC", b'{"ping": 1}')
    assert sent.headers["user-agent"] == "me"
    assert sent.headers["host"] == "virtual.example"
    assert sent.headers["connection"] == "close"


async def test_head_has_no_body(server: HttpServer) -> None:
    """An answer to HEAD ends after its headers, whatever length it states."""
    result = await probe(server.url, method="HEAD")
    assert result.status is HealthStatus.HEALTHY


@pytest.mark.parametrize(
    ("settings", "userinfo", "sent"),
    [
        ({"username": "ann", "password": "geheim"}, "", "Basic YW5uOmdlaGVpbQ=="),
        ({"bearer": "t0k3n"}, "", "Bearer t0k3n"),
        ({}, "ann:geheim@", "Basic YW5uOmdlaGVpbQ=="),
        ({"headers": {"authorization": "Custom x"}}, "ann:geheim@", "Custom x"),
    ],
)
async def test_credentials_are_sent_and_never_shown(server: HttpServer, settings: dict[str, Any], userinfo: str, sent: str) -> None:
    """Basic and bearer credentials go out; not even a target that echoes them brings them into reason or facts."""
    server.behave(status=403, body=f"you said {sent} geheim and hunter2hunter2", headers={"X-Echo": sent})
    url = server.url.replace("//", f"//{userinfo}") + "/x?api_key=hunter2hunter2"
    results = [await probe(url, **settings), await probe(url, **settings, expect_status=[403], expect_headers={"X-Echo": "nothing"})]
    assert {request.headers["authorization"] for request in server.requests} == {sent}
    for result in results:
        shown = f"{result.reason} {dict(result.facts)}"
        assert sent.split()[1] not in shown or sent == "Custom x"
        assert "hunter2" not in shown
        assert "geheim" not in shown or not (userinfo or "password" in settings)
        assert result.facts["url"].endswith("/x?api_key=…")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw"])
async def test_a_compressed_body_is_understood(server: HttpServer, encoding: str) -> None:
    """A server that compresses though it was not asked to is read all the same."""
    plain = b"needle" + b" hay" * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {"deflate": zlib.compress(plain), "raw": raw.compress(plain) + raw.flush()}.get(encoding, gzip.compress(plain))
    server.behave(body=packed, headers={"Content-Encoding": "deflate" if encoding == "raw" else encoding})
    assert (await probe(server.url, expect_body="needle")).reason == ""
    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_compression_bomb_is_bounded(server: HttpServer) -> None:
    """Of a small body that unfolds to much, only max_body bytes are made."""
    server.behave(body=gzip.compress(b"a" * 50_000_000 + b"end"), headers={"Content-Encoding": "gzip"})
    result = await probe(server.url, expect_body="end", max_body="64KiB")
    assert result.reason == 'body lacks "end" (in the first 64KiB)'


async def test_a_body_that_lies_about_its_encoding_is_unhealthy(server: HttpServer) -> None:
    """What is not the gzip it says, or an unknown encoding, is a verdict when the body matters."""
    server.behave(headers={"Content-Encoding": "gzip"})
    assert (await probe(server.url, expect_body="ok")).reason == "body is not valid gzip, which its header declares"
    assert (await probe(server.url)).reason == ""
    server.behave(headers={"Content-Encoding": "br"})
    assert (await probe(server.url, expect_body="ok")).reason == "body has a content encoding that is not understood"


@pytest.mark.parametrize("fault", ["endless_body", "long_line"])
async def test_reading_stops_at_the_cap(server: HttpServer, fault: Any) -> None:
    """A body without end, or of one 10 MB line, is read up to max_body; assertions judge that part, and it is said."""
    server.behave(fault)
    result = await probe(server.url, expect_body="aaaa", max_body="256KiB")
    assert result.status is HealthStatus.HEALTHY
    assert result.facts["body"] == "only the first 256KiB was read"
    assert (await probe(server.url, expect_body="end", max_body=1000)).reason == 'body lacks "end" (in the first 1000B)'
    assert "JSON not read" in (await probe(server.url, expect_json={"a": 1}, max_body=1000)).reason


async def test_character_sets(server: HttpServer) -> None:
    """The declared character set is used; unknown or dangerous ones are read as UTF-8, and invalid bytes harm nothing."""
    server.behave(body="서버 정상".encode("euc-kr"), headers={"Content-Type": "text/html; charset=EUC-KR"})
    assert (await probe(server.url, expect_body="정상")).reason == ""
    server.behave(body=b"\xff\xc3(ok\x00", headers={"Content-Type": "text/plain; charset=punycode"})
    assert (await probe(server.url, expect_body="ok")).reason == ""


@pytest.mark.parametrize("how", [{"chunked": True}, {"version": "HTTP/1.0"}, {"body": b""}, {"status": 204, "body": b""}])
async def test_framings(server: HttpServer, how: dict[str, Any]) -> None:
    """Chunked answers, HTTP/1.0 and empty bodies are fine."""
    server.behave(**how)
    assert (await probe(server.url)).reason == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"expect_regex": "("},
        {"expect_json": {"a[": 1}},
        {"method": "GET /"},
        {"headers": {"X-A": "b\r\nX-C: d"}},
        {"url": "http://"},
        {"url": "http://host:99999/"},
    ],
)
def test_what_cannot_be_understood_is_refused_at_once(settings: dict[str, Any]) -> None:
    """A wrong expression, header or address is a ValueError when the probe is made, not a verdict about the target."""
    with pytest.raises((ValueError, ConfigurationError)):
        HttpProbe(made(HttpCheck, **({"name": "api", "url": "http://127.0.0.1/"} | settings)))
