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


class RedisCheck(CheckSettings):
    """A Redis (or Valkey) server."""

    url: RedisAddress = key(doc="redis://user:password@host:port/0, rediss://, valkey:// or valkeys://; a secret", example="redis://127.0.0.1:6379/0")
    memory_degraded: Ratio = key(default=0.9, doc="degraded when more of maxmemory is used")


def target(check: RedisCheck) -> tuple[str, bool]:
    """host:port, and the database unless it is the first."""
    text, local = address_target(check.url.reveal(), "redis", PORT)
    return text.removesuffix("/0"), local
