"""Matchers as people write them, and silences."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.alerts.alert import Alert
from tui_monitor.dispatch.matchers import matches_all, parse_matcher, parse_matchers
from tui_monitor.dispatch.schedule import parse_weekly
from tui_monitor.dispatch.silences import MaintenanceWindow, expire, extend, make_silence, muted_now, next_boundary
from tui_monitor.promql.queryable import Matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("check=api", Matcher("check", "=", "api")),
        ('check="api"', Matcher("check", "=", "api")),
        ("check = 'a b'", Matcher("check", "=", "a b")),
        ("check!=", Matcher("check", "!=", "")),
        ('severity=~"error|critical"', Matcher("severity", "=~", "error|critical")),
        ("severity!~info.*", Matcher("severity", "!~", "info.*")),
        ("HighCPU", Matcher("alertname", "=", "HighCPU")),
        (r'path="C:\\x\"y"', Matcher("path", "=", 'C:\\x"y')),
        (r'v=~"1\.2"', Matcher("v", "=~", r"1\.2")),
        ("a=b=c", Matcher("a", "=", "b=c")),
        ("a=~x(?i)[[:alpha:]]", Matcher("a", "=~", "x(?i)[[:alpha:]]")),
    ],
)
def test_matchers(text: str, expected: Matcher) -> None:
    """Every spelling of a matcher is understood."""
    assert parse_matcher(text) == expected


def test_matchers_in_braces() -> None:
    """A whole selector is a list of matchers; commas inside quotes do not split."""
    assert parse_matchers(['{a="1,2", b!="3"}', "X"]) == (Matcher("a", "=", "1,2"), Matcher("b", "!=", "3"), Matcher("alertname", "=", "X"))


@pytest.mark.parametrize("text", ["", "a b", "=x", "1a=x", 'a="x', "a=~(", "a=~(?!b).*", r"a!~(b)\1"])
def test_bad_matchers_say_what_is_wrong(text: str) -> None:
    """What is no matcher is refused with its own text."""
    with pytest.raises(ValueError, match=r"matcher|quotes|regular expression"):
        parse_matcher(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("check==api", 'did you mean check="api"?'),
        ("check=!api", 'did you mean check!="api"?'),
        ("check=!=api", 'did you mean check!="api"?'),
        ("check=~~web.*", 'did you mean check=~"web.*"?'),
        ("check!==api", 'did you mean check!="api"?'),
        ("load=>5", 'did you mean load="5"?'),
        ("check==", 'did you mean check="..."?'),
        ("check=api,host=lab", "did you mean check=api host=lab?"),
        ("check=api, host!=lab", "did you mean check=api host!=lab?"),
        ("check=api,db", 'did you mean check=~"api|db"?'),
        ("check!=api,db", 'did you mean check!~"api|db"?'),
        ('check="api",host="lab"', 'write check="api" host="lab"'),
    ],
)
def test_what_is_almost_a_matcher_is_refused_with_the_right_form(text: str, right: str) -> None:
    """It would be a literal that nothing has: a silence that mutes nothing, a route that nobody hears."""
    with pytest.raises(ValueError) as refused:
        parse_matcher(text)
    assert right in str(refused.value)


@pytest.mark.parametrize("text", ['check="=api"', 'check="api,db"', "check=~a{1,2}", "check=b=c"])
def test_odd_values_are_taken_where_they_are_meant(text: str) -> None:
    """Quotes say that a sign belongs to the value."""
    assert parse_matcher(text).value in ("=api", "api,db", "a{1,2}", "b=c")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("severity=high", "error"),
        ('severity=~"high|critical|low"', "error|critical|info"),
        ("severity!=medium", "warning"),
        ("team=high", "high"),
    ],
)
def test_other_names_of_severities_are_read_in_matchers(text: str, value: str) -> None:
    """A rule's `severity = "high"` is an error, and so is one of a route, an inhibition, a silence or a filter."""
    assert parse_matcher(text).value == value


def alert(**labels: str) -> Alert:
    return Alert(id="a", fingerprint="f", rule="R", labels=labels, annotations={}, severity="error", state="firing", value=1.0, active_at=0)


def test_a_silence_says_how_many_alerts_it_mutes_now() -> None:
    """One that mutes nothing says which label no alert has, and the name that may be meant."""
    alerts = [alert(check="api", severity="error"), alert(check="db", severity="error")]
    said = [muted_now(alerts, make_silence([text], 0, 1, "kim")) for text in ("severity=high", "check=api", "check=web", "chek=api")]
    assert said == [
        "mutes 2 alerts now",
        "mutes 1 alert now",
        "mutes no alert now",
        'mutes no alert now (none has a label "chek"; did you mean "check"?)',
    ]
    assert muted_now([], make_silence(["check=api"], 0, 1, "kim")) == "mutes no alert now"


@given(st.text(min_size=0, max_size=20))
def test_any_text_is_a_matcher_or_a_value_error(text: str) -> None:
    """No input makes the parser fail in another way, and what it takes can be asked."""
    for whole in (text, f"a=~{text}"):
        with suppress(ValueError):
            matcher = parse_matcher(whole)
            matches_all([matcher], {"a": "b"})


def test_absent_labels_count_as_empty() -> None:
    """A matcher for emptiness fits where the label is absent."""
    assert matches_all(parse_matchers(['zone=""', "check=~.+"]), {"check": "api"})


def test_silences_need_to_mean_something() -> None:
    """No matcher, matchers that fit everything, and an end before the begin are refused."""
    for texts, begin, end in (([], 0, 1), (["a=~.*"], 0, 1), (["a!=x"], 0, 1), (["a=x"], 5, 5)):
        with pytest.raises(ValueError, match=r"matcher|everything|end after"):
            make_silence(texts, begin, end, "kim")


def test_life_of_a_silence() -> None:
    """It holds from its begin until before its end, can be ended early, even before it began, and given another end."""
    silence = make_silence(["check=api"], 100, 200, "kim", "deploy")
    assert [silence.is_active(at) for at in (99, 100, 199, 200)] == [False, True, True, False]
    assert silence.matches({"check": "api"}) and not silence.matches({"check": "db"})
    assert not expire(silence, 150).is_active(150)
    assert expire(silence, 300) == silence
    assert not expire(silence, 50).is_active(100)
    assert extend(silence, 300).is_active(250)
    with pytest.raises(ValueError, match="end after"):
        extend(silence, 100)


def test_ids_are_stable_and_differ() -> None:
    """The same silence has the same id, another one another."""
    first = make_silence(["a=x"], 0, 10, "kim")
    assert first.id == make_silence(["a=x"], 0, 10, "kim").id != make_silence(["a=y"], 0, 10, "kim").id


def test_the_next_boundary() -> None:
    """It is the nearest begin or end of any silence or window."""
    silence = make_silence(["check=api"], 0, 90_000_000, "kim")
    window = MaintenanceWindow("night", (), parse_weekly("daily 00:00-01:00 UTC"))
    assert next_boundary(1000, [silence], [window.schedule]) == 3_600_000
    assert next_boundary(86_400_000 + 3_600_000, [silence], []) is None
