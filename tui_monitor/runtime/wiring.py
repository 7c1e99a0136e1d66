"""Put the parts together from a configuration: rules, routing, notifiers; and tell every fault that loading alone cannot see."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_monitor.alerts.rules.rule import Rule, build_rules
from tui_monitor.checks.health import check_labels
from tui_monitor.config.load import Configuration, Fault
from tui_monitor.config.models import Settings
from tui_monitor.dispatch.routing_check import check_routing
from tui_monitor.notifiers.base import Notifier
from tui_monitor.notifiers.http import trusting
from tui_monitor.notifiers.kinds import build_notifier
from tui_monitor.promql.rulefiles import FileRule, load_rule_files
from tui_monitor.sources.kinds import build_probe


def host_of(settings: Settings) -> str:
    """This machine's name in alerts."""
    return settings.host or socket.gethostname()


def link_of(settings: Settings) -> str:
    """What messages say about how to open the dashboard."""
    return settings.dashboard_url or f"ssh {host_of(settings)} -t tui-monitor"


def rule_paths(loaded: Configuration) -> tuple[list[Path], list[str]]:
    """The rule files that the patterns name, and a problem for each pattern that names none."""
    base = loaded.path.parent if loaded.path else Path.cwd()
    paths, problems = [], []
    for pattern in loaded.settings.rule_files:
        found = sorted(glob.glob(str(base / pattern)))
        if not found:
            problems.append(f"rule_files: {pattern} names no file")
        paths += [Path(name) for name in found]
    return paths, problems


def rules_of(loaded: Configuration) -> tuple[list[Rule], list[str], list[FileRule]]:
    """Every rule that can run, every problem found, and the recording rules of the rule files."""
    paths, problems = rule_paths(loaded)
    files = load_rule_files(paths)
    problems += [str(fault) for fault in files.problems]
    alerting = [rule for rule in files.rules if rule.kind == "alert"]
    rules, more = build_rules(loaded.settings, alerting, host_of(loaded.settings))
    return rules, [*problems, *more], [rule for rule in files.rules if rule.kind == "record"]


def problems_of(loaded: Configuration) -> list[str]:
    """Every fault of rules, routing, checks and notifiers, one line each; a configuration with any is refused."""
    return [str(fault) for fault in faults_of(loaded)]


def faults_of(loaded: Configuration) -> list[Fault]:
    """The same with their places."""
    found = [_placed(loaded, problem) for problem in (*rules_of(loaded)[1], *check_routing(loaded.settings))]
    return [*found, *_unbuildable(loaded)]


def _unbuildable(loaded: Configuration) -> Iterator[Fault]:
    """What only the maker of a probe or a notifier sees: a JMESPath, a header, a password that would travel in clear."""
    for index, check in enumerate(loaded.settings.checks):
        try:
            build_probe(check)
        except ValueError as error:
            yield _of_entry(loaded, "checks", index, str(error))
    for index, entry in enumerate(loaded.settings.notifiers):
        try:
            build_notifier(entry)
        except ValueError as error:
            yield _of_entry(loaded, "notifiers", index, str(error))
    try:
        trusting(loaded.settings.heartbeat.ca_file if loaded.settings.heartbeat else None)
    except ValueError as error:
        yield loaded.fault(("heartbeat", "ca_file"), f"heartbeat.{error}")


def _of_entry(loaded: Configuration, section: str, index: int, said: str) -> Fault:
    """``said`` may begin with the key at fault and a colon."""
    key = re.match(r"(\w+): ", said)
    return loaded.fault((section, index, key[1] if key else ""), f"{section}[{index + 1}]{'.' if key else ': '}{said}")


def _placed(loaded: Configuration, problem: str) -> Fault:
    """With the line, and with entries counted from one as everywhere: "rule HighCPU: expr: ...", "routes[0].match: ..."."""
    if rule := re.match(r"rule (\w+): (\w+)", problem):
        named = [index for index, entry in enumerate(loaded.settings.rules) if entry.alert == rule[1]]
        return loaded.fault(("rules", named[0], rule[2]) if len(named) == 1 else (), problem)
    if check := re.match(r'checks "(.*)"\.depends_on: (.*)', problem):
        index = [entry.name for entry in loaded.settings.checks].index(check[1])
        return loaded.fault(("checks", index, "depends_on"), f"checks[{index + 1}].depends_on: {check[2]}")
    if path := re.match(r"[\w-]+(?:\[\d+\]|\.[\w-]+)*(?=: )", problem):
        steps = [int(step) if step.isdigit() else step for step in re.findall(r"[\w-]+", path[0])]
        counted = re.sub(r"\[(\d+)\]", lambda place: f"[{int(place[1]) + 1}]", path[0])
        return loaded.fault(tuple(steps), counted + problem[path.end() :])
    return loaded.fault((), problem)


def notifiers_of(settings: Settings) -> dict[str, Notifier]:
    """Every configured notifier by name."""
    return {entry.name: build_notifier(entry) for entry in settings.notifiers}


def labels_of_checks(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Check name → the labels of its series."""
    return {check.name: check_labels(check) for check in settings.checks}


def rate_limits_of(rules: list[Rule]) -> dict[str, str]:
    """Ladder key (what Alert.rule holds) → its limit of notifications."""
    return {rule.ladder: rule.rate_limit for rule in rules if rule.rate_limit}


def configuration_hash(loaded: Configuration) -> str:
    """The same for the same file and rule files: who may take over from a dead leader. A file that is gone since counts as empty."""
    digest = hashlib.sha256()
    for path in [loaded.path, *rule_paths(loaded)[0]] if loaded.path else []:
        with contextlib.suppress(OSError):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def secrets_of(settings: Settings) -> list[str]:
    """Every secret text, so that the log can hide it: of an address, its password too."""
    found: list[str] = []
    for entry in (*settings.checks, *settings.notifiers, *([settings.heartbeat] if settings.heartbeat else [])):
        for value in vars(entry).values():
            for item in value if isinstance(value, list) else [value]:
                if hasattr(item, "get_secret_value"):
                    found.append(item.get_secret_value())
                    found += _passwords(found[-1])
    return found


def _passwords(address: str) -> list[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return []
    return [text for text in dict.fromkeys((password, unquote(password))) if text]
