"""The only list of the kinds of checks; a kind's module and its driver load when the configuration uses it."""

from __future__ import annotations

from typing import assert_never

from tui_monitor.config.models import HttpCheck, PostgresCheck, RedisCheck, TcpCheck
from tui_monitor.platform.import_trimming import lean_redis
from tui_monitor.sources.base import Probe


def build_probe(settings: HttpCheck | TcpCheck | PostgresCheck | RedisCheck) -> Probe:
    """The probe for a configured check. Raises ValueError naming the key where a setting cannot be understood.

    Its driver is loaded here, not in the first probe: loading holds up the loop, and other checks would measure that as their latency.
    """
    match settings:
        case HttpCheck():
            from tui_monitor.sources.http.probe import HttpProbe

            return HttpProbe(settings)
        case TcpCheck():
            from tui_monitor.sources.tcp.probe import TcpProbe

            return TcpProbe(settings)
        case PostgresCheck():
            import asyncpg  # noqa: F401

            from tui_monitor.sources.postgres.probe import PostgresProbe

            return PostgresProbe(settings)
        case RedisCheck():
            lean_redis()
            import redis.asyncio.connection  # noqa: F401

            from tui_monitor.sources.redis.probe import RedisProbe

            return RedisProbe(settings)
        case _:
            assert_never(settings)
