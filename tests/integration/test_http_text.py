"""Names, headers, cookies and character sets of HTTP targets, against a real nginx and a real resolver where they decide."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.peers.base import udp_answer, wait_until
from tests.support.peers.dnsmasq import arguments, asked_in
from tests.support.peers.fixtures import present
from tests.support.peers.namespaces import in_namespace, use_resolver
from tests.support.peers.nginx import nginx
from tests.support.settings import made
from tests.support.tls_chains import authorities, issue, server_context
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.http.charset import decode_body, header_text
from tui_monitor.sources.http.cookies import Cookies
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.request import parse_url
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.tcp.probe import TcpProbe
from tui_monitor.sources.tcp.settings import TcpCheck

READY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05ready\x04test\x00\x00\x01\x00\x01"


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


async def probe(url: str, **settings: Any) -> ProbeResult:
    return await HttpProbe(made(HttpCheck, name="api", url=url, **settings)).probe()


async def test_a_location_in_utf_8_is_followed_as_browsers_do() -> None:
    """nginx sends `return 302 /상태` as UTF-8 bytes: the probe asks for that path; expect_headers compares the same text."""
    site = "location /old { return 302 /상태; } location /상태 { add_header X-State 정상; return 200 ok; }"
    with present(lambda: nginx(site)) as peer:
        result = await probe(f"http://127.0.0.1:{peer.port}/old", expect_body="ok", expect_headers={"X-State": "정상"})
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert result.facts["final_url"].endswith("/%EC%83%81%ED%83%9C")


@pytest.mark.parametrize(("raw", "text"), [(b"caf\xc3\xa9", "café"), (b"caf\xe9", "café"), (b"plain", "plain")])
def test_header_values_are_utf_8_where_that_is_valid(raw: bytes, text: str) -> None:
    """What is no UTF-8 is ISO-8859-1, as HTTP once had it."""
    assert header_text(raw) == text


def ask_for(names: dict[str, str], directory: Path) -> subprocess.Popen[bytes]:
    """dnsmasq on port 53 of this namespace, with search domains before it."""
    use_resolver(directory, "nameserver 127.0.0.1\nsearch corp.test\noptions ndots:5\n")
    process = subprocess.Popen(arguments(directory, 53, names))
    wait_until(lambda: bool(udp_answer(53, READY)))
    return process


@in_namespace
def test_a_dot_at_the_end_is_kept_for_the_lookup_and_dropped_elsewhere(tmp_path: Path) -> None:
    """`svc.peer.test.` is asked for as it is written, without search domains; SNI, Host and certificate have it without the dot."""
    process = ask_for({"svc.peer.test": "127.0.0.1", "svc.peer.test.corp.test": "192.0.2.66"}, tmp_path)
    root = issue("Root", days=3000, ca=True)
    context = server_context(issue("svc.peer.test", root, days=60))
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)

    async def run() -> tuple[ProbeResult, ProbeResult, list[str]]:
        ca_file = authorities(tmp_path, root)
        async with HttpServer(tls=context) as secure:
            secure.at("/", redirect="/next")
            first = await probe(f"https://svc.peer.test.:{secure.port}/", ca_file=ca_file)
            check = made(TcpCheck, name="port", host="svc.peer.test.", port=secure.port, tls=True, ca_file=ca_file)
            return first, await TcpProbe(check).probe(), [request.headers["host"] for request in secure.requests]

    try:
        http, tcp, hosts = asyncio.run(run())
        assert [(result.status, result.reason) for result in (http, tcp)] == [(HealthStatus.HEALTHY, "")] * 2
        assert {host.partition(":")[0] for host in hosts} == {"svc.peer.test"} and len(hosts) == 2
        assert names == ["svc.peer.test"] * 3
        assert {name for _, name in asked_in(tmp_path / "asked.log")} == {"svc.peer.test"}
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("똠방각하".encode("cp949"), "text/html; charset=euc-kr"),
        ("똠방각하".encode("cp949"), 'text/html; charset="ks_c_5601-1987"'),
        (b'<html><head><meta charset="euc-kr"></head>' + "똠방각하".encode("cp949"), "text/html"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">' + "똠방각하".encode("cp949"), "text/html"),
        (b'<!-- <meta charset="utf-8"> --><meta charset=euc-kr>' + "똠방각하".encode("cp949"), "text/html"),
        (b'<?xml version="1.0" encoding="EUC-KR"?>' + "똠방각하".encode("cp949"), "application/xml"),
        (b"\xef\xbb\xbf" + "똠방각하".encode(), "text/html; charset=euc-kr"),
        (b"\xff\xfe" + "똠방각하".encode("utf-16-le"), "text/plain"),
        ("똠방각하".encode("utf-16-be"), "text/plain; charset=utf-16be"),
        (b'<meta charset="utf-16">' + "똠방각하".encode(), "text/html"),
        ("똠방각하".encode(), "text/plain; charset=no-such"),
        ("똠방각하".encode(), ""),
    ],
)
async def test_character_sets_are_the_webs(server: HttpServer, body: bytes, content_type: str) -> None:
    """Korean pages are read as browsers read them: EUC-KR has all syllables, the page may declare it itself, a mark at the start wins."""
    server.behave(body=body, headers={"Content-Type": content_type} if content_type else {})
    assert (await probe(server.url, expect_body="똠방각하", expect_regex="똠.각하")).reason == ""


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"\x80 5 \x93ok\x94", "text/plain; charset=iso-8859-1", "€ 5 “ok”"),
        ("镕€".encode("gb18030"), "text/plain; charset=gb2312", "镕€"),
        (b"<meta charset=euc-kr>\x8cc", "", "<meta charset=euc-kr>똠"),
        (b"\x87@\xfa\xb1", "text/plain; charset=shift_jis", "①﨑"),
        (b'{"a": "<meta charset=euc-kr>\xc3\xa9"}', "application/json", '{"a": "<meta charset=euc-kr>é"}'),
        (b"\xff", "text/plain", "\ufffd"),
        (b"", "text/html", ""),
    ],
)
def test_what_labels_stand_for(body: bytes, content_type: str, text: str) -> None:
    """Labels are those of the WHATWG; only documents declare a character set of their own; invalid bytes harm nothing."""
    assert decode_body(body, content_type).startswith(text)


async def test_a_byte_order_mark_before_json_is_ignored(server: HttpServer) -> None:
    """EF BB BF before JSON, as Windows programs write it, changes nothing."""
    server.behave(body=b'\xef\xbb\xbf{"status": "ok"}', headers={"Content-Type": "application/json"})
    assert (await probe(server.url, expect_json={"status": "ok"})).reason == ""


async def test_cookies_live_within_one_chain_of_redirects(server: HttpServer) -> None:
    """A site that sets a cookie and redirects to itself is healthy, as in a browser; the next probe begins without cookies."""
    server.at("/start", redirect="/home", headers={"Set-Cookie": "session=abc123; Path=/; HttpOnly; SameSite=Lax"})
    for _ in range(2):
        result = await probe(f"{server.url}/start", headers={"Cookie": "own=1"})
        assert result.status is HealthStatus.HEALTHY
        start, home = server.requests[-2:]
        assert (start.headers["cookie"], home.headers["cookie"]) == ("own=1", "own=1; session=abc123")


async def test_cookies_stay_with_their_host(server: HttpServer) -> None:
    """A redirect to another host takes no cookie along."""
    async with HttpServer(host="127.0.0.2") as other:
        server.behave(redirect=other.url, headers={"Set-Cookie": "session=abc123"})
        assert (await probe(server.url)).status is HealthStatus.HEALTHY
        assert "cookie" not in other.requests[0].headers


@pytest.mark.parametrize(
    ("set_cookie", "to", "sent"),
    [
        ("a=1", "https://x.example/deep/two", "a=1"),
        ("a=1", "https://x.example/", ""),
        ("a=1; Path=/", "https://x.example/", "a=1"),
        ("a=1; Path=/dee", "https://x.example/deep/two", ""),
        ("a=1; Path=/; Secure", "http://x.example/", ""),
        ("a=1; Path=/", "https://www.x.example/", ""),
        ("a=1; Path=/; Domain=.x.example", "https://www.x.example/", "a=1"),
        ("a=1; Path=/; Domain=example", "https://x.example/", ""),
        ("a=1; Path=/; Domain=other.example", "https://other.example/", ""),
        ("a=1; Path=/; Max-Age=0", "https://x.example/", ""),
        ("a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://x.example/", ""),
        ("a=1; Path=/; Expires=soon; Max-Age=often", "https://x.example/", "a=1"),
        ("=1; Path=/", "https://x.example/", ""),
        ("a=" + "x" * 5000 + "; Path=/", "https://x.example/", ""),
    ],
)
def test_where_a_cookie_goes(set_cookie: str, to: str, sent: str) -> None:
    """Host, domain, path, security and end are kept as RFC 6265 has them; what makes no sense is no cookie."""
    cookies = Cookies()
    cookies.take(parse_url("https://x.example/deep/one?q=/z/"), [("set-cookie", set_cookie), ("x-other", "b=2")])
    assert cookies.header(parse_url(to)) == sent


def test_a_later_cookie_replaces_takes_back_and_is_bounded() -> None:
    """The same name is set anew or taken back; a server cannot fill the memory."""
    cookies, url = Cookies(), parse_url("https://x.example/")
    cookies.take(url, [("set-cookie", "a=1"), ("set-cookie", "a=2"), ("set-cookie", "b=1"), ("set-cookie", "b=; Max-Age=-1")])
    assert cookies.header(url) == "a=2"
    cookies.take(url, [("set-cookie", f"n{number}=1") for number in range(1000)])
    assert len(cookies.header(url).split("; ")) == 50
