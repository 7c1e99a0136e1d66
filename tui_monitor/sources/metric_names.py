"""The names of the series that each kind of check makes: what a rule can read here. docs/checks.md says what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_monitor.config.models import CheckSettings

OF_EVERY_CHECK = ("probe_success", "probe_duration_seconds", "check_health")
OF_THE_MACHINE = (
    "cpu_usage_ratio", "cpu_mode_ratio", "cpu_core_usage_ratio", "cpu_quota_usage_ratio", "load1", "load5", "load15",
    "memory_usage_ratio", "memory_total_bytes", "memory_available_bytes", "memory_cached_bytes", "swap_usage_ratio", "swap_total_bytes",
    "disk_usage_ratio", "disk_free_bytes", "disk_total_bytes", "disk_inodes_usage_ratio",
    "disk_read_bytes_per_second", "disk_write_bytes_per_second", "disk_io_ratio",
    "network_receive_bytes_per_second", "network_transmit_bytes_per_second", "pressure_ratio", "uptime_seconds",
    "tui_monitor_cpu_ratio", "tui_monitor_memory_bytes", "tui_monitor_threads", "tui_monitor_open_files",
    "tui_monitor_clock_skew_seconds", "tui_monitor_trouble",
)  # fmt: skip
"""Of this machine and of the monitor itself, without any configuration."""
OF_KIND = {
    "http": ("probe_phase_seconds", "probe_http_status_code", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds"),
    "tcp": ("probe_phase_seconds", "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds"),
    "postgres": (
        "postgres_connections", "postgres_connections_max", "postgres_connections_usage_ratio", "postgres_longest_transaction_seconds",
        "postgres_blocked_sessions", "postgres_deadlocks_total", "postgres_transactions_total", "postgres_cache_hit_ratio",
        "postgres_replication_lag_seconds", "postgres_database_size_bytes",
    ),
    "redis": (
        "redis_memory_used_bytes", "redis_memory_max_bytes", "redis_memory_usage_ratio", "redis_connected_clients",
        "redis_blocked_clients", "redis_hit_ratio", "redis_evicted_keys_total", "redis_commands_per_second", "redis_keys",
        "redis_replication_lag_seconds",
    ),
}  # fmt: skip
"""By kind. A kind that is not here, such as a scraped page, may make any name."""


def metrics_made(checks: Iterable[CheckSettings]) -> frozenset[str] | None:
    """The names that these checks and the machine make; None where a check may make any."""
    names = {*OF_EVERY_CHECK, *OF_THE_MACHINE}
    for check in checks:
        kind = str(getattr(check, "type", ""))
        if kind not in OF_KIND:
            return None
        names |= {*OF_KIND[kind], *(query.metric for query in getattr(check, "queries", ()))}
    return frozenset(names)
