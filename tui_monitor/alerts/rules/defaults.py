"""The built-in rules (docs/alerting.md): each says the value and what to do, in the texts of the catalogue (core.catalogue)."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.alerts.rules.rule_text import RuleText
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.catalogue.phrases import RuleTexts

SYSTEM: Mapping[str, str] = {"category": "system"}
MONITOR: Mapping[str, str] = {"category": "monitor"}
"""Alerts of checks have their check's category."""
_FORECAST_S = 4 * 3600
_REQUESTS_EVERY_S = 15.0
"""Rules over every bucket of every route: 5 ms for 1,000 series, 70 ms for 10,000."""


def default_rules(system_interval_s: float = 1.0, language: str = "en") -> list[RuleText]:
    """All built-in rules with texts in a language ("en", "ko").

    The CPU is smoothed over a few readings of ``system_interval_s``: one calm second does not hide a load.
    """
    texts = phrases(language).rules
    smooth = max(15, round(4 * system_interval_s))
    return [
        *_ladder(
            texts,
            "HighCPU",
            f"avg_over_time(cpu_usage_ratio[{smooth}s]) > %s",
            {"warning": "0.7", "critical": "0.9"},
            SYSTEM,
            for_s={"warning": 120, "critical": 30},
        ),
        *_ladder(
            texts,
            "HighMemory",
            "memory_usage_ratio > %s",
            {"warning": "0.7", "critical": "0.9"},
            SYSTEM,
            for_s={"warning": 60, "critical": 15},
        ),
        *_ladder(texts, "DiskSpace", "disk_usage_ratio > %s", {"warning": "0.8", "critical": "0.9"}, SYSTEM),
        *_ladder(texts, "DiskInodes", "disk_inodes_usage_ratio > %s", {"warning": "0.8", "critical": "0.9"}, SYSTEM),
        RuleText(
            alert="DiskFullSoon",
            expr=(
                "disk_free_bytes / -deriv(disk_free_bytes[1h])"
                f" and predict_linear(disk_free_bytes[1h], {_FORECAST_S}) < 0"
                " and deriv(disk_free_bytes[10m]) < 0"
                " and disk_free_bytes < disk_free_bytes offset 30m"
            ),
            source="default",
            for_s=600,
            severity="warning",
            labels=SYSTEM,
            annotations=texts["DiskFullSoon"]._asdict(),
        ),
        *_ladder(texts, "CheckUnhealthy", "check_health %s", {"warning": ">= 1", "critical": "== 2"}),
        *_ladder(
            texts,
            "CertificateExpiry",
            "probe_ssl_earliest_cert_expiry - time() < %s",
            {
                "warning": "probe_ssl_expiry_warning_seconds",
                "critical": f"clamp_max(probe_ssl_expiry_warning_seconds / 3, {3 * 86400})",
            },
        ),
        *_ladder(
            texts, "DomainExpiry", "domain_expiry_timestamp_seconds - time() < %s", {"warning": f"{30 * 86400}", "critical": f"{7 * 86400}"}
        ),
        *_requests(texts),
        RuleText(
            alert="ContainerRestarting",
            expr="container_restarts_total - min_over_time(container_restarts_total[10m]) >= 3",
            source="default",
            severity="warning",
            annotations=texts["ContainerRestarting"]._asdict(),
        ),
        RuleText(
            alert="LogErrorBurst",
            expr="increase(log_match_total[5m]) >= log_burst_lines",
            source="default",
            keep_firing_for_s=60,
            severity="warning",
            no_data="resolve",
            annotations=texts["LogErrorBurst"]._asdict(),
        ),
        RuleText(
            alert="UnitRestarting",
            expr=(
                "systemd_restarts_total - min_over_time(systemd_restarts_total[10m]) >= 3"
                " unless on (check) check_health > 0"  # CheckUnhealthy has told it
            ),
            source="default",
            for_s=60,
            severity="warning",
            annotations=texts["UnitRestarting"]._asdict(),
        ),
        RuleText(
            alert="ClockOffset",
            expr="abs(ntp_offset_seconds) > 1",
            source="default",
            for_s=120,
            severity="critical",
            annotations=texts["ClockOffset"]._asdict(),
        ),
        RuleText(
            alert="ClockSkew",
            expr="tui_monitor_clock_skew_seconds > 5 or tui_monitor_clock_skew_seconds < -5",
            source="default",
            keep_firing_for_s=300,
            severity="warning",
            no_data="resolve",
            labels=MONITOR,
            annotations=texts["ClockSkew"]._asdict(),
        ),
        RuleText(
            alert="MonitorTrouble",
            expr="tui_monitor_trouble > 0",
            source="default",
            keep_firing_for_s=10.0,  # trouble that comes and goes is one alert, not a storm
            severity="warning",
            no_data="resolve",
            labels=MONITOR,
            annotations=texts["MonitorTrouble"]._asdict(),
        ),
        RuleText(
            alert="SenderSilent",
            expr="tui_monitor_sender_silent_seconds > 300",
            source="default",
            severity="error",
            no_data="resolve",
            labels=MONITOR,
            annotations=texts["SenderSilent"]._asdict(),
        ),
        RuleText(
            alert="ReportFailed",
            expr="tui_monitor_report_failed > 0",
            source="default",
            severity="error",
            no_data="resolve",
            labels=MONITOR,
            annotations=texts["ReportFailed"]._asdict(),
        ),
    ]


def _requests(texts: Mapping[str, RuleTexts]) -> list[RuleText]:
    """Rules of an application's requests, one alert a check; they cost nothing while no check gives these metrics."""
    share = f"{_ERRORS} / {_by_check('rate', 'http_requests_total')}"
    enough = f"{_by_check('increase', 'http_requests_total')} >= 20"
    rungs = [
        ("HighErrorRate", f"{share} > 0.05 and {enough}", "error", 300),
        ("HighErrorRate", f"{share} > 0.1 and {enough}", "critical", 60),
        ("SlowRequests", f"{_quantile(0.99)} > 1", "warning", 300),
        ("SlowRequests", f"{_quantile(0.95)} > 2", "error", 300),
    ]
    return [
        RuleText(
            alert=alert, expr=expr, source="default", for_s=for_s, severity=severity, every_s=_REQUESTS_EVERY_S,
            annotations=texts[alert]._asdict(),
        )
        for alert, expr, severity, for_s in rungs
    ]  # fmt: skip


def _by_check(function: str, selector: str) -> str:
    return f"sum by (check, type, category) ({function}({selector}[5m]))"


def _quantile(share: float) -> str:
    buckets = "rate(http_request_duration_seconds_bucket[5m])"
    return f"histogram_quantile({share}, sum by (check, type, category, le) ({buckets}))"


_FAILED = " or ".join(f'rate(http_requests_total{{{name}=~"5.."}}[5m])' for name in ("status_code", "status", "code"))
_ERRORS = f"sum by (check, type, category) ({_FAILED})"
"""By the three usual names of the label that holds the status."""


def _ladder(
    texts: Mapping[str, RuleTexts],
    alert: str,
    expr: str,
    rungs: Mapping[str, str],
    labels: Mapping[str, str] = {},
    *,
    for_s: float | Mapping[str, float] = 0.0,
) -> list[RuleText]:
    """A rule for each severity: ``rungs`` are what stands for the %s of the expression, ``for_s`` may differ by severity."""
    holds = for_s if isinstance(for_s, Mapping) else dict.fromkeys(rungs, for_s)
    annotations = texts[alert]._asdict()
    return [
        RuleText(
            alert=alert,
            expr=expr % threshold,
            source="default",
            for_s=holds[severity],
            severity=severity,
            labels=labels,
            annotations=annotations,
        )
        for severity, threshold in rungs.items()
    ]
