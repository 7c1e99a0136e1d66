"""Scrapes over HTTP: the request, series and labels, own series, what ends them, limits, hostile targets."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.httpserver import HttpServer
from tests.support.peers.hostile import hostile
from tui_monitor.core.values import METRIC_NAME, AllSeries, HealthStatus, ProbeResult, label, labels_of
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.prometheus.probe import PrometheusProbe
from tui_monitor.sources.prometheus.settings import PrometheusCheck

OPENMETRICS = {"Content-Type": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


def prober(url: str, **settings: Any) -> PrometheusProbe:
    return PrometheusProbe(PrometheusCheck(name="node", url=url, **settings))


async def scrape(url: str, **settings: Any) -> ProbeResult:
    """One scrape by a new probe."""
    probe = prober(url, **settings)
    try:
        return await probe.probe()
    finally:
        await probe.close()


def series(result: ProbeResult) -> AllSeries:
    """All that the target has."""
    assert result.all_series is not None
    return result.all_series


def values(result: ProbeResult) -> dict[str, float]:
    """Values by metric name, without the duration."""
    found = {label(labels, METRIC_NAME): value for labels, value in series(result).samples}
    assert 0 <= found.pop("scrape_duration_seconds") < 60
    return found


async def test_a_good_page_gives_its_series_and_those_of_the_scrape(server: HttpServer) -> None:
    """Every series carries check, instance, category, labels and job; up is 1; the request asks for what can be read."""
    server.behave(body='# TYPE a gauge\na{type="x",check="y"} 1\nb{job="j"} 2\n')
    probe = prober(server.url + "/metrics", category="infra", labels={"team": "pay"}, timeout=4)
    result = await probe.probe()
    await probe.close()
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    own = {"check": "node", "instance": f"127.0.0.1:{server.port}", "category": "infra", "team": "pay"}
    labels = {label(labels, METRIC_NAME): labels for labels, _ in series(result).samples}
    assert labels["a"] == labels_of("a", **own, job="node", type="x", exported_check="y")
    assert labels["b"] == labels_of("b", **own, job="j")
    assert labels["up"] == labels_of("up", **own, job="node")
    assert values(result) == {"a": 1, "b": 2, "up": 1, "scrape_samples_scraped": 2}
    assert result.samples == ()
    assert probe.metadata == {"a": Metadata("gauge")}
    assert result.facts["samples"] == "2" and result.facts["format"] == "Prometheus text"
    asked = server.requests[-1].headers
    assert asked["accept"].startswith("application/openmetrics-text;version=1.0.0") and "protobuf" not in asked["accept"]
    assert (asked["accept-encoding"], asked["x-prometheus-scrape-timeout-seconds"]) == ("gzip", "4")


async def test_series_are_the_same_objects_over_a_kept_connection(server: HttpServer) -> None:
    """The second scrape goes over the same connection and gives the same label sets, so that what ended is found quickly."""
    server.behave(body="a 1\nb 2\n")
    probe = prober(server.url)
    first, second = series(await probe.probe()), series(await probe.probe())
    await probe.close()
    assert server.connections == 1
    assert all(one[0] is other[0] for one, other in zip(first.samples, second.samples, strict=True))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"status": 500, "body": "a 1\n"}, "500 Internal Server Error"),
        ({"status": 401}, "401 Unauthorized"),
        ({"status": 204, "body": ""}, "204 No Content"),
        ({"body": "a 1\nb x\n"}, "line 2: not a number: 'x': \"b x\""),
        ({"body": "<html>", "headers": {"Content-Type": "text/html"}}, "the Content-Type text/html is not a format for metrics"),
        ({"body": "<html>"}, "line 1: a metric's name is expected, not '<html>': \"<html>\""),
        (
            {"body": b"\x0a\x05", "headers": {"Content-Type": "application/vnd.google.protobuf; proto=x"}},
            "the Content-Type application/vnd.",
        ),
        ({"body": "a 1\n", "headers": OPENMETRICS}, "line 2: # EOF is missing"),
        ({"body": gzip.compress(b"a 1\n" * 999)[:-9], "headers": {"Content-Encoding": "gzip"}}, "body is gzip that is cut short"),
        ({"body": "a 1\n", "headers": {"Content-Encoding": "gzip"}}, "body is not valid gzip, which its header declares"),
        ({"body": "a 1\n", "headers": {"Content-Encoding": "br"}}, "body has a content encoding that is not understood"),
        ({"redirect": "/x"}, "more than 10 redirects"),
    ],
)
async def test_a_fault_leaves_only_the_series_of_the_scrape(server: HttpServer, how: dict[str, Any], reason: str) -> None:
    """Unhealthy with the reason; up is 0, nothing of the page is there, so that its series end at once."""
    server.behave(**how)
    result = await scrape(server.url)
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason.startswith(reason)
    found = values(result)
    assert found.pop("scrape_samples_scraped") >= 0
    assert found == {"up": 0}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(gzip.compress(b"a 1\n"), "gzip"), (zlib.compress(b"a 1\n"), "deflate"), (gzip.compress(b"a ") + gzip.compress(b"1\n"), "gzip")],
    ids=["gzip", "deflate", "members"],
)
async def test_compressed_pages(server: HttpServer, body: bytes, encoding: str) -> None:
    """gzip, also in several members, and deflate."""
    server.behave(body=body, headers={"Content-Encoding": encoding})
    assert values(await scrape(server.url)) == {"a": 1, "up": 1, "scrape_samples_scraped": 1}


async def test_chunks_and_redirects_are_followed(server: HttpServer) -> None:
    """A page in chunks behind a redirect is a page."""
    server.at("/metrics", redirect="/other")
    server.at("/other", body="a 1\nb 2\n", chunked=True)
    assert values(await scrape(server.url + "/metrics"))["b"] == 2


async def test_limits_name_themselves(server: HttpServer) -> None:
    """sample_limit with how many there are, body_limit before and after decompression; keep and drop make room."""
    server.behave(body="".join(f"a{number} 1\n" for number in range(300)))
    result = await scrape(server.url, sample_limit=100)
    assert result.reason.startswith("300 samples, more than sample_limit = 100")
    assert values(result) == {"up": 0, "scrape_samples_scraped": 300}
    kept = values(await scrape(server.url, sample_limit=3, keep=["a1.", "a2"], drop=["a1[2-9]"]))
    assert kept == {"a10": 1, "a11": 1, "a2": 1, "up": 1, "scrape_samples_scraped": 300}
    assert (await scrape(server.url, body_limit=1024)).reason == "page is larger than body_limit = 1KiB; raise it"
    server.behave(body=gzip.compress(b"a 1\n" * 1000), headers={"Content-Encoding": "gzip"})
    assert (await scrape(server.url, body_limit=1024)).reason == "page is larger than body_limit = 1KiB; raise it"


async def test_a_page_without_a_type_is_read_as_the_fallback(server: HttpServer) -> None:
    """With a note; without a fallback it is refused."""
    server.behave("raw", body=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n")
    result = await scrape(server.url)
    assert values(result)["a"] == 1
    assert result.facts["content_type"] == "missing: read as Prometheus text (fallback)"
    assert "# EOF is missing" in (await scrape(server.url, fallback="openmetrics")).reason
    assert (await scrape(server.url, fallback="none")).reason == "the answer has no Content-Type; set fallback"


async def test_honor_labels_and_own_times(server: HttpServer) -> None:
    """The page's labels win; own times give stamped samples."""
    server.behave(body='a{instance="i",check="c"} 1\nb 1 1000\n')
    result = await scrape(server.url, honor_labels=True, honor_timestamps=True)
    assert labels_of("a", check="c", instance="i", job="node") in [labels for labels, _ in series(result).samples]
    assert result.facts["refused_times"].startswith("1 samples")
    assert values(result)["scrape_samples_scraped"] == 2


async def test_a_target_that_is_too_slow_is_told_by_the_probe_itself(server: HttpServer) -> None:
    """The series end on a time limit too: the verdict comes from the probe, before the check's limit."""
    server.behave("hang")
    async with asyncio.timeout(0.5):
        result = await scrape(server.url, timeout=0.5)
    assert result.reason == "timed out after 500ms (waiting for the answer)"
    assert values(result) == {"up": 0, "scrape_samples_scraped": 0}


@pytest.mark.parametrize("behaviour", ["hang up", "close at once", "reset", "cut body", "garbage", "bomb", "endless body", "endless head"])
async def test_hostile_targets_are_unhealthy(behaviour: str) -> None:
    """Whatever is sent: a verdict with a reason, up 0, and a loop that is served meanwhile."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with hostile(behaviour) as target:
        task = asyncio.create_task(other())
        result = await scrape(f"http://127.0.0.1:{target.port}/", timeout=30, body_limit=2**22)
        task.cancel()
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason.isprintable() and len(result.reason) < 200
    assert values(result)["up"] == 0
    assert turns > 3


async def test_own_trouble_says_nothing_of_the_series(tmp_path: Path) -> None:
    """Where the monitor itself cannot measure (a file of its own has vanished) the series pause: OwnTrouble, no up."""
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    async with HttpServer() as server:
        probe = prober(server.url.replace("http:", "https:"), ca_file=str(authority))
        authority.unlink()
        with pytest.raises(OwnTrouble):
            await probe.probe()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"keep": ("a(",)}, "keep: "),
        ({"drop": ["(?=a)"]}, "drop: "),
        ({"url": "ftp://x/"}, "url"),
        ({"key_file": "/nowhere"}, "key_file: "),
        ({"bearer": "x", "username": "y"}, "bearer: "),
    ],
)
def test_settings_that_cannot_be_understood_name_their_key(settings: dict[str, Any], key: str) -> None:
    """At construction."""
    with pytest.raises(ValueError, match=key):
        PrometheusProbe(PrometheusCheck(**{"name": "node", "url": "http://x/", **settings}))
