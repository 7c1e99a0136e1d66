"""The reader of Prometheus rule files (YAML): alerting and recording rules, and every fault found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.durations import parse_duration
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError

_GROUP_KEYS = frozenset({"name", "interval", "query_offset", "limit", "labels", "rules", "partial_response_strategy"})
_RULE_KEYS = {
    "alert": frozenset({"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}),
    "record": frozenset({"record", "expr", "labels"}),
}


@frozen
class FileRule:
    """One rule of a file; ``kind`` is "alert" or "record". Durations are seconds; ``interval_s`` is its group's, None the default."""

    group: str
    name: str
    kind: str
    expr: str
    for_s: float
    keep_firing_for_s: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    interval_s: float | None
    file: str
    line: int

    @property
    def alert(self) -> str:
        """The name of an alerting rule, as alerts.rules asks for it."""
        return self.name


@frozen
class RuleProblem:
    """Why a rule, a group or a whole file (then ``rule`` is "") cannot be used. ``line`` is 0 where it is not known."""

    file: str
    line: int
    rule: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.rule}: {self.reason}" if self.rule else f"{place}: {self.reason}"


@dataclass(slots=True)
class RuleFiles:
    """The contents of rule files: the usable rules in order, and the problems."""

    rules: list[FileRule] = field(default_factory=list)
    problems: list[RuleProblem] = field(default_factory=list)


def load_rule_files(paths: Iterable[Path | str]) -> RuleFiles:
    """Read files in the order given; what cannot be read or used becomes a problem, never an exception."""
    found = RuleFiles()
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as reason:
            found.problems.append(RuleProblem(str(path), 0, "", f"cannot be read: {reason}"))
            continue
        _Reader(str(path), found).read(text)
    return found


class _Fault(Exception):
    """A fault of one rule."""


class _Mapping(dict[str, Any]):
    """A YAML mapping that knows in which line it starts."""

    line = 0


class _Reader:
    """The reader of one file's text, which it adds to ``found``."""

    def __init__(self, file: str, found: RuleFiles) -> None:
        self.file = file
        self.found = found

    def read(self, text: str) -> None:
        import yaml

        try:
            documents = [_plain(node) for node in yaml.compose_all(text, Loader=yaml.SafeLoader)]
        except yaml.YAMLError as reason:
            mark = getattr(reason, "problem_mark", None)
            said = getattr(reason, "problem", None) or str(reason)
            self._problem(mark.line + 1 if mark is not None else 0, "", f"not valid YAML: {said}")
            return
        except (_Fault, RecursionError) as reason:
            self._problem(0, "", str(reason) or "nested too deep")
            return
        for document in documents:
            self._document(document)

    def _document(self, document: Any) -> None:
        if document is None:
            return
        if isinstance(document, _Mapping) and "kind" in document:
            document = self._resource(document)
        if document is None:
            return
        if not isinstance(document, _Mapping) or not isinstance(document.get("groups") or [], list):
            self._problem(1, "", "a rule file holds a list 'groups'")
            return
        for key in document:
            if key not in ("groups", "namespace"):
                self._problem(document.line, "", f"unknown field {key!r}")
        names: set[str] = set()
        for group in document.get("groups") or []:
            self._group(group, names)

    def _resource(self, document: _Mapping) -> _Mapping | None:
        """The contents of a Kubernetes resource: the spec of a PrometheusRule (monitoring.coreos.com/v1); else a problem."""
        if document["kind"] != "PrometheusRule":
            self._problem(document.line, "", f"kind {document['kind']!r} holds no rules; kind: PrometheusRule does")
            return None
        spec = document.get("spec")
        if not isinstance(spec, _Mapping):
            self._problem(document.line, "", "a PrometheusRule holds its groups under spec")
            return None
        return spec

    def _problem(self, line: int, rule: str, reason: str) -> None:
        self.found.problems.append(RuleProblem(self.file, line, rule, reason))

    def _group(self, group: Any, names: set[str]) -> None:
        if not isinstance(group, _Mapping):
            self._problem(0, "", "a group is a mapping with name and rules")
            return
        name = str(group.get("name") or "")
        title = f"group {name!r}" if name else "group"
        if not name:
            self._problem(group.line, title, "name is missing")
        elif name in names:
            self._problem(group.line, title, "a group of this name stands twice in the file")
        names.add(name)
        for key in sorted(set(group) - _GROUP_KEYS):
            self._problem(group.line, title, f"unknown field {key!r}")
        interval: float | None = None
        shared: dict[str, str] = {}
        try:
            interval = _duration(group, "interval") or None
            shared = _texts(group, "labels")
        except _Fault as reason:
            self._problem(group.line, title, str(reason))
        rules = group.get("rules") or []
        if not isinstance(rules, list):
            self._problem(group.line, title, "rules is no list")
            return
        for rule in rules:
            self._rule(rule, name, interval, shared)

    def _rule(self, rule: Any, group: str, interval: float | None, shared: Mapping[str, str]) -> None:
        if not isinstance(rule, _Mapping):
            self._problem(0, f"group {group!r}", "a rule is a mapping with alert or record, and expr")
            return
        kinds = [kind for kind in ("alert", "record") if rule.get(kind)]
        name = str(rule[kinds[0]]) if kinds else ""
        try:
            if len(kinds) != 1:
                raise _Fault("exactly one of alert and record must be set")
            self.found.rules.append(self._usable(rule, kinds[0], name, group, interval, shared))
        except _Fault as reason:
            self._problem(rule.line, name or f"rule in group {group!r}", str(reason))

    def _usable(self, rule: _Mapping, kind: str, name: str, group: str, interval: float | None, shared: Mapping[str, str]) -> FileRule:
        unknown = sorted(set(rule) - _RULE_KEYS[kind])
        if unknown:
            known = unknown[0] in _RULE_KEYS["alert"]
            raise _Fault(f"the field {unknown[0]!r} belongs to alerts only" if known else f"unknown field {unknown[0]!r}")
        if kind == "record" and ("{" in name or "}" in name):
            raise _Fault(f"invalid metric name {name!r}: braces belong into expr and labels")
        labels = {**shared, **_texts(rule, "labels")}
        for key in labels:
            if not key or key == METRIC_NAME:
                raise _Fault(f"invalid label name {key!r}")
        return FileRule(
            group=group,
            name=name,
            kind=kind,
            expr=_expression(rule),
            for_s=_duration(rule, "for"),
            keep_firing_for_s=_duration(rule, "keep_firing_for"),
            labels=labels,
            annotations=_texts(rule, "annotations"),
            interval_s=interval,
            file=self.file,
            line=rule.line,
        )


def _expression(rule: _Mapping) -> str:
    expr = rule.get("expr")
    if expr is None or isinstance(expr, list | dict) or not str(expr).strip():
        raise _Fault("expr is missing")
    text = str(expr).strip()
    try:
        kind = compile_expr(text).kind
    except PromqlError as reason:
        raise _Fault(f"expr: {reason}") from None
    if kind not in ("vector", "scalar"):
        raise _Fault(f"expr gives a {kind}; an instant vector or a scalar is needed")
    return text


def _duration(mapping: _Mapping, key: str) -> float:
    value = mapping.get(key)
    if value is None:
        return 0.0
    try:
        return parse_duration(str(value))
    except ValueError as reason:
        raise _Fault(f"{key}: {reason}") from None


def _texts(mapping: _Mapping, key: str) -> dict[str, str]:
    values = mapping.get(key)
    if values is None:
        return {}
    if not isinstance(values, _Mapping) or any(isinstance(value, list | dict) for value in values.values()):
        raise _Fault(f"{key} must map names to texts")
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _plain(node: Any) -> Any:
    """The YAML node as mappings with lines, lists and texts: scalars stay as written (``true`` and ``1h`` alike)."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        mapping = _Mapping()
        mapping.line = node.start_mark.line + 1
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                _merge(merged, _plain(value), key.start_mark.line + 1)
                continue
            name = str(key.value)
            if name in mapping:
                raise _Fault(f"line {key.start_mark.line + 1}: the field {name!r} stands twice")
            mapping[name] = _plain(value)
        mapping.update({name: value for name, value in merged.items() if name not in mapping})
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def _merge(merged: dict[str, Any], value: Any, line: int) -> None:
    """The fields that ``<<: *name`` adds, of a mapping or of several; the first of equal ones counts."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, _Mapping):
            raise _Fault(f"line {line}: << takes mappings")
        for name, item in one.items():
            merged.setdefault(name, item)
