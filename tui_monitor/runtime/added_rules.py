"""Rules that people add by command: stored in state.db, used beside those of the configuration, applied like a reload."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tui_monitor.alerts.rules.condition import promql_of
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.faults import Configuration
from tui_monitor.config.names import name_faults
from tui_monitor.config.settings import RuleSettings, Settings
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.commands import AddRule, CommandResult, RemoveRule
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.promql.rulefiles import load_rule_files
from tui_monitor.runtime.wiring import rule_paths
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import TooManyAddedRules
from tui_monitor.storage.repository import StateRepository

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class RuleRefused(ValueError):
    """An added rule that cannot be used; the text says what to change."""


@frozen
class Extended:
    """A configuration with the added rules that can be used, and by name why others cannot."""

    loaded: Configuration
    own: Configuration
    """Without them."""
    unusable: dict[str, str]

    @property
    def trouble(self) -> str:
        """The unusable rules in one line; "" where there is none."""
        return "; ".join(f"the added rule {name} is not used: {reason}" for name, reason in self.unusable.items())


def made_rule(command: AddRule, by: str, now: int) -> AddedRule:
    """The rule of a command, its expression not compiled yet. Raises RuleRefused."""
    name, severity = clean(command.name).strip(), SEVERITY_ALIASES.get(command.severity, command.severity)
    if not _NAME.fullmatch(name):
        raise RuleRefused(f'"{name}" is no name of a rule: letters, digits and _, for example ManyOrdersWaiting')
    if severity not in SEVERITIES:
        raise RuleRefused(f'"{clean(severity)}" is not a severity; one of {", ".join(SEVERITIES)}')
    if command.seconds < 0 or command.cooldown < 0:
        raise RuleRefused("a duration cannot be negative")
    try:
        expr = promql_of(command.condition)
    except ValueError as error:
        raise RuleRefused(str(error)) from None
    return AddedRule(name, command.condition.strip(), expr, command.seconds, severity, command.to, command.cooldown, by, now)


def extended(loaded: Configuration, added: Sequence[AddedRule]) -> Extended:
    """The configuration with the added rules behind its own; a rule that it has itself under this name takes precedence."""
    unusable: dict[str, str] = {}
    used: list[AddedRule] = []
    taken = _names_taken(loaded) if added else frozenset()
    for rule in added:
        if reason := _refusal(loaded.settings, rule, taken):
            unusable[rule.name] = reason
        else:
            used.append(rule)
    rules = [*loaded.settings.rules, *map(_settings_of, used)]
    return Extended(replace(loaded, settings=replace(loaded.settings, rules=rules)) if used else loaded, loaded, unusable)


def _names_taken(loaded: Configuration) -> frozenset[str]:
    files = load_rule_files(rule_paths(loaded)[0])
    return frozenset({rule.alert for rule in loaded.settings.rules} | {rule.name for rule in files.rules if rule.kind == "alert"})


def _refusal(settings: Settings, rule: AddedRule, taken: frozenset[str]) -> str:
    """Why the rule cannot be used beside these settings; "" where it can."""
    if rule.name in taken:
        return "the configuration has a rule of this name; choose another name or change it there"
    alone = replace(settings, rules=[_settings_of(rule)], default_rules=False)
    faults = [fault for fault in (*build_rules(alone)[1], *name_faults(alone)) if fault.path[:1] == ("rules",)]
    return "; ".join(dict.fromkeys(fault.text for fault in faults))


def _settings_of(rule: AddedRule) -> RuleSettings:
    return RuleSettings(
        alert=rule.name,
        expr=rule.expr,
        for_=rule.for_s,
        severity=rule.severity,
        to=list(rule.to),
        cooldown=rule.cooldown_s or None,
    )


def rule_text(rule: AddedRule) -> str:
    """The rule in one line: "Hot: cpu_usage_ratio > 0.9 for 5m, critical, to ops-mail"."""
    held = f" for {format_duration(rule.for_s)}" if rule.for_s else ""
    to = f", to {', '.join(rule.to)}" if rule.to else ""
    pause = f", cooldown {format_duration(rule.cooldown_s)}" if rule.cooldown_s else ""
    return f"{rule.name}: {rule.expr}{held}, {rule.severity}{to}{pause}"


class AddedRules:
    """The leader's added rules. ``apply`` uses the present configuration again, with what is stored then."""

    def __init__(self, repository: StateRepository, apply: Callable[[], Awaitable[CommandResult]]) -> None:
        self._repository = repository
        self._apply = apply
        self._loaded: Configuration | None = None
        """The configuration of the file, without added rules."""

    async def extend(self, loaded: Configuration) -> Extended:
        """The configuration with the stored rules; without them where the state cannot be read."""
        self._loaded = loaded
        try:
            return extended(loaded, await self._repository.read(lambda state: state.added_rules.all()))
        except StorageFault:
            return Extended(loaded, loaded, {})

    async def add(self, command: AddRule, by: str, now: int) -> CommandResult:
        """Store a rule that can be used, and use it."""
        try:
            rule = made_rule(command, by, now)
            if self._loaded is not None and (reason := extended(self._loaded, [rule]).unusable.get(rule.name)):
                raise RuleRefused(reason)
            if not await self._repository.transaction(lambda state: state.added_rules.add(rule)):
                raise RuleRefused(f"there is an added rule {rule.name} already: tui-monitor rules remove {rule.name}")
        except (RuleRefused, TooManyAddedRules, StorageFault) as error:
            return CommandResult(False, str(error))
        return await self._applied(f"added the rule {rule_text(rule)}")

    async def remove(self, command: RemoveRule) -> CommandResult:
        """Delete a rule; its alerts resolve."""
        name = clean(command.name).strip()
        try:
            there = await self._repository.transaction(lambda state: state.added_rules.remove(name))
        except StorageFault as error:
            return CommandResult(False, str(error))
        if not there:
            return CommandResult(False, f'there is no added rule "{name}"; tui-monitor rules list shows them')
        return await self._applied(f"removed the rule {name}")

    async def _applied(self, text: str) -> CommandResult:
        result = await self._apply()
        return CommandResult(True, text if result.ok else f"{text}; it is used from the next reload on: {result.text}")
