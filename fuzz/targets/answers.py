"""Bytes that an HTTP server may answer: the real exchange with redirects and expectations, and the reader of scraped pages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from fuzz.fences import unfenced
from fuzz.target import Target
from fuzz.targets.configuration import loaded
from tui_monitor.promql.exposition import ScrapeRules
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http import exchange
from tui_monitor.sources.http.exchange import Answer, BadAnswer, Exchange, decoded
from tui_monitor.sources.http.expectations import Expectations
from tui_monitor.sources.http.request import BadRedirect, build_request, parse_url, redirected
from tui_monitor.sources.prometheus.page_reader import PageReader

MAX_BODY = 65_536
_HEADERS = {"Authorization": "Bearer secret", "Accept": "*/*"}
_REQUEST = build_request(parse_url("http://user:pw@host.example:8080/a?b=c"), "POST", _HEADERS, b"body")


class MemoryStream:
    """A stream whose other side says these bytes, in pieces of 1, 2, 4 and so on bytes, and hangs up."""

    peer = "memory"

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sizes = (2**power for power in itertools.count())

    async def send(self, data: bytes) -> None:
        """Accept the request."""

    async def receive(self) -> bytes:
        """The next piece, b"" at the end."""
        size = next(self._sizes)
        piece, self._data = self._data[:size], self._data[size:]
        return piece


def driven(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing but its turn."""
    try:
        while True:
            work.send(None)
    except StopIteration as done:
        return done.value
    finally:
        work.close()


_CHECK = """
[[checks]]
name = "a"
type = "http"
url = "http://a/"
expect_body = "ok"
expect_regex = "o+k|ready$"
expect_headers = { content-type = "json" }
expect_json = { status = "ok", "items[0].id" = 1, "length(@)" = 2, "sum(a)" = 3, "sort_by(items, &id)[0]" = "x" }
"""


def _expectations() -> Expectations:
    found: Any = loaded(_CHECK)
    return Expectations(found.settings.checks[0])


def _exchanged(judge: Callable[[Answer], Coroutine[Any, Any, str]], data: bytes) -> bool:
    """One answer: refused where it is no HTTP; else judged, and asked again over the same connection where it may be used again."""
    stream: Any = MemoryStream(data)
    asked = Exchange(stream)
    try:
        for _ in range(3):
            answer = driven(asked.run(_REQUEST, MAX_BODY, lambda: None))
            driven(judge(answer))
            if not answer.reusable:
                break
    except (BadAnswer, OSError, OwnTrouble):
        return False
    return True


def _judge_of_checks() -> Callable[[Answer], Coroutine[Any, Any, str]]:
    wanted = _expectations()

    async def judge(answer: Answer) -> str:
        location = answer.header("location")
        if location is not None:
            try:
                redirected(_REQUEST, _HEADERS, answer.status, location)
            except BadRedirect as error:
                return str(error)
        fault = wanted.head_fault(answer)
        exchange.beginning(answer, 3200)
        body, cut = await decoded(answer, MAX_BODY)
        for text in (body, b'{"status": "ok"}' + body[:0]):
            fault = wanted.body_fault(answer, text, cut) or fault
        return fault

    return judge


def _http(data: bytes, judges: list[Any] = []) -> bool:  # noqa: B006  made with the first input
    if not judges:
        judges.append(_judge_of_checks())
    return _exchanged(judges[0], data)


def _scrape(data: bytes) -> bool:
    reader = PageReader(ScrapeRules(labels={"check": "a"}), MAX_BODY, "text")
    return _exchanged(partial(PageReader.fault, reader), data)


_WORDS = (
    "HTTP/1.1 200 OK\r\n", "HTTP/1.0 404 Not Found\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/2 200\r\n", "\r\n", "\r\n\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n",
    "5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n",
    "Content-Encoding: br\r\n", "Location: /상태\r\n", "Location: http://[::1\r\n", "Location: //:99999/\r\n", "HTTP/1.1 302 Found\r\n",
    "Connection: close\r\n", "Set-Cookie: a=b; Path=/\r\n", "Content-Type: text/plain; charset=", "application/json", "euc-kr", "utf-16",
    "idna", "punycode", "unicode_escape", "rot13", '{"status":"ok","items":[{"id":1}]}', "Retry-After: ",
    "Content-Type: application/openmetrics-text; version=1.0.0\r\n", "# EOF\n", "up 1\n",
)  # fmt: skip

TARGETS = (
    Target(name="http-answer", kind="bytes", call=_http, words=_WORDS, fence=lambda: unfenced(exchange.Exchange._next_event)),
    Target(name="scrape-answer", kind="bytes", call=_scrape, words=_WORDS, fence=lambda: unfenced(exchange.body_pieces)),
)
