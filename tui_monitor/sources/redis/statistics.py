"""Redis' statistics: INFO parsed to samples, facts and a degraded verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tui_monitor.core.humanize import length
from tui_monitor.core.rates import increase
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.net.driver_common import ServerStatistics
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.recent_ratio import RecentRatio

ENOUGH_LOOKUPS = 100.0
SHORTEST_GAP = 0.05
FACT_LENGTH = 80


def parse_info(text: str) -> dict[str, str]:
    """The fields of INFO: lines ``name:value``, sections begin with ``#`` (source: redis.io/commands/info)."""
    fields = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            fields[name] = value
    return fields


class RedisStatistics:
    """Reader of consecutive INFO texts; stores counters between them for rates. ``database`` is the URL's."""

    def __init__(self, memory_degraded: float, database: int) -> None:
        self._memory_degraded = memory_degraded
        self._database = f"db{database}"
        self._hits = RecentRatio(ENOUGH_LOOKUPS)
        self._commands: tuple[float, float] | None = None

    def read(self, text: str, now: float) -> ServerStatistics:
        """The statistics of an INFO; ``now`` is its monotonic time in seconds."""
        fields = parse_info(text)
        number = _numbers(fields)
        used, most = number("used_memory"), number("maxmemory")
        hits, misses = number("keyspace_hits"), number("keyspace_misses")
        ratio = used / most if used is not None and most else None
        values = {
            "redis_memory_used_bytes": used,
            "redis_memory_max_bytes": most or None,
            "redis_memory_usage_ratio": ratio,
            "redis_connected_clients": number("connected_clients"),
            "redis_blocked_clients": number("blocked_clients"),
            "redis_hit_ratio": None if hits is None or misses is None else self._hits.update(hits, hits + misses),
            "redis_evicted_keys_total": number("evicted_keys"),
            "redis_commands_per_second": self._commands_per_second(number("total_commands_processed"), now),
            "redis_replication_lag_seconds": replication_lag(fields),
        }
        samples = [Sample(labels_of(name), value) for name, value in values.items() if value is not None]
        samples += [Sample(labels_of("redis_keys", db=name[2:]), keys) for name, keys in self._keys(fields).items()]
        return ServerStatistics(tuple(samples), _facts(fields, values), self._degraded(fields, ratio))

    def _commands_per_second(self, commands: float | None, now: float) -> float | None:
        """Rate since the last INFO; None at first and after a restart."""
        before, self._commands = self._commands, None if commands is None else (commands, now)
        if before is None or commands is None or now - before[1] < SHORTEST_GAP:
            return None
        risen = increase(before[0], commands)
        return None if risen is None else risen / (now - before[1])

    def _keys(self, fields: Mapping[str, str]) -> dict[str, float]:
        """Number of keys per database with any, and of the checked one: ``db0:keys=1,expires=0``."""
        keys = {self._database: 0.0}
        for name, value in fields.items():
            if name.startswith("db") and name[2:].isdigit():
                keys[name] = _number(_pairs(value).get("keys")) or 0.0
        return keys

    def _degraded(self, fields: Mapping[str, str], ratio: float | None) -> str:
        if ratio is not None and ratio > self._memory_degraded:
            return f"memory {100 * ratio:.0f}% of maxmemory"
        if fields.get("role") == "slave" and fields.get("master_link_status") == "down":
            return "the link to the master is down"
        return ""


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbers(fields: Mapping[str, str]) -> Callable[[str], float | None]:
    return lambda name: _number(fields.get(name))


def _pairs(text: str) -> dict[str, str]:
    """``ip=::1,port=1,lag=0`` as a dictionary."""
    return {name: value for name, _, value in (pair.partition("=") for pair in text.split(","))}


def replication_lag(fields: Mapping[str, str]) -> float | None:
    """Replication lag in seconds: a replica's since its last contact, or a master's slowest replica; None without replication."""
    if fields.get("role") == "slave":
        if fields.get("master_link_status") == "up":
            return _number(fields.get("master_last_io_seconds_ago"))
        down = _number(fields.get("master_link_down_since_seconds"))
        return None if down is None or down < 0 else down
    replicas = (_pairs(value) for name, value in fields.items() if name.startswith("slave") and name[5:].isdigit())
    lags = [lag for lag in (_number(replica.get("lag")) for replica in replicas) if lag is not None]
    return max(lags, default=None)


def _facts(fields: Mapping[str, str], values: Mapping[str, float | None]) -> dict[str, str]:
    name = "Valkey" if "valkey_version" in fields else "Redis"
    version = fields.get("valkey_version") or fields.get("redis_version", "")
    replicas = fields.get("connected_slaves", "0")
    role = {"slave": "replica", "master": f"master of {replicas}" if replicas != "0" else "master"}.get(fields.get("role", ""), "")
    memory = fields.get("used_memory_human", "") + (f" of {fields.get('maxmemory_human', '')}" if values["redis_memory_max_bytes"] else "")
    lag = values["redis_replication_lag_seconds"]
    facts = {
        "version": f"{name} {version}" if version else "",
        "memory": memory,
        "clients": fields.get("connected_clients", ""),
        "replication": role,
        "replication lag": "" if lag is None else length(lag),
    }
    return {key: clean(text, FACT_LENGTH) for key, text in facts.items() if text}
