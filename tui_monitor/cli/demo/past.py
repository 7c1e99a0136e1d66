"""The last day of the demo's shop, written into its stores before the dashboard opens: strips, charts and replay begin filled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from tui_monitor.alerts.alert import Acknowledgement, Alert, Transition
from tui_monitor.checks.health import check_labels
from tui_monitor.cli.demo.shop import BY_NAME, CYCLE_S, NO_ROOM, PANELS, STORM_S, found, orders_waiting
from tui_monitor.cli.demo.telemetry import write_traces
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.records import Panel, SendResult
from tui_monitor.storage.repository import State
from tui_monitor.storage.state.database import SqliteRepository

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
PROBE_MS, FINE_MS, COARSE_MS, FINE_FOR_MS = 2000, 10_000, 300_000, 2 * HOUR_MS
"""Between samples: of the last hour as often as the checks are probed, so that its window is whole; within the last two hours (the hour
before each incident in replay), and before them."""
SENT_AFTER_MS = 700


@frozen
class PastIncident:
    """A failure that is over: of which service, how long ago it began and how long it lasted (ms), who did what about it."""

    name: str
    ago: int
    lasted: int
    reason: str
    by: str
    note: str


INCIDENTS = (
    PastIncident("payments", 23 * MINUTE_MS, 2 * MINUTE_MS, "503 Service Unavailable", "anna", "provider says: their deploy"),
    PastIncident("db", 47 * MINUTE_MS, 3 * MINUTE_MS, NO_ROOM, "anna", "restarted pgbouncer"),
    PastIncident("payments", 7 * HOUR_MS, 10 * MINUTE_MS, "503 Service Unavailable", "ben", "called the provider"),
    PastIncident("db", 16 * HOUR_MS, 10 * MINUTE_MS, NO_ROOM, "ben", "raised max_connections"),
)


async def write_past(directory: StateDirectory, checks: Sequence[CheckSettings], now: int) -> None:
    """Write a day of samples of these checks, and the alerts of its incidents, up to ``now`` (UTC ms)."""
    history = History(directory.history_db)
    for at in _moments(now):
        history.append(at, [(sample.labels, sample.value) for sample in (*_of_machine(at), *_of_checks(checks, at, now))])
    history.commit(now)
    history.close()
    named = {check.name: check for check in checks}
    steps = [step for incident in INCIDENTS for step in _steps(incident, named[incident.name], now)]
    failed = [(now - one.ago, now - one.ago + one.lasted) for one in INCIDENTS if one.name == "db"]
    write_traces(directory.telemetry_db, now, failed)
    store = await SqliteRepository.open(directory.state_db)

    def fill(state: State) -> None:
        state.alerts.save(steps)
        for step in steps:
            if step.change in ("firing", "resolved"):
                state.outbox.add_finished(_message(step), SendResult("sent"), step.at + SENT_AFTER_MS)
        for name, expr in PANELS:
            state.panels.save(Panel(name, expr, HOUR_MS, "anna", now - 24 * HOUR_MS))

    await store.transaction(fill)
    await store.close()


def _moments(now: int) -> Iterator[int]:
    yield from range(now - 24 * HOUR_MS, now - FINE_FOR_MS, COARSE_MS)
    yield from range(now - FINE_FOR_MS, now - HOUR_MS, FINE_MS)
    yield from range(now - HOUR_MS, now - FINE_MS, PROBE_MS)


def _of_machine(at: int) -> Iterator[Sample]:
    wave = math.sin(at / HOUR_MS * 9) + 0.4 * math.sin(at / MINUTE_MS * 2.1)
    yield Sample(labels_of("cpu_usage_ratio"), 0.31 + 0.13 * wave)
    yield Sample(labels_of("memory_usage_ratio"), 0.46 + 0.02 * wave)


def _of_checks(checks: Sequence[CheckSettings], at: int, now: int) -> Iterator[Sample]:
    second = _second(at, now)
    for check in checks:
        result = found(check.name, second) if check.name in BY_NAME else ProbeResult(HealthStatus.HEALTHY)
        labels = check_labels(check)
        yield Sample(labels_of("probe_success", **labels), float(result.status is not HealthStatus.UNHEALTHY))
        if result.duration is not None:
            yield Sample(labels_of("probe_duration_seconds", **labels), result.duration)
        if check.name == "checkout":
            yield Sample(labels_of("orders", status="waiting", **labels), orders_waiting(result.status, (at // 1000) % CYCLE_S))
        if (now - at) % FINE_MS == 0 or now - at > HOUR_MS:
            yield Sample(labels_of("check_health", **labels), float(result.status.exit_code))


def _second(at: int, now: int) -> int:
    """The second of the demo that this moment looks like: calm, but for the incidents."""
    ago = now - at
    for incident in INCIDENTS:
        if 0 <= incident.ago - ago < incident.lasted:
            return (incident.name == "db") * CYCLE_S + STORM_S // 2
    return STORM_S + ago // 1000 * CYCLE_S


def _steps(incident: PastIncident, check: CheckSettings, now: int) -> Iterator[Transition]:
    """Fired, acknowledged after 40 s, resolved."""
    began = now - incident.ago
    labels = {"alertname": "CheckUnhealthy", "severity": "critical", "host": "shop-1", **check_labels(check)}
    firing = Alert(
        f"{began & 0xFFFFFFFF:08x}", f"{incident.name:x<16.16}", "CheckUnhealthy", "firing", "critical", labels,
        {"summary": f"{incident.name} is unhealthy: {incident.reason}"}, 2.0, began, began, evidence={"reason": incident.reason},
    )  # fmt: skip
    taken = replace(firing, acknowledged=Acknowledgement(incident.by, began + 40_000, incident.note))
    yield Transition(began, "firing", firing)
    yield Transition(began + 40_000, "acknowledged", taken, incident.by, incident.note)
    yield Transition(began + incident.lasted, "resolved", replace(taken, state="resolved", ends_at=began + incident.lasted))


def _message(step: Transition) -> Message:
    """What ops-chat was told of a step."""
    alert, ended = step.alert, step.change == "resolved"
    kind: Literal["firing", "resolved"] = "resolved" if ended else "firing"
    title = alert.annotations["summary"]
    shown = AlertSnapshot(
        alert.id, alert.fingerprint, kind, alert.severity, alert.labels, alert.annotations, alert.value, alert.starts_at, alert.ends_at
    )  # fmt: skip
    return Message(
        f"demo {alert.id} {kind}", "ops-chat", kind, step.at, title, title, alert.severity, alert.labels["host"], alerts=(shown,)
    )
