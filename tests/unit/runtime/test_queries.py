"""What people ask of the past: charts with their gaps and marks, whole stories of alerts, past boards; on real files."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.outbox_tools import message, snapshot
from tests.support.stored_history import write_history
from tui_monitor.alerts.alert import Acknowledgement, Alert, Rung, Transition
from tui_monitor.board.values import Board, CheckView, LeaderView, Resources
from tui_monitor.core.values import HealthStatus, labels_of
from tui_monitor.dispatch.message import State
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.writer import annotate
from tui_monitor.storage.records import SendResult, UnitOfWork
from tui_monitor.storage.state.database import SqliteRepository

HOUR, DAY = 3_600_000, 86_400_000
NOW = 1_780_012_800_000 // HOUR * HOUR
API = {"check": "api", "type": "tcp", "category": "application"}
DOWN = (NOW - 2 * HOUR, NOW - HOUR)
"""When the target was down."""

FIRING = Alert(
    id="abc123", fingerprint="f", rule="r", state="firing", severity="warning",
    labels={"alertname": "Down", "check": "api", "severity": "warning"}, annotations={"summary": "api is down"},
    value=2.0, active_at=DOWN[0] - 60_000, starts_at=DOWN[0], evidence={"expr": 'check_health > 1'},
    rungs={"r": Rung(DOWN[0], sample=labels_of("", **API))},
)  # fmt: skip


async def story(path: Path) -> None:
    """Fired as a warning, taken by Kim, raised (which frees it), taken by Lee, over."""
    kim, lee = Acknowledgement("kim", DOWN[0] + 600_000, "mine"), Acknowledgement("lee", DOWN[0] + 1_800_000)
    grave = {**FIRING.labels, "severity": "critical"}
    raised = replace(FIRING, severity="critical", labels=grave, value=3.0, annotations={"summary": "api is down for good"})
    over = replace(raised, state="resolved", acknowledged=lee, ends_at=DOWN[1], annotations={"summary": "api is back"})
    steps = [
        Transition(FIRING.active_at, "pending", replace(FIRING, state="pending", starts_at=0)),
        Transition(FIRING.starts_at, "firing", FIRING),
        Transition(kim.at, "acknowledged", replace(FIRING, acknowledged=kim), by="kim", note="mine"),
        Transition(DOWN[0] + 1_200_000, "raised", raised, old_severity="warning"),
        Transition(lee.at, "acknowledged", replace(raised, acknowledged=lee), by="lee"),
        Transition(DOWN[1], "resolved", over),
    ]
    state = await SqliteRepository.open(path)
    await state.commit(UnitOfWork(0, steps))
    await state.close()


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[StoreQueries]:
    """Three days at a sample each minute, with an hour in which the target was down and one in which nobody measured."""

    def measured(at: int) -> bool:
        return not NOW - 6 * HOUR <= at < NOW - 5 * HOUR

    curves = {
        labels_of("cpu_usage_ratio"): lambda at: 0.25 if measured(at) else None,
        labels_of("memory_usage_ratio"): lambda at: 0.5 if measured(at) else None,
        labels_of("check_health", **API): lambda at: 2.0 if DOWN[0] <= at < DOWN[1] else 0.0,
        labels_of("probe_success", **API): lambda at: float(not DOWN[0] <= at < DOWN[1]),
        labels_of("probe_duration_seconds", **API): lambda at: 0.01,
        labels_of("probe_phase_seconds", phase="connect", **API): lambda at: 0.008,
        labels_of("queue_jobs", queue="mail", **API): lambda at: 3.0 if measured(at) else None,
        labels_of("api:queue_jobs:sum", **API): lambda at: 4.0,
        labels_of("probe_success", check="old", type="http"): lambda at: 1.0 if at < NOW - DAY else None,
        labels_of("check_health", check="old", type="http"): lambda at: 1.0 if at < NOW - DAY else None,
    }
    write_history(tmp_path / "history.db", curves, NOW - 3 * DAY, NOW).close()
    annotate(tmp_path / "history.db", DOWN[0] - 120_000, "deploy v2.3", "kim")
    await story(tmp_path / "state.db")
    reading = HistoryConnection(tmp_path / "history.db")
    archive = StoreQueries(tmp_path / "state.db", reading)
    yield archive
    await archive.close()
    await reading.close()


PRESENT = Board(
    NOW, "web-1", "0", HealthStatus.HEALTHY, (CheckView("api", "tcp", "application", "x:1", HealthStatus.HEALTHY, "fine", NOW, NOW),),
    Resources(cpu=0.9), (), LeaderView("leader"),
)  # fmt: skip


async def test_a_past_board_is_as_it_was(archive: StoreQueries) -> None:
    """This machine, checks with their windows and the alerts of that moment, marked as past; what is gone since is there too."""
    board = await archive.board_at(DOWN[0] + 300_000, PRESENT)
    assert board.past and board.at == DOWN[0] + 300_000 and board.status is HealthStatus.UNHEALTHY
    (check,) = board.checks
    assert (check.status, check.duration, dict(check.phases)) == (HealthStatus.UNHEALTHY, 0.01, {"connect": 0.008})
    assert check.figures == {"probe_success": 0.0, "probe_duration_seconds": 0.01, "queue_jobs{mail}": 3.0}
    assert check.windows["5m"].uptime == 0.0 and 0.9 < (check.windows["24h"].uptime or 0) < 1.0
    assert board.resources.cpu == 0.25 and board.resources.memory == 0.5
    assert len(board.sparks["cpu"]) == 5
    old = await archive.board_at(NOW - 2 * DAY, PRESENT)
    assert [(check.name, check.status.value) for check in old.checks] == [("api", "healthy"), ("old", "degraded")]
    assert old.alerts == () and old.status is HealthStatus.DEGRADED


@pytest.mark.parametrize(
    ("minutes", "state", "severity", "by", "summary"),
    [
        (-2, None, "", "", ""),
        (-0.5, "pending", "warning", "", "api is down"),
        (5, "firing", "warning", "", "api is down"),
        (15, "firing", "warning", "kim", "api is down"),
        (25, "firing", "critical", "", "api is down for good"),
        (45, "firing", "critical", "lee", "api is down for good"),
        (61, None, "", "", ""),
    ],
)
async def test_alerts_are_as_they_were(
    archive: StoreQueries, minutes: float, state: str | None, severity: str, by: str, summary: str
) -> None:
    """At each moment of its life an alert has the state, the severity, the acknowledgement and the summary that it had then."""
    board = await archive.board_at(DOWN[0] + round(minutes * 60_000), PRESENT)
    found = [(alert.state, alert.severity, alert.acknowledged_by, alert.summary) for alert in board.alerts]
    assert found == ([] if state is None else [(state, severity, by, summary)])
    assert board.firing == (state == "firing" and not by)


async def test_before_the_history_and_where_nobody_measured(archive: StoreQueries) -> None:
    """Where there are no samples nothing is invented: unknown, without figures; nothing is carried over from the present."""
    for at in (NOW - 300 * DAY, NOW - 5 * HOUR - 60_000):
        board = await archive.board_at(at, PRESENT)
        assert board.resources.cpu is None and board.alerts == () and board.past
    assert board.checks[0].status is HealthStatus.HEALTHY
    assert (await archive.board_at(0, PRESENT)).checks[0].status is HealthStatus.UNKNOWN


async def test_a_chart_shows_its_gaps(archive: StoreQueries) -> None:
    """Lines are broken where nobody measured, for stored resolutions and evaluated expressions alike; a sample each minute is no gap."""
    for expr in ("cpu_usage_ratio", "cpu_usage_ratio * 1"):
        (line,) = (await archive.chart(expr, NOW - 8 * HOUR, NOW, 300)).lines
        gaps = [at for at, value in zip(line.times, line.values, strict=True) if math.isnan(value)]
        assert len(gaps) == 1 and NOW - 6 * HOUR <= gaps[0] < NOW - 5 * HOUR
        (line,) = (await archive.chart(expr, NOW - HOUR, NOW, 600)).lines
        assert not any(map(math.isnan, line.values))


async def test_what_takes_long_holds_up_nothing_else(archive: StoreQueries, tmp_path: Path) -> None:
    """While a chart is worked at, everything else is read; closing closes both."""
    reading, done = HistoryConnection(tmp_path / "history.db"), threading.Event()
    slow = asyncio.create_task(reading.slow_lane.query(lambda _: done.wait(60.0)))
    assert await reading.query(lambda reader: bool(reader.series()))
    done.set()
    assert await slow
    await reading.close()
    assert reading.slow_lane.closed


async def test_several_lines_at_once(archive: StoreQueries) -> None:
    """Expressions with semicolons between them share a chart; a fault is placed in the whole text."""
    chart = await archive.chart('cpu_usage_ratio; memory_usage_ratio ;probe_success{check=~"a;?pi"}', NOW - HOUR, NOW, 50)
    names = [line.name.partition("{")[0] for line in chart.lines]
    assert names == ["cpu_usage_ratio", "memory_usage_ratio", "probe_success"]
    assert [line.values[-1] for line in chart.lines] == [0.25, 0.5, 1.0]
    for alone in ("cpu_usage_ratio;", "; cpu_usage_ratio * 1 ;"):
        assert len((await archive.chart(alone, NOW - HOUR, NOW, 50)).lines) == 1
    wrong = await archive.chart("cpu_usage_ratio; sum(", NOW - HOUR, NOW, 50)
    assert wrong.error and wrong.error_position is not None and wrong.error_position >= len("cpu_usage_ratio; ")


async def test_marks_and_notes(archive: StoreQueries) -> None:
    """Annotations and firing alerts are marked on every chart, and the details of an alert name what was marked around it."""
    chart = await archive.chart("cpu_usage_ratio", NOW - 8 * HOUR, NOW, 100)
    assert chart.marks == ((DOWN[0] - 120_000, "deploy v2.3"), (DOWN[0], "Down api"))
    detail = await archive.alert_detail("abc")
    assert detail.notes == ((DOWN[0] - 120_000, "deploy v2.3"),)
    assert detail.expr == "check_health > 1" and detail.series == 'probe_duration_seconds{check="api"}'
    assert [event.change for event in detail.events][-2:] == ["acknowledged", "resolved"]


async def test_words_for_completion(archive: StoreQueries) -> None:
    """Metrics and labels of the history, and every function."""
    names = await archive.names()
    assert "cpu_usage_ratio" in names["metrics"] and "check" in names["labels"] and "rate" in names["functions"]


@pytest.mark.parametrize("outcome", ["sent", "failed", "unknown"])
async def test_the_past_tells_what_was_sent_and_why_a_check_failed(tmp_path: Path, outcome: State) -> None:
    """Messages are named by their alert; a past board knows what had become of each by then, and the reason that the alert kept."""
    labels = {"alertname": "CheckUnhealthy", "check": "api"}
    failing = replace(FIRING, labels=labels, evidence={"expr": "check_health >= 1", "reason": "HTTP 500"})
    told = message("k1", notifier="chat", alerts=(snapshot(FIRING.id), snapshot("ffff")), created_at=DOWN[0])
    state = await SqliteRepository.open(tmp_path / "state.db")
    await state.commit(UnitOfWork(0, [Transition(failing.starts_at, "firing", failing)]))
    await state.transaction(lambda state: state.outbox.add_finished(told, SendResult(outcome), DOWN[0] + 60_000))
    await state.close()
    curves = {labels_of("check_health", **API): lambda at: 2.0 if at >= DOWN[0] else 0.0}
    write_history(tmp_path / "history.db", curves, DOWN[0] - HOUR, NOW).close()
    reading = HistoryConnection(tmp_path / "history.db")
    archive = StoreQueries(tmp_path / "state.db", reading)
    try:
        assert [one.title for one in await archive.notifications(9)] == ["CheckUnhealthy api  and 1 more"]
        for minutes, sent in ((0.5, "queued"), (5, outcome)):
            board = await archive.board_at(DOWN[0] + round(minutes * 60_000), PRESENT)
            assert [(one.notifier, one.state) for one in board.alerts[0].deliveries] == [("chat", sent)]
        assert (board.checks[0].reason, board.checks[0].since) == ("HTTP 500", failing.active_at)
    finally:
        await archive.close()
        await reading.close()


async def test_a_chart_of_one_check_bears_its_own_marks(archive: StoreQueries) -> None:
    """Alerts of other checks are not drawn through it; annotations always are."""
    other = await archive.chart('probe_duration_seconds{check="other"}', NOW - 8 * HOUR, NOW, 100)
    assert [text for _, text in other.marks] == ["deploy v2.3"]
    own = await archive.chart('probe_duration_seconds{check="api"}', NOW - 8 * HOUR, NOW, 100)
    assert [text for _, text in own.marks] == ["deploy v2.3", "Down api"]
