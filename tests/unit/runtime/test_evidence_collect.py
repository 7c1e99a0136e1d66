"""What is gathered when an alert fires: the check's phases and log, the busiest processes, the values that the rule read."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from tests.support.clocks import ManualClock
from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.rule_index import describe
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import CheckResult, HealthStatus, ProbeResult
from tui_monitor.dispatch.message_builder import Entry, MessageBuilder
from tui_monitor.runtime.evidence_collect import EvidenceCollector
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.system.process_row import ProcessRow

ALERT = Alert(
    id="a1", fingerprint="f1", rule="r", labels={"alertname": "CheckUnhealthy", "check": "api"},
    annotations={"summary": "api is unhealthy: 500"}, severity="critical", state="firing", value=2.0, active_at=0, starts_at=0,
)  # fmt: skip


def _leader() -> Any:
    probe = ProbeResult(HealthStatus.UNHEALTHY, "500", 0.2, {"connect": 0.012, "tls": 0.0})
    return SimpleNamespace(
        results={"api": CheckResult("api", "http", "", HealthStatus.UNHEALTHY, "500", 0, 0, probe, 2)},
        machine=SimpleNamespace(processes=(ProcessRow(7, "backup", "backup --all", "root", 0.9, 2**20, "R"),)),
        evidence_lines=lambda check, match: {"api": ("one", "out of memory")}.get(check, ()),
        check_named={"api": CheckSettings(name="api", hint="restart it", runbook_url="https://wiki/api")}.get,
    )


def test_an_alert_of_a_check_keeps_processes_phases_and_log() -> None:
    """All that was going on on this machine and at the target, whoever is to blame."""
    found = EvidenceCollector(_leader(), SimpleNamespace(), ManualClock(), Troubles(), ReportFailures())(ALERT, None)
    assert found["reason"] == "500" and found["phases"] == {"connect": 0.012, "tls": 0.0} and found["log"] == ["one", "out of memory"]
    assert found["processes"] == [{"pid": 7, "name": "backup", "cpu": 0.9, "memory": 2**20}]


def test_a_message_tells_the_evidence_in_units_that_people_read() -> None:
    """Milliseconds, percent and MiB; the reason that the summary gives already is not said twice."""
    found = EvidenceCollector(_leader(), SimpleNamespace(), ManualClock(), Troubles(), ReportFailures())(ALERT, None)
    message = MessageBuilder("web-1", "en", "", None).message(
        [Entry(replace(ALERT, evidence=found), "new")],
        kind="firing", notifier="n", key="k", thread="t", group_key="g", group_labels={}, held_back=0, now=0,
    )  # fmt: skip
    lines = message.text.splitlines()
    start = lines.index("Evidence:")
    assert lines[start + 1 : start + 4] == ["  connect 12ms", "  backup 90% 1.0M", "  out of memory"]
    assert message.alerts[0].evidence == ("connect 12ms", "backup 90% 1.0M", "out of memory")


def test_the_checks_own_advice_stands_in_the_alert() -> None:
    """What its owner says to do replaces a built-in rule's advice; a configured rule's own words stay."""
    found = EvidenceCollector(_leader(), SimpleNamespace(), ManualClock(), Troubles(), ReportFailures())(ALERT, None)
    rule = next(rule for rule in build_rules(Settings())[0] if rule.alert == "CheckUnhealthy")
    notes = describe(rule, ALERT.labels, 2.0, found)
    assert (notes["description"], notes["runbook_url"]) == ("restart it", "https://wiki/api")
    own = replace(rule, source="config", annotations={"description": "call us"})
    assert describe(own, ALERT.labels, 2.0, found) == {"description": "call us", "runbook_url": "https://wiki/api"}


def test_own_trouble_says_what_it_is() -> None:
    """The alert of the monitor itself carries the sentence that the board shows."""
    troubles = Troubles()
    troubles.raise_("network", "no reference answers")
    alert = replace(ALERT, labels={"alertname": "MonitorTrouble", "reason": "network"})
    found = EvidenceCollector(_leader(), SimpleNamespace(), ManualClock(), troubles, ReportFailures())(alert, None)
    assert found["reason"] == "no reference answers"


def test_the_reason_of_a_message_is_in_its_language() -> None:
    """A rule's {{ $reason }} is Korean where the messages are; what is kept as evidence stays as the check said it."""
    leader = _leader()
    refused = ProbeResult(HealthStatus.UNHEALTHY, "connection refused")
    leader.results["api"] = CheckResult("api", "http", "", HealthStatus.UNHEALTHY, refused.reason, 0, 0, refused, 2)
    leader.check_named = {"api": HttpCheck(name="api", type="http", url="http://127.0.0.1/")}.get
    korean = EvidenceCollector(leader, SimpleNamespace(), ManualClock(), Troubles(), ReportFailures(), language="ko")
    assert korean.reason(ALERT.labels)["reason"] == "연결 거부됨"
    assert korean(ALERT, None)["reason"] == "connection refused"
