"""Traces of the demo's shop and the containers that it runs in. Pure, but for `write_traces`."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from tui_monitor.core.trace import Span, SpanKind, SpanStatus
from tui_monitor.core.values import ContainerState, HealthStatus
from tui_monitor.storage.telemetry.writer import TelemetryWriter

CONTAINERS = "containers"
"""The name of the check that shows them."""
MIB = 1024 * 1024
_SIZES = {"shop-web": 180, "cart": 96, "billing": 240, "checkout": 130, "search": 720, "redis": 310, "postgres": 1400}
_STEPS = (("cart", "GET /cart", 0.1, 0.25), ("billing", "POST /invoice", 0.35, 0.4), ("db", "INSERT orders", 0.5, 0.2))
"""Service, operation, begin and length as shares of the whole request; each is called by the one before."""
TRACES_EVERY_S, TRACES_FOR_S = 45, 5400
BOUND = 16 * MIB


def containers(now: int) -> tuple[ContainerState, ...]:
    """The containers at a moment (UTC ms); none fails: what fails in the demo is what they call."""
    return tuple(_container(number, name, now) for number, name in enumerate(_SIZES))


def _container(number: int, name: str, now: int) -> ContainerState:
    wave = math.sin(now / 19_000 + number)
    size = round(_SIZES[name] * MIB * (1 + 0.04 * wave))
    since = now - now % 86_400_000 - number * 3_600_000
    return ContainerState(
        name, HealthStatus.HEALTHY, f"shop/{name}:2.4", "running", "", "healthy", since, int(name == "search"), size, 2048 * MIB,
        0.06 + 0.05 * number * (1 + 0.5 * wave) / 3,
    )  # fmt: skip


def write_traces(path: Path, now: int, failed: Sequence[tuple[int, int]]) -> None:
    """Store a checkout each 45 s of the last 90 minutes; those between the pairs of ``failed`` (UTC ms) end in an error of db."""
    moments = range(now - TRACES_FOR_S * 1000, now, TRACES_EVERY_S * 1000)
    spans = [span for at in moments for span in trace(at, fails=any(begin <= at < end for begin, end in failed))]
    with closing(TelemetryWriter(path)) as writer:
        writer.append_pushed({}, now, 0, spans, BOUND)


def trace(at: int, *, fails: bool) -> Iterator[Span]:
    """The spans of one checkout at a moment (UTC ms)."""
    chance = random.Random(at)
    whole = round(58_000 * chance.uniform(0.7, 2.2))
    ident = sha256(str(at).encode()).hexdigest()
    parent = ident[32:48]
    status: SpanStatus = "error" if fails else "ok"
    yield Span(ident[:32], parent, "", "shop", "POST /checkout", at * 1000, whole, "server", status)
    for number, (service, operation, begin, length) in enumerate(_STEPS):
        own = ident[48 + number : 64] + ident[:number]
        message = "too many connections" if fails and service == "db" else ""
        kind: SpanKind = "client" if service == "db" else "server"
        yield Span(
            ident[:32], own, parent, service, operation, at * 1000 + round(whole * begin), round(whole * length), kind, status, message
        )  # fmt: skip
        parent = own
