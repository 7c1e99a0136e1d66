"""Dependencies between checks and inhibit rules, apart from the planner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.values import CheckResult, HealthStatus, ProbeResult
from tui_monitor.dispatch.inhibition import Dependencies, Inhibitors, InhibitRule, verdict_of
from tui_monitor.dispatch.matchers import matches_all, parse_matchers

CHAIN = Dependencies({"web": ("api",), "api": ("db", "cache"), "db": ("net",)})


def rule(source: str, target: str, *equal: str) -> InhibitRule:
    return InhibitRule(parse_matchers([source]), parse_matchers([target]), equal)


def result(status: HealthStatus, at: int = 1000, failures: int = 0) -> CheckResult:
    return CheckResult("db", "tcp", "", status, "", at, 0, ProbeResult(status), failures)


def test_ancestors_reach_through() -> None:
    """A check is explained by its parents, theirs, and so on, nearest first."""
    assert CHAIN.ancestors("web") == ("api", "db", "cache", "net")
    assert CHAIN.ancestors("net") == ()


def test_roots_are_what_nothing_else_explains() -> None:
    """Of several failing checks only the deepest causes are named."""
    assert CHAIN.roots(["api", "db"]) == ("db",)
    assert CHAIN.roots(["db", "cache"]) == ("db", "cache")


def test_cycles_are_found_and_harmless() -> None:
    """Every circle is reported once; walking through one ends."""
    circle = Dependencies({"a": ("b",), "b": ("c",), "c": ("a",), "d": ("d",), "e": ("a",)})
    assert sorted(len(path) for path in circle.cycles()) == [2, 4]
    assert set(circle.ancestors("e")) == {"a", "b", "c"}
    assert circle.roots(["a", "b"]) == ("a",)


@pytest.mark.parametrize(
    ("given", "since", "expected"),
    [
        (None, 0, "pending"),
        (result(HealthStatus.UNHEALTHY), 5000, "unhealthy"),
        (result(HealthStatus.HEALTHY), 5000, "pending"),
        (result(HealthStatus.HEALTHY), 1000, "healthy"),
        (result(HealthStatus.DEGRADED), 1000, "healthy"),
        (result(HealthStatus.HEALTHY, failures=1), 1000, "pending"),
        (result(HealthStatus.UNKNOWN), 1000, "pending"),
    ],
)
def test_verdicts(given: CheckResult | None, since: int, expected: str) -> None:
    """Only a probe since the child's failure that passed its threshold clears a parent; degraded explains nothing."""
    assert verdict_of(given, since) == expected


def inhibitors(rules: list[InhibitRule], firing: list[tuple[str, dict[str, str]]]) -> Inhibitors:
    made = Inhibitors(rules)
    for alert_id, labels in firing:
        made.add(alert_id, labels)
    return made


def test_inhibition_needs_equal_labels() -> None:
    """A source mutes targets that agree in `equal`; missing and empty are equal."""
    sources = inhibitors([rule("s=1", "t=1", "zone")], [("src", {"s": "1", "zone": "a"}), ("bare", {"s": "1"})])
    for name, labels in (("a", {"t": "1", "zone": "a"}), ("b", {"t": "1", "zone": "b"}), ("c", {"t": "1"}), ("d", {"zone": "a"})):
        sources.add(name, labels)
    assert [sources.of(name) for name in "abcd"] == [("src",), (), ("bare",), ()]


def test_an_alert_never_inhibits_itself() -> None:
    """One that fits both sides is muted neither by itself nor by another that fits both, but by a plain source."""
    both = {"s": "1", "t": "1"}
    sources = inhibitors([rule("s=1", "t=1")], [("one", both), ("two", both)])
    assert sources.of("one") == () and sources.of("two") == ()
    assert sources.add("plain", {"s": "1"}) == {"one", "two"}
    assert sources.of("one") == ("plain",)


def test_several_rules_name_each_source_once() -> None:
    """Two rules with the same source name it once."""
    assert inhibitors([rule("s=1", "t=1"), rule("s=1", "t=~1|2")], [("src", {"s": "1"}), ("x", {"t": "1"})]).of("x") == ("src",)


def test_the_named_source_stays_while_it_fires() -> None:
    """A further source changes nothing for those who are inhibited already; when the named one ends the other is named."""
    sources = inhibitors([rule("s=1", "t=1")], [("m", {"s": "1"}), ("x", {"t": "1"})])
    assert sources.add("a", {"s": "1"}) == set()
    assert sources.of("x", ["m"]) == ("m",)
    assert sources.remove("m") == {"x"}
    assert sources.of("x", ["m"]) == ("a",)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.fixed_dictionaries({k: st.sampled_from(["1", "2"]) for k in ("s", "t", "zone")})),
        max_size=25,
    )
)
def test_what_is_kept_up_to_date_equals_what_is_made_anew(history: list[tuple[int, bool, dict[str, str]]]) -> None:
    """After any coming and going each alert is inhibited exactly as Alertmanager's definition says, and every change was announced."""
    rules = [rule("s=1", "t=1", "zone"), rule("s=2", "t=1")]
    kept, firing = Inhibitors(rules), dict[str, dict[str, str]]()
    known: dict[str, bool] = {}
    for number, fires, labels in history:
        name = str(number)
        announced = (kept.add(name, labels) if fires else kept.remove(name)) | {name}
        firing.pop(name, None)
        if fires:
            firing[name] = labels
        now = {key: by_definition(rules, key, firing) for key in firing}
        assert {key: bool(kept.of(key)) for key in firing} == now
        assert all(key in announced for key in now if now[key] != known.get(key, now[key]))
        known = now


def by_definition(rules: list[InhibitRule], name: str, firing: dict[str, dict[str, str]]) -> bool:
    target = firing[name]
    return any(
        matches_all(r.target, target)
        and matches_all(r.source, source)
        and key != name
        and r.shared(source) == r.shared(target)
        and not (matches_all(r.source, target) and matches_all(r.target, source))
        for r in rules
        for key, source in firing.items()
    )
