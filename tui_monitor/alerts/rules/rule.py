"""Compiled alerting rules: from the configuration, the built-in ones and Prometheus files, and every fault found in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tui_monitor.alerts.measure import NO_RULE_MEASURE, RuleMeasure, measure_of
from tui_monitor.alerts.presence import presence_text, reads_absence
from tui_monitor.alerts.rules.rule_text import DEFAULT_SEVERITY, NoData, RuleText, Source
from tui_monitor.alerts.rules.templates import TemplateError, check_template, is_template
from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.sanitize import nearest
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES, known_severity
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.queryable import Matcher, Queryable

if TYPE_CHECKING:
    from tui_monitor.config.settings import RuleSettings, Settings
    from tui_monitor.promql.rulefiles import FileRule


WIDE_MS = 600_000
"""A rule that looks back further than memory does needs the history, so it is evaluated each minute."""


class CompiledQuery(Protocol):
    """A compiled expression (promql.engine)."""

    @property
    def metrics(self) -> Iterable[str] | None:
        """The metrics that it reads; None: any."""
        ...

    @property
    def matchers(self) -> Sequence[tuple[Matcher, ...]]:
        """Those of each selector in it."""
        ...

    @property
    def kind(self) -> str:
        """vector, scalar, matrix or string."""
        ...

    @property
    def longest_window_ms(self) -> int:
        """How far back it looks."""
        ...

    def instant(self, storage: Queryable, at_ms: int) -> Any:
        """Its value at one moment."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule. Durations in seconds; ``key`` stays the same over restarts; rules with the same ``ladder`` make one alert.

    ``presence`` is the expression whose answer has every subject that is there (see alerts.presence), None where there is none.
    ``absent``: it asks for what is missing, so it waits for the start-up grace. ``wide``: evaluated each minute; ``every_s``: at
    most this often, 0: each tick.
    """

    key: str
    ladder: str
    alert: str
    expr: str
    query: CompiledQuery
    severity: str
    source: Source = "config"
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    presence: str | None = None
    resolve_when: CompiledQuery | None = None
    cooldown_s: float = 0.0
    flap_limit: int | None = None
    rate_limit: str | None = None
    no_data: NoData = "hold"
    no_data_for_s: float = 300.0
    no_data_severity: str = DEFAULT_SEVERITY
    wide: bool = False
    every_s: float = 0.0
    absent: bool = False
    severity_in_identity: bool = False
    """A Prometheus file's rule: the severity label is part of the identity and may be any word."""
    language: str = "en"
    """Of the texts that are not the rule's own (alerts.no_data)."""
    measure: RuleMeasure = NO_RULE_MEASURE
    group: tuple[str, str] = ("", "")
    """File and group, of a Prometheus file's rule."""

    def severity_for(self, identity: Mapping[str, str]) -> str:
        """One of our severities: the rule's own, or what the label of this subject comes to."""
        return known_severity(identity.get("severity", "")) if self.severity_in_identity else self.severity


def build_rules(settings: Settings, file_rules: Sequence[FileRule] = (), host: str = "") -> tuple[list[Rule], list[Fault]]:
    """All rules to run, and every fault found, each naming its rule and what is not understood; only sound rules are in the list.

    Recording rules among ``file_rules`` are passed over. An own rule replaces the built-in ones of the same name. ``host`` is for messages.
    """
    problems: list[Fault] = []
    own = [_of_settings(rule, index) for index, rule in enumerate(settings.rules) if rule.alert]
    own += [_of_file(rule) for rule in file_rules if rule.kind == "alert"]
    texts = _wanted_defaults(settings, {text.alert for text in own}, problems) + own
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for text in texts:
        severity = text.severity or text.labels.get("severity")
        stem = f"{text.alert}/{severity or DEFAULT_SEVERITY}"
        stem = f"file:{stem}" if text.source == "file" else stem
        seen[stem] = seen.get(stem, 0) + 1
        rule = _compile(text, stem if seen[stem] == 1 else f"{stem}#{seen[stem]}", stem, language_in_use(settings.language), problems)
        if rule is not None:
            rules.append(rule)
    return rules, problems


def _wanted_defaults(settings: Settings, replaced: set[str], problems: list[Fault]) -> list[RuleText]:
    from tui_monitor.alerts.rules.defaults import default_rules

    texts = default_rules(settings.system.interval, language_in_use(settings.language))
    wanted = settings.default_rules
    if isinstance(wanted, list):
        names = list(dict.fromkeys(text.alert for text in texts))
        for name in wanted:
            if name not in names:
                advice = nearest(name, names) or f"; there are {', '.join(names)}"
                problems.append(Fault(("default_rules",), f'"{name}" is not a built-in rule{advice}'))
        texts = [text for text in texts if text.alert in wanted]
    elif not wanted:
        texts = []
    return [text for text in texts if text.alert not in replaced]


def _of_settings(rule: RuleSettings, index: int) -> RuleText:
    labels = dict(rule.labels)
    if rule.category:
        labels["category"] = rule.category
    short = {"summary": rule.summary, "description": rule.description, "runbook_url": rule.runbook_url}
    return RuleText(
        alert=rule.alert,
        expr=rule.expr,
        source="config",
        for_s=rule.for_,
        keep_firing_for_s=rule.keep_firing_for,
        severity=rule.severity,
        labels=labels,
        annotations={**rule.annotations, **{key: text for key, text in short.items() if text}},
        resolve_when=rule.resolve_when,
        cooldown_s=rule.cooldown or 0.0,
        flap_limit=rule.flap_limit,
        rate_limit=rule.rate_limit,
        no_data=rule.no_data,
        no_data_for_s=rule.no_data_for,
        no_data_severity=rule.no_data_severity,
        path=("rules", index),
    )


def _of_file(rule: FileRule) -> RuleText:
    return RuleText(
        alert=rule.name,
        expr=rule.expr,
        source="file",
        for_s=rule.for_s,
        keep_firing_for_s=rule.keep_firing_for_s,
        labels=rule.labels,
        annotations=rule.annotations,
        place=f"{rule.file}:{rule.line}",
        group=(Path(rule.file).name, rule.group),
    )


def _compile(text: RuleText, key: str, stem: str, language: str, problems: list[Fault]) -> Rule | None:
    faults: list[tuple[str, str]] = []
    severity = _severity(text, faults)
    query = _query("expr", text.expr, faults)
    resolve_when = _query("resolve_when", text.resolve_when, faults) if text.resolve_when else None
    for kind, entries in (("labels", text.labels), ("annotations", text.annotations)):
        for name, template in entries.items():
            try:
                check_template(template)
            except TemplateError as error:
                faults.append((name if name in ("summary", "description") else f"{kind}.{name}", str(error)))
    where = f"rule {text.alert}" + (f" ({text.place})" if text.place else "")
    problems.extend(Fault(_path(text, name), said, f"{where}: {name}") for name, said in faults)
    if faults or query is None:
        return None
    from tui_monitor.promql.query_facts import query_facts

    in_file = text.source == "file"
    labels = {**text.labels, "severity": text.labels.get("severity", DEFAULT_SEVERITY)} if in_file else _without(text.labels, "severity")
    return Rule(
        key=key,
        ladder=stem if in_file else text.alert,
        alert=text.alert,
        expr=text.expr,
        query=query,
        severity=severity,
        source=text.source,
        for_s=text.for_s,
        keep_firing_for_s=text.keep_firing_for_s,
        labels=_without(labels, "alertname"),
        annotations=text.annotations,
        presence=presence_text(text.expr),
        resolve_when=resolve_when,
        cooldown_s=text.cooldown_s,
        flap_limit=text.flap_limit,
        rate_limit=text.rate_limit,
        no_data=text.no_data,
        no_data_for_s=text.no_data_for_s,
        no_data_severity=text.no_data_severity,
        every_s=text.every_s,
        wide=query.longest_window_ms > WIDE_MS,
        absent=reads_absence(text.expr),
        severity_in_identity=in_file,
        language=language,
        measure=measure_of(query_facts(text.expr)),
        group=text.group,
    )


def _path(text: RuleText, name: str) -> KeyPath:
    """The place of a configured rule's key; () for a rule that is not from the configuration."""
    return (*text.path, *name.split(".")) if text.path else ()


def _severity(text: RuleText, faults: list[tuple[str, str]]) -> str:
    word = text.severity or text.labels.get("severity") or DEFAULT_SEVERITY
    if text.source == "file":
        return known_severity(word)
    if is_template(word) or SEVERITY_ALIASES.get(word, word) not in SEVERITIES:
        faults.append(("labels.severity", f'"{word}" is not a severity; one of {", ".join(SEVERITIES)}'))
        return DEFAULT_SEVERITY
    return SEVERITY_ALIASES.get(word, word)


def _query(key: str, text: str, faults: list[tuple[str, str]]) -> CompiledQuery | None:
    from tui_monitor.promql.engine import compile_expr

    try:
        query: CompiledQuery = compile_expr(text)
    except PromqlError as error:
        faults.append((key, str(error)))
        return None
    if query.kind not in ("vector", "scalar"):
        faults.append((key, f'"{text}" is a {"range vector" if query.kind == "matrix" else query.kind}, not an instant vector'))
        return None
    return query


def _without(labels: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != name}
