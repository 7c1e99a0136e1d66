"""A week of a monitor's life in real stores, for reports: an outage, a slow check, a disk that fills, business figures, messages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.settings import made
from tests.support.stored_history import Curve, write_history
from tui_monitor.alerts.alert import Acknowledgement, Alert, AlertState, Transition
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.board.report import Report, ReportSection
from tui_monitor.board.values import Board, CheckView, LeaderView, MountView, Resources
from tui_monitor.config.reports import ReportSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.values import HealthStatus, Labels, labels_of
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.reports.build import SHOWN, build_report
from tui_monitor.reports.context import ReportSource
from tui_monitor.reports.dues import Sending
from tui_monitor.reports.periods import Period, newest_due
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.records import SendResult
from tui_monitor.storage.state.database import SqliteRepository
from tui_monitor.storage.state.reader import StateReader, write_once

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3_600_000, 86_400_000
MIDNIGHT = 1_772_406_000_000
"""Monday, 2 March 2026, 00:00 in Berlin (UTC ms)."""
NOW = MIDNIGHT + 8 * HOUR
"""When the daily report about Sunday, 1 March, and the weekly one are due."""
OUTAGE = (MIDNIGHT - 10 * HOUR, MIDNIGHT - 9 * HOUR)
"""api is down on Sunday from 14:00 to 15:00."""
OFF = (MIDNIGHT - 20 * HOUR, MIDNIGHT - 18 * HOUR)
"""The monitor is off on Sunday from 04:00 to 06:00."""
STEP_S = 300.0


def check_labels(name: str, metric: str, kind: str = "http") -> Labels:
    """The labels of a check's series."""
    return labels_of(metric, check=name, type=kind, category="application")


def _wave(at: int) -> float:
    return 0.35 + 0.25 * math.sin(at / DAY * 2 * math.pi)


def curves() -> dict[Labels, Curve]:
    """Every series of the week."""
    return {
        check_labels("api", "probe_success"): lambda at: 0.0 if OUTAGE[0] <= at < OUTAGE[1] else 1.0,
        check_labels("api", "probe_duration_seconds"): lambda at: 0.12,
        check_labels("shop-db", "probe_success", "postgres"): lambda at: 1.0,
        check_labels("shop-db", "probe_duration_seconds", "postgres"): lambda at: 0.09 if MIDNIGHT - DAY <= at < MIDNIGHT else 0.03,
        labels_of("tui_monitor_clock_skew_seconds"): lambda at: 0.0,
        labels_of("cpu_usage_ratio"): _wave,
        labels_of("memory_usage_ratio"): lambda at: 0.6,
        labels_of("disk_usage_ratio", mount="/"): lambda at: 0.7,
        labels_of("disk_free_bytes", mount="/"): lambda at: 2e9 + (NOW - at) / DAY * 1e9,
        labels_of("probe_ssl_earliest_cert_expiry", check="api", type="http"): lambda at: (NOW + 12 * DAY) / 1000,
        labels_of("users_total"): lambda at: 1000.0 + (at - MIDNIGHT) // DAY * 10,
        labels_of("volume", check="shop", type="transfer"): lambda at: 1_250_000.0,
        labels_of("volume", check="shop", type="swap"): lambda at: 310_500.5,
        labels_of("transactions", check="shop", type="transfer"): lambda at: 42.0,
        labels_of("transactions", check="shop", type="swap"): lambda at: 7.0,
    }


def alert_of(name: str, starts: int, ends: int | None, severity: str = "critical", **labels: str) -> Alert:
    """An alert that fired then; ``ends`` None: it still does."""
    state: AlertState = "firing" if ends is None else "resolved"
    own = {"alertname": name, "severity": severity, "host": "web-1", **labels}
    ident = f"{abs(hash((name, starts))) % 16**8:08x}"
    summary = f"{labels.get('check', name)} does not answer"
    return Alert(ident, ident, name, state, severity, own, {"summary": summary}, 2.0, starts - 1000, starts, ends)


def board() -> Board:
    """The newest board."""
    checks = (
        CheckView("api", "http", "application", "api.example.com", HealthStatus.HEALTHY, "", MIDNIGHT - 9 * HOUR, NOW, 0.12),
        CheckView("shop-db", "postgres", "application", "localhost", HealthStatus.DEGRADED, "slow", NOW - HOUR, NOW, 0.09, depends_on=()),
    )
    resources = Resources(cpu=0.4, memory=0.6, mounts=(MountView("/", 10**10, 7 * 10**9, 2 * 10**9, 0.7),))
    return Board(NOW, "web-1", "1", HealthStatus.DEGRADED, checks, resources, (), LeaderView("leader"))


async def write_world(path: Path, step_s: float = STEP_S, days: int = 8) -> None:
    """Both stores in a directory."""
    known: dict[Labels, Curve] = {labels: _unless_off(curve) for labels, curve in curves().items()}
    write_history(path / "history.db", known, NOW - days * DAY, NOW, step_s).close()
    store = await SqliteRepository.open(path / "state.db")
    await store.close()
    fired = alert_of("CheckUnhealthy", OUTAGE[0], None, check="api")
    acked = replace(fired, acknowledged=Acknowledgement("kim", OUTAGE[0] + 180_000, "looking", None))
    ended = replace(acked, state="resolved", ends_at=OUTAGE[1])
    steps = [
        Transition(OUTAGE[0], "firing", fired), Transition(OUTAGE[0] + 180_000, "acknowledged", acked, by="kim"),
        Transition(OUTAGE[1], "resolved", ended),
    ]  # fmt: skip
    still = alert_of("DiskFullSoon", MIDNIGHT - 2 * HOUR, None, "warning", mount="/")
    steps.append(Transition(still.starts_at, "firing", still))
    snapshot = AlertSnapshot(fired.id, fired.fingerprint, "firing", "critical", fired.labels, fired.annotations, 2.0, OUTAGE[0])
    message = Message("k1", "ops", "firing", OUTAGE[0] + 1000, "api", "api is down", severity="critical", alerts=(snapshot,))

    def fill(state: Any) -> None:
        state.alerts.save(steps)
        state.outbox.add_finished(message, SendResult("sent"), OUTAGE[0] + 2000)

    write_once(path / "state.db", fill)


def _unless_off(curve: Curve) -> Curve:
    return lambda at: None if OFF[0] <= at < OFF[1] else curve(at)


FIGURES: list[dict[str, Any]] = [
    {"title": "New users", "query": "users_total - users_total offset $__range", "icon": "👤"},
    {"title": "Volume by type", "columns": {"count": "transactions", "volume": "volume"}, "total": True, "unit": "KRW"},
    {"title": "Broken", "query": "sum by (("},
    {"title": "Nowhere", "query": "nothing_of_that_name"},
]


def report_settings_of(kind: str = "daily", **more: Any) -> ReportSettings:
    """A report's settings, in Berlin."""
    return made(ReportSettings, {"name": kind, "kind": kind, "timezone": "Europe/Berlin", "figures": FIGURES, **more})


@contextmanager
def world_source(path: Path, settings: Settings | None = None) -> Iterator[ReportSource]:
    """The stores of `write_world` as reports read them."""
    settings = settings or made(Settings)
    with closing(HistoryReader(path / "history.db")) as history, closing(StateReader(path / "state.db")) as state:
        yield ReportSource(history, state.read, board(), settings, build_rules(settings)[0])


def report_of(
    path: Path,
    kind: str = "daily",
    *,
    settings: Settings | None = None,
    period: Period | None = None,
    sending: Sending = SHOWN,
    now: int = NOW,
    **more: Any,
) -> Report:
    """The report of a kind that is due now."""
    own = report_settings_of(kind, **more)
    with world_source(path, settings) as source:
        return build_report(source, own, period or newest_due(own, now), now, "web-1", sending)


def section_of(report: Report, key: str) -> ReportSection:
    """The first section with this key."""
    return next(section for section in report.sections if section.key == key)
