"""A regular expression over a hostile answer: found as by re.search, and given up before it holds up the other checks."""

from __future__ import annotations

import re
import threading

import pytest

from tests.support.httpserver import HttpServer
from tui_monitor.config.models import HttpCheck
from tui_monitor.core.values import HealthStatus
from tui_monitor.platform.bounded_regex import Pattern, TooLong
from tui_monitor.promql.queryable import Matcher
from tui_monitor.sources.http.probe import HttpProbe

TEXTS = ("", "ok", "all is ok\nready", "OK", "a.b", "foo\nbar", "x" * 50, "12 of 20")
PATTERNS = (
    "ok|ready", "^ok$", "(?m)^ready$", "(?i)ok", ".*ok", ".*?ok.*", ".*+ok", ".*|zz", "(?s)foo.bar", "foo.bar",
    r"(\d)2 of 2\d|\1", r"\Aok\Z",
    "(?x) o k  # a comment", "(?P<n>o)(?P=n)?k", "", "x{20,}$", r"(?a)\w+", "^", r"(?<=o)k",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_finds_what_search_finds(pattern: str) -> None:
    """Anchors, flags, groups, comments and leading dots mean what they mean."""
    for text in TEXTS:
        assert Pattern(pattern).is_in(text) is (re.search(pattern, text) is not None), text


@pytest.mark.parametrize(("pattern", "text"), [("(a+)+$", "a" * 60 + "!"), ("a.*b.*c", "ab" * 50_000), (r"(x+x+)+y", "x" * 1000)])
def test_what_would_never_end_is_given_up(pattern: str, text: str) -> None:
    """Neither an exponential nor a quadratic search keeps the process."""
    with pytest.raises(TooLong):
        Pattern(pattern).is_in(text)
    assert Pattern("a").is_in("a")


def test_a_matcher_that_would_never_end_fits_nothing() -> None:
    """A silence, a route or a selector that is too much for a label's value stops neither alerts nor rules."""
    assert not Matcher("check", "=~", "(a+)+b").matches("a" * 60)
    assert Matcher("check", "!~", "(a+)+b").matches("a" * 60)
    assert Matcher("check", "=~", "(a+)+b").matches("aab")


def test_beside_the_main_thread_it_searches_too() -> None:
    """No signal arrives there; a search that ends is answered all the same."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(Pattern("ok").is_in("all ok")))
    thread.start()
    thread.join()
    assert found == [True]


async def test_a_hostile_body_is_unhealthy_with_its_reason() -> None:
    """The check says that its expression was too much for the answer."""
    async with HttpServer() as server:
        server.behave(body="a" * 60 + "!")
        result = await HttpProbe(HttpCheck(name="api", url=server.url, expect_regex="(a+)+$")).probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "body is too much for /(a+)+$/: given up")
