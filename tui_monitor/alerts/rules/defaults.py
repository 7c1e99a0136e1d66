"""The built-in rules (contract.md, "Rules and alerts"): each says the value and what to do."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.alerts.rules.defaults_ko import KOREAN
from tui_monitor.alerts.rules.rule_text import RuleText

_FORECAST_S = 4 * 3600


def default_rules(system_interval_s: float = 1.0, language: str = "en") -> list[RuleText]:
    """All built-in rules with texts in a language ("en", "ko")."""
    rules = _english(system_interval_s)
    if language != "ko":
        return rules
    return [replace(rule, annotations=dict(zip(("summary", "description"), KOREAN[rule.alert], strict=True))) for rule in rules]


def _english(system_interval_s: float) -> list[RuleText]:
    """With English texts; the CPU is smoothed over a few readings of ``system_interval_s``: one calm second does not hide a load."""
    smooth = max(15, round(4 * system_interval_s))
    return [
        *_ladder(
            "HighCPU",
            f"avg_over_time(cpu_usage_ratio[{smooth}s]) > %s",
            {"warning": "0.7", "critical": "0.9"},
            "CPU at {{ $value | humanizePercentage }}",
            "Sort the process table by CPU to see who uses it; stop or slow that work, or give the machine more cores.",
            for_s=120,
        ),
        *_ladder(
            "HighMemory",
            "memory_usage_ratio > %s",
            {"warning": "0.7", "critical": "0.9"},
            "Memory at {{ $value | humanizePercentage }}",
            "Sort the process table by memory; restart what leaks before the kernel ends a process of its own choice.",
            for_s=60,
        ),
        *_ladder(
            "DiskSpace",
            "disk_usage_ratio > %s",
            {"warning": "0.8", "critical": "0.9"},
            "Disk {{ $labels.mount }} at {{ $value | humanizePercentage }}",
            "Find what is large (du -xh {{ $labels.mount }} | sort -h | tail), rotate logs, move data, or enlarge it.",
        ),
        *_ladder(
            "DiskInodes",
            "disk_inodes_usage_ratio > %s",
            {"warning": "0.8", "critical": "0.9"},
            "Disk {{ $labels.mount }} has used {{ $value | humanizePercentage }} of its inodes (files)",
            "No file can be made without an inode, however much space is free. Find the directory with the most files"
            " (du --inodes -xS {{ $labels.mount }} | sort -n | tail) and remove old ones: sessions, caches, mail queues.",
        ),
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
            annotations={
                "summary": "Disk {{ $labels.mount }} will be full in {{ $value | humanizeDuration }} at the pace of the last hour",
                "description": "Find what is growing (du -xh {{ $labels.mount }} | sort -h | tail, twice) and stop it, or make room.",
            },
        ),
        *_ladder(
            "CheckUnhealthy",
            "check_health %s",
            {"warning": ">= 1", "critical": "== 2"},
            "{{ $labels.check }} is {{ if eq $value 2 }}unhealthy{{ else }}degraded{{ end }}{{ if $reason }}: {{ $reason }}{{ end }}",
            "Open the check's details: the reason and the phase times say where it fails. Then look at the target itself.",
        ),
        *_ladder(
            "CertificateExpiry",
            "probe_ssl_earliest_cert_expiry - time() < %s",
            {
                "warning": "probe_ssl_expiry_warning_seconds",
                "critical": f"clamp_max(probe_ssl_expiry_warning_seconds / 3, {3 * 86400})",
            },
            '{{ if match "^certificate of " $reason }}{{ $labels.check }}: {{ $reason }}{{ else }}The certificate of {{ $labels.check }} '
            "{{ if gt $value 0 }}ends in {{ $value | humanizeDuration }}{{ else }}has ended{{ end }}{{ end }}",
            "Renew the certificate and make sure that the server has loaded the new one.",
        ),
        RuleText(
            alert="ClockSkew",
            expr="tui_monitor_clock_skew_seconds > 5 or tui_monitor_clock_skew_seconds < -5",
            source="default",
            keep_firing_for_s=300,
            severity="warning",
            no_data="resolve",
            annotations={
                "summary": "The clock is off by {{ $value | humanizeDuration }}",
                "description": "See what sets the clock (timedatectl, chronyc tracking): stamps and schedules are wrong until then.",
            },
        ),
        RuleText(
            alert="MonitorTrouble",
            expr="tui_monitor_trouble > 0",
            source="default",
            keep_firing_for_s=10.0,  # trouble that comes and goes is one alert, not a storm
            severity="warning",
            no_data="resolve",
            annotations={
                "summary": "The monitor itself has trouble: {{ if $reason }}{{ $reason }}{{ else }}{{ $labels.reason }}{{ end }}",
                "description": "What it cannot measure is unknown, not down. Free disk, descriptors or CPU, then see its log.",
            },
        ),
    ]


def _ladder(alert: str, expr: str, rungs: dict[str, str], summary: str, description: str, *, for_s: float = 0.0) -> list[RuleText]:
    return [
        RuleText(
            alert=alert,
            expr=expr % threshold,
            source="default",
            for_s=for_s,
            severity=severity,
            annotations={"summary": summary, "description": description},
        )
        for severity, threshold in rungs.items()
    ]
