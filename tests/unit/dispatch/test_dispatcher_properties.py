"""The planner under random histories, against a model of a few lines; and the same history with a restart at every step."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.planner_world import World, routing
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.inhibition import Dependencies, InhibitRule, Verdict
from tui_monitor.dispatch.matchers import parse_matchers
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import NotifierPolicy, Route, Routing, Step
from tui_monitor.dispatch.schedule import parse_weekly
from tui_monitor.dispatch.silences import MaintenanceWindow, make_silence

CHECKS = ("db", "api", "web", "solo")
SEVERITIES = ("info", "warning", "error", "critical")
GROUP_INTERVAL = 5000
Action = tuple[Any, ...]


def plain() -> Routing:
    return routing(
        routes=(
            Route("{}/{db}", parse_matchers(["check=db"]), ("chat", "sms"), continues=True),
            Route("{}/{}", notifiers=("chat", "mail"), group_wait=3000, repeat_interval=60_000, escalate=(Step(30_000, ("sms",)),)),
        )
    )


def by_severity() -> Routing:
    return routing(by_severity={"warning": ("chat",), "error": ("chat", "mail"), "critical": ("mail", "sms")})


def everything() -> Routing:
    return routing(
        routes=(
            Route("{}/{s}", parse_matchers(["severity=critical"]), ("sms",), active=parse_weekly("daily 22:14-22:16 UTC"), continues=True),
            Route("{}/{}", notifiers=("chat", "mail"), group_by=("check",), repeat_interval=20_000),
        ),
        notifiers={"chat": NotifierPolicy(), "mail": NotifierPolicy(severities=frozenset({"error", "critical"})), "sms": NotifierPolicy()},
        inhibit=(InhibitRule(parse_matchers(["severity=critical"]), parse_matchers(["severity=~info|warning"]), ("alertname",)),),
        maintenance=(MaintenanceWindow("w", parse_matchers(["check=solo"]), parse_weekly("daily 22:14-22:15 UTC")),),
        dependencies=Dependencies({"api": ("db",), "web": ("api",)}, dict.fromkeys(CHECKS, 7000)),
    )


SETTINGS = {"plain": plain, "by_severity": by_severity, "everything": everything}
actions = st.lists(
    st.one_of(
        st.tuples(st.just("fire"), st.sampled_from(["Down", "Slow"]), st.sampled_from(CHECKS), st.sampled_from(SEVERITIES)),
        st.tuples(st.just("resolve"), st.integers(0, 9)),
        st.tuples(st.just("severity"), st.integers(0, 9), st.sampled_from(SEVERITIES)),
        st.tuples(st.sampled_from(["ack", "unack", "expire", "flap"]), st.integers(0, 9)),
        st.tuples(st.just("silence"), st.sampled_from(CHECKS), st.integers(5, 60)),
        st.tuples(st.just("verdict"), st.sampled_from(CHECKS), st.sampled_from(["healthy", "unhealthy", "pending"])),
        st.tuples(st.just("step"), st.sampled_from([1, 1, 2, 4, 6, 30, 70])),
    ),
    min_size=3,
    max_size=40,
)


class Story:
    """A world that obeys actions, with what a model needs to judge its messages."""

    def __init__(self, name: str, *, restarts: bool = False) -> None:
        self.restarts = restarts
        self.verdicts: dict[str, Verdict] = {}
        self.world = World(SETTINGS[name](), parent_verdict=lambda check, since: self.verdicts.get(check, "healthy"), rate_limits={})
        self.ids: list[str] = []
        self.rises: Counter[str] = Counter()
        self.silenced: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.muted_told: list[str] = []

    def obey(self, action: Action) -> None:
        """Do one thing, then plan once (and restart first, where this story does)."""
        verb, *rest = action
        world = self.world
        if verb == "step":
            for _ in range(rest[0]):
                world.now += 1000
                self.round()
            return
        if verb == "fire":
            name, check, severity = rest
            if not any(a.labels["check"] == check and a.name == name for a in world.live.values()):
                self.ids.append(world.fire(name, severity, check=check))
        elif verb == "silence":
            check, seconds = rest
            silence = make_silence([f"check={check}"], world.now, world.now + seconds * 1000, str(len(self.ids)))
            world.planner.add_silence(silence, world.now)
            self.silenced[check].append((silence.starts_at, silence.ends_at))
        elif verb == "verdict":
            self.verdicts[rest[0]] = rest[1]
        elif world.live:
            self._on_alert(verb, sorted(world.live)[rest[0] % len(world.live)], rest)
        self.round()

    def _on_alert(self, verb: str, alert_id: str, rest: list[Any]) -> None:
        world = self.world
        acked = world.live[alert_id].acknowledged is not None
        if verb == "resolve":
            world.resolve(alert_id)
        elif verb == "severity":
            if severity_rank(rest[1]) > severity_rank(world.live[alert_id].severity):
                self.rises[alert_id] += 1
            if rest[1] != world.live[alert_id].severity:
                world.severity(alert_id, rest[1])
        elif verb == "flap":
            world.flap(alert_id, 5)
        elif verb == "ack" and not acked:
            world.ack(alert_id)
        elif verb in ("unack", "expire") and acked:
            world.unack(alert_id, expired=verb == "expire")

    def round(self) -> None:
        """One round, and the model's look at its messages."""
        for message in self.world.plan().messages:
            for snapshot in message.alerts:
                check = snapshot.labels["check"]
                muted = any(begin <= message.created_at < end for begin, end in self.silenced[check])
                if snapshot.status == "firing" and (muted or self.world.suppressed.get(snapshot.id)):
                    self.muted_told.append(snapshot.id)
        if self.restarts:
            self.world.restart()

    def quiesce(self) -> None:
        """Let every silence, wait and pause end."""
        self.verdicts.clear()
        self.obey(("step", 1))
        self.world.now += 300_000  # beyond the refire_interval
        self.obey(("step", 200))


def told(messages: list[Message]) -> dict[tuple[str, str], list[str]]:
    """(notifier, alert id) → what was told of it, in order: the kind of message for firings, "resolved" for ends."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for message in messages:
        for snapshot in message.alerts:
            found[message.notifier, snapshot.id].append("resolved" if snapshot.status == "resolved" else message.kind)
    return found


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(SETTINGS)), actions)
def test_nothing_is_lost_doubled_or_told_while_muted(name: str, history: list[Action]) -> None:
    """Every told firing is ended once where it was told; nothing muted is told; a group keeps its pause; nothing is repeated."""
    story = Story(name)
    for action in history:
        story.obey(action)
    story.quiesce()
    live_before = set(story.world.live)
    for alert_id in live_before:
        story.world.resolve(alert_id)
    story.quiesce()
    assert story.muted_told == []
    for (_, alert_id), kinds in told(story.world.sent).items():
        assert kinds[0] == "firing"
        assert kinds.count("resolved") == 1 and kinds[-1] == "resolved"
        assert kinds.count("firing") <= 2 + story.rises[alert_id]  # once new, once flapping, once for each rise
    last: dict[tuple[str, str], int] = {}
    for message in story.world.sent:
        place = (message.notifier, message.group_key)
        assert message.created_at - last.get(place, 0) >= GROUP_INTERVAL
        last[place] = message.created_at
    assert len({message.key for message in story.world.sent}) == len(story.world.sent)
    assert story.world.planner.next_wake(story.world.now) is None or name == "everything"


@settings(max_examples=80, deadline=None)
@given(actions)
def test_every_alert_that_stays_is_told(history: list[Action]) -> None:
    """Whatever happened before: an alert that fires when all mutes are over has been told to all who are to hear of it."""
    story = Story("plain")
    for action in history:
        story.obey(action)
    story.quiesce()
    heard = told(story.world.sent)
    for alert_id, alert in story.world.live.items():
        assert (("chat", alert_id) in heard) and (("mail", alert_id) in heard)
        if alert.labels["check"] == "db":
            assert ("sms", alert_id) in heard


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(SETTINGS)), actions)
def test_a_restart_at_any_step_changes_nothing(name: str, history: list[Action]) -> None:
    """A planner that is thrown away and taken up from its rows after every single round sends the very same messages."""
    steady, shaken = Story(name), Story(name, restarts=True)
    for story in (steady, shaken):
        for action in history:
            story.obey(action)
        story.obey(("step", 70))
    assert [message.to_json() for message in shaken.world.sent] == [message.to_json() for message in steady.world.sent]
    assert {k: v for k, v in shaken.world.suppressed.items() if v} == {k: v for k, v in steady.world.suppressed.items() if v}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SETTINGS)), actions, st.integers(0, 20), st.integers(1, 10))
def test_failing_commits_change_nothing(name: str, history: list[Action], begin: int, length: int) -> None:
    """While nothing can be saved, memory goes on; once it can again everything is saved, and a restart repeats nothing."""
    steady, hindered = Story(name), Story(name)
    for number, action in enumerate(history):
        steady.obey(action)
        hindered.world.failing_commits = begin <= number < begin + length
        hindered.obey(action)
    hindered.world.failing_commits = False
    hindered.round()
    steady.round()
    hindered.world.restart()
    for story in (steady, hindered):
        story.obey(("step", 70))
    assert [message.to_json() for message in hindered.world.sent] == [message.to_json() for message in steady.world.sent]
