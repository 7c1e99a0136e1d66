"""Regular expressions from outside: RE2's syntax, Go's replacements, and no text over which one takes for ever, on any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.support.httpserver import HttpServer
from tests.support.settings import made
from tui_monitor.alerts.rules.templates import check_template, render
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, Sample, labels_of
from tui_monitor.platform.regex import MAX_OUTPUT, RegexError, compile_regex, matches_whole
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.storage.memory import SeriesMemory

SLOW = "([a-z]+ ?)*"
NAME = "a" * 34 + "!"


def counted(expr: str) -> int:
    """How many elements an expression gives over one series of a check with that name."""
    memory = SeriesMemory()
    memory.append(1000, [Sample(labels_of("m", check=NAME), 1.0)])
    answer = compile_expr(expr).instant(memory, 1000)
    assert isinstance(answer, list)
    return len(answer)


def by_matcher() -> bool:
    return not Matcher("check", "=~", SLOW).matches(NAME + "1")


def by_label_replace() -> bool:
    return counted(f'label_replace(m,"x","$1","check","{SLOW}")') == 1


def by_range_selector() -> bool:
    return counted(f'count_over_time(m{{check=~"{SLOW}"}}[30m])') == 0


def by_template() -> bool:
    text = '{{ reReplaceAll "^' + SLOW + '$" "$1" $labels.check }}'
    return render(text, {"check": NAME}, None) == NAME


@pytest.mark.parametrize("ask", [by_matcher, by_label_replace, by_range_selector, by_template])
def test_what_python_would_never_finish_is_answered(ask: Callable[[], bool]) -> None:
    """A matcher, label_replace, a range selector and a template end at once over a name that suits none, in a thread as well."""
    assert ask()
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    thread.join()
    assert found == [True]


async def test_a_hostile_body_has_its_verdict() -> None:
    """An answer that would hold Python's expressions for ever is judged like any other."""
    async with HttpServer() as server:
        server.behave(body="a" * 60 + "!")
        result = await HttpProbe(made(HttpCheck, name="api", url=server.url, expect_regex="(a+)+$")).probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "body does not match /(a+)+$/")


async def test_a_large_expression_over_a_large_body_is_searched_aside() -> None:
    """What may take long is answered all the same: in a thread, where others go on meanwhile."""
    async with HttpServer() as server:
        server.behave(body="ab c" * 50_000 + "end")
        result = await HttpProbe(made(HttpCheck, name="api", url=server.url, expect_regex=".{1,400}end$")).probe()
    assert result.status == HealthStatus.HEALTHY


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        (r"(a)\1", "RE2 has no back-references"),
        ("(?=a)b", "RE2 has no look-around"),
        ("(?<!a)b", "RE2 has no look-around"),
        ("(?x)a # b", "RE2 has no flag x"),
        ("a++", "RE2 has no possessive"),
        ("(", "missing"),
        ("(?:a{1000}){1000}", "invalid repetition size"),
        ("(?s).{1000}(?s).{1000}", "too large"),
        ("\ud800", "surrogate"),
    ],
)
def test_what_re2_lacks_is_refused_with_advice(pattern: str, advice: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The message says what to write in its place; the library's own words do not reach the terminal."""
    with pytest.raises(RegexError, match=advice):
        compile_regex(pattern)
    assert capfd.readouterr() == ("", "")


def test_expect_regex_is_refused_by_its_key() -> None:
    """config check names the key and gives the advice."""
    with pytest.raises(ConfigurationError, match=r"(?s)expect_regex.*look-around"):
        made(HttpCheck, name="api", url="http://h/", expect_regex="ok(?!no)")


def test_a_template_with_a_bad_expression_is_refused_when_it_is_read() -> None:
    """rules check finds it, not the first alert."""
    for name in ("match", "reReplaceAll"):
        with pytest.raises(ValueError, match="back-references"):
            check_template("{{ " + name + r' "(a)\\1" ' + ('"x" ' if name == "reReplaceAll" else "") + "$labels.check }}")


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "result"),
    [
        ("a*", "x", "baac", "xbxcx"),
        ("", "-", "é漢", "-é-漢-"),
        ("(a)(b)?", "$2|", "ab a", "b| |"),
        ("(a)", "$9", "a", ""),
        ("(a)", "$1W", "a", ""),
        ("(a)", "${1}W", "a", "aW"),
        ("(?P<n>a)", "$n-${n}$$", "a", "a-a$"),
        ("(a)", "$01", "a", ""),
        ("a", "${", "a", "${"),
        ("^a", "x", "aa", "xa"),
        ("[^a]", "", "é漢a", "a"),
    ],
)
def test_replacements_are_those_of_go(pattern: str, replacement: str, text: str, result: str) -> None:
    """The longest name counts, what names no group is empty, an empty match right behind another is none."""
    assert compile_regex(pattern).replace(replacement, text) == result


def test_a_replacement_does_not_grow_for_ever() -> None:
    """A template over a long label cannot fill the memory."""
    with pytest.raises(ValueError, match=str(MAX_OUTPUT)):
        compile_regex("").replace("x" * 1000, "y" * 1000)


@pytest.mark.parametrize("pattern", ["error|critical", "web-1", "a b", "a||b", "", ".*", ".+", "node_cpu:rate5m"])
def test_plain_words_mean_the_same_with_and_without_the_library(pattern: str) -> None:
    """The short way for alternatives of words answers as RE2 does."""
    for text in ("", "error", "critical", "errors", "web-1", "a", "b", "a b", "x\ny", "node_cpu:rate5m", "error|critical"):
        assert matches_whole(pattern, text) is compile_regex(pattern, dot_all=True).is_whole(text), text


def test_half_a_surrogate_pair_in_a_text_is_one_character() -> None:
    """A file name that is no UTF-8 matches as one unknown character."""
    assert matches_whole("a.b", "a\udcffb")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("5..", "503"), ("5..", "5"), ("5..|4..", "404"), ("a.b|c", "a\nb"), ("a.b|c", "cc"), ("a.b", "a.b"), ("..", "한글")],
)
def test_words_and_dots_are_matched_as_the_library_does(pattern: str, text: str) -> None:
    """What is matched without google-re2 gives the same answer as with it."""
    assert matches_whole(pattern, text) is compile_regex(pattern, dot_all=True).is_whole(text)
