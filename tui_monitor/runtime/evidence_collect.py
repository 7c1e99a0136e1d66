"""The evidence of an alert that fires: the check's reason and phases, the busiest processes, the rule's recent values."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.evidence import MAX_TEXT, BusyProcess, gather
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.checks.collector import Collector
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.catalogue.remedies import notifier_remedy, remedy
from tui_monitor.core.catalogue.translation import translator
from tui_monitor.core.clock import Clock
from tui_monitor.core.kept import Kept
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import METRIC_NAME, CheckResult
from tui_monitor.promql.queryable import Queryable
from tui_monitor.sources.kinds import target_of

RECENT_MS = 120_000


class EvidenceCollector:
    """Called by the evaluator when an alert fires or rises."""

    def __init__(
        self, collector: Collector, storage: Queryable, clock: Clock, troubles: Troubles, failures: ReportFailures, language: str = "en"
    ) -> None:
        self._collector = collector
        self._storage = storage
        self._clock = clock
        self._troubles = troubles
        self._failures = failures
        self._language = language
        self._reasons: Kept[Mapping[str, str]] = Kept()

    def __call__(self, alert: Alert, rule: Rule | None) -> Mapping[str, object]:
        """In the shape of alerts.evidence.gather, with the check's advice, and the rule's condition as "expr": viewers have no rules."""
        result = self._collector.results.get(alert.labels.get("check", ""))
        trouble = self._troubles.text(alert.labels.get("reason", "")) if alert.name == "MonitorTrouble" else ""
        trouble = trouble or self._failures.reason(alert.labels)
        found = gather(
            reason=(result.probe.reason or result.reason) if result else trouble,
            phases=result.probe.phases if result else None,
            processes=[BusyProcess(row.pid, row.name, row.cpu, row.memory) for row in self._collector.machine.processes],
            log_lines=self._collector.evidence_lines(result.name, alert.labels.get("match", "")) if result else (),
            values=_recent(rule, alert, self._storage, self._clock.wall_ms()) if rule else (),
        )
        check = self._collector.check_named(alert.labels.get("check", ""))
        advice = {"hint": check.hint, "runbook_url": check.runbook_url} if check else {}
        found |= {name: text for name, text in advice.items() if text}
        return {**found, "expr": rule.expr} if rule else found

    def reason(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """The present "reason" of the check that an alert with these labels is about, and "advice" for it; empty while it is healthy."""
        name = labels.get("check", "")
        if not name:
            return self._trouble(labels)
        result, check = self._collector.results.get(name), self._collector.check_named(name)
        return self._reasons.of(name, (result, check), lambda: self._reason(result, check))

    def _reason(self, result: CheckResult | None, check: CheckSettings | None) -> Mapping[str, str]:
        reason = clip(clean(result.probe.reason or result.reason).strip(), MAX_TEXT) if result else ""
        if not reason or check is None:
            return {}
        advice = remedy(check.type, reason, target_of(check)[0], self._language)
        reason = translator(self._language).say(reason)  # the advice above and the stored evidence go by the English one
        return {"reason": reason, "advice": advice} if advice else {"reason": reason}

    def _trouble(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        if reason := self._failures.reason(labels):
            return {"reason": clip(clean(reason).strip(), MAX_TEXT)}
        trouble = labels.get("reason", "") if labels.get("alertname") == "MonitorTrouble" else ""
        kind, _, name = trouble.partition("-")
        return {"advice": notifier_remedy(name, self._language)} if kind == "notifier" and name else {}


def _recent(rule: Rule, alert: Alert, storage: Queryable, now: int) -> list[tuple[int, float]]:
    """The last two minutes of the first series that the rule reads and that fits the alert's labels."""
    wanted = {key: value for key, value in alert.labels.items() if key != METRIC_NAME}
    for matchers in rule.query.matchers:
        for series in storage.select(matchers, now - RECENT_MS, now):
            for key, value in series.labels:  # a loop, as a storm compares a thousand alerts with a thousand series
                if wanted.get(key, value) != value:
                    break
            else:
                times, values = series.window(now - RECENT_MS, now)
                return list(zip(times, values, strict=True))
    return []
