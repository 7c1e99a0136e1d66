"""What was probably meant where an expression names metrics that nobody has: in explore, and after `query` without an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.core.sanitize import clean, near
from tui_monitor.promql.query_facts import parts_of

MEANT = {
    "up": "probe_success",
    "node_load1": "load1",
    "node_load5": "load5",
    "node_load15": "load15",
    "node_cpu_seconds_total": "cpu_usage_ratio",
    "node_memory_MemAvailable_bytes": "memory_available_bytes",
    "node_filesystem_avail_bytes": "disk_free_bytes",
    "node_filesystem_size_bytes": "disk_total_bytes",
    "node_network_receive_bytes_total": "network_receive_bytes_per_second",
    "node_network_transmit_bytes_total": "network_transmit_bytes_per_second",
    "probe_http_duration_seconds": "probe_phase_seconds",
    "probe_icmp_success": "probe_success",
}
"""Names of Prometheus' exporters for what this monitor measures under another name."""
MOST_NAMES, LONGEST = 3, 60


def unknown_metrics(text: str, known: Collection[str]) -> list[str]:
    """A sentence for each metric of the expression that is not known, with those that were probably meant."""
    asked = {name for facts in parts_of(text) for name in facts.metrics if name}
    return [_sentence(name, candidates(name, known)) for name in sorted(asked) if name not in known]


def probably(name: str, known: Collection[str]) -> str:
    """The one known metric that a name means by another tool's words or a slip, "" where none is near."""
    return MEANT[name] if MEANT.get(name) in known else near(name, known)


def candidates(name: str, known: Iterable[str]) -> list[str]:
    """The known metrics that a name probably means, the likeliest first."""
    names = sorted(known)
    first = [MEANT[name]] if MEANT.get(name) in names else []
    alike = [near(name, names)] if near(name, names) else []
    words = [word for word in name.lower().split("_") if len(word) > 3]
    shared = sorted(((sum(word in one for word in words), one) for one in names), key=lambda found: (-found[0], found[1]))
    return list(dict.fromkeys([*first, *alike, *(one for count, one in shared if count)]))[:MOST_NAMES]


def _sentence(name: str, meant: list[str]) -> str:
    shown = clean(name)[:LONGEST]
    return f'There is no metric "{shown}".' + (f" Did you mean {' or '.join(meant)}?" if meant else "")
