"""Names of all metrics that checks and this machine produce, as rules can read them. Described in docs/checks.md."""

from __future__ import annotations

from collections.abc import Iterable

from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.values import ALERT_SERIES
from tui_monitor.sources.kinds import kind_of

OF_EVERY_CHECK = ("probe_success", "probe_duration_seconds", "check_health")
OF_THE_MACHINE = (
    "cpu_usage_ratio", "cpu_mode_ratio", "cpu_core_usage_ratio", "cpu_quota_usage_ratio", "cpu_count", "load1", "load5", "load15",
    "memory_usage_ratio", "memory_total_bytes", "memory_available_bytes", "memory_used_bytes", "memory_cached_bytes",
    "swap_usage_ratio", "swap_total_bytes",
    "disk_usage_ratio", "disk_free_bytes", "disk_used_bytes", "disk_total_bytes", "disk_inodes_usage_ratio",
    "disk_read_bytes_per_second", "disk_write_bytes_per_second", "disk_io_ratio",
    "network_receive_bytes_per_second", "network_transmit_bytes_per_second", "network_receive_bytes_total", "network_transmit_bytes_total",
    "network_connections", "pressure_ratio", "uptime_seconds",
    "hardware_temperature_celsius", "smart_healthy", "smart_temperature_celsius", "smart_used_ratio",
    "gpu_usage_ratio", "gpu_memory_used_bytes", "gpu_memory_total_bytes", "gpu_temperature_celsius", "gpu_power_watts",
    "tui_monitor_cpu_ratio", "tui_monitor_memory_bytes", "tui_monitor_memory_ratio", "tui_monitor_samples_total",
    "tui_monitor_threads", "tui_monitor_open_files", "tui_monitor_clock_skew_seconds", "tui_monitor_trouble",
    "tui_monitor_sender_silent_seconds",
)  # fmt: skip
"""Of this machine and of the monitor itself, without any configuration."""


def metrics_made(checks: Iterable[CheckSettings]) -> frozenset[str] | None:
    """Metric names of these checks, this machine and the alerts; None where a check can produce any."""
    names = {*OF_EVERY_CHECK, *OF_THE_MACHINE, *ALERT_SERIES}
    for check in checks:
        own = kind_of(check).metric_names(check)
        if own is None:
            return None
        names |= {*own, *(query.metric for query in getattr(check, "queries", ()))}
    return frozenset(names)
