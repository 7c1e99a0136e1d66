"""Alerts of other programs (Prometheus, vmalert, Grafana, scripts), which send them as to Alertmanager. Pure: no clock, no I/O.

A sender repeats an alert while it fires, each time with an end some minutes ahead, and sends the end once it is over. Alertmanager
takes a passed end for a resolve; here it is none while the sender is silent, as then nobody knows (alertmanager#44): the alert is held,
marked "no data", and the rule SenderSilent tells of the sender. An end is believed that the sender has sent, or when the sender was heard
for five minutes more without the alert, or of an alert that was never meant to be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tui_monitor.alerts.alert import Alert, Rung, Transition
from tui_monitor.alerts.identity import fingerprint_of, new_id
from tui_monitor.alerts.ladder import Ladder, Subject
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.values import known_severity

RECEIVED = "(received)"
"""What Alert.rule holds; no rule has this name, as names have no parentheses in front."""
RESOLVE_TIMEOUT_MS = 300_000
"""The end of an alert that was sent without one, as Alertmanager's resolve_timeout."""
GRACE_MS = 300_000
"""How long a sender must be heard without an alert whose end has passed, before that is its end."""
MOST_RECEIVED = 5_000
MOST_SENDERS = 1_000


class ReceivedAlerts:
    """The live alerts of other programs. ``taken``: ids that were used.

    Each is a subject of one ladder without rules; a rung is one sender of it, ``keep_until`` the end that the sender last gave.
    """

    def __init__(self, taken: set[str]) -> None:
        self.ladder = Ladder(RECEIVED, (), _as_sent, None, taken)
        self._heard: dict[str, int] = {}
        self._missed: dict[tuple[str, str], int] = {}
        """(fingerprint, sender) → when the sender was first heard after the alert's end had passed."""

    # --- what senders send ----------------------------------------------------------------------------------------------

    def receive(self, now: int, sender: str, alerts: Iterable[ReceivedAlert]) -> tuple[list[Transition], int]:
        """Take what a sender has sent: transitions, and how many alerts were refused because there are MOST_RECEIVED."""
        self._hear(sender, now)
        transitions: list[Transition] = []
        refused = 0
        for given in alerts:
            fingerprint = fingerprint_of(given.labels)
            subject = self.ladder.subjects.get(fingerprint)
            ends = now + RESOLVE_TIMEOUT_MS if given.ends_at is None else given.ends_at
            if ends <= now:
                transitions += self._over(subject, sender, ends, now)
            elif subject is not None:
                transitions += self._renew(subject, sender, given, ends, now)
            elif len(self.ladder.subjects) >= MOST_RECEIVED:
                refused += 1
            else:
                transitions.append(self._begin(fingerprint, sender, given, ends, now))
        return transitions, refused

    def _hear(self, sender: str, now: int) -> None:
        self._heard.pop(sender, None)
        while len(self._heard) >= MOST_SENDERS:
            del self._heard[next(iter(self._heard))]
        self._heard[sender] = now

    def _begin(self, fingerprint: str, sender: str, given: ReceivedAlert, ends: int, now: int) -> Transition:
        begin = min(now if given.starts_at is None else given.starts_at, now)
        ident = new_id(fingerprint, begin, self.ladder.taken)
        self.ladder.taken.add(ident)
        alert = Alert(
            id=ident,
            fingerprint=fingerprint,
            rule=RECEIVED,
            state="firing",
            severity=known_severity(given.labels.get("severity", "")),
            labels=dict(given.labels),
            annotations=dict(given.annotations),
            value=None,
            active_at=begin,
            starts_at=now,
            evidence=_evidence(given, repeats=bool(given.url)),
            rungs={sender: Rung(begin, True, ends)},
        )
        self.ladder.subjects[fingerprint] = Subject(dict(given.labels), alert, dict(alert.rungs))
        return Transition(now, "firing", alert)

    def _renew(self, subject: Subject, sender: str, given: ReceivedAlert, ends: int, now: int) -> list[Transition]:
        """The alert still fires. Only what people see of it is a transition, so that repeats write nothing."""
        before = subject.alert
        known = subject.rungs.get(sender)
        subject.rungs[sender] = Rung(known.since if known else now, True, ends)
        self._missed.pop((before.fingerprint, sender), None)
        evidence = {**before.evidence, "repeats": True} if len(subject.rungs) > 1 else _evidence(given, repeats=True)
        alert = replace(before, rungs=dict(subject.rungs), evidence=evidence)
        if before.held:
            subject.alert = alert
            return []
        subject.alert = replace(alert, annotations=dict(given.annotations), no_data=False)
        seen = (before.annotations, before.no_data, before.evidence, len(before.rungs))
        if seen == (subject.alert.annotations, False, subject.alert.evidence, len(alert.rungs)):
            return []
        return [Transition(now, "updated", subject.alert, note="data is back" if before.no_data else "")]

    def _over(self, subject: Subject | None, sender: str, ends: int, now: int) -> list[Transition]:
        """A sender says that an alert has ended.

        A late repeat of a firing alert looks the same (prometheus#5277): its end lies behind the one given before. The end of a real
        resolve is the same in each repeat, so it counts at the second.
        """
        if subject is None:
            return []
        rung = subject.rungs.get(sender)
        if rung is not None and subject.alert.evidence.get("generator_url") and ends > (rung.keep_until or 0):
            subject.rungs[sender] = replace(rung, keep_until=ends)
            return []
        subject.rungs.pop(sender, None)
        if any((other.keep_until or 0) > now for other in subject.rungs.values()):
            return []  # another sender says that it fires
        return [self._end(subject, now, "")]

    # --- time -----------------------------------------------------------------------------------------------------------

    def step(self, now: int) -> list[Transition]:
        """Judge the alerts whose given end has passed."""
        transitions: list[Transition] = []
        for subject in list(self.ladder.subjects.values()):
            passed = [sender for sender, rung in subject.rungs.items() if (rung.keep_until or 0) <= now]
            if passed:
                transitions += self._judge(subject, passed, now)
        return transitions

    def _judge(self, subject: Subject, passed: list[str], now: int) -> list[Transition]:
        """``passed``: the senders whose given end has passed."""
        gone = [sender for sender in passed if self._given_up(subject, sender)]
        for sender in gone:
            del subject.rungs[sender]
        alert = subject.alert
        if not subject.rungs:
            return [self._end(subject, now, "its sender is heard and sends it no more" if _repeats(alert) else "its end has come")]
        if len(passed) - len(gone) == len(subject.rungs) and not alert.no_data and not alert.held:
            subject.alert = replace(alert, no_data=True, rungs=dict(subject.rungs))
            return [Transition(now, "updated", subject.alert, note="its sender is silent")]
        return []

    def _given_up(self, subject: Subject, sender: str) -> bool:
        """Whether a passed end is believed."""
        if not _repeats(subject.alert):
            return True
        heard = self._heard.get(sender, 0)
        if heard < (subject.rungs[sender].keep_until or 0):
            return False
        first = self._missed.setdefault((subject.alert.fingerprint, sender), heard)
        return heard - first >= GRACE_MS

    def _end(self, subject: Subject, now: int, note: str) -> Transition:
        alert = subject.alert
        self._missed = {key: at for key, at in self._missed.items() if key[0] != alert.fingerprint}
        if not alert.held:
            return self.ladder.finish(subject, now, note=note)
        del self.ladder.subjects[alert.fingerprint]
        subject.alert = replace(alert, held=False, rungs={})
        return Transition(now, "updated", subject.alert, note="its sender says that it has ended")

    def silent(self, now: int) -> dict[str, float]:
        """The senders, and for how many seconds each was not heard; 0 for one without firing alerts whose given end has passed."""
        found = dict.fromkeys(self._heard, 0.0)
        for subject in self.ladder.subjects.values():
            if subject.alert.held or not _repeats(subject.alert):
                continue
            for sender, rung in subject.rungs.items():
                away = (now - self._heard.get(sender, now)) / 1000 if (rung.keep_until or 0) <= now else 0.0
                found[sender] = max(away, found.get(sender, 0.0))
        return found

    def shift(self, delta: int) -> None:
        """The wall clock was moved by so many milliseconds, or the machine slept: given ends move with it."""
        self._heard = {sender: at + delta for sender, at in self._heard.items()}
        self._missed = {key: at + delta for key, at in self._missed.items()}
        for subject in self.ladder.subjects.values():
            subject.rungs = {sender: replace(rung, keep_until=(rung.keep_until or 0) + delta) for sender, rung in subject.rungs.items()}

    # --- restart --------------------------------------------------------------------------------------------------------

    def restore(self, alert: Alert, now: int) -> None:
        """Take up a stored alert. Repeats are not stored, so the senders have five minutes to be heard."""
        rungs = dict(alert.rungs)
        if _repeats(alert):
            rungs = {name: replace(rung, keep_until=max(rung.keep_until or 0, now + RESOLVE_TIMEOUT_MS)) for name, rung in rungs.items()}
        for sender in rungs:
            self._heard.setdefault(sender, now)
        self.ladder.subjects[alert.fingerprint] = Subject(dict(alert.labels), replace(alert, rungs=rungs), dict(rungs))


def _evidence(given: ReceivedAlert, *, repeats: bool) -> dict[str, object]:
    return {**({"generator_url": given.url} if given.url else {}), **({"repeats": True} if repeats else {})}


def _repeats(alert: Alert) -> bool:
    """Whether its sender repeats it while it fires: it names where it was made, or it has come twice."""
    return alert.evidence.get("repeats") is True


def _as_sent(_rule: Rule, _labels: Mapping[str, str], _value: float | None, _evidence: Mapping[str, object]) -> dict[str, str]:
    """The texts of a received alert are its sender's; no rule renders them."""
    return {}
