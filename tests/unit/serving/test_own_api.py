"""The own API over a backend: shapes, status codes, and what is refused."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import Face, face, token_of
from tests.support.sample_boards import AT
from tests.unit.serving.test_alertmanager import alert
from tui_monitor.alerts.alert import Acknowledgement
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.listings import ListedAlert, LogLine, LogQuery, SeriesStatistics, StoredMessage
from tui_monitor.board.privacy import Privacy
from tui_monitor.core.commands import Acknowledge, AddSilence, Resolve, SendMessage, SendTest, Unacknowledge
from tui_monitor.core.values import HealthStatus, Labels, labels_of
from tui_monitor.dispatch.message import Message
from tui_monitor.promql.values import Value
from tui_monitor.storage.records import OutboxRow

ACT, READ = token_of("act", name="ci"), token_of("read", name="grafana")


@pytest.fixture
async def server() -> AsyncIterator[Face]:
    backend = FakeBackend()
    backend.access_tokens = [ACT[1], READ[1], token_of("admin")[1]]
    async with face(backend, open=["read"]) as opened:
        yield opened


# --- health, dashboard ------------------------------------------------------------------------------------------------------


async def test_health_of_the_whole(server: Face) -> None:
    """Each check by name, the machine as the check "system"; an unhealthy whole is 503 with the same body."""
    answer = await server.get("/api/health")
    board = server.backend.board
    assert answer.status == 503 and answer.json["status"] == "unhealthy" and answer.headers["retry-after"]
    assert set(answer.json) == {"status", "timestamp", "version", "service", "environment", "uptime_s", "counts", "checks"}
    assert answer.json["counts"]["total"] == len(board.checks)
    assert set(answer.json["checks"]) == {"system", *(check.name for check in board.checks)}
    for check in answer.json["checks"].values():
        assert {"status", "response_time_ms", "message", "since", "last_check", "figures", "facts"} <= set(check)
    system = answer.json["checks"]["system"]
    assert {"cpu_percent", "memory_percent", "disk_percent", "memory_available_gb", "disk_free_gb"} <= set(system)


async def test_health_of_one_check(server: Face) -> None:
    """200 for healthy and degraded, 503 for unhealthy and unknown, 404 for no check; a name may have a slash."""
    board = server.backend.board
    codes = {HealthStatus.HEALTHY: 200, HealthStatus.DEGRADED: 200, HealthStatus.UNHEALTHY: 503, HealthStatus.UNKNOWN: 503}
    for check in board.checks:
        answer = await server.get(f"/api/health/{check.name}")
        assert (answer.status, answer.json["status"]) == (codes[check.status], str(check.status))
    missing = await server.get("/api/health/no/such%20check")
    assert missing.status == 404 and missing.json["error"]["code"] == "not_found"


async def test_a_monitor_that_starts_is_unknown() -> None:
    """503 with Retry-After, not an empty success."""
    async with face(FakeBackend("loading"), open=["read"]) as server:
        answer = await server.get("/api/health")
    assert (answer.status, answer.json["status"]) == (503, "unknown") and answer.headers["retry-after"]


async def test_the_dashboard_is_the_same_while_nothing_changes(server: Face) -> None:
    """Its ETag leaves the time out; another status is another tag; by HTTP's rules several tags may be given."""
    first = await server.get("/api/dashboard")
    assert first.status == 200 and set(first.json) == {"timestamp", "health", "counts", "metrics", "alerts"}
    assert first.json["alerts"]["total"] == sum(first.json["alerts"]["by_level"].values())
    tag = first.headers["etag"]
    server.backend.example = replace(server.backend.example, at=AT + 5000)
    again = await server.get("/api/dashboard", if_none_match=f'"x", {tag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    server.backend.example = replace(server.backend.example, status=HealthStatus.DEGRADED)
    changed = await server.get("/api/dashboard", if_none_match=tag)
    assert changed.status == 200 and changed.headers["etag"] != tag


# --- metrics ----------------------------------------------------------------------------------------------------------------


class Counting(FakeBackend):
    """A backend with an application's requests."""

    async def query(self, expr: str, at: int, within: float = 30.0, privacy: Privacy | None = None) -> Value:
        found: dict[str, list[tuple[Labels, float]]] = {
            "increase(http_requests_total[24h])": [
                (labels_of(method="GET", route="/a", status_code="200"), 90.0),
                (labels_of(method="GET", route="/a", status_code="503"), 10.0),
                (labels_of(method="POST", handler="/b", status="200"), 300.0), (labels_of(route="/nan"), math.nan),
            ],
            "increase(http_request_duration_seconds_sum[24h])": [(labels_of(method="GET", route="/a"), 20.0)],
            "increase(http_request_duration_seconds_count[24h])": [(labels_of(method="GET", route="/a"), 100.0)],
            "sum(http_requests_in_flight)": [((), 3.0)],
            "sum(network_transmit_bytes_total)": [((), 2.0**20)],
        }  # fmt: skip
        if expr.startswith("histogram_quantile(0.95"):
            return [((), 0.25)]
        return found.get(expr, [])


async def test_metrics_of_a_day() -> None:
    """Series with count, sum and so on, requests by endpoint, the machine; values that JSON lacks are texts or null."""
    backend = Counting()
    labels = labels_of("up", check="shop")
    backend.series_statistics = [SeriesStatistics(labels, 2, 3.0, 1.0, 2.0, math.inf, math.nan, ((AT, 1.5),))]
    async with face(backend, open=["read"]) as server:
        said = (await server.get("/api/metrics")).json
        points = (await server.get("/api/metrics?hours=168&step=1h&match=up")).json
    assert said["period_hours"] == 24 and not said["truncated"]
    assert said["series"] == [
        {
            "metric": "up", "labels": {"check": "shop"}, "unit": "", "count": 2, "sum": 3.0, "min": 1.0, "max": 2.0, "avg": 1.5,
            "p95": None, "last": "+Inf",
        }
    ]  # fmt: skip
    assert points["series"][0]["points"] == [["2025-06-15T15:06:40.000Z", 1.5]] or points["series"][0]["points"][0][1] == 1.5
    requests = said["requests"]
    assert (requests["total_requests"], requests["total_errors"], requests["error_rate"], requests["active_requests"]) == (
        400,
        10,
        0.025,
        3,
    )
    assert (requests["avg_response_time_ms"], requests["p95_response_time_ms"], requests["p99_response_time_ms"]) == (200.0, 250.0, None)
    assert requests["endpoint_stats"] == [
        {"endpoint": "POST /b", "count": 300, "errors": 0, "avg_duration_ms": None},
        {"endpoint": "GET /a", "count": 100, "errors": 10, "avg_duration_ms": 200.0},
    ]
    assert said["system"]["network"] == {"bytes_sent_mb": 1.0, "bytes_recv_mb": None}
    assert set(said["system"]) == {"cpu", "memory", "disk", "network"} and set(said["collection_stats"]) == {
        "total_collected",
        "last_collection",
    }


@pytest.mark.parametrize(
    "query", ["hours=0", "hours=169", "hours=x", "hours=1.5", "hours=%D9%A1", "step=0s", "step=1s&hours=168", "step=x", "match=up%7B"]
)
async def test_wrong_periods_are_400(server: Face, query: str) -> None:
    """The message names the parameter."""
    answer = await server.get(f"/api/metrics?{query}")
    assert answer.status == 400 and f'"{query.partition("=")[0]}"' in answer.json["error"]["message"]


# --- alerts -----------------------------------------------------------------------------------------------------------------


def some_alerts() -> list[ListedAlert]:
    """Firing, acknowledged, pending, ended."""
    return [
        ListedAlert(alert("Down")), ListedAlert(alert("Slow", severity="warning", acknowledged=Acknowledgement("kim", AT))),
        ListedAlert(alert("Soon", state="pending", starts_at=0)), ListedAlert(alert("Over", state="resolved", ends_at=AT - 7_200_000)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Down", "Slow", "Soon", "Over"]),
        ("state=firing", ["Down"]),
        ("state=acknowledged", ["Slow"]),
        ("state=resolved", ["Over"]),
        ("severity=warning", ["Slow"]),
        ("hours=1", ["Down", "Slow", "Soon"]),
        ("hours=3&state=resolved", ["Over"]),
        ("category=none", []),
    ],
)
async def test_alerts_are_chosen(query: str, names: list[str]) -> None:
    """By state, severity, category and age; `total` counts those beyond the limit too."""
    backend, clock = FakeBackend(), ManualClock()
    clock.wall_ms = lambda: AT  # type: ignore[method-assign]
    backend.listed = some_alerts()
    async with face(backend, clock, open=["read"]) as server:
        said = (await server.get(f"/api/alerts?{query}")).json
        one = (await server.get(f"/api/alerts?{query}&limit=1")).json
    assert (said["total"], [entry["labels"]["alertname"] for entry in said["alerts"]]) == (len(names), names)
    assert (one["total"], len(one["alerts"])) == (len(names), min(1, len(names)))


async def test_a_person_acts_on_an_alert(server: Face) -> None:
    """Acknowledge, take back, resolve, silence: with and without a body; the audit has the token's name."""
    server.backend.listed = some_alerts()
    for verb, body in (("ack", {"note": "on it", "for": "2h"}), ("unack", {}), ("resolve", {"note": "done"}), ("silence", {"for": "30m"})):
        answer = await server.ask("POST", f"/api/alerts/id-Down/{verb}", body, token=ACT[0])
        assert (answer.status, answer.json["success"]) == (200, True)
    assert (await server.ask("POST", "/api/alerts/id-Down/ack", token=ACT[0])).status == 200
    assert server.backend.commands == [
        Acknowledge(("id-Down",), note="on it", seconds=7200.0), Unacknowledge(("id-Down",)), Resolve(("id-Down",), note="done"),
        AddSilence(('alertname="Down"', 'check="shop"'), 1800.0), Acknowledge(("id-Down",)),
    ]  # fmt: skip


async def test_acting_is_refused_with_the_reason(server: Face) -> None:
    """404 for an id that is not live, 409 for what the leader refuses, 403 and 401 by token, 400 and 415 for bodies, 405 with Allow."""
    server.backend.listed = some_alerts()
    ask = server.ask
    assert (await ask("POST", "/api/alerts/nope/ack", token=ACT[0])).status == 404
    assert (await ask("POST", "/api/alerts/id-Over/ack", token=ACT[0])).status == 404
    assert (await ask("POST", "/api/alerts/id/ack", token=ACT[0])).status == 404, "the beginning of several ids"
    assert (await ask("POST", "/api/alerts/id-Down/ack", token=READ[0])).status == 403
    assert (await ask("POST", "/api/alerts/id-Down/ack")).status == 401
    assert (await ask("POST", "/api/alerts/id-Down/ack", {"for": "x"}, token=ACT[0])).status == 400
    assert (await ask("POST", "/api/alerts/id-Down/ack", {"note": 5}, token=ACT[0])).status == 400
    assert (await ask("POST", "/api/alerts/id-Down/ack", "[]", token=ACT[0], content_type="application/json")).status == 400
    assert (
        await ask("POST", "/api/alerts/id-Down/ack", "note=x", token=ACT[0], content_type="application/x-www-form-urlencoded")
    ).status == 415
    wrong = await ask("GET", "/api/alerts/id-Down/ack", token=ACT[0])
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    server.backend.refuse = "id-Down is pending, not firing"
    refused = await ask("POST", "/api/alerts/id-Down/ack", token=ACT[0])
    assert (refused.status, refused.json["error"]) == (409, {"code": "conflict", "message": "id-Down is pending, not firing"})


# --- messages ---------------------------------------------------------------------------------------------------------------


def stored(state: str = "sent", ident: str = "made-1", notifier: str = "ops-chat", error: str = "") -> StoredMessage:
    row = OutboxRow(ident, notifier, "message", state, 1, None, AT, AT, AT, "p", error, False, None, "", ())  # type: ignore[arg-type]
    return StoredMessage(row, Message("k", notifier, "message", AT, "T", "M"))


async def test_a_message_is_queued_or_waited_for(server: Face) -> None:
    """202 with the id; with `wait` 200 with what each notifier did, and the reason of a failure."""
    body = {"title": "T", "message": "M\nN", "level": "HIGH", "to": ["ops-chat"]}
    answer = await server.ask("POST", "/api/notify", body, token=ACT[0])
    assert (answer.status, answer.json["id"]) == (202, "made-1")
    assert server.backend.commands == [SendMessage("T", "M\nN", "error", ("ops-chat",))]
    server.backend.outbox = [stored()]
    answer = await server.ask("POST", "/api/notify", {**body, "wait": "10s"}, token=ACT[0])
    assert (answer.status, answer.json["success"], answer.json["results"]) == (200, True, {"ops-chat": True})
    server.backend.outbox = [stored("failed", error="550 no such user")]
    answer = await server.ask("POST", "/api/notify", {**body, "wait": 5}, token=ACT[0])
    assert (answer.json["success"], answer.json["results"], answer.json["errors"]) == (
        False,
        {"ops-chat": False},
        {"ops-chat": "550 no such user"},
    )


async def test_waiting_ends(server: Face) -> None:
    """A message that is still being retried after the time is told as not sent."""
    server.backend.outbox = [stored("retrying", error="timeout")]
    answer = await server.ask("POST", "/api/notify", {"title": "T", "message": "M", "wait": "300ms"}, token=ACT[0])
    assert (answer.status, answer.json["results"]) == (200, {"ops-chat": False})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"title": None}, 400), ({"title": 5}, 400), ({"message": "x" * 20_000}, 400), ({"severity": "loud"}, 400), ({"to": "ops"}, 400),
        ({"to": [1]}, 400), ({"channels": ["fax"]}, 400), ({"wait": "soon"}, 400), ({"email_recipients": ["a@b\r\nBcc: c@d"]}, 400),
        ({"email_recipients": ["not an address"]}, 400), ({"sms_recipients": ["12"]}, 400), ({"to": ["x"] * 101}, 400),
    ],
)  # fmt: skip
async def test_wrong_messages_are_refused(server: Face, change: dict[str, Any], status: int) -> None:
    """The message names the key, and nothing is queued."""
    answer = await server.ask("POST", "/api/notify", {"title": "T", "message": "M", **change}, token=ACT[0])
    assert (answer.status == status and f'"{next(iter(change))}"' in answer.json["error"]["message"]) or "channel" in answer.json["error"][
        "message"
    ]
    assert not server.backend.commands


async def test_addresses_are_sent_as_they_are_compared(server: Face) -> None:
    """A display name is dropped, a number loses its signs; what the leader does not allow is 403."""
    body = {"title": "T", "message": "M", "email_recipients": ["Kim <kim@example.com>"], "sms_recipients": ["010-1234-5678"]}
    assert (await server.ask("POST", "/api/notify", body, token=ACT[0])).status == 202
    assert server.backend.commands[0].addresses == ("kim@example.com", "01012345678")
    server.backend.refuse = "no notifier may send to kim@example.com; see its allowed_addresses"
    assert (await server.ask("POST", "/api/notify", body, token=ACT[0])).status == 403


async def test_a_notifier_is_tested(server: Face) -> None:
    """The result is waited for; dry sends nothing; an unknown one is 404; the older names take the first of a kind, also by GET."""
    server.backend.outbox = [stored()]
    name = server.backend.board.notifiers[0]
    assert (await server.ask("POST", f"/api/notify/test/{name}?dry=true", token=ACT[0])).json["dry"] is True
    assert not server.backend.commands
    answer = await server.ask("POST", f"/api/notify/test/{name}", token=ACT[0])
    assert (answer.status, answer.json["success"]) == (200, True)
    assert server.backend.commands == [SendTest(name)]
    assert (await server.ask("POST", "/api/notify/test/nope", token=ACT[0])).status == 404
    assert (await server.get("/api/v1/monitoring/test/email", token=ACT[0])).status == 404
    assert (await server.get("/api/v1/monitoring/test/alert", token=ACT[0])).json["success"] is True
    head = await server.ask("HEAD", "/api/v1/monitoring/test/alert", token=ACT[0])
    assert (head.status, head.headers["allow"]) == (405, "GET, POST"), "a HEAD sends nothing"
    elsewhere = await server.get("/api/v1/monitoring/test/alert", token=ACT[0], sec_fetch_site="cross-site")
    assert elsewhere.status == 403, "an image on another page sends nothing"


async def test_notifications(server: Face) -> None:
    """The outbox, and one row of it."""
    server.backend.outbox = [stored(), stored("failed", "made-2")]
    assert [one["id"] for one in (await server.get("/api/notifications?limit=1")).json["notifications"]] == ["made-1"]
    assert (await server.get("/api/notifications/made-2")).json["state"] == "failed"
    assert (await server.get("/api/notifications/nope")).status == 404


# --- logs, audit ------------------------------------------------------------------------------------------------------------


async def test_logs_are_searched(server: Face) -> None:
    """Every condition reaches the search; the answer has the lines of `logs --json`."""
    server.backend.lines = [LogLine(AT, "app", "", "error", "boom", {"user": 7}, "abc")]
    said = (await server.get("/api/logs?check=app&level=error&q=bo&where=user=7&limit=5&since=1h")).json
    assert (said["count"], said["logs"][0]["message"], said["logs"][0]["fields"]) == (1, "boom", {"user": 7})
    [query] = server.backend.log_queries
    assert (query.check, query.level, query.text, query.where, query.limit) == ("app", "error", "bo", (("user", "7"),), 5) and query.since
    for wrong in ("level=loud", "limit=0", "limit=x", "where=user", "since=x"):
        assert (await server.get(f"/api/logs?{wrong}")).status == 400


async def test_logs_that_cannot_be_read_say_so() -> None:
    """The question was right: 200, no lines, and the reason."""

    class Broken(FakeBackend):
        async def log_lines(self, query: LogQuery) -> list[LogLine]:
            raise CommandRefused("the kept lines cannot be read: disk I/O error")

    async with face(Broken(), open=["read"]) as server:
        answer = await server.get("/api/v1/monitoring/logs/recent")
    assert (answer.status, answer.json) == (200, {"logs": [], "count": 0, "error": "the kept lines cannot be read: disk I/O error"})


async def test_the_audit_log_is_for_administrators(server: Face) -> None:
    """Nobody else, also where reading is open; as JSON lines for those who collect it."""
    admin = token_of("admin")[0]
    assert (await server.get("/api/audit")).status == 401
    assert (await server.get("/api/audit", token=ACT[0])).status == 403
    assert (await server.get("/api/audit", token=admin)).json["audit"][0]["verb"] == "ack"
    lines = (await server.get("/api/audit", token=admin, accept="application/x-ndjson")).text.splitlines()
    assert [json.loads(line)["verb"] for line in lines] == ["silenced", "ack"], "oldest first"


# --- older names, description ---------------------------------------------------------------------------------------------


async def test_the_older_names(server: Face) -> None:
    """The routes that applications' clients know, with their parameters."""
    server.backend.listed = some_alerts()
    base = "/api/v1/monitoring"
    assert set((await server.get(f"{base}/health")).json) == {"status", "timestamp", "version"}
    assert (await server.get(f"{base}/health/detailed")).json["checks"]
    assert (await server.get(f"{base}/metrics?period_hours=2")).json["period_hours"] == 2
    assert (await server.get(f"{base}/metrics?period_hours=0")).json["error"]["code"] == "bad_request"
    assert [one["state"] for one in (await server.get(f"{base}/alerts")).json["alerts"]] == ["firing", "firing"]
    assert [one["state"] for one in (await server.get(f"{base}/alerts/history")).json["alerts"]] == ["resolved"]
    assert (await server.ask("POST", f"{base}/notify", {"title": "T", "message": "M"}, token=ACT[0])).status == 202
    assert (await server.get(f"{base}/dashboard")).json["health"]
    browser = await server.get(f"{base}/dashboard", accept="text/html,*/*")
    assert (browser.status, browser.headers["location"]) == (303, "/")


async def test_a_busy_monitor_says_when_to_come_back() -> None:
    """Too many queries: 503 `unavailable` with Retry-After."""

    class Busy(FakeBackend):
        async def alerts(self, ended: int) -> list[ListedAlert]:
            raise CommandRefused("2 queries run and 16 wait; try again in a moment")

    async with face(Busy(), open=["read"]) as server:
        answer = await server.get("/api/alerts")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unavailable") and answer.headers["retry-after"]


async def test_nothing_of_a_request_is_echoed_raw(server: Face) -> None:
    """Escape sequences of an address or a parameter reach no answer."""
    for path in ("/api/health/%1b%5d0;x%07", "/api/alerts?state=%1b%5b31m", "/api/logs?level=%1b%5b31m", "/api/notify/test/%1b"):
        method = "POST" if "notify" in path else "GET"
        answer = await server.ask(method, path, token=ACT[0])
        assert answer.status in (400, 404) and b"\x1b" not in answer.body and b"\\u001b" not in answer.body


async def test_requests_side_by_side(server: Face) -> None:
    """Forty readers at once are all answered."""
    answers = await asyncio.gather(*(server.get("/api/dashboard") for _ in range(40)))
    assert {answer.status for answer in answers} == {200}
