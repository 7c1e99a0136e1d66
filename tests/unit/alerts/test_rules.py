"""Rules from the configuration, the built-in ones and files; the default rules over real samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.alert_world import World, changes, rules_of
from tests.support.settings import made
from tui_monitor.alerts.presence import presence_text
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.settings import Settings
from tui_monitor.promql.rulefiles import FileRule


def _build(settings: dict[str, Any], files: list[Any] | None = None) -> tuple[Any, list[str]]:
    rules, faults = build_rules(made(Settings, settings), files or [], "web-1")
    return rules, [str(fault) for fault in faults]


def _file_rule(**more: Any) -> FileRule:
    plain = FileRule("g", "Hot", "alert", "heat > 1", 0.0, 0.0, {}, {}, None, "a.yml", 7)
    return replace(plain, **more)


def test_the_default_rules_are_the_contracts() -> None:
    """Names, severities and waiting times are those of contract.md, and every one says what to do."""
    rules, problems = _build({})
    assert problems == []
    assert [(rule.alert, rule.severity, rule.for_s) for rule in rules] == [
        ("HighCPU", "warning", 120), ("HighCPU", "critical", 30),
        ("HighMemory", "warning", 60), ("HighMemory", "critical", 15),
        ("DiskSpace", "warning", 0), ("DiskSpace", "critical", 0),
        ("DiskInodes", "warning", 0), ("DiskInodes", "critical", 0),
        ("DiskFullSoon", "warning", 600),
        ("CheckUnhealthy", "warning", 0), ("CheckUnhealthy", "critical", 0),
        ("CertificateExpiry", "warning", 0), ("CertificateExpiry", "critical", 0),
        ("DomainExpiry", "warning", 0), ("DomainExpiry", "critical", 0),
        ("HighErrorRate", "error", 300), ("HighErrorRate", "critical", 60),
        ("SlowRequests", "warning", 300), ("SlowRequests", "error", 300),
        ("ContainerRestarting", "warning", 0),
        ("LogErrorBurst", "warning", 0),
        ("UnitRestarting", "warning", 60),
        ("ClockOffset", "critical", 120), ("ClockSkew", "warning", 0), ("MonitorTrouble", "warning", 0),
        ("SenderSilent", "error", 0), ("ReportFailed", "error", 0),
    ]  # fmt: skip
    assert all(rule.annotations["summary"] and rule.annotations["description"] for rule in rules)
    assert [rule.alert for rule in rules if rule.wide] == ["DiskFullSoon"]


def test_default_rules_have_a_category() -> None:
    """Those about this machine and those about the monitor say so; alerts of checks have their check's category."""
    found = {rule.alert: rule.labels.get("category", "") for rule in _build({})[0]}
    assert {name for name, category in found.items() if category == "system"} == {
        "HighCPU", "HighMemory", "DiskSpace", "DiskInodes", "DiskFullSoon",
    }  # fmt: skip
    assert {name for name, category in found.items() if category == "monitor"} == {
        "ClockSkew", "MonitorTrouble", "ReportFailed", "SenderSilent",
    }  # fmt: skip
    assert set(found.values()) == {"system", "monitor", ""}


def test_default_rules_can_be_chosen_and_replaced() -> None:
    """`default_rules` takes all, none or those named; an own rule replaces all rungs of its name."""
    assert _build({"default_rules": False}) == ([], [])
    assert {rule.alert for rule in _build({"default_rules": ["HighCPU", "ClockSkew"]})[0]} == {"HighCPU", "ClockSkew"}
    _, problems = _build({"default_rules": ["HighCpu"]})
    assert problems == ['default_rules: "HighCpu" is not a built-in rule; did you mean "HighCPU"?']
    rules, _ = _build({"rules": [{"alert": "HighCPU", "expr": "cpu_usage_ratio > 0.99"}]})
    assert [(rule.source, rule.severity) for rule in rules if rule.alert == "HighCPU"] == [("config", "warning")]


def test_every_fault_is_told_with_the_rule_and_the_part() -> None:
    """All faults of all rules come at once."""
    rules, problems = _build(
        {
            "default_rules": False,
            "rules": [
                {"alert": "Bad", "expr": "frobnicate(x) > 1", "summary": "{{ $value | humanise }}"},
                {"alert": "Open", "expr": "heat > "},
                {"alert": "Range", "expr": "heat[5m]"},
                {"alert": "Label", "expr": "heat > 1", "labels": {"severity": "odd"}},
                {"alert": "Resolve", "expr": "heat > 1", "resolve_when": "heat <"},
                {"alert": "Good", "expr": "heat > 1"},
            ],
        },
        [_file_rule(name="Filed", annotations={"summary": "{{ range . }}"})],
    )
    assert [rule.alert for rule in rules] == ["Good"]
    text = "\n".join(problems)
    for part in (
        "rule Bad: expr: ", "frobnicate", 'rule Bad: summary: the function "humanise" is not known', "rule Open: expr: ",
        'rule Range: expr: "heat[5m]" is a range vector', 'rule Label: labels.severity: "odd" is not a severity',
        "rule Resolve: resolve_when: ", 'rule Filed (a.yml:7): summary: "range" is not supported',
    ):  # fmt: skip
        assert part in text, part


def test_short_forms_become_labels_and_annotations() -> None:
    """category is a label; summary, description and runbook_url are annotations."""
    entry = {"alert": "Hot", "expr": "heat > 1", "category": "business", "runbook_url": "https://x", "summary": "s", "severity": "high"}
    (rule,) = rules_of(entry)
    assert (rule.severity, rule.labels, rule.annotations) == (
        "error",
        {"category": "business"},
        {"runbook_url": "https://x", "summary": "s"},
    )


def test_rules_of_prometheus_files_form_no_ladder() -> None:
    """Two severities of one alert in a file are two alerts, each with the severity in its identity, any word."""
    files = [_file_rule(labels={"severity": "page"}, expr="heat > 10"), _file_rule(labels={"severity": "ticket"}, expr="heat > 5")]
    rules, problems = _build({"default_rules": False}, files)
    assert problems == []
    world = World(rules)
    assert world.step("heat", 20) == ["firing", "firing"]
    assert {alert.labels["severity"]: alert.severity for alert in world.evaluator.alerts()} == {"page": "critical", "ticket": "warning"}
    assert world.step("heat", 7) == ["resolved"]


def test_rule_labels_may_be_templates() -> None:
    """A label of the rule is rendered with the sample's labels and value."""
    rules, _ = _build({"default_rules": False}, [_file_rule(labels={"severity": "{{ if gt $value 5 }}critical{{ else }}info{{ end }}"})])
    world = World(rules)
    world.step("heat", 7)
    assert world.alert.severity == "critical"


@pytest.mark.parametrize(
    ("expr", "presence"),
    [
        ("a > 1", "a > bool  1"),
        ("a > bool 1", "a > bool 1"),
        ('a{b!="c"} != 2', 'a{b!="c"} != bool  2'),
        ("a > 1 and b == 2", "a > bool  1 and b == bool  2"),
        ("a > 1 unless on (x) b > 3 or c < 1", "a > bool  1 or c < bool  1"),
        ("sum(a > 1 unless b) > 2", "sum(a > bool  1 ) > bool  2"),
        ("topk(3, a) > 1", None),
        ("absent(a)", None),
        (
            'label_replace(a, "x", "absent unless > 1", "y", "(.*)") > 1',
            'label_replace(a, "x", "absent unless > 1", "y", "(.*)") > bool  1',
        ),
    ],
)
def test_presence_is_the_expression_without_its_filters(expr: str, presence: str | None) -> None:
    """Comparisons get bool, what `unless` takes away is left out, strings and matchers are left alone."""
    assert presence_text(expr) == presence


# The default rules at work


def _world(**options: Any) -> World:
    rules, problems = _build({})
    assert problems == []
    return World(rules, **options)


def _fired(world: World) -> list[tuple[str, str, str]]:
    return sorted(
        (alert.name, alert.severity, alert.annotations["summary"]) for alert in world.evaluator.alerts() if alert.state == "firing"
    )


def test_high_cpu_and_memory() -> None:
    """Above 90 % the CPU alert is critical after 30 s and memory's after 15 s; above 70 % they warn after two minutes and one."""
    world = _world()
    for _ in range(17):
        world.put("memory_usage_ratio", 0.95)
        world.step("cpu_usage_ratio", 0.97)
    assert _fired(world) == [("HighMemory", "critical", "Memory at 95%")]
    for _ in range(16):
        world.put("memory_usage_ratio", 0.5)
        world.step("cpu_usage_ratio", 0.97)
    assert _fired(world) == [("HighCPU", "critical", "CPU at 97%")]
    calm = _world()
    for second in range(122):
        calm.put("memory_usage_ratio", 0.75)
        calm.step("cpu_usage_ratio", 0.8)
        assert [name for name, *_ in _fired(calm)] == [] if second < 60 else True
    assert _fired(calm) == [("HighCPU", "warning", "CPU at 80%"), ("HighMemory", "warning", "Memory at 75%")]


def test_disk_space_by_mount() -> None:
    """Each full file system is an alert of its own, at once."""
    world = _world()
    world.put("disk_usage_ratio", 0.85, mount="/")
    world.put("disk_usage_ratio", 0.95, mount="/data")
    world.put("disk_usage_ratio", 0.5, mount="/boot")
    world.evaluate()
    assert _fired(world) == [("DiskSpace", "critical", "Disk /data at 95%"), ("DiskSpace", "warning", "Disk / at 85%")]


def test_disk_full_soon_needs_a_lasting_trend() -> None:
    """A disk that loses space steadily is told hours ahead; a short burst and a growing one are not."""
    world = _world()
    for minute in range(75):
        world.now += 60_000
        world.put("disk_free_bytes", 3.2e10 - 2e8 * minute, mount="/steady")
        world.put("disk_free_bytes", 1e10 + 1e7 * minute, mount="/growing")
        world.put("disk_free_bytes", 1e11 - (2e9 * (minute - 70) if minute > 70 else 0), mount="/burst")
        world.evaluate()
    assert [alert[0] for alert in _fired(world)] == ["DiskFullSoon"]
    assert world.alert.labels["mount"] == "/steady"
    assert "will be full in 1h" in world.alert.annotations["summary"]


def test_check_unhealthy_rises_and_holds_when_unknown() -> None:
    """Degraded is a warning, unhealthy critical, unknown holds, healthy resolves; the reason is in the text."""
    world = _world(evidence=lambda alert, _: {"reason": "status 500"})
    labels: dict[str, Any] = {"check": "api", "type": "http", "category": "application"}
    assert world.step("check_health", 1, **labels) == ["firing"]
    assert _fired(world) == [("CheckUnhealthy", "warning", "api is degraded: status 500")]
    assert world.step("check_health", 2, **labels) == ["raised"]
    assert _fired(world) == [("CheckUnhealthy", "critical", "api is unhealthy: status 500")]
    assert world.alert.labels == {"alertname": "CheckUnhealthy", "severity": "critical", "host": "web-1", **labels}
    world.gone("check_health", **labels)
    assert changes(world.tick(60)) == []
    assert world.step("check_health", 0, **labels) == ["resolved"]


def test_a_unit_that_restarts_is_told_once() -> None:
    """Three automatic restarts in ten minutes warn after a minute, unless the check itself is told already; older ones do not count."""
    world = _world()
    labels = {"check": "services", "type": "systemd"}

    def go(turns: int, total: float, health: float) -> list[tuple[str, str, str]]:
        for _ in range(turns):
            world.tick(10)
            world.put("systemd_restarts_total", total, unit="app.service", **labels)
            world.put("check_health", health, **labels)
            world.evaluate()
        return [alert for alert in _fired(world) if alert[0] == "UnitRestarting"]

    assert go(6, 7, 0) == go(12, 9, 0) == []
    assert go(8, 10, 0) == [("UnitRestarting", "warning", "systemd has started app.service again 3 times in 10 minutes")]
    assert world.alert.labels["unit"] == "app.service"
    assert go(60, 10, 0) == go(12, 14, 1) == []


def test_the_certificate_rule_reads_the_checks_own_limit() -> None:
    """It warns below the check's limit, is critical below a third of it and 3 days at most, and is silent without one."""
    world = _world()
    for name, days, limit in (
        ("short", 0.5, 2),
        ("lived", 1.5, 2),
        ("well", 2.5, 2),
        ("long", 4, 14),
        ("soon", 2.9, 14),
        ("off", -1, None),
    ):
        world.put("probe_ssl_earliest_cert_expiry", world.now / 1000 + days * 86400, check=name)
        if limit is not None:
            world.put("probe_ssl_expiry_warning_seconds", limit * 86400, check=name)
    world.evaluate()
    found = {(alert.labels["check"], alert.severity) for alert in world.evaluator.alerts()}
    assert found == {("short", "critical"), ("lived", "warning"), ("long", "warning"), ("soon", "critical")}


def test_the_certificate_rule_names_the_host_that_it_is_about() -> None:
    """Where a redirect leads to another host, its name stands in the text."""
    world = _world(evidence=lambda alert, _: {"reason": "certificate of shop.example expires in 5d"})
    world.put("probe_ssl_earliest_cert_expiry", world.now / 1000 + 5 * 86400, check="site")
    world.put("probe_ssl_expiry_warning_seconds", 14 * 86400, check="site")
    world.evaluate()
    assert _fired(world) == [("CertificateExpiry", "warning", "site: certificate of shop.example expires in 5d")]


@pytest.mark.parametrize(("status", "name"), [("500", "status_code"), ("5xx", "status"), ("503", "code")])
def test_the_error_rate_by_each_usual_label(status: str, name: str) -> None:
    """Above 10 % of at least 20 requests for a minute it is critical, then above 5 % an error; other checks stay out of it."""
    world = _world()
    good, bad = {"check": "shop", "type": "log", "route": "/", name: "200"}, {"check": "shop", "type": "log", "route": "/", name: status}
    few = {"check": "idle", "route": "/"}

    def go(turns: int, failing: float) -> set[tuple[str, str]]:
        for _ in range(turns):
            world.tick(10)
            counts["good"] += 10 - failing
            counts["bad"] += failing
            counts["few"] += 0.01
            world.put("http_requests_total", counts["good"], **good)
            world.put("http_requests_total", counts["bad"], **bad)
            world.put("http_requests_total", counts["few"], **{name: status}, **few)
            world.evaluate()
        return {(alert.name, alert.severity) for alert in world.evaluator.alerts() if alert.state == "firing"}

    counts = {"good": 0.0, "bad": 0.0, "few": 0.0}
    assert go(60, 0) == set()
    assert go(3, 2) == set()
    assert go(30, 2) == {("HighErrorRate", "critical")}
    assert _fired(world) == [("HighErrorRate", "critical", "20% of the requests to shop fail")]
    assert world.alert.labels["check"] == "shop" and world.alert.labels["type"] == "log"
    assert go(60, 0.7) == {("HighErrorRate", "error")}
    assert go(60, 0) == set()


def test_slow_requests() -> None:
    """p99 above 1 s for five minutes warns; p95 above 2 s is an error."""
    world = _world()
    counts = {"1": 0.0, "5": 0.0, "+Inf": 0.0}

    def go(turns: int, slow: float) -> list[tuple[str, str]]:
        for _ in range(turns):
            world.tick(10)
            for bound in counts:
                counts[bound] += 100 - slow if bound == "1" else 100
                world.put("http_request_duration_seconds_bucket", counts[bound], check="shop", le=bound)
            world.evaluate()
        return [(alert.name, alert.severity) for alert in world.evaluator.alerts() if alert.state == "firing"]

    assert go(60, 0) == []
    assert go(70, 2) == [("SlowRequests", "warning")]
    assert go(70, 50) == [("SlowRequests", "error")]
    assert "shop take 4" in _fired(world)[0][2]


def test_rules_over_many_series_have_a_slower_rhythm() -> None:
    """Each 15 s, also after the clock was set back."""
    world = _world()
    groups = {group.ladder.key: group for group in world.evaluator.index.due(world.now, None)}
    slow = {key for key, group in groups.items() if group.every_ms}
    assert len(slow) == 2

    def due(seconds: int) -> bool:
        return slow <= {group.ladder.key for group in world.evaluator.index.due(world.now + seconds * 1000, None)}

    assert [due(seconds) for seconds in (1, 14, 15, 16, 30, -3600)] == [False, False, True, False, True, True]


def test_inodes_by_mount() -> None:
    """A file system with space and without inodes is told."""
    world = _world()
    world.put("disk_inodes_usage_ratio", 0.95, mount="/data")
    world.put("disk_inodes_usage_ratio", 0.5, mount="/")
    world.evaluate()
    assert _fired(world) == [("DiskInodes", "critical", "Disk /data has used 95% of its inodes (files)")]


def test_a_domain_that_ends_is_told_by_name() -> None:
    """30 days before as a warning, 7 days before as critical, and after its end."""
    world = _world()
    for name, days in (("far", 31), ("near", 20), ("close", 6), ("old", -1)):
        world.put("domain_expiry_timestamp_seconds", world.now / 1000 + days * 86400, check=name)
    world.evaluate()
    assert _fired(world) == [
        ("DomainExpiry", "critical", "The domain of close ends in 6d 0h 0m 0s"),
        ("DomainExpiry", "critical", "The domain of old has ended"),
        ("DomainExpiry", "warning", "The domain of near ends in 20d 0h 0m 0s"),
    ]


def test_certificates_clock_and_own_trouble() -> None:
    """Certificates are told in days, own trouble ends ten seconds after its series, a clock step five minutes later."""
    world = _world()
    world.put("probe_ssl_earliest_cert_expiry", world.now / 1000 + 10 * 86400, check="api")
    world.put("probe_ssl_earliest_cert_expiry", world.now / 1000 + 86400, check="shop")
    world.put("probe_ssl_earliest_cert_expiry", world.now / 1000 - 5, check="old")
    for name, days in (("api", 14), ("shop", 14), ("old", 14)):
        world.put("probe_ssl_expiry_warning_seconds", days * 86400, check=name)
    world.put("tui_monitor_trouble", 1, reason="disk full")
    world.put("tui_monitor_clock_skew_seconds", -7)
    world.put("tui_monitor_sender_silent_seconds", 301, sender="prometheus")
    world.evaluate()
    assert _fired(world) == [
        ("CertificateExpiry", "critical", "The certificate of old has ended"),
        ("CertificateExpiry", "critical", "The certificate of shop ends in 1d 0h 0m 0s"),
        ("CertificateExpiry", "warning", "The certificate of api ends in 10d 0h 0m 0s"),
        ("ClockSkew", "warning", "The clock is off by -7s"),
        ("MonitorTrouble", "warning", "tui-monitor: disk full"),
        ("SenderSilent", "error", "prometheus has sent no alerts for 5m 1s, and its alerts have not ended"),
    ]
    world.gone("tui_monitor_sender_silent_seconds", sender="prometheus")
    assert changes(world.tick(0.001)) == ["resolved"]
    world.gone("tui_monitor_trouble", reason="disk full")
    world.gone("tui_monitor_clock_skew_seconds")
    assert changes(world.tick()) == []
    assert changes(world.tick(10)) == ["resolved"]
    assert changes(world.tick(300)) == ["resolved"]
