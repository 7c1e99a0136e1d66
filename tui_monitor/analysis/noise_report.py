"""The noise report: the alerts that fire most, their duration, flapping and acknowledgement, with advice."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import span_words
from tui_monitor.core.units import format_duration, rfc3339
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.message import Kind
from tui_monitor.promql.robust_statistics import median
from tui_monitor.storage.records import FiredAlert, FiringHistory

BACK_MS = 600_000
"""An alert that fires again within so many ms of its end has come back, as in the evaluator's flapping."""
_SHORT_S = 300.0
_LONG_S = 86_400.0
_FEW = 3
_NEVER_ACKED = 5
_STEPS_S = (60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400)
_COMMON = frozenset({"alertname", "severity", "host", "type", "category"})


@frozen
class RuleNoise:
    """One alert's share of the noise. Lengths in seconds; an alert that still fires has lasted until now.

    ``acknowledged`` counts acknowledged alerts, ``came_back`` those that fired again within ten minutes (flapping included).
    ``messages`` were sent (perhaps about other alerts too), ``reminders`` are among them. ``worst`` is the most frequent subject.
    """

    alert: str
    severity: str
    fired: int
    subjects: int
    median_s: float
    shortest_s: float
    longest_s: float
    came_back: int
    acknowledged: int
    still: int
    messages: int
    reminders: int
    worst: str
    advice: str = ""
    command: str = ""


@frozen
class Noise:
    """The report from ``since`` to ``now`` (UTC ms), the noisiest rule first; ``messages`` counts each message once."""

    since: int
    now: int
    fired: int
    messages: int
    rules: tuple[RuleNoise, ...]


def noise_of(history: FiringHistory, since_ms: int, now_ms: int, rules: Iterable[Rule] = ()) -> Noise:
    """The report over the alerts that fired since then or still do. ``rules``: the present ones, for the advice."""
    firings: dict[str, list[FiredAlert]] = defaultdict(list)
    for alert in history.fired:
        firings[alert.name].append(alert)
    messages: dict[str, dict[int, Kind]] = defaultdict(dict)
    for name, number, kind in history.messages:
        messages[name][number] = kind
    by_name: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_name[rule.alert].append(rule)
    found = [_of_rule(name, some, history, messages.get(name, {}), now_ms, by_name[name]) for name, some in firings.items()]
    found.sort(key=lambda one: (-one.messages, -one.fired, one.alert))
    told = {seq for kinds in messages.values() for seq in kinds}
    return Noise(since_ms, now_ms, sum(one.fired for one in found), len(told), tuple(found))


def _of_rule(
    name: str,
    firings: Sequence[FiredAlert],
    history: FiringHistory,
    messages: Mapping[int, Kind],
    now: int,
    rules: Sequence[Rule],
) -> RuleNoise:
    lengths = [((now if one.ends_at is None else one.ends_at) - one.starts_at) / 1000 for one in firings]
    pauses = _pauses(firings)
    subject, most = Counter(one.fingerprint for one in firings).most_common(1)[0]
    kinds = Counter(messages.values())
    found = RuleNoise(
        alert=name,
        severity=max((one.severity for one in firings), key=severity_rank),
        fired=len(firings),
        subjects=len({one.fingerprint for one in firings}),
        median_s=median(lengths),
        shortest_s=min(lengths),
        longest_s=max(lengths),
        came_back=len(pauses) + sum(history.flapping.get(one.id, 0) for one in firings),
        acknowledged=sum(one.id in history.acknowledged for one in firings),
        still=sum(one.ends_at is None for one in firings),
        messages=len(messages),
        reminders=kinds["reminder"],
        worst=_subject(next(one.labels for one in firings if one.fingerprint == subject)) if most * 2 > len(firings) else "",
    )
    return _advised(found, lengths, pauses, rules)


def _pauses(firings: Sequence[FiredAlert]) -> list[float]:
    """The seconds between the end and the next firing of those that came back."""
    ended: dict[str, int] = {}
    pauses = []
    for one in firings:
        before = ended.get(one.fingerprint)
        if before is not None and one.starts_at - before <= BACK_MS:
            pauses.append((one.starts_at - before) / 1000)
        if one.ends_at is not None:
            ended[one.fingerprint] = one.ends_at
    return pauses


def _subject(labels: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in labels.items() if key not in _COMMON)


def _advised(one: RuleNoise, lengths: Sequence[float], pauses: Sequence[float], rules: Sequence[Rule]) -> RuleNoise:
    text, change = _advice(one, lengths, pauses, max((rule.for_s for rule in rules), default=0.0), len(rules))
    if not text:
        return one
    times = "once" if one.fired == 1 else f"{one.fired} times"
    where = f", mostly {one.worst}" if one.worst and one.subjects > 1 else ""
    words = f"{one.alert} fired {times}{where}, {text}"
    command = f"tui-monitor rules backtest {shlex.quote(one.alert)} --set {shlex.quote(change)}" if change else ""
    if command:
        words += f"; backtest: {command}"
    return replace(one, advice=words, command=command)


def _advice(one: RuleNoise, lengths: Sequence[float], pauses: Sequence[float], for_s: float, rungs: int) -> tuple[str, str]:
    """The advice and the change to try; the first that applies."""
    if one.came_back >= _FEW and one.came_back * 2 >= one.fired:
        keep = _nice(median(pauses) if pauses else 300.0)
        return f"{one.came_back} times again within ten minutes: try keep_firing_for={keep}", f"keep_firing_for={keep}"
    ordered = sorted(lengths)
    if one.fired >= _FEW and one.median_s < _SHORT_S and one.acknowledged * 2 < one.fired:
        wait = _nice(for_s + ordered[len(ordered) * 3 // 4])
        return f"median {span_words(one.median_s)}: try for={wait}", f"for={wait}"
    if one.still and one.longest_s >= _LONG_S and not one.acknowledged:
        return f"the longest for {span_words(one.longest_s)} and still: acknowledge it, silence it or change its threshold", ""
    if one.reminders >= _NEVER_ACKED and one.reminders * 2 > one.messages:
        return f"{one.reminders} of its {one.messages} messages were reminders: acknowledge it, or raise repeat_interval on its route", ""
    if one.fired >= _NEVER_ACKED and not one.acknowledged and severity_rank(one.severity) > severity_rank("info"):
        return "never acknowledged: raise its threshold or lower its severity", "severity=info" if rungs == 1 else ""
    return "", ""


def _nice(seconds: float) -> str:
    """The next longer round duration."""
    return format_duration(next((step for step in _STEPS_S if step > seconds), _STEPS_S[-1]))


def to_json(noise: Noise) -> dict[str, Any]:
    """The JSON object of the report: times RFC 3339 UTC, lengths in seconds."""
    return {
        "since": rfc3339(noise.since),
        "now": rfc3339(noise.now),
        "fired": noise.fired,
        "messages": noise.messages,
        "rules": [{field.name: getattr(rule, field.name) for field in fields(RuleNoise)} for rule in noise.rules],
    }
