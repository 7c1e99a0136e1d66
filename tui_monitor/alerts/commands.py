"""Commands on alerts: acknowledge, take the acknowledgement back, resolve. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tui_monitor.alerts.alert import Acknowledgement, Transition
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.ladder import Ladder, Subject
from tui_monitor.core.audit import Audit
from tui_monitor.core.command_codec import VERBS
from tui_monitor.core.commands import Acknowledge, AlertCommand, CommandResult, Resolve, Unacknowledge
from tui_monitor.core.frozen import frozen
from tui_monitor.core.subjects import subject_of


@frozen
class Applied:
    """The effect of a command: its result, and the transitions and audit entries to commit with it."""

    result: CommandResult
    transitions: tuple[Transition, ...] = ()
    audit: tuple[Audit, ...] = ()


@dataclass(slots=True)
class _Work:
    by: str
    verb: str
    now: int
    note: str = ""
    until: int | None = None
    done: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    audit: list[Audit] = field(default_factory=list)

    def did(self, transition: Transition) -> None:
        alert = transition.alert
        named = f"{alert.id} {alert.name} {subject_of(alert.labels)}".rstrip()
        self.done.append(named)
        self.transitions.append(transition)
        self.audit.append(Audit(self.now, self.by, self.verb, named, self.note))


def apply(evaluator: Evaluator, command: AlertCommand, by: str, now_ms: int, asked_ms: int | None = None) -> Applied:
    """Apply a command to the live alerts; an id that cannot be used leaves the others done and is named in the result.

    ``asked_ms``: when the command was given, from which its duration counts; None: now.
    """
    until = None
    if isinstance(command, Acknowledge):
        until = _until(command.seconds, now_ms if asked_ms is None else min(asked_ms, now_ms))
        if until is not None and until <= now_ms:
            return Applied(CommandResult(False, "the end of the acknowledgement has already passed"))
    note = "" if isinstance(command, Unacknowledge) else command.note[:1000]
    work = _Work(by, VERBS[type(command)], now_ms, note, until)
    for ladder, subject in _chosen(work, command, evaluator):
        _EFFECTS[type(command)](work, ladder, subject)
    done = [_summary(command, work.done)] if work.done or not work.faults else []
    return Applied(CommandResult(not work.faults, "; ".join([*done, *work.faults])), tuple(work.transitions), tuple(work.audit))


_PAST: Mapping[type[AlertCommand], str] = {Acknowledge: "acknowledged", Unacknowledge: "no longer acknowledged", Resolve: "resolved"}
_NONE = {Acknowledge: "unacknowledged alert fires", Unacknowledge: "firing alert is acknowledged", Resolve: "alert fires"}


def _summary(command: AlertCommand, done: list[str]) -> str:
    if done:
        return f"{_PAST[type(command)]}: {', '.join(done)}"
    return f"nothing to do: no {_NONE[type(command)]}"


def _chosen(work: _Work, command: AlertCommand, evaluator: Evaluator) -> list[tuple[Ladder, Subject]]:
    if command.all_firing:
        return [(ladder, subject) for ladder, subject in evaluator.index.live() if _applies(command, subject)]
    if not command.ids:
        work.faults.append("no alert is named")
    chosen: dict[str, tuple[Ladder, Subject]] = {}
    for ident in command.ids:
        try:
            ladder, subject = evaluator.find(ident)
        except LookupError as error:
            work.faults.append(str(error.args[0]))
            continue
        if subject.alert.state == "pending":
            work.faults.append(f"{subject.alert.id} {subject.alert.name} is pending, not firing")
            continue
        chosen[subject.alert.id] = (ladder, subject)
    return list(chosen.values())


def _applies(command: AlertCommand, subject: Subject) -> bool:
    """Whether a command to all firing alerts changes this one."""
    if subject.alert.state != "firing":
        return False
    return isinstance(command, Resolve) or (subject.alert.acknowledged is None) == isinstance(command, Acknowledge)


def _until(seconds: float | None, asked: int) -> int | None:
    """The end of an acknowledgement in UTC ms; None: no end."""
    return None if seconds is None or not 0 < seconds < 1e9 else asked + int(seconds * 1000)


def _acknowledge(work: _Work, ladder: Ladder, subject: Subject) -> None:
    before = subject.alert.acknowledged
    ack = Acknowledgement(work.by, work.now, work.note or (before.note if before else ""), work.until or (before.until if before else None))
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


_EFFECTS: Mapping[type[AlertCommand], Callable[[_Work, Ladder, Subject], None]] = {
    Acknowledge: _acknowledge,
    Unacknowledge: _take_back,
    Resolve: _resolve,
}
