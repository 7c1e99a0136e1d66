"""Alerts of other programs: begin, repeats, ends, and what a silent sender does not end."""

from __future__ import annotations

from typing import Any

from tests.support.alert_world import START, World, changes, rules_of
from tui_monitor.alerts import commands
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.received import MOST_RECEIVED
from tui_monitor.core.commands import Acknowledge, Resolve
from tui_monitor.core.received_alert import ReceivedAlert

MINUTE = 60_000
URL = "http://prometheus:9090/graph?g0.expr=up"


def sent(name: str = "Down", *, ends: int | None = None, url: str = URL, summary: str = "", **labels: str) -> ReceivedAlert:
    """One alert of a batch."""
    return ReceivedAlert({"alertname": name, **labels}, {"summary": summary} if summary else {}, START - 5 * MINUTE, ends, url)


class Desk(World):
    """A world to which senders send."""

    def __init__(self, *entries: dict[str, Any], **options: Any) -> None:
        super().__init__(rules_of(*entries, default_rules=["SenderSilent"]), **options)

    def receive(self, *alerts: ReceivedAlert, sender: str = "prometheus", ahead: int = 4) -> list[Transition]:
        """A batch, each alert to hold ``ahead`` minutes where it says nothing else."""
        given = [one if one.ends_at is not None else sent_until(one, self.now + ahead * MINUTE) for one in alerts]
        found, _ = self.evaluator.receive(self.now, sender, given)
        self.seen += found
        return found

    def minutes(self, count: int, *alerts: ReceivedAlert, sender: str = "prometheus") -> list[str]:
        """Minutes pass, each with a batch of these alerts (none without)."""
        found: list[Transition] = []
        for _ in range(count):
            self.now += MINUTE
            if alerts:
                found += self.receive(*alerts, sender=sender)
            for name, seconds in self.evaluator.index.received.silent(self.now).items():
                self.put("tui_monitor_sender_silent_seconds", seconds, sender=name)
            found += self.evaluate()
        return changes(found)

    @property
    def names(self) -> list[str]:
        """The live alerts."""
        return sorted(alert.name for alert in self.evaluator.alerts())


def sent_until(one: ReceivedAlert, ends: int) -> ReceivedAlert:
    return ReceivedAlert(one.labels, one.annotations, one.starts_at, ends, one.url)


def test_a_firing_alert_is_one_row_however_often_it_is_sent() -> None:
    """The labels are the identity; repeats change nothing, other texts are an update."""
    desk = Desk()
    assert changes(desk.receive(sent(severity="page", summary="down"))) == ["firing"]
    alert = desk.alert
    assert (alert.severity, alert.labels["severity"], alert.active_at, alert.starts_at) == ("critical", "page", START - 5 * MINUTE, START)
    desk.now += MINUTE
    assert desk.receive(sent(severity="page", summary="down")) == []
    assert [step.change for step in desk.receive(sent(severity="page", summary="still down"))] == ["updated"]
    assert changes(desk.receive(sent(severity="warning"))) == ["firing"], "another label, another alert"


def test_the_sender_ends_its_alert() -> None:
    """An end in the past is a resolve; the next firing is a new episode, and an end of nothing is nothing."""
    desk = Desk()
    desk.receive(sent())
    first = desk.alert.id
    desk.now += MINUTE
    assert changes(desk.receive(sent(ends=desk.now - 1000))) == ["resolved"]
    assert desk.receive(sent(ends=desk.now - 1000)) == []
    assert changes(desk.receive(sent())) == ["firing"] and desk.alert.id != first


def test_a_silent_sender_is_no_resolve_but_one_alert_of_its_own() -> None:
    """After the last given end the alerts are held without data; SenderSilent comes once after five minutes, and ends with the silence."""
    desk = Desk()
    desk.receive(sent("Down"), sent("Full"))
    assert desk.minutes(5) == []
    assert all(alert.no_data for alert in desk.evaluator.alerts())
    assert desk.minutes(60) == ["firing"]
    assert desk.names == ["Down", "Full", "SenderSilent"]
    assert desk.minutes(1, sent("Down"), sent("Full")) == ["resolved"]
    assert desk.names == ["Down", "Full"] and not any(alert.no_data for alert in desk.evaluator.alerts())


def test_a_sender_that_is_heard_without_an_alert_has_given_it_up() -> None:
    """Its rule was removed: the alert ends five minutes after its given end; not at the first batch, which may be one of several."""
    desk = Desk()
    desk.receive(sent("Removed"), sent("Down"))
    assert desk.minutes(8, sent("Down")) == []
    assert desk.minutes(1, sent("Down")) == ["resolved"]
    assert desk.names == ["Down"]


def test_a_sender_that_comes_back_may_still_repeat_it() -> None:
    """After hours of silence the first batch without the alert ends nothing, the one with it goes on with the same alert."""
    desk = Desk()
    desk.receive(sent("Down"), sent("Other"))
    ident = next(alert.id for alert in desk.evaluator.alerts() if alert.name == "Down")
    desk.minutes(120)
    desk.receive(sent("Other"))
    assert changes(desk.evaluate()) == []
    desk.minutes(2, sent("Other"))
    assert desk.minutes(10, sent("Other"), sent("Down")) == []
    assert ident in [alert.id for alert in desk.evaluator.alerts()]


def test_a_late_repeat_is_no_resolve() -> None:
    """A batch that was queued for ten minutes has an end that has passed; a real resolve repeats the same end."""
    desk = Desk()
    desk.receive(sent())
    desk.now += 20 * MINUTE
    for late in (12, 11, 10):
        assert desk.receive(sent(ends=desk.now - late * MINUTE)) == []
    assert changes(desk.receive(sent(ends=desk.now - 10 * MINUTE))) == ["resolved"]


def test_an_alert_of_a_script_ends_when_it_said() -> None:
    """Sent once and without the address of a rule, it was never meant to be repeated."""
    desk = Desk()
    desk.receive(sent("Deploy", url="", ends=START + 30 * MINUTE), sender="ci")
    assert desk.minutes(29) == []
    assert desk.minutes(1) == ["resolved"] and desk.names == []


def test_an_alert_without_an_end_holds_five_minutes() -> None:
    """As Alertmanager's resolve_timeout."""
    desk = Desk()
    desk.evaluator.receive(desk.now, "ci", [ReceivedAlert({"alertname": "Deploy"}, {})])
    assert desk.minutes(4) == [] and desk.minutes(1) == ["resolved"]


def test_two_senders_of_the_same_alert() -> None:
    """It fires while either says so; when one is silent and the other resolves, it has ended."""
    desk = Desk()
    desk.receive(sent(), sender="a")
    assert changes(desk.receive(sent(), sender="b")) == []
    desk.now += MINUTE
    assert desk.receive(sent(ends=desk.now - 1), sender="a") == []
    assert desk.names == ["Down"]
    desk.receive(sent(), sender="a")
    desk.minutes(5, sent(), sender="a")
    assert changes(desk.receive(sent(ends=desk.now - 1), sender="a")) == ["resolved"]


def test_it_is_acknowledged_and_resolved_by_hand_as_any_other() -> None:
    """An acknowledgement stays over repeats; what is closed by hand stays closed until the sender has ended it once."""
    desk = Desk()
    desk.receive(sent())
    done = commands.apply(desk.evaluator, Acknowledge((desk.alert.id,), note="on it"), "kim", desk.now)
    assert done.result.ok
    desk.minutes(3, sent())
    assert desk.alert.acknowledged is not None
    done = commands.apply(desk.evaluator, Resolve((desk.alert.id,)), "kim", desk.now)
    assert [step.change for step in done.transitions] == ["resolved"]
    assert desk.minutes(10, sent()) == [] and desk.names == []
    desk.receive(sent(ends=desk.now))
    assert changes(desk.receive(sent())) == ["firing"]


def test_a_restart_gives_the_senders_five_minutes() -> None:
    """Repeats are not stored: the stored end has long passed, the alert is the same one, and a resolve is still understood."""
    desk = Desk()
    desk.receive(sent())
    desk.minutes(30, sent())
    stored: Alert = desk.alert
    again = Desk()
    again.now = desk.now
    again.seen += again.evaluator.restore(again.now, [stored])
    assert again.minutes(2) == [] and again.alert.id == stored.id and not again.alert.no_data
    assert again.minutes(3, sent()) == []
    assert changes(again.receive(sent(ends=again.now - 1))) == ["resolved"]


def test_a_reload_and_removed_checks_leave_received_alerts_alone() -> None:
    """A label "check" of another program's alert names no check of ours."""
    desk = Desk(checks={"api": {"type": "http"}})
    desk.receive(sent("Down", check="gone", type="http"))
    assert desk.evaluator.replace_rules(desk.rules, desk.now, {}) == [] and desk.names == ["Down"]
    again = Desk(checks={})
    assert again.evaluator.restore(START, [desk.alert]) == [] and again.names == ["Down"]


def test_a_step_of_the_clock_ends_nothing() -> None:
    """Given ends move with the clock: an hour forward (or a night of sleep) is no silence, an hour back holds nothing longer."""
    desk = Desk()
    desk.receive(sent())
    desk.now += 3_600_000
    desk.evaluator.clock_jumped(3_600_000, desk.now)
    assert desk.minutes(1) == [] and not desk.alert.no_data
    desk.now -= 3_600_000
    desk.evaluate()
    assert desk.minutes(5) == [] and desk.alert.no_data


def test_there_is_a_most() -> None:
    """Of more alerts than are held the sender is told how many were refused; known ones are still renewed."""
    desk = Desk()
    found, refused = desk.evaluator.receive(desk.now, "p", [sent(n=str(n), ends=desk.now + MINUTE) for n in range(MOST_RECEIVED + 3)])
    assert (len(found), refused) == (MOST_RECEIVED, 3)
    assert desk.evaluator.receive(desk.now, "p", [sent(n="1", ends=desk.now + MINUTE)])[1] == 0
