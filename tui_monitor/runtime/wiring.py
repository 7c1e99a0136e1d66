"""Wiring of a configuration: builds rules, routing and notifiers, and finds the faults that only building shows."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_monitor.alerts.rules.recorded import recorded_rules
from tui_monitor.alerts.rules.rule import Rule, build_rules
from tui_monitor.board.screen_settings import screen_faults
from tui_monitor.checks.groups import group_faults
from tui_monitor.checks.health import check_labels
from tui_monitor.config.faults import Configuration, ConfigurationError, Fault, KeyPath
from tui_monitor.config.http_access import HttpAccess
from tui_monitor.config.settings import Settings
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.secret import Secret
from tui_monitor.dispatch.origin import Origin, origin_of
from tui_monitor.dispatch.routing import compile_routing
from tui_monitor.dispatch.routing_check import check_routing
from tui_monitor.notifiers.api import Notifier
from tui_monitor.notifiers.http import trusting
from tui_monitor.notifiers.kinds import build_notifier
from tui_monitor.promql.rulefiles import FileRule, load_rule_files
from tui_monitor.runtime.alert_settings import AlertSettings
from tui_monitor.runtime.board_settings import BoardSettings
from tui_monitor.sources.kinds import build_probe


def host_of(settings: Settings) -> str:
    """This machine's name in alerts."""
    return settings.host or socket.gethostname()


def link_of(settings: Settings) -> str:
    """The text in messages on how to open the dashboard."""
    return settings.dashboard_url or f"ssh {host_of(settings)} -t tui-monitor"


def origin_of_settings(settings: Settings) -> Origin:
    """The service and environment in messages, and their last line."""
    return origin_of(settings.service, settings.environment, settings.footer, host_of(settings))


def rule_paths(loaded: Configuration) -> tuple[list[Path], list[Fault]]:
    """The rule files that match the patterns, and a fault for each pattern without one."""
    base = loaded.path.parent if loaded.path else Path.cwd()
    paths: list[Path] = []
    faults: list[Fault] = []
    for pattern in loaded.settings.rule_files:
        found = sorted(glob.glob(str(base / pattern)))
        if not found:
            faults.append(Fault(("rule_files",), f"{pattern} names no file"))
        paths += [Path(name) for name in found]
    return paths, faults


def rules_of(loaded: Configuration) -> tuple[list[Rule], list[Fault], list[FileRule]]:
    """The usable rules, the faults, and the recording rules of configuration and rule files."""
    paths, faults = rule_paths(loaded)
    files = load_rule_files(paths)
    faults += [Fault((), problem.reason, problem.rule, problem.line or None, problem.file) for problem in files.problems]
    alerting = [rule for rule in files.rules if rule.kind == "alert"]
    rules, more = build_rules(loaded.settings, alerting, host_of(loaded.settings))
    own, wrong = recorded_rules(loaded.settings)
    return rules, [*faults, *more, *wrong], [*own, *(rule for rule in files.rules if rule.kind == "record")]


def check(loaded: Configuration) -> list[Fault]:
    """Every fault of rules, routing, checks and notifiers that only building them shows; a configuration with any is refused."""
    found = [*rules_of(loaded)[1], *check_routing(loaded.settings), *_unbuildable(loaded.settings)]
    found += [*group_faults(loaded.settings.checks), *screen_faults(loaded.settings.screens)]
    if loaded.settings.reports:
        from tui_monitor.reports.faults import report_faults

        found += report_faults(loaded.settings)
    return [loaded.placed(fault) for fault in found]


def problems_of(loaded: Configuration) -> list[str]:
    """The faults of `check`, one line each."""
    return [str(fault) for fault in check(loaded)]


def completed(error: ConfigurationError) -> ConfigurationError:
    """The error with the faults of building the loaded part added; of several at one place the first."""
    if error.partial is None:
        return error
    told = {fault.line for fault in error.faults}
    return ConfigurationError([*error.faults, *(fault for fault in check(error.partial) if fault.line is None or fault.line not in told)])


def _unbuildable(settings: Settings) -> Iterator[Fault]:
    """Faults that only building a probe or a notifier shows: a JMESPath, a header, a password that would travel in clear."""
    for index, entry in enumerate(settings.checks):
        try:
            build_probe(entry)
        except ValueError as error:
            yield _of_entry(("checks", index), str(error))
    for index, channel in enumerate(settings.notifiers):
        try:
            build_notifier(channel)
        except ValueError as error:
            yield _of_entry(("notifiers", index), str(error))
    try:
        trusting(settings.heartbeat.ca_file if settings.heartbeat else None)
    except ValueError as error:
        yield _of_entry(("heartbeat",), str(error))
    for name, access in accesses_of(settings).items():
        try:
            trusting(access.ca_file)
        except ValueError as error:
            yield _of_entry((name,), str(error))


def accesses_of(settings: Settings) -> dict[str, HttpAccess]:
    """The sections with an HTTP server of somebody else's, by name."""
    found = {"remote_write": settings.remote_write, "engine": settings.engine, "export": settings.export}
    return {name: section for name, section in found.items() if section is not None}


def _of_entry(path: KeyPath, said: str) -> Fault:
    """``said`` may begin with the key at fault and a colon: the text of a probe's ValueError."""
    name, colon, rest = said.partition(": ")
    return Fault((*path, name), rest) if colon and name.isidentifier() else Fault(path, said)


def notifiers_of(settings: Settings) -> dict[str, Notifier]:
    """Every configured notifier by name."""
    return {entry.name: build_notifier(entry) for entry in settings.notifiers}


def labels_of_checks(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Check name → the labels of its series."""
    return {check.name: check_labels(check) for check in settings.checks}


def alert_settings_of(settings: Settings, rules: Sequence[Rule]) -> AlertSettings:
    """The alert engine's settings of a configuration."""
    return AlertSettings(
        rules=rules,
        checks=labels_of_checks(settings),
        routing=compile_routing(settings),
        host=host_of(settings),
        language=language_in_use(settings.language),
        link=link_of(settings),
        origin=origin_of_settings(settings),
    )


def board_settings_of(settings: Settings) -> BoardSettings:
    """The board's settings of a configuration."""
    look = settings.dashboard
    return BoardSettings(
        host=host_of(settings),
        notifiers=tuple(entry.name for entry in settings.notifiers),
        bell=settings.bell,
        service=settings.service,
        environment=settings.environment,
        theme=look.theme,
        colors=look.colors,
        layout=look.layout,
        columns=tuple(look.columns),
        sort=look.sort,
        kill=look.kill,
        redacted=bool(settings.redact.patterns),
        language=settings.language,
        title=look.title,
        notices=look.notices,
    )


def configuration_hash(loaded: Configuration) -> str:
    """A hash of the configuration and rule files; it decides who may take over from a leader. A missing file counts as empty."""
    digest = hashlib.sha256()
    for path in [loaded.path, *rule_paths(loaded)[0]] if loaded.path else []:
        with contextlib.suppress(OSError):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def secrets_of(settings: Settings) -> list[str]:
    """Every secret text, for the log to hide; of an address, its password too."""
    found: list[str] = []
    heartbeat = [settings.heartbeat] if settings.heartbeat is not None else []
    for entry in (*settings.checks, *settings.notifiers, *heartbeat, *accesses_of(settings).values()):
        for value in vars(entry).values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, Secret):
                    found.append(item.reveal())
                    found += _passwords(found[-1])
    return found


def _passwords(address: str) -> list[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return []
    return [text for text in dict.fromkeys((password, unquote(password))) if text]
