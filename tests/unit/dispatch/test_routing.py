"""The route tree, routing by severity, recipient groups, and the faults that are found before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import settings as read
from tui_monitor.alerts.no_data import WATCH
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.settings import Settings
from tui_monitor.core.values import known_severity
from tui_monitor.dispatch.routing import compile_routing, severity_recipients
from tui_monitor.dispatch.routing_check import check_routing

NOTIFIERS = [{"name": name, "type": "webhook", "url": "http://127.0.0.1:1/"} for name in ("chat", "mail", "sms", "biz")]


def made(**parts: Any) -> Settings:
    return read.made(Settings, {"notifiers": NOTIFIERS, **parts})


def who(settings: Settings, severity: str = "warning", **labels: str) -> list[tuple[str, ...]]:
    """The notifiers of each route that takes an alert with these labels."""
    return [route.notifiers for route in compile_routing(settings).routes_for({"severity": severity, **labels}, severity)]


def test_first_match_wins_unless_continue() -> None:
    """Routes are tried in order; `continue` looks on."""
    settings = made(
        routes=[
            {"match": ['category="business"'], "notifiers": ["biz"]},
            {"match": ["severity=critical"], "notifiers": ["sms"], "continue": True},
            {"notifiers": ["chat"]},
            {"notifiers": ["mail"]},
        ]
    )
    assert who(settings, category="business") == [("biz",)]
    assert who(settings, "critical") == [("sms",), ("chat",)]
    assert who(settings) == [("chat",)]


def test_a_rule_that_says_who_hears_of_it_passes_all_routes() -> None:
    """`to` comes before routes and [routing], by the severity of the rung; also for its alerts about missing data and after a restart."""
    rules = [
        {"alert": "Slow", "expr": "x > 1", "to": ["team"]},
        {"alert": "Slow", "expr": "x > 2", "severity": "critical", "to": ["sms", "chat"]},
        {"alert": "Other", "expr": "x > 3"},
    ]
    found = compile_routing(made(rules=rules, routes=[{"notifiers": ["biz"]}], recipients={"team": ["mail"]}))

    def heard(rule: str, severity: str) -> list[tuple[str, ...]]:
        return [route.notifiers for route in found.routes_for({"alertname": rule}, severity, rule)]

    assert heard("Slow", "warning") == [("mail",)] and heard("Slow", "critical") == [("sms", "chat")]
    assert heard("Slow", "error") == heard("Other", "warning") == [("biz",)]
    assert heard(f"Slow{WATCH}", "warning") == heard(f"Slow{WATCH}", "info") == [("mail",)]
    (route,) = found.routes_for({"alertname": "Slow"}, "critical", "Slow")
    named = found.route_named(route.group_key({"alertname": "Slow"}))
    assert named is not None and named.key == route.key


def test_sub_routes_are_tried_first_and_inherit() -> None:
    """A sub-route that matches replaces its parent and takes from it what it leaves out."""
    settings = made(
        routes=[
            {
                "match": ["team=db"],
                "notifiers": ["chat"],
                "group_by": ["check"],
                "repeat_interval": "1h",
                "routes": [{"match": ["severity=critical"], "notifiers": ["sms"]}, {"match": ["check=x"], "group_wait": "3s"}],
            }
        ]
    )
    assert who(settings, "critical", team="db") == [("sms",)]
    assert who(settings, "warning", team="db") == [("chat",)]
    (route,) = compile_routing(settings).routes_for({"team": "db", "check": "x"}, "warning")
    assert (route.notifiers, route.group_by, route.repeat_interval, route.group_wait) == (("chat",), ("check",), 3_600_000, 3000)


def test_defaults_are_ours() -> None:
    """group_by alertname, no wait, 5 s, 4 h."""
    (route,) = compile_routing(made(routes=[{"notifiers": ["chat"]}])).routes_for({}, "info")
    assert (route.group_by, route.group_wait, route.group_interval, route.repeat_interval) == (("alertname",), 0, 5000, 14_400_000)


def test_routing_by_severity_is_used_when_no_route_matches() -> None:
    """An unnamed severity uses the nearest lower named one; with neither routes nor severity nothing is sent."""
    settings = made(routes=[{"match": ["team=db"], "notifiers": ["biz"]}], routing={"warning": ["chat"], "critical": ["chat", "sms"]})
    assert who(settings, "info") == []
    assert who(settings, "warning") == who(settings, "error") == [("chat",)]
    assert who(settings, "critical") == [("chat", "sms")]
    assert who(settings, "critical", team="db") == [("biz",)]
    assert who(made(), "critical") == []


def test_foreign_severities_are_understood() -> None:
    """Words of other rule files map to ours; a word nobody knows is a warning."""
    assert [known_severity(word) for word in ("page", "high", "none", "whatever", "")] == [
        "critical",
        "error",
        "info",
        "warning",
        "warning",
    ]
    assert severity_recipients({"critical": ("sms",)}, "page") == ("sms",)


def test_recipient_groups_expand_once() -> None:
    """Groups may name groups; every notifier comes once; a circle ends."""
    recipients = {"ops": ["chat", "oncall"], "oncall": ["sms", "chat", "ops"]}
    assert who(made(recipients=recipients, routes=[{"notifiers": ["ops", "mail", "chat"]}])) == [("chat", "sms", "mail")]


def test_group_keys_name_the_route_by_its_matchers() -> None:
    """A group's key survives the insertion of another route, and equal routes differ."""
    one = made(routes=[{"match": ["a=x"], "notifiers": ["chat"]}])
    two = made(routes=[{"match": ["b=y"], "notifiers": ["mail"]}, {"match": ["a=x"], "notifiers": ["chat"]}])
    labels = {"a": "x", "alertname": "Down"}
    keys = {compile_routing(settings).routes_for(labels, "info")[0].group_key(labels) for settings in (one, two)}
    assert keys == {'{}/{a="x"}:{alertname="Down"}'}
    same = compile_routing(made(routes=[{"notifiers": ["chat"], "continue": True}, {"notifiers": ["mail"]}])).routes
    assert same[0].key != same[1].key


def test_the_route_of_a_group_is_found_again() -> None:
    """From a stored group key its route is found, with and without an alert's labels."""
    routing = compile_routing(made(routes=[{"match": ["a=x"], "notifiers": ["chat"], "group_interval": "1m"}]))
    labels = {"a": "x", "alertname": "Down"}
    key = routing.routes[0].group_key(labels)
    assert routing.route_of_group(key, labels) == routing.route_named(key) == routing.routes[0]
    assert routing.route_of_group("{}/{gone}:{}", labels) is None


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"routes": [{"routes": [{"match": ["a b"]}]}]}, 'routes[1].routes[1].match: "a b" is not a matcher'),
        ({"routes": [{"match": ['a=~"(?!b).*"']}]}, "RE2 has no look-around"),
        ({"routes": [{"active": "Mox 09:00-10:00"}]}, 'routes[1].active: "Mox" is not a day'),
        ({"recipients": {"ops": ["second"], "second": ["ops"]}}, "recipients.ops: no notifier is reached through it"),
        ({"inhibit": [{"source": ["a=~("], "target": ["b=x"]}]}, "inhibit[1].source"),
        ({"maintenance": [{"name": "m", "cron": "61 * * * *"}]}, "maintenance[1].cron"),
        ({"maintenance": [{"name": "m", "cron": "0 * * * *", "timezone": "Mars"}]}, "not a time zone"),
        ({"checks": [{"name": "a", "type": "tcp", "host": "h", "port": 1, "depends_on": ["a"]}]}, "a circle: a → a"),
    ],
)
def test_faults_are_named(parts: dict[str, Any], complaint: str) -> None:
    """Each fault is one message with its key."""
    problems = [str(fault) for fault in check_routing(made(**parts))]
    assert any(complaint in problem for problem in problems), problems


def test_a_reminder_without_pause_is_refused() -> None:
    """`repeat_interval = "0s"` does not mean never, and would mean a message every few seconds."""
    with pytest.raises(ConfigurationError, match="repeat_interval"):
        made(routes=[{"notifiers": ["chat"], "repeat_interval": "0s"}])


def test_a_good_configuration_has_no_faults() -> None:
    """The full form passes and compiles."""
    settings = made(
        recipients={"ops": ["chat", "mail"]},
        routing={"warning": ["ops"]},
        routes=[
            {
                "match": ["a=x"],
                "notifiers": ["ops"],
                "active": "Mon-Fri 09:00-18:00 Asia/Seoul",
                "escalate": [{"after": "5m", "notifiers": ["sms"]}],
            }
        ],
        inhibit=[{"source": ["severity=critical"], "target": ["severity=warning"], "equal": ["host"]}],
        maintenance=[{"name": "m", "active": "Sun 02:00-04:00 Europe/Berlin"}, {"name": "n", "cron": "0 2 * * *", "timezone": "UTC"}],
        checks=[
            {"name": "db", "type": "tcp", "host": "h", "port": 1},
            {"name": "api", "type": "tcp", "host": "h", "port": 1, "depends_on": ["db"], "interval": "30s"},
        ],
    )
    assert check_routing(settings) == []
    routing = compile_routing(settings)
    assert routing.dependencies.ancestors("api") == ("db",)
    assert routing.dependencies.patience_ms["api"] == 37_000
    assert len(routing.schedules()) == 3
