"""A small world around a planner for its tests: alerts by hand, a clock by hand, a real state.db to restart from."""

from __future__ import annotations

import hashlib
import sqlite3
import weakref
from dataclasses import replace
from typing import Any

from tui_monitor.alerts.alert import Acknowledgement, Alert, Change, Rung, Transition
from tui_monitor.dispatch.dispatcher import Dispatcher
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import NotifierPolicy, Routing
from tui_monitor.dispatch.state import Plan
from tui_monitor.storage.sqlite import migrate
from tui_monitor.storage.state.tables import MIGRATIONS, SqliteState

T0 = 1_700_000_000_000


def routing(**parts: Any) -> Routing:
    """Routing to the notifier "chat" for everything, where nothing else is given."""
    parts.setdefault("notifiers", {name: NotifierPolicy() for name in ("chat", "mail", "sms")})
    if "routes" not in parts:
        parts.setdefault("by_severity", {"info": ("chat",)})
    return Routing(**parts)


class World:
    """Drives a planner; every message ever made is in ``sent``."""

    def __init__(self, settings: Routing | None = None, **options: Any) -> None:
        self.routing = settings or routing()
        self.options: dict[str, Any] = {"host": "web-1", **options}
        # The garbage collector closes it, in whichever thread it happens to run.
        self.db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self.db.close)
        migrate(self.db, MIGRATIONS)
        self.state = SqliteState(self.db)
        self.now = T0
        self.live: dict[str, Alert] = {}
        self.waiting: list[Transition] = []
        self.sent: list[Message] = []
        self.audit: list[tuple[str, str]] = []
        self.suppressed: dict[str, tuple[str, ...]] = {}
        self.failing_commits = False
        self.planner = Dispatcher(self.routing, **self.options)

    def fire(self, name: str = "Down", severity: str = "critical", **labels: str) -> str:
        """An alert begins to fire; its id."""
        every = {"alertname": name, "severity": severity, "host": "web-1", **labels}
        print_of = hashlib.blake2s(repr(sorted((k, v) for k, v in every.items() if k != "severity")).encode(), digest_size=8).hexdigest()
        alert_id = hashlib.blake2s(f"{print_of}{self.now}".encode(), digest_size=4).hexdigest()
        texts = {"summary": f"{labels.get('check', name)} is down"}
        more: dict[str, Any] = {"evidence": {"reason": ["x"]}, "rungs": {name: Rung(self.now, sample=(("check", "x"),))}, "digest": "d"}
        alert = Alert(alert_id, print_of, name, "firing", severity, every, texts, 1.0, self.now, self.now, **more)
        return self._change(alert, "firing")

    def resolve(self, alert_id: str) -> None:
        """The alert ends."""
        alert = replace(self.live.pop(alert_id), state="resolved", ends_at=self.now)
        self.waiting.append(Transition(self.now, "resolved", alert))

    def severity(self, alert_id: str, severity: str) -> None:
        """The alert's severity changes."""
        alert = self.live[alert_id]
        changed = replace(alert, severity=severity, labels={**alert.labels, "severity": severity}, acknowledged=None)
        self._change(changed, "raised")

    def ack(self, alert_id: str) -> None:
        """Somebody acknowledges it."""
        self._change(replace(self.live[alert_id], acknowledged=Acknowledgement("kim", self.now)), "acknowledged")

    def unack(self, alert_id: str, expired: bool = False) -> None:
        """The acknowledgement is removed, or expires."""
        self._change(replace(self.live[alert_id], acknowledged=None), "ack_expired" if expired else "unacknowledged")

    def flap(self, alert_id: str, times: int) -> None:
        """The alert is found to flap."""
        self._change(replace(self.live[alert_id], flaps=times), "flapping")

    def _change(self, alert: Alert, change: Change) -> str:
        self.live[alert.id] = alert
        self.waiting.append(Transition(self.now, change, alert))
        return alert.id

    def plan(self) -> Plan:
        """One round at the present moment; saved as the runtime does."""
        transitions, self.waiting = self.waiting, []
        plan = self.planner.plan(self.now, self.live, transitions)
        if not plan.empty and not self.failing_commits:
            self.db.execute("BEGIN IMMEDIATE")
            self.state.dispatch.save(plan)
            self.db.execute("COMMIT")
            self.planner.committed(plan)
        self.sent.extend(plan.messages)
        self.audit += [(entry.verb, entry.subject) for entry in plan.audit]
        self.suppressed.update(plan.suppression)
        return plan

    def step(self, seconds: float = 1.0) -> list[Message]:
        """Time goes on, second by second; the messages made on the way."""
        before = len(self.sent)
        end = self.now + int(seconds * 1000)
        while self.now < end:
            self.now = min(end, self.now + 1000)
            self.plan()
        return self.sent[before:]

    def skip(self, seconds: float) -> list[Message]:
        """Time goes on in one leap, one round at its end."""
        self.now += int(seconds * 1000)
        return list(self.plan().messages)

    def restart(self, settings: Routing | None = None, remind_after: float = 0.0) -> None:
        """The process dies and another restores the stored state; it sends no reminders for ``remind_after`` seconds."""
        self.routing = settings or self.routing
        self.planner = Dispatcher(self.routing, **self.options)
        self.planner.restore(self.state.dispatch.load(), remind_from=self.now + int(remind_after * 1000))


def brief(messages: list[Message] | tuple[Message, ...]) -> list[tuple[str, str, int]]:
    """(notifier, kind, how many alerts) of each message."""
    return [(message.notifier, message.kind, len(message.alerts)) for message in messages]
