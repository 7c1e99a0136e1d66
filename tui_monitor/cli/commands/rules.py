"""`rules check | explain | backtest | noise`: which rules there are, and why one is or is not firing."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable

from tui_monitor.cli.options import Refused, configuration, counted
from tui_monitor.cli.output import print_json


def run(given: Namespace) -> int:
    """Exit 0, 1 where the state cannot be read, 2 for rules that cannot run and names that are not there."""
    acts: dict[str, Callable[[Namespace], int]] = {"check": _check, "explain": _explain, "backtest": _backtest, "noise": _noise}
    return acts["explain" if given.verb == "explain" else given.action](given)


def _check(given: Namespace) -> int:
    """How many rules were read from where; each that cannot run, and why: then 2."""
    from tui_monitor.alerts.rules.rule import build_rules
    from tui_monitor.promql.rulefiles import load_rule_files
    from tui_monitor.runtime.wiring import host_of, rule_paths

    try:
        loaded = configuration(given)
    except Refused as refused:
        if given.json:
            print_json({"read": 0, "run": 0, "problems": str(refused).splitlines()})
        raise
    paths, problems = rule_paths(loaded)
    files = load_rule_files(paths)
    problems += [str(problem) for problem in files.problems]
    rules, more = build_rules(loaded.settings, [rule for rule in files.rules if rule.kind == "alert"], host_of(loaded.settings))
    problems += more
    kinds = Counter(rule.kind for rule in files.rules)
    broken = {(problem.file, problem.line, problem.rule) for problem in files.problems if problem.line and _is_rule(problem.rule)}
    counts = {
        "built_in": sum(rule.source == "default" for rule in rules),
        "configuration": len(loaded.settings.rules),
        "files": len(files.rules) + len(broken),
    }
    read, run = sum(counts.values()), len(rules) + kinds["record"]
    if given.json:
        about = {"alerting": len(rules), "recording": kinds["record"], "rule_files": [str(path) for path in paths], "problems": problems}
        print_json({"read": read, "run": run, **counts, **about})
    else:
        of_files = f", {counts['files']} of {counted(len(paths), 'rule file')}" if paths else ""
        print(f"read {counted(read, 'rule')}: {counts['built_in']} built in, {counts['configuration']} of the configuration{of_files}")
        print(f"{run} can run: {len(rules)} alerting, {kinds['record']} recording")
    if problems:
        raise Refused("\n".join(problems), 2)
    return 0


def _is_rule(name: str) -> bool:
    """Whether a problem of a rule file is about one rule: those of a group and of the whole file say so."""
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
