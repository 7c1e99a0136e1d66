"""`explain ALERT`: the current value of each part of its rules, and why it is or is not firing."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing

from tui_monitor.alerts.alert import Alert, labels_text
from tui_monitor.alerts.evaluator import GRACE_MS
from tui_monitor.alerts.presence import any_current
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.board.json_shapes import explain_json, explained_rule_json
from tui_monitor.cli.commands.added_rules import extended_configuration
from tui_monitor.cli.history_access import StoredHistory
from tui_monitor.cli.options import Refused, print_error, suggestion
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.cli.state_access import StateAccess, open_state, read_state
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import exact_span, measured, stamp
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import METRIC_NAME, label
from tui_monitor.promql.engine import Query
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.explain import Part, explain
from tui_monitor.promql.numbers import format_sample
from tui_monitor.promql.query_facts import unit_of
from tui_monitor.promql.suggestions import unknown_metrics
from tui_monitor.promql.values import Matrix, format_labels
from tui_monitor.runtime.wiring import rules_of

MOST_SERIES = 8
_SOURCES = {"default": "built in", "config": "of the configuration", "file": "of a rule file"}


@frozen
class ExplainedAlert:
    """State of one rule for one alert ("firing", "pending", "held" or "kept") and the reason in words."""

    alert: Alert
    state: str
    why: str


@frozen
class Explained:
    """Explanation of one rule: state ("firing", "pending", "inactive", "no data", "error"), reason, alerts and parts of its expression."""

    rule: Rule
    state: str
    why: str
    subjects: tuple[ExplainedAlert, ...]
    parts: tuple[Part, ...]


def explain_alert(given: Namespace) -> int:
    """Exit code: 0; 64 for an unknown alert. Reads the configuration (rules) and the state (samples and alerts)."""
    rules, problems, _ = rules_of(extended_configuration(given).loaded)
    chosen = [rule for rule in rules if rule.alert == given.alert]
    if not chosen:
        for problem in problems:
            print_error(str(problem))
        names = sorted({rule.alert for rule in rules})
        raise Refused(f'there is no alert "{given.alert}"{suggestion(given.alert, names)}', USAGE)
    access, now = open_state(given), time.time_ns() // 1_000_000
    with closing(StoredHistory(access.directory.path)) as history:
        live = [alert for alert in read_state(access.directory, lambda state: state.alerts.live()) if alert.name == given.alert]
        explained = [_explain(rule, live, history, access, now) for rule in chosen]
    if given.json:
        print_json(explain_json(given.alert, [_to_json(one, now) for one in explained], now))
        return 0
    if not access.alive:
        print_error("no monitor runs, so no rule is evaluated: this is computed from the stored samples")
    for one in explained:
        _print(one, now)
    return 0


# --- why ------------------------------------------------------------------------------------------------------------------


def _explain(rule: Rule, live: Sequence[Alert], history: StoredHistory, access: StateAccess, now: int) -> Explained:
    query = rule.query
    assert isinstance(query, Query)
    parts = tuple(explain(query, history, now))
    subjects = tuple(_subjects(rule, live, now))
    states = {subject.state for subject in subjects}
    for state in ("firing", "pending"):
        if state in states:
            return Explained(rule, state, "", subjects, parts)
    whole = parts[0].result
    if isinstance(whole, EvaluationError):
        return Explained(rule, "error", str(whole), subjects, parts)
    if isinstance(whole, float) or (isinstance(whole, list) and whole):
        return Explained(rule, "inactive", subjects[0].why if subjects else _true_but_unknown(rule, access, now), subjects, parts)
    if not any_current(query.matchers, history, now):
        missing = "".join(f". {sentence}" for sentence in unknown_metrics(rule.expr, _names(history)))
        return Explained(rule, "no data", f"nothing that it reads has a current sample{_no_data(rule)}{missing}", subjects, parts)
    return Explained(rule, "inactive", "its condition is false for every series that it reads", subjects, parts)


def _names(history: StoredHistory) -> set[str]:
    return {label(series, METRIC_NAME) for series in history.query(lambda reader: reader.series())}


def _true_but_unknown(rule: Rule, access: StateAccess, now: int) -> str:
    """Reason why a true condition has no alert in the running monitor."""
    if access.leader is None or not access.alive:
        return "its condition is true, but no monitor runs"
    if rule.absent and now < access.leader.since + GRACE_MS:
        return f"its condition is true now, but a rule with absent() waits for {format_duration(GRACE_MS // 1000)} after a start"
    return "its condition is true now, the next evaluation takes it up"


def _no_data(rule: Rule) -> str:
    """The rule's behaviour without data."""
    if rule.no_data == "alert":
        return f"; after {format_duration(rule.no_data_for_s)} without any it alerts about that"
    return "; a firing alert resolves then" if rule.no_data == "resolve" else "; a firing alert holds then"


def _subjects(rule: Rule, live: Sequence[Alert], now: int) -> Iterator[ExplainedAlert]:
    for alert in live:
        rung = alert.rungs.get(rule.key)
        if rung is None:
            continue
        held_for = f"true since {stamp(rung.since, now, None, seconds=True)} ({_span(now - rung.since)})"
        if alert.held:
            by = f" by {alert.resolved_by}" if alert.resolved_by else ""
            yield ExplainedAlert(alert, "held", f"resolved{by}, and stays so until the condition has been false once; it is {held_for}")
        elif rung.keep_until is not None:
            until = stamp(rung.keep_until, now, None, seconds=True)
            yield ExplainedAlert(alert, "firing", f"false now, but it keeps firing until {until}{_remarks(alert, now)}")
        elif rung.active and alert.state == "pending":
            length = f" of {format_duration(rule.cooldown_s)}" if rule.cooldown_s else ""
            yield ExplainedAlert(alert, "pending", f"{held_for}; the cooldown{length} since it last ended holds it back")
        elif rung.active:
            yield ExplainedAlert(
                alert,
                "firing",
                f"{held_for}{f', which is longer than {format_duration(rule.for_s)}' if rule.for_s else ''}{_remarks(alert, now)}",
            )
        else:
            left = max(0, round(rule.for_s * 1000) - (now - rung.since))
            yield ExplainedAlert(alert, "pending", f"{held_for} of {format_duration(rule.for_s)}: fires in {_span(left)} if it stays true")


def _span(ms: int) -> str:
    return exact_span(ms / 1000)


def _remarks(alert: Alert, now: int) -> str:
    found = ""
    if (taken := alert.acknowledged) is not None:
        note = f": {taken.note}" if taken.note else ""
        found += f"; acknowledged by {taken.by} at {stamp(taken.at, now, None)}{note}"
    if alert.suppressed_by:
        found += f"; not told because of {', '.join(alert.suppressed_by)}"
    if alert.no_data:
        found += "; no data now, so it holds"
    return found


# --- shown ----------------------------------------------------------------------------------------------------------------


def _to_json(one: Explained, now: int) -> dict[str, object]:
    subjects = [(subject.alert, subject.state, subject.why) for subject in one.subjects]
    return explained_rule_json(one.rule, one.state, one.why, subjects, one.parts, now)


def _print(one: Explained, now: int) -> None:
    rule = one.rule
    ink = rule.severity if one.state in ("firing", "error") else "warning" if one.state in ("pending", "no data") else "healthy"
    waits = f"for {format_duration(rule.for_s)}" if rule.for_s else "at once"
    print_line((Data(rule.alert), "bold"), (rule.severity, rule.severity), (f"({_SOURCES[rule.source]}, {waits})", "dim"))
    print_line((f"  {one.state}", ink), one.why)
    for subject in one.subjects:
        labels = labels_text(subject.alert.labels)
        print_line(f"  {subject.alert.id}", Data(labels), (subject.state, rule.severity if subject.state == "firing" else ""), subject.why)
    rows: list[list[Cell]] = []
    for part in one.parts:
        for index, text in enumerate(_result(part, now)):
            rows.append([f"{'  ' * part.depth}{' '.join(part.text.split())}" if index == 0 else "", (text, "dim" if index else "")])
    table(rows, indent="    ")
    print()


def _result(part: Part, now: int) -> list[str]:
    """The value as lines, at most MOST_SERIES series."""
    value, unit = part.result, unit_of(part.text)
    if isinstance(value, EvaluationError):
        return [f"error: {value}"]
    if isinstance(value, str):
        return [value]
    if isinstance(value, float | int):
        return [_number(float(value), unit)]
    if not value:
        return ["no series"]
    if isinstance(value, Matrix):
        lines = [f"{format_labels(labels)}  {len(values)} samples, newest {_number(values[-1], unit)}" for labels, _, values in value]
    else:
        lines = [f"{_number(number, unit)}  {format_labels(labels)}" for labels, number in value]
    rest = len(lines) - MOST_SERIES
    return [*lines[:MOST_SERIES], f"and {rest} more"] if rest > 0 else lines


def _number(value: float, unit: str) -> str:
    """A value with few digits and as people read it: "0.52 (52.0%)"; no person reads 0.519987355081676."""
    told = measured(value, unit) if unit and value == value else ""
    return f"{format_sample(float(f'{value:.3g}'))} ({told})" if told else format_sample(float(f"{value:.6g}"))
