"""The keys of a Redis check."""

from __future__ import annotations

from typing import Annotated

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Ratio, secret_address
from tui_monitor.config.section import key
from tui_monitor.core.secret import Secret
from tui_monitor.sources.target import address_target

PORT = 6379
RedisAddress = Annotated[Secret, secret_address("redis", "rediss", "valkey", "valkeys", "unix")]
METRICS = (
    "redis_memory_used_bytes", "redis_memory_max_bytes", "redis_memory_usage_ratio", "redis_connected_clients", "redis_blocked_clients",
    "redis_hit_ratio", "redis_evicted_keys_total", "redis_commands_per_second", "redis_keys", "redis_replication_lag_seconds",
)  # fmt: skip
"""The names of its series, beside those of every check."""


class RedisCheck(CheckSettings):
    """A Redis (or Valkey) server."""

    url: RedisAddress = key(
        doc="redis://user:password@host:port/0, rediss://, valkey:// or valkeys://; a secret", example="redis://127.0.0.1:6379/0"
    )
    memory_degraded: Ratio = key(default=0.9, doc="degraded when more of maxmemory is used")


def target(check: RedisCheck) -> tuple[str, bool]:
    """host:port, and the database unless it is the first."""
    text, local = address_target(check.url.reveal(), "redis", PORT)
    return text.removesuffix("/0"), local
