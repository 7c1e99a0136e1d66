"""`rules backtest`: when the rules would have fired. `rules noise`: which rules notify too often."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from tui_monitor.alerts.alert import labels_text
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.analysis.backtest import backtest
from tui_monitor.analysis.backtest_changes import ChangeFault, apply_changes, parse_change
from tui_monitor.analysis.backtest_result import Backtest, RuleOutcome, TrialOutcome, to_json
from tui_monitor.analysis.noise_report import Noise, noise_of
from tui_monitor.analysis.noise_report import to_json as noise_to_json
from tui_monitor.cli.commands.added_rules import extended_configuration
from tui_monitor.cli.history_access import StoredHistory
from tui_monitor.cli.options import Refused, counted, print_error, seconds_of, state_path, suggestion, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.cli.state_access import existing_state, read_state
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.humanize import exact_span, stamp
from tui_monitor.core.units import format_duration

SHOWN_FIRINGS = 10


# --- backtest ---------------------------------------------------------------------------------------------------------


def run_backtest(given: Namespace) -> int:
    """Exit code 0. Raises Refused: 1 without history, 64 for an unknown alert, an invalid change or a wrong time."""
    from tui_monitor.dispatch.routing import compile_routing
    from tui_monitor.runtime.wiring import host_of, labels_of_checks, rules_of

    since = seconds_of(given.since, "--since")
    step = None if given.step is None else round(seconds_of(given.step, "--step") * 1000)
    loaded = extended_configuration(given).loaded
    rules, problems, _ = rules_of(loaded)
    for problem in problems:
        print_error(str(problem))
    changed = _changed(rules, given.alert, given.changes)
    _check_name(rules, given.alert)
    settings = loaded.settings
    now = wall_ms()
    with closing(StoredHistory(state_path(given))) as history:
        start, clipped = _start(history, now - round(since * 1000), now, given.since)
        try:
            found = backtest(
                rules,
                history,
                start,
                now,
                step,
                routing=compile_routing(settings),
                host=host_of(settings),
                alert=given.alert,
                changed=changed,
                changes=given.changes,
                checks=labels_of_checks(settings),
            )
        except ValueError as reason:
            raise Refused(str(reason), USAGE) from None
    if given.json:
        print_json(to_json(found))
    else:
        _print(found, given.alert, clipped)
    return 0


def _changed(rules: Sequence[Rule], alert: str | None, texts: Sequence[str]) -> list[Rule] | None:
    if not texts:
        return None
    if alert is None:
        raise Refused("--set needs the alert that is to be changed: rules backtest ALERT --set for=10m", USAGE)
    _check_name(rules, alert)
    try:
        return apply_changes(rules, alert, [parse_change(text) for text in texts])
    except ChangeFault as fault:
        raise Refused(f"--set: {fault}", USAGE) from None


def _check_name(rules: Sequence[Rule], alert: str | None) -> None:
    names = sorted({rule.alert for rule in rules})
    if alert is None or alert in names:
        return
    raise Refused(f'there is no alert "{alert}"{suggestion(alert, names)}', USAGE)


def _start(history: StoredHistory, wanted: int, now: int, since: str) -> tuple[int, bool]:
    """Start of the backtest, and whether it is later than requested because the history is shorter."""
    span = history.query(lambda reader: reader.span())
    if span is None:
        raise Refused("there is no history yet: let the monitor run for a while")
    if span[1] < wanted:
        raise Refused(f"there is no history of the last {since}: the newest is of {stamp(span[1], now, None)}")
    if span[0] >= now:
        raise Refused("the history begins later than now: is the clock right?")
    return max(wanted, span[0]), span[0] > wanted + 60_000


def _print(found: Backtest, alert: str | None, clipped: bool) -> None:
    fine = "; ".join(
        f"a sample every {format_duration(round(part.resolution_s, 1))} until {stamp(part.end, 0, None)}"
        for part in found.stretches
        if part.resolution_s
    )
    print_line(f"from {stamp(found.start, 0, None)} to {stamp(found.end, 0, None)}, judged every {format_duration(found.step_ms / 1000)}")
    if fine:
        print_line((f"history: {fine}", "dim"))
    print()
    heads = ("ALERT", "TRIED", "FIRED", "SUBJECTS", "TOTAL", "LONGEST", "FIRST", "LAST", "NEAR MISSES", "MESSAGES", "REMINDERS")
    rows = [_row(rule, "" if found.changed is None else "present", found.end) for rule in found.present.rules]
    if found.changed is not None:
        words = " ".join(shlex.quote(change) for change in found.changes)
        rows += [_row(rule, words, found.end) for rule in found.changed.rules]
    table(rows, heads, spare=("REMINDERS", "FIRST", "SUBJECTS", "LONGEST"))
    if alert is not None:
        for name, outcome in (("present", found.present), ("changed", found.changed)):
            _print_firings(outcome, name if found.changed is not None else "", found.end)
    elif found.present.messages.total:
        shares = ", ".join(f"{name} {count}" for name, count in sorted(found.present.by_notifier.items()))
        print()
        print_line(f"{counted(found.present.messages.total, 'message')} in all: {shares}")
    notes = [f"the history begins at {_when(found.start, found.end)}", *found.notes] if clipped else list(found.notes)
    errors = [
        f"{rule.alert}: {rule.error}" for rule in (*found.present.rules, *(found.changed.rules if found.changed else ())) if rule.error
    ]
    if notes or errors:
        print()
    for note in (*notes, *dict.fromkeys(errors)):
        print_line((f"note: {note}", "dim"))


def _row(rule: RuleOutcome, tried: str, now: int) -> list[Cell]:
    if not rule.fired:
        return [Data(rule.alert), (tried, "dim"), "0", "", "", "", "", "", _count(rule.nearly), "0", "0"]
    gravest = list(rule.by_severity)[-1]
    return [
        (Data(rule.alert), gravest),
        (tried, "dim"),
        str(rule.fired),
        str(rule.subjects),
        _length(rule.firing_s) + (" still" if rule.still else ""),
        _length(rule.longest_s),
        _when(rule.first, now),
        _when(rule.last, now),
        _count(rule.nearly),
        str(rule.messages.without_reminders),
        str(rule.messages.reminders),
    ]


def _print_firings(outcome: TrialOutcome | None, name: str, now: int) -> None:
    firings = [one for rule in outcome.rules for one in rule.firings] if outcome is not None else []
    if not firings:
        return
    shown = firings[-SHOWN_FIRINGS:]
    print()
    print_line(f"{name + ': ' if name else ''}the last {len(shown)} of {sum(rule.fired for rule in outcome.rules) if outcome else 0}")
    rows: list[list[Cell]] = []
    for one in shown:
        lasted = f"{_length((one.end - one.start) / 1000)}" if one.end is not None else "still firing"
        rows.append([_when(one.start, now), lasted, (one.severity, one.severity), Data(labels_text(one.labels))])
    table(rows, indent="  ")


def _when(at: int | None, now: int) -> str:
    return stamp(at, now, None)


def _length(seconds: float) -> str:
    return exact_span(round(seconds))


def _count(number: int) -> str:
    return str(number) if number else ""


# --- noise ------------------------------------------------------------------------------------------------------------


def run_noise(given: Namespace) -> int:
    """Exit code 0. Raises Refused: 1 without state, 64 for a wrong time."""
    since = seconds_of(given.since, "--since")
    now = wall_ms()
    directory = existing_state(given)
    rules = _rules_if_known(given)
    start = now - round(since * 1000)
    found = noise_of(read_state(directory, lambda state: state.firing_history(start)), start, now, rules)
    if given.json:
        print_json(noise_to_json(found))
    else:
        _print_noise(found, given.since)
    return 0


def _rules_if_known(given: Namespace) -> list[Rule]:
    """The configured rules, on which the advice is based; empty where this user may not read the configuration."""
    from tui_monitor.platform.paths import find_config
    from tui_monitor.runtime.wiring import rules_of

    path = find_config(given.config, os.environ)
    if path is not None and not os.access(path, os.R_OK):
        print_error(f"{path} may not be read by this user: the advice does not know the present rules")
        return []
    return rules_of(extended_configuration(given).loaded)[0]


def _print_noise(found: Noise, since: str) -> None:
    if not found.rules:
        print_line(f"no alert fired in the last {since}")
        return
    print_line(f"{counted(found.fired, 'alert')} fired and {counted(found.messages, 'message')} went out in the last {since}")
    print()
    heads = ("ALERT", "FIRED", "SUBJECTS", "MEDIAN", "SHORTEST", "RE-FIRED", "ACKNOWLEDGED", "MESSAGES", "REMINDERS")
    rows: list[list[Cell]] = [
        [
            (Data(rule.alert), rule.severity),
            str(rule.fired),
            str(rule.subjects),
            _length(rule.median_s),
            _length(rule.shortest_s),
            _count(rule.came_back),
            f"{rule.acknowledged} of {rule.fired}" if rule.acknowledged else "never",
            str(rule.messages),
            _count(rule.reminders),
        ]
        for rule in found.rules
    ]
    table(rows, heads, spare=("RE-FIRED", "SHORTEST", "SUBJECTS"))
    advice = [rule for rule in found.rules if rule.advice]
    if advice:
        print()
    for rule in advice:
        print_line(rule.advice)
