"""Prometheus rule files load as they are, and every fault is told with file, line and rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.promql.durations import parse_duration
from tui_monitor.promql.rulefiles import RuleFiles, load_rule_files

GOOD = """
groups:
  - name: web
    interval: 30s
    limit: 5
    labels: {team: web, tier: "1"}
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
      - alert: ManyErrors
        expr: |
          job:errors:rate5m
            > 0.05
        for: 5m
        keep_firing_for: 1h30m
        labels: {severity: critical, tier: 2}
        annotations:
          summary: "{{ $labels.job }} has {{ $value | humanizePercentage }} errors"
  - name: empty
"""

BAD = """groups:
  - name: web
    rules:
      - alert: Unknown
        expr: mad_over_time(a[5m]) > 1
      - alert: NoExpr
      - alert: Fine
        expr: up == 0
      - alert: Typo
        expr: up == 0
        fro: 5m
      - alert: BadTime
        expr: up == 0
        for: soon
      - record: a{b}
        expr: up
      - record: x
        expr: up
        annotations: {a: b}
      - record: y
        expr: up[5m]
      - alert: A
        record: b
        expr: up
      - just text
  - name: web
    colour: red
  - rules: []
"""


def load(tmp_path: Path, text: str) -> RuleFiles:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return load_rule_files([path])


def test_good_file(tmp_path: Path) -> None:
    """Alerts and recording rules with group interval, durations in seconds, texts as written."""
    found = load(tmp_path, GOOD)
    assert found.problems == []
    record, alert = found.rules
    assert (record.kind, record.name, record.group, record.interval_s) == ("record", "job:errors:rate5m", "web", 30.0)
    assert record.labels == {"team": "web", "tier": "1"}
    assert (alert.kind, alert.name, alert.for_s, alert.keep_firing_for_s) == ("alert", "ManyErrors", 300.0, 5400.0)
    assert alert.labels == {"severity": "critical", "team": "web", "tier": "2"}
    assert alert.annotations["summary"].startswith("{{ $labels.job }}")
    assert alert.expr == "job:errors:rate5m\n  > 0.05"
    assert (alert.file, alert.line) == (str(tmp_path / "rules.yml"), 10)


def test_all_faults_are_told(tmp_path: Path) -> None:
    """Nothing stops at the first fault; what is good is loaded."""
    found = load(tmp_path, BAD)
    assert [rule.name for rule in found.rules] == ["Fine"]
    said = [(problem.line, problem.rule, problem.reason) for problem in found.problems]
    assert [(line, rule) for line, rule, _ in said] == [
        (4, "Unknown"),
        (6, "NoExpr"),
        (9, "Typo"),
        (12, "BadTime"),
        (15, "a{b}"),
        (17, "x"),
        (20, "y"),
        (22, "A"),
        (0, "group 'web'"),
        (26, "group 'web'"),
        (26, "group 'web'"),
        (28, "group"),
    ]
    reasons = " | ".join(reason for _, _, reason in said)
    for words in (
        "mad_over_time() is experimental",
        "expr is missing",
        "unknown field 'fro'",
        "not a duration",
        "invalid metric name",
        "'annotations' belongs to alerts only",
        "expr gives a matrix",
        "exactly one of alert and record",
        "twice",
        "unknown field 'colour'",
        "name is missing",
    ):
        assert words in reasons
    assert str(found.problems[0]).startswith(f"{tmp_path / 'rules.yml'}:4: Unknown: expr: 1:1: ")


def test_anchors_and_merged_mappings(tmp_path: Path) -> None:
    """YAML's `<<` adds what is not said, of several the first; what it cannot take is named with its line."""
    path = tmp_path / "a.yml"
    path.write_text(
        "groups:\n- name: a\n  rules:\n"
        "  - &base {alert: A, expr: up == 0, for: 5m, labels: &few {team: web, tier: x}}\n"
        "  - <<: *base\n    alert: B\n    labels: {<<: [*few, {tier: z, zone: eu}], team: db}\n"
    )
    found = load_rule_files([path])
    assert not found.problems and [(rule.name, rule.for_s, rule.expr) for rule in found.rules] == [
        ("A", 300, "up == 0"),
        ("B", 300, "up == 0"),
    ]
    assert found.rules[1].labels == {"team": "db", "tier": "x", "zone": "eu"}
    path.write_text("groups:\n- <<: text\n  name: a\n")
    assert "line 2: << takes mappings" in str(load_rule_files([path]).problems[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups: [", "not valid YAML"),
        ("- a\n", "a list 'groups'"),
        ("groups: x\n", "a list 'groups'"),
        ("groups: []\nrules: []\n", "unknown field"),
    ],
)
def test_files_that_are_no_rule_files(tmp_path: Path, text: str, said: str) -> None:
    """A file that is something else is one problem."""
    found = load(tmp_path, text)
    assert said in found.problems[0].reason


def test_missing_and_empty_files(tmp_path: Path) -> None:
    """A missing file is a problem, an empty one holds no rules."""
    assert "cannot be read" in load_rule_files([tmp_path / "none.yml"]).problems[0].reason
    assert load(tmp_path, "") == RuleFiles()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5400.0),
        ("90s", 90.0),
        ("500ms", 0.5),
        ("2d", 172800.0),
        ("1w", 604800.0),
        ("1y", 31536000.0),
        ("15", 15.0),
        ("0.5", 0.5),
        ("0s", 0.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Every unit, combinations, and plain seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "1m30", "30s1m", "-5s", "1.5h", "5 m", "x", "1m1m"])
def test_what_is_no_duration(text: str) -> None:
    """Units out of order, twice, broken or negative are refused; a plain number is fine."""
    if text == "5":
        assert parse_duration(text) == 5.0
        return
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


def test_a_kubernetes_rule_loads_as_it_is(tmp_path: Path) -> None:
    """The groups of a PrometheusRule (several documents too) are read; another kind is a problem that names the right one."""
    inner = "\n".join(f"  {line}" for line in GOOD.strip().splitlines())
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: web\n  labels: {release: x}\nspec:\n"
    path = tmp_path / "rule.yaml"
    path.write_text(f"{head}{inner}\n---\nkind: ConfigMap\ndata: {{}}\n---\nkind: PrometheusRule\n---\n")
    found = load_rule_files([path])
    assert [rule.name for rule in found.rules] == ["job:errors:rate5m", "ManyErrors"]
    assert [str(problem).removeprefix(f"{path}:") for problem in found.problems] == [
        "26: kind 'ConfigMap' holds no rules; kind: PrometheusRule does",
        "29: a PrometheusRule holds its groups under spec",
    ]
