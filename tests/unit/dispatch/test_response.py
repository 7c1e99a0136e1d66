"""Response times: until when an alert has to be acknowledged, who hears when it was not, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support import settings as read
from tests.support.alert_world import World as AlertWorld
from tests.support.alert_world import changes, rules_of
from tests.support.planner_world import T0, World, brief, routing
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.names import name_faults
from tui_monitor.config.settings import Settings
from tui_monitor.dispatch.response import ResponseTimes
from tui_monitor.dispatch.routing import Route, Routing, compile_routing
from tui_monitor.dispatch.routing_check import check_routing
from tui_monitor.dispatch.schedule import parse_weekly

HOUR = 3_600_000
NOTIFIERS = [{"name": name, "type": "webhook", "url": "http://127.0.0.1:1/"} for name in ("chat", "mail")]


def made(**response: Any) -> Settings:
    return read.made(Settings, {"notifiers": NOTIFIERS, "response": response})


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("severity", "now", "due"),
    [
        ("critical", "2026-11-27T12:00", "2026-11-27T12:00"),
        ("error", "2026-11-27T12:00", "2026-11-27T13:00"),
        ("warning", "2026-11-27T12:00", "2026-11-27T16:00"),
        ("info", "2026-11-27T12:00", "2026-11-27T18:00"),
        ("info", "2026-11-27T18:00", "2026-11-30T18:00"),
        ("info", "2026-11-28T03:00", "2026-11-30T18:00"),
    ],
)
def test_the_defaults_are_now_an_hour_four_hours_and_the_office(severity: str, now: str, due: str) -> None:
    """Office means the end of the hours that run, after them and on a Saturday the end of the next."""
    found = compile_routing(made(office_hours="Mon-Fri 09:00-18:00 UTC"))
    assert found.due(severity, at(now)) == at(due)


def test_without_the_section_nothing_is_due() -> None:
    """No response times, no words about them."""
    assert Routing().due("critical", T0) is None and Routing().overdue == ()


def test_faults_are_named() -> None:
    """A wrong time, wrong office hours and an unknown notifier are told with their key."""
    with pytest.raises(ConfigurationError, match='or write "office"'):
        made(warning="soon")
    (wrong,) = name_faults(made(overdue=["nobody"]))
    assert wrong.path == ("response", "overdue") and 'there is no notifier "nobody"' in wrong.text
    (fault,) = check_routing(made(office_hours="never"))
    assert fault.path == ("response", "office_hours")


def answered(**times: float) -> ResponseTimes:
    return ResponseTimes(times, parse_weekly("daily 00:00-24:00 UTC"))


class Responding(World):
    """A planner world whose alerts have response times."""

    def __init__(self, response: ResponseTimes, **parts: Any) -> None:
        super().__init__(routing(response=response, **parts))

    def fire(self, name: str = "Down", severity: str = "critical", **labels: str) -> str:
        alert_id = super().fire(name, severity, **labels)
        self._change(replace(self.live[alert_id], due_at=self.routing.due(severity, self.now)), "firing")
        return alert_id


def test_an_unacknowledged_alert_is_told_once_more_when_overdue() -> None:
    """At its time, not before, not twice, over a restart too; the reminder's rhythm begins anew."""
    world = Responding(answered(error=3600))
    world.fire(severity="error")
    (first,) = world.step(1)
    assert "Answer within 59 min" in first.text
    world.now = first.created_at
    assert world.skip(3598) == []
    world.restart()
    (message,) = world.step(3)
    assert (message.kind, message.title) == ("reminder", "OVERDUE ERROR, unanswered for 1 h: Down is down")
    assert "Answer at once" in message.text
    assert world.skip(7000) == [] and [one.title[:11] for one in world.skip(7500)] == ["STILL ERROR"]


def test_an_acknowledged_alert_is_never_overdue() -> None:
    """Who acknowledges has answered."""
    world = Responding(answered(error=3600))
    alert_id = world.fire(severity="error")
    world.step(5)
    world.ack(alert_id)
    assert world.step(1) == [] and world.skip(7200) == []


def test_the_named_notifiers_hear_what_is_overdue() -> None:
    """Only they: one that was not told yet joins as in an escalation, one that was told hears once more, others do not."""
    named = ResponseTimes({"error": 60.0}, parse_weekly("daily 00:00-24:00 UTC"), ("sms", "chat"))
    world = Responding(named, routes=(Route("{}/{}", notifiers=("chat", "mail")),))
    world.fire(severity="error")
    assert brief(world.step(1)) == [("chat", "firing", 1), ("mail", "firing", 1)]
    told = world.step(65)
    assert sorted(brief(told)) == [("chat", "reminder", 1), ("sms", "firing", 1)]
    assert "Escalated: nobody has acknowledged it for 1 min" in next(one.text for one in told if one.notifier == "sms")
    assert world.step(120) == []


def test_a_time_of_zero_is_not_told_twice() -> None:
    """Critical at once: the first message says so, and there is no second one behind it."""
    world = Responding(answered(critical=0))
    world.fire()
    (message,) = world.plan().messages
    assert "Answer at once" in message.text
    assert world.step(60) == []


def test_the_time_runs_from_the_firing_or_the_last_rise() -> None:
    """A rise sets the time of the graver severity; a fall leaves it."""
    rules = rules_of(*({"alert": "Hot", "expr": f"heat > {limit}", "severity": word} for limit, word in ((10, "warning"), (20, "error"))))
    world = AlertWorld(rules, due=answered(warning=4 * 3600, error=3600).due)
    world.step("heat", 15)
    assert world.alert.due_at == world.now + 4 * HOUR
    world.step("heat", 25, 600)
    assert world.alert.due_at == world.now + HOUR
    rise = world.now
    assert world.step("heat", 15) == ["lowered"] and world.alert.due_at == rise + HOUR
    world.now -= 60_000  # a clock that was set back takes it along
    assert changes(world.evaluate()) == [] and world.alert.due_at == rise + HOUR - 60_000
