"""Groups: the verdict from the members' statuses, and what a configuration of groups may not be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.checks.groups import Groups, group_faults
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import METRIC_NAME, HealthStatus, label
from tui_monitor.sources.group.probe import GroupProbe, judge_members
from tui_monitor.sources.group.settings import GroupCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
WORDS = {"h": HEALTHY, "d": DEGRADED, "u": UNHEALTHY, "?": UNKNOWN}


def group(**keys: Any) -> GroupCheck:
    return made(GroupCheck, {"name": "shop", "members": ["a", "b"], **keys})


def statuses(text: str) -> dict[str, HealthStatus]:
    """Members a, b, c ... by letters."""
    return {chr(ord("a") + place): WORDS[word] for place, word in enumerate(text)}


@pytest.mark.parametrize(
    ("keys", "members", "status"),
    [
        ({}, "hhhh", HEALTHY),  # mission C, exchanges: all up healthy, at least half degraded, else unhealthy
        ({}, "hhhu", DEGRADED),
        ({}, "hhuu", DEGRADED),
        ({}, "huuu", UNHEALTHY),
        ({"healthy": "80%"}, "hhhhu", HEALTHY),  # mission C, external services: 80 / 50
        ({"healthy": "80%"}, "hhhuu", DEGRADED),
        ({"healthy": "80%"}, "hhuuu", UNHEALTHY),
        ({}, "dddd", DEGRADED),  # slow members are no outage
        ({}, "hddu", DEGRADED),
        ({"healthy": "50%"}, "hd", HEALTHY),
        ({}, "hh??", HEALTHY),  # what is unknown counts in no share
        ({}, "hu??", DEGRADED),
        ({}, "u???", UNHEALTHY),
        ({}, "????", UNKNOWN),
        ({"healthy": "50%", "required": ["b"]}, "hu", UNHEALTHY),
        ({"healthy": "50%", "required": ["b"]}, "hd", DEGRADED),
        ({"healthy": "50%", "required": ["b"]}, "h?", UNKNOWN),
        ({"healthy": "50%", "required": ["b"]}, "uh", HEALTHY),
        ({"weights": {"a": 3.0}}, "uh", UNHEALTHY),
        ({"weights": {"a": 3.0}, "healthy": "75%"}, "hu", HEALTHY),
        ({"healthy": "30%", "degraded": "30%", "weights": {"a": 0.1, "b": 0.2, "c": 0.7}}, "hhu", HEALTHY),  # 0.1 + 0.2 is not 0.3
    ],
)
def test_the_quorum_decides(keys: dict[str, Any], members: str, status: HealthStatus) -> None:
    """By share, weight and required members."""
    assert judge_members(group(**keys), statuses(members)).status is status


def test_the_reason_names_share_limit_and_the_worst_members() -> None:
    """Those who are told need not look further; of many members ten are named."""
    assert judge_members(group(), statuses("huu")).reason == "33% up, 50% wanted: unhealthy: b, c"
    assert judge_members(group(), statuses("hd?")).reason == "50% healthy, 100% wanted: degraded: b; unknown: c"
    required = group(healthy="50%", required=["b"])
    assert judge_members(required, statuses("hu")).reason == "b, which is required, is unhealthy: unhealthy: b"
    many = judge_members(group(), {f"m{place}": UNHEALTHY for place in range(12)})
    assert many.reason.endswith("m8, m9 and 2 more") and many.facts["members"] == "12"


def test_the_share_and_the_counts_are_series() -> None:
    """The share only where something is known."""
    found = judge_members(group(), statuses("hd?"))
    named = {f"{label(labels, METRIC_NAME)} {label(labels, 'status')}".strip(): value for labels, value in found.samples}
    assert named == {
        "group_healthy_ratio": 0.5, "group_members healthy": 1, "group_members degraded": 1,
        "group_members unhealthy": 0, "group_members unknown": 1,
    }  # fmt: skip
    assert len(judge_members(group(), statuses("??")).samples) == 4
    assert GroupProbe(group()).verdict(statuses("h")).status is HEALTHY


CHECKS = [
    CheckSettings(name="api", type="http", category="external"),
    CheckSettings(name="db", type="postgres", labels={"team": "pay"}),
    CheckSettings(name="mail", type="tcp", category="external"),
]


def faults(*groups: dict[str, Any]) -> list[str]:
    checks = [*CHECKS, *(made(GroupCheck, {"name": f"g{place}", **keys}) for place, keys in enumerate(groups))]
    return [str(fault) for fault in group_faults(checks)]


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        ([{"members": ["g0"]}], "checks[4].members: the group contains itself: g0 → g0"),
        ([{"members": ["db", "g1"]}, {"members": ["g0"]}], "checks[4].members: the group contains itself: g0 → g1 → g0"),
        ([{"select": ["team=shop"]}], "checks[4].select: matches no check; its labels are check, type, category and its own"),
        ([{"select": ["team==pay"]}], 'checks[4].select: "team==pay" is not a matcher'),
        ([{"members": ["db"], "required": ["api"]}], 'checks[4].required: "api" is no member of this group'),
        ([{"members": ["db"], "weights": {"api": 2.0}}], 'checks[4].weights: "api" is no member of this group'),
    ],
)
def test_groups_that_cannot_be_judged_are_refused(groups: list[dict[str, Any]], fault: str) -> None:
    """With the key; the reader adds the line."""
    assert faults(*groups)[0].startswith(fault)


def test_nested_groups_are_fine() -> None:
    """By name; `select` chooses no groups, so two groups of one category do not contain each other."""
    nested = [{"select": ['category="external"'], "category": "external"}, {"members": ["g0", "db"], "category": "external"}]
    assert faults(*nested) == []
    groups = Groups([*CHECKS, *(made(GroupCheck, {"name": f"g{place}", **keys}) for place, keys in enumerate(nested))])
    assert groups.probed("g1") == ["api", "mail", "db"] and groups.innermost_first() == ["g0", "g1"]
    assert groups.of("api") == ["g0"] and groups.of("g0") == ["g1"]
    assert groups.verdict("g1", {"g0": HEALTHY}) is None, "one member has not answered yet"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"members": []}, "name the members"),
        ({"degraded_above": "1s"}, "nothing is timed"),
        ({"failures": 2}, "is always 1"),
        ({"healthy": "50%", "degraded": "60%"}, "is above `healthy`"),
        ({"weights": {"a": 0}}, "must be above 0"),
        ({"healthy": "120%"}, "healthy"),
    ],
)
def test_keys_that_mean_nothing_are_refused(keys: dict[str, Any], text: str) -> None:
    """A group has no thresholds of its own: its members' have waited."""
    with pytest.raises(ConfigurationError, match=text):
        group(**keys)
