"""What people tell the alerts to do: acknowledge, take back, resolve. Pure; silences are the planner's verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui_monitor.alerts.alert import Acknowledgement, Transition
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.ladder import Ladder, Subject
from tui_monitor.core.audit import Audit
from tui_monitor.core.frozen import frozen


@frozen
class Command:
    """One row of the commands table; ``at`` is UTC milliseconds."""

    id: int
    by: str
    verb: str
    arguments: Mapping[str, Any]
    at: int


@frozen
class Applied:
    """What a command did: a sentence for the person, transitions and audit lines to commit with it."""

    ok: bool
    result: str
    transitions: tuple[Transition, ...] = ()
    audit: tuple[Audit, ...] = ()


@dataclass(slots=True)
class _Work:
    by: str
    verb: str
    now: int
    note: str
    until: int | None
    done: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    audit: list[Audit] = field(default_factory=list)

    def did(self, transition: Transition) -> None:
        alert = transition.alert
        self.done.append(f"{alert.id} {alert.name}")
        self.transitions.append(transition)
        self.audit.append(Audit(self.now, self.by, self.verb, f"{alert.id} {alert.name}", self.note))


def apply(evaluator: Evaluator, verb: str, arguments: Mapping[str, Any], by: str, now_ms: int, asked_ms: int | None = None) -> Applied:
    """Do what a command says to the live alerts; a fault in one id leaves the others done and is named in the result.

    ``asked_ms``: when the command was given, from which `for` counts; None: now.
    """
    act = _VERBS.get(verb)
    if act is None:
        return Applied(False, f'"{verb}" is not known')
    until = _until(arguments.get("for"), now_ms, now_ms if asked_ms is None else min(asked_ms, now_ms))
    if verb == "ack" and until is not None and until <= now_ms:
        return Applied(False, "the time that it was to be acknowledged for has already passed")
    work = _Work(by, verb, now_ms, str(arguments.get("note") or "")[:1000], until)
    for ladder, subject in _chosen(work, arguments, evaluator):
        act(work, ladder, subject)
    result = "; ".join([_said(verb, work.done), *work.faults] if work.done or not work.faults else work.faults)
    return Applied(not work.faults, result, tuple(work.transitions), tuple(work.audit))


def _said(verb: str, done: list[str]) -> str:
    past = {"ack": "acknowledged", "unack": "no longer acknowledged", "resolve": "resolved"}[verb]
    return f"{past}: {', '.join(done)}" if done else f"nothing to do: no firing alert {'is' if verb == 'unack' else 'waits for this'}"


def _chosen(work: _Work, arguments: Mapping[str, Any], evaluator: Evaluator) -> list[tuple[Ladder, Subject]]:
    if arguments.get("all"):
        wants_ack = work.verb == "unack"
        return [
            (ladder, subject)
            for ladder, subject in evaluator.book.live()
            if subject.alert.state == "firing" and (work.verb == "resolve" or (subject.alert.acknowledged is not None) == wants_ack)
        ]
    ids = arguments.get("ids") or ([arguments["id"]] if arguments.get("id") else None)
    if not isinstance(ids, list) or not ids:
        work.faults.append("no alert is named")
        return []
    chosen: dict[str, tuple[Ladder, Subject]] = {}
    for ident in ids:
        try:
            ladder, subject = evaluator.find(str(ident))
        except LookupError as error:
            work.faults.append(str(error.args[0]))
            continue
        if subject.alert.state == "pending":
            work.faults.append(f"{subject.alert.id} {subject.alert.name} is pending, not firing")
            continue
        chosen[subject.alert.id] = (ladder, subject)
    return list(chosen.values())


def _until(seconds: object, now: int, asked: int) -> int | None:
    """The end of an acknowledgement; None: no end."""
    if not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
        return None
    return asked + int(seconds * 1000)


def _acknowledge(work: _Work, ladder: Ladder, subject: Subject) -> None:
    ack = Acknowledgement(work.by, work.now, work.note, work.until)
    subject.alert = replace(ladder.current(subject), acknowledged=ack)
    work.did(Transition(work.now, "acknowledged", subject.alert, by=ack.by, note=ack.note))


def _take_back(work: _Work, ladder: Ladder, subject: Subject) -> None:
    if subject.alert.acknowledged is None:
        work.faults.append(f"{subject.alert.id} {subject.alert.name} is not acknowledged")
        return
    subject.alert = replace(ladder.current(subject), acknowledged=None)
    work.did(Transition(work.now, "unacknowledged", subject.alert, by=work.by))


def _resolve(work: _Work, ladder: Ladder, subject: Subject) -> None:
    work.did(ladder.finish(subject, work.now, by=work.by, note=work.note, hold=True))


_VERBS = {"ack": _acknowledge, "unack": _take_back, "resolve": _resolve}
VERBS = frozenset(_VERBS)
"""The verbs that `apply` knows; arguments: ids (list), id or all (true), note, for (seconds; ack only)."""
