"""An index of the rules: ladders with their live subjects, the rules that read each metric, the rules that are due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.ladder import Due, Ladder, Reason, Subject
from tui_monitor.alerts.no_data import WATCH, watching
from tui_monitor.alerts.received import RECEIVED, ReceivedAlerts
from tui_monitor.alerts.rules.rule import CompiledQuery, Rule
from tui_monitor.alerts.rules.templates import render
from tui_monitor.core.values import Labels

WIDE_EVERY_MS = 60_000
_TAKEN_MAX = 50_000


@dataclass(slots=True)
class LadderEntry:
    """A ladder with the evaluator's state about it: known subjects, cached identities, when it is due."""

    ladder: Ladder
    watch: Ladder | None
    """The alerts about missing data of rules with no_data = "alert"."""
    wide: bool
    every_ms: int = 0
    due: int = 0
    known: dict[str, dict[Labels, None]] = field(default_factory=dict)
    """Rule key → subjects that were there, the first seen first, for no_data = "alert"."""
    identities: dict[tuple[str, Labels], tuple[str, dict[str, str]]] = field(default_factory=dict)


Evidence = Callable[[Alert, Rule | None], Mapping[str, object]]
"""The evidence of an alert that fires, from the alert and its first rule (None for alerts about missing data)."""


def no_due(_severity: str, _now: int) -> int | None:
    """The response time of an alert where none are set."""
    return None


class RuleIndex:
    """The index of the rules in force. ``taken``: ids that were used; ``compiled``: presence expressions by rule key.

    ``respond_by``: the response times.
    ``received``: the alerts of other programs, which no rule makes.
    """

    def __init__(self, evidence: Evidence | None, reason: Reason | None = None) -> None:
        self.rules: list[Rule] = []
        self.groups: dict[str, LadderEntry] = {}
        self.taken: set[str] = set()
        self.compiled: dict[str, CompiledQuery | None] = {}
        self.respond_by: Due = no_due
        self.received = ReceivedAlerts(self.taken)
        self._evidence = evidence
        self._reason = reason
        self._readers: dict[str, list[Rule]] = {}
        self._read_all: list[Rule] = []

    def install(self, rules: Iterable[Rule]) -> None:
        """Replace the rules, with empty ladders."""
        self.rules = list(rules)
        self.compiled.clear()
        ladders: dict[str, list[Rule]] = {}
        for rule in self.rules:
            ladders.setdefault(rule.ladder, []).append(rule)
        self.groups = {key: self._group(key, tuple(rungs)) for key, rungs in ladders.items()}
        self._readers, self._read_all = {}, []
        for rule in self.rules:
            if self.groups[rule.ladder].wide or rule.every_s:
                continue
            if rule.query.metrics is None:
                self._read_all.append(rule)
            for metric in rule.query.metrics or ():
                self._readers.setdefault(metric, []).append(rule)

    def _group(self, key: str, rules: tuple[Rule, ...]) -> LadderEntry:
        watched = tuple(watching(rule) for rule in rules if rule.no_data == "alert")
        return LadderEntry(
            ladder=self._ladder(key, rules),
            watch=self._ladder(key + WATCH, watched) if watched else None,
            wide=any(rule.wide for rule in rules),
            every_ms=round(1000 * min(rule.every_s for rule in rules)),
        )

    def _ladder(self, key: str, rules: tuple[Rule, ...]) -> Ladder:
        return Ladder(key, rules, describe, self._gather if self._evidence else None, self.taken, due=self._due, reason=self._reason)

    def _gather(self, alert: Alert) -> Mapping[str, object]:
        return self._evidence(alert, self.first_rule(alert.rule)) if self._evidence else {}

    def _due(self, severity: str, now: int) -> int | None:
        return self.respond_by(severity, now)

    def first_rule(self, key: str) -> Rule | None:
        """The first rule of a ladder; None where there is none (any more), or for alerts about missing data."""
        group = self.groups.get(key)
        return None if group is None else group.ladder.rules[0]

    def ladders(self) -> Iterable[Ladder]:
        """All ladders of rules, those about missing data too."""
        for group in self.groups.values():
            yield group.ladder
            if group.watch is not None:
                yield group.watch

    def live(self) -> list[tuple[Ladder, Subject]]:
        """Every subject that is pending, firing or held, received ones too."""
        return [(ladder, subject) for ladder in (*self.ladders(), self.received.ladder) for subject in ladder.subjects.values()]

    def forget_ids(self) -> None:
        """Bound the used ids: of more than 50,000 only those of live alerts stay."""
        if len(self.taken) > _TAKEN_MAX:
            self.taken.intersection_update([subject.alert.id for _, subject in self.live()])

    def find(self, key: str) -> Ladder | None:
        """The ladder of that key."""
        if key == RECEIVED:
            return self.received.ladder
        group = self.groups.get(key.removesuffix(WATCH))
        if group is None:
            return None
        return group.watch if key.endswith(WATCH) else group.ladder

    def reading(self, metrics: Collection[str]) -> list[Rule]:
        """The rules that read any of these metrics (or any metric at all), without those that have a rhythm of their own."""
        found = dict.fromkeys(self._read_all)
        for metric in metrics:
            found.update(dict.fromkeys(self._readers.get(metric, ())))
        return list(found)

    def groups_of(self, rules: Iterable[Rule]) -> list[LadderEntry]:
        """The ladders of rules; a rule from before a reload has none."""
        return [group for key in dict.fromkeys(rule.ladder for rule in rules) if (group := self.groups.get(key)) is not None]

    def due(self, now: int, wide: bool | None) -> list[LadderEntry]:
        """The ladders that the tick evaluates; ``wide`` None: wide ones each minute, else whether they are included."""
        due = []
        for group in self.groups.values():
            if group.wide:
                if wide is False or (wide is None and group.due > now):
                    continue
                group.due = now + WIDE_EVERY_MS
            elif group.every_ms:
                if now < group.due <= now + group.every_ms:  # a clock that was set back holds up nothing
                    continue
                group.due = now + group.every_ms
            due.append(group)
        return due


BY_REASON = ("CheckUnhealthy", "MonitorTrouble")
"""The built-in rules whose advice depends on the reason."""


def describe(rule: Rule, labels: Mapping[str, str], value: float | None, evidence: Mapping[str, object]) -> dict[str, str]:
    """The rule's texts; the check's own hint replaces a built-in rule's advice, and stands where a rule has none."""
    reason = evidence.get("reason", "")
    notes = {name: render(text, labels, value, reason if isinstance(reason, str) else "") for name, text in rule.annotations.items()}
    if (advice := evidence.get("advice")) and rule.source == "default" and rule.alert in BY_REASON:
        notes["description"] = str(advice)
    if (hint := evidence.get("hint")) and (rule.source == "default" or not notes.get("description")):
        notes["description"] = str(hint)
    if (url := evidence.get("runbook_url")) and not notes.get("runbook_url"):
        notes["runbook_url"] = str(url)
    return notes
