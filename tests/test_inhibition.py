"""Dependencies between checks and inhibit rules, apart from the planner."""

from __future__ import annotations

import pytest

from tui_monitor.alerts.inhibition import Dependencies, Inhibitors, InhibitRule, verdict_of
from tui_monitor.alerts.matchers import parse_matchers
from tui_monitor.model import CheckResult, HealthStatus, ProbeResult

CHAIN = Dependencies({"web": ("api",), "api": ("db", "cache"), "db": ("net",)})


def rule(source: str, target: str, *equal: str) -> InhibitRule:
    return InhibitRule(parse_matchers([source]), parse_matchers([target]), equal)


def result(status: HealthStatus, at: int = 1000, failures: int = 0) -> CheckResult:
    return CheckResult("db", "tcp", "", status, "", at, 0, ProbeResult(status), failures)


def test_ancestors_and_descendants_reach_through() -> None:
    """A check is explained by its parents, theirs, and so on, nearest first."""
    assert CHAIN.ancestors("web") == ("api", "db", "cache", "net")
    assert CHAIN.descendants("net") == ("web", "api", "db")
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


def test_inhibition_needs_equal_labels() -> None:
    """A source mutes targets that agree in `equal`; missing and empty are equal."""
    sources = Inhibitors([rule("s=1", "t=1", "zone")], [("src", {"s": "1", "zone": "a"}), ("bare", {"s": "1"})])
    assert sources.of("x", {"t": "1", "zone": "a"}) == ("src",)
    assert sources.of("x", {"t": "1", "zone": "b"}) == ()
    assert sources.of("x", {"t": "1"}) == ("bare",)
    assert sources.of("x", {"zone": "a"}) == ()


def test_an_alert_never_inhibits_itself() -> None:
    """One that fits both sides is muted neither by itself nor by another that fits both, but by a plain source."""
    both = {"s": "1", "t": "1"}
    sources = Inhibitors([rule("s=1", "t=1")], [("one", both), ("two", both)])
    assert sources.of("one", both) == () and sources.of("two", both) == ()
    with_plain = Inhibitors([rule("s=1", "t=1")], [("one", both), ("plain", {"s": "1"})])
    assert with_plain.of("one", both) == ("plain",)


def test_several_rules_name_each_source_once() -> None:
    """Two rules with the same source name it once."""
    sources = Inhibitors([rule("s=1", "t=1"), rule("s=1", "t=~1|2")], [("src", {"s": "1"})])
    assert sources.of("x", {"t": "1"}) == ("src",)
