"""`rules check | explain | backtest | noise | add | list | remove`: validate rules, try them on history, explain them, add some."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_monitor.board.json_shapes import refusal_json, rules_check_json
from tui_monitor.cli.arguments import add_actions, add_json
from tui_monitor.cli.commands.added_rules import add_added_rule_arguments, add_rule, extended_configuration, list_rules, remove_rule
from tui_monitor.cli.options import Refused, counted, print_error
from tui_monitor.cli.output import print_json, print_line
from tui_monitor.core.exit_codes import CONFIGURATION

if TYPE_CHECKING:
    from tui_monitor.alerts.rules.rule import Rule
    from tui_monitor.config.settings import Settings
    from tui_monitor.dispatch.routing import Routing


def add_rules_arguments(parser: ArgumentParser) -> None:
    """Arguments of `rules`."""
    rules = add_actions(parser, "check|add|list|remove|backtest|explain|noise")
    act = rules("check", "validate all rules: how many were read, which are invalid and why, which metrics no source produces")
    act.add_argument("--strict", action="store_true", help="exit 1 for a metric that no configured source produces")
    add_json(act)
    add_added_rule_arguments(rules)
    act = rules("backtest", "evaluate alerts over the history: when would they have fired?")
    act.add_argument("alert", nargs="?", metavar="ALERT")
    act.add_argument("--since", default="7d", metavar="7d")
    act.add_argument("--step", metavar="D")
    act.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="try for=10m or expr=... beside the present rule"
    )
    add_json(act)
    act = rules("explain", "explain why an alert is or is not firing")
    act.add_argument("alert", metavar="ALERT")
    add_json(act)
    act = rules("noise", "the week's noise: most firings, never acknowledged, flapping")
    act.add_argument("--since", default="7d", metavar="7d")
    add_json(act)


def add_explain_arguments(parser: ArgumentParser) -> None:
    """Arguments of `explain`."""
    parser.add_argument("alert", metavar="ALERT")
    add_json(parser)


def run(given: Namespace) -> int:
    """Exit code: 0, 1 where the state cannot be read, 2 for invalid rules, 64 for unknown names, 78 for a wrong configuration."""
    acts: dict[str, Callable[[Namespace], int]] = {"check": _check, "explain": _explain, "backtest": _backtest, "noise": _noise}
    acts |= {"add": add_rule, "list": list_rules, "remove": remove_rule}
    try:
        return acts["explain" if given.verb == "explain" else given.action](given)
    except Refused as refused:
        if getattr(given, "json", False) and given.verb == "rules" and given.action in ("backtest", "noise"):
            print_json(refusal_json(str(refused)))  # for the dashboard, which runs this command as a child process
        raise


def _check(given: Namespace) -> int:
    """Print the number of rules per origin and every invalid rule (exit code 2) or missing metric (1 with --strict)."""
    from tui_monitor.alerts.rules.recorded import recorded_rules
    from tui_monitor.alerts.rules.rule import build_rules
    from tui_monitor.cli.metric_warnings import rule_warnings
    from tui_monitor.dispatch.rule_hints import rule_hints
    from tui_monitor.promql.rulefiles import load_rule_files
    from tui_monitor.runtime.wiring import host_of, rule_paths

    try:
        extended = extended_configuration(given)
    except Refused as refused:
        if given.json:
            print_json(rules_check_json({}, 0, 0, [], str(refused).splitlines(), []))
        raise
    loaded, own = extended.loaded, extended.own
    paths, faults = rule_paths(loaded)
    files = load_rule_files(paths)
    rules, more = build_rules(loaded.settings, [rule for rule in files.rules if rule.kind == "alert"], host_of(loaded.settings))
    recorded, wrong = recorded_rules(loaded.settings)
    problems = [str(problem) for problem in (*faults, *files.problems, *more, *wrong)]
    recording = [*recorded, *(rule for rule in files.rules if rule.kind == "record")]
    broken = {(problem.file, problem.line, problem.rule) for problem in files.problems if problem.line and _is_rule(problem.rule)}
    counts = {
        "built_in": sum(rule.source == "default" for rule in rules),
        "configuration": len(own.settings.rules),
        "added": len(loaded.settings.rules) - len(own.settings.rules) + len(extended.unusable),
        "files": len(files.rules) + len(broken),
    }
    warnings = [
        *rule_warnings(loaded.settings, rules, [*recorded, *files.rules]),
        *rule_hints(_written(rules, own.settings), _routing(loaded.settings)),
        *([extended.trouble] if extended.trouble else []),
    ]
    read, run = sum(counts.values()), len(rules) + len(recording)
    if given.json:
        print_json(rules_check_json(counts, len(rules), len(recording), [str(path) for path in paths], problems, warnings))
    else:
        added = f", {counts['added']} added" if counts["added"] else ""
        of_files = f", {counts['files']} of {counted(len(paths), 'rule file')}" if paths else ""
        print_line(
            f"read {counted(read, 'rule')}: {counts['built_in']} built in, {counts['configuration']} of the configuration{of_files}{added}"
        )
        print_line(f"{run} can run: {len(rules)} alerting, {len(recording)} recording")
    if problems:
        raise Refused("\n".join(problems), CONFIGURATION)
    if not given.json:
        print_error("\n".join(f"warning: {warning}" for warning in warnings))
    return 1 if warnings and given.strict else 0


def _written(rules: Sequence[Rule], own: Settings) -> list[Rule]:
    """The rules of the configuration and of rule files: built-in ones have advice, added ones have no place for any."""
    names = {rule.alert for rule in own.rules}
    return [rule for rule in rules if rule.source == "file" or (rule.source == "config" and rule.alert in names)]


def _routing(settings: Settings) -> Routing:
    """The routing, empty where it has faults, which `config check` names."""
    from tui_monitor.dispatch.routing import Routing, compile_routing
    from tui_monitor.dispatch.routing_check import check_routing

    return Routing() if check_routing(settings) else compile_routing(settings)


def _is_rule(name: str) -> bool:
    """Whether a problem in a rule file concerns one rule, not its group or the whole file."""
    return bool(name) and not name.startswith("group")


def _explain(given: Namespace) -> int:
    from tui_monitor.cli.commands.explain import explain_alert

    return explain_alert(given)


def _backtest(given: Namespace) -> int:
    from tui_monitor.cli.commands.backtest import run_backtest

    return run_backtest(given)


def _noise(given: Namespace) -> int:
    from tui_monitor.cli.commands.backtest import run_noise

    return run_noise(given)
