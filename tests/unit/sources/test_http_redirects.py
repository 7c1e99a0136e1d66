"""Redirects: followed ten times at most, phases summed, credentials left behind when the host changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.request import BadRedirect, build_request, parse_url, redirected
from tui_monitor.sources.http.settings import HttpCheck


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


async def probe(url: str, **settings: Any) -> ProbeResult:
    return await HttpProbe(made(HttpCheck, name="api", url=url, **settings)).probe()


async def test_the_last_answer_counts_and_phases_are_summed(server: HttpServer) -> None:
    """Of a chain of redirects the last answer is judged; the phases are those of all requests together."""
    server.at("/a", redirect="/b", delay=0.05)
    server.at("/b", redirect=f"{server.url}/c d?x=1#part", status=307, delay=0.05)
    result = await probe(server.url + "/a", expect_body="ok")
    assert result.status is HealthStatus.HEALTHY
    assert [request.path for request in server.requests] == ["/a", "/b", "/c%20d?x=1"]
    assert result.phases["processing"] >= 0.1
    assert result.facts["final_url"] == server.url + "/c%20d?x=…"
    assert result.facts["redirects"] == "2"


async def test_not_followed_when_not_wanted(server: HttpServer) -> None:
    """follow_redirects = false judges the redirect itself."""
    server.behave(redirect="/b")
    assert (await probe(server.url, follow_redirects=False)).reason == "302 Found"
    assert len(server.requests) == 1


async def test_a_loop_ends_after_ten(server: HttpServer) -> None:
    """The eleventh redirect is not followed."""
    server.behave(redirect="/again")
    assert (await probe(server.url)).reason == "more than 10 redirects"
    assert len(server.requests) == 11


@pytest.mark.parametrize("location", ["ftp://x/", "http://[::1", "http://", "http://a:99999/", "//", "http://x\x01y/", "http:// /"])
async def test_a_bad_location_is_a_verdict(server: HttpServer, location: str) -> None:
    """A redirect to nowhere is unhealthy, with the redirect's status as reason."""
    server.behave(redirect=location)
    result = await probe(server.url)
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason.isprintable()


async def test_a_redirect_without_location_is_the_last_answer(server: HttpServer) -> None:
    """Without a place to go the answer itself is judged."""
    server.behave(status=301)
    assert (await probe(server.url)).reason == "301 Moved Permanently"


async def test_credentials_stay_at_home(server: HttpServer) -> None:
    """Another origin (here: another port) gets neither Authorization, nor cookies, nor own headers; the same origin does."""
    secret = {"Cookie": "a=b", "X-Api-Key": "k", "Accept": "text/plain"}
    async with HttpServer() as other:
        server.at("/here", redirect="/there")
        server.at("/there", redirect=other.url)
        assert (await probe(server.url + "/here", bearer="t0k3n", headers=secret)).status is HealthStatus.HEALTHY
    for request in server.requests:
        assert request.headers["authorization"] == "Bearer t0k3n"
        assert request.headers["cookie"] == "a=b"
    assert not {"authorization", "cookie", "x-api-key"} & set(other.requests[0].headers)
    assert other.requests[0].headers["accept"] == "text/plain"
    assert other.requests[0].headers["host"] == f"127.0.0.1:{other.port}"


async def test_a_body_is_not_sent_to_another_host(server: HttpServer) -> None:
    """307 keeps method and body on the same host; to another host the body, which may hold secrets, is not sent."""
    async with HttpServer() as other:
        server.at("/same", redirect="/end", status=307)
        server.at("/away", redirect=other.url, status=307)
        assert (await probe(server.url + "/same", method="POST", body="secret")).reason == ""
        assert server.requests[-1].body == b"secret"
        reason = (await probe(server.url + "/away", method="POST", body="secret")).reason
    assert reason == f"307 Temporary Redirect, redirects the request's body to another host ({other.url}/)"
    assert not other.requests


@pytest.mark.parametrize(
    ("status", "method", "after"), [(303, "PUT", "GET"), (302, "POST", "GET"), (308, "PUT", "PUT"), (303, "HEAD", "HEAD")]
)
def test_the_method_after_a_redirect(status: int, method: str, after: str) -> None:
    """303 always, 301 and 302 after POST become GET; 307 and 308 keep the method."""
    request = build_request(parse_url("http://a.example/"), method, {}, b"x" if method != "HEAD" else b"")
    follow, _ = redirected(request, {}, status, "/next")
    assert follow.method == after
    assert follow.body == (b"" if after in ("GET", "HEAD") else b"x")


@pytest.mark.parametrize(
    ("start", "location", "kept"),
    [
        ("http://a.example/", "https://a.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://A.Example./x", True),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://x:y@b.example/", False),
        ("https://a.example/", "//b.example/", False),
    ],
)
def test_what_counts_as_the_same_host(start: str, location: str, kept: bool) -> None:
    """Credentials go along within one origin and from plain http up to https of the same host, nowhere else."""
    headers = {"Authorization": "Bearer x"}
    follow, left = redirected(build_request(parse_url(start), "GET", headers, b""), headers, 302, location)
    assert ("Authorization" in left) is kept
    assert (b"authorization" in dict(follow.head.headers)) is kept


def test_control_characters_cannot_split_a_request() -> None:
    """A Location with line breaks brings no second request into the connection."""
    request = build_request(parse_url("http://a.example/"), "GET", {}, b"")
    try:
        follow, _ = redirected(request, {}, 302, "http://a.example/x\r\nHost: evil\r\n")
    except BadRedirect:
        return
    assert b"\r" not in follow.head.target and b"\n" not in follow.head.target


async def test_a_fault_behind_a_redirect_names_the_host_that_has_it() -> None:
    """A good site that redirects to another host which fails: the reason says which; a fault of its own names nobody."""
    async with HttpServer() as server, HttpServer(host="127.0.0.2") as other:
        server.behave(redirect=other.url)
        other.behave(status=500)
        assert (await probe(server.url)).reason == "500 Internal Server Error (at 127.0.0.2)"
        other.behave(body="no")
        assert (await probe(server.url, expect_body="yes")).reason == 'body lacks "yes" (at 127.0.0.2)'
        server.behave(status=500)
        assert (await probe(server.url)).reason == "500 Internal Server Error"


async def test_the_stage_names_the_host_that_is_waited_for() -> None:
    """A time limit that runs out behind a redirect says at which host: the poller shows the stage."""
    async with HttpServer() as server, HttpServer(host="127.0.0.2") as other:
        server.behave(redirect=other.url)
        other.behave("hang")
        tested = HttpProbe(HttpCheck(name="api", url=server.url))
        task = asyncio.create_task(tested.probe())
        await other.wait_for(lambda now: now.requests)
        assert tested.stage == "waiting for the answer, 127.0.0.2"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
