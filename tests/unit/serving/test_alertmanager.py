"""Alertmanager's API v2 over a backend: what is taken, refused and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.http_face import Face, face, token_of
from tests.support.sample_boards import AT
from tui_monitor.alerts.alert import Acknowledgement, Alert, Rung
from tui_monitor.alerts.received import RECEIVED
from tui_monitor.board.listings import ListedAlert
from tui_monitor.core.commands import AddSilence, EndSilence, ExtendSilence
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.dispatch.silences import Silence, make_silence


def alert(name: str = "Down", **changes: Any) -> Alert:
    """A firing alert of this machine."""
    fields: dict[str, Any] = {
        "id": f"id-{name}", "fingerprint": "f" * 16, "rule": name, "state": "firing", "severity": "critical",
        "labels": {"alertname": name, "check": "shop"}, "annotations": {"summary": "down"}, "value": 1.0, "active_at": AT - 2000,
        "starts_at": AT - 1000,
    }  # fmt: skip
    return Alert(**{**fields, **changes})


async def post(server: Face, body: Any, *scopes: str) -> tuple[int, Any]:
    """POST /api/v2/alerts with a token of these scopes."""
    secret, token = token_of(*scopes or ("alerts",))
    server.backend.access_tokens = [token]
    answer = await server.ask("POST", "/api/v2/alerts", json.dumps(body), token=secret, content_type="application/json")
    return answer.status, answer.json if answer.body else None


async def test_alerts_are_taken_as_prometheus_sends_them() -> None:
    """Labels without a value are dropped, Go's zero time is none, texts are cleaned, the sender is the token's name."""
    backend = FakeBackend()
    async with face(backend) as server:
        sent = {
            "labels": {"alertname": "Down", "empty": "", "n": "a\x1b[31mb"}, "annotations": {"summary": "one\ntwo"},
            "startsAt": "2026-05-01T10:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/graph",
        }  # fmt: skip
        assert await post(server, [sent]) == (200, None)
    assert backend.received == [
        (
            "test",
            (ReceivedAlert({"alertname": "Down", "n": "ab"}, {"summary": "one\ntwo"}, 1777629600123, None, "http://p/graph"),),
        )
    ]


async def test_the_valid_alerts_of_a_body_are_taken() -> None:
    """One wrong alert does not cost the others; the answer says which is wrong, in Alertmanager's shape."""
    backend = FakeBackend()
    async with face(backend) as server:
        status, text = await post(server, [{"labels": {}}, {"labels": {"alertname": "Good"}}, {"labels": {"a": 1}}, 7])
        assert status == 400 and "alert 0: it has no label with a value" in text and "alert 3" in text
        backend.too_many = 3
        assert await post(server, [{"labels": {"alertname": "Good"}}]) == (400, "3 new alerts were refused: there are too many already")
    assert [[one.labels["alertname"] for one in alerts] for _, alerts in backend.received] == [["Good"], ["Good"]]


A = {"a": "b"}
HOSTILE: list[Any] = [
    {},
    None,
    "x",
    [[]],
    [{"labels": "x"}],
    [{"labels": A, "startsAt": 5}],
    [{"labels": A, "endsAt": "tomorrow"}],
    [{"labels": A, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}],
    [{"labels": A, "generatorURL": [1]}],
    [{"labels": {"a": "x" * 5000}}],
    [{"labels": {f"l{n}": "x" for n in range(100)}}],
    [{"labels": A, "annotations": {"a": {}}}],
    [{"labels": A, "endsAt": "9999-99-99T00:00:00Z"}],
    [{"labels": A, "endsAt": "+99999-01-01T00:00:00Z"}],
    [{"labels": {"\x00": "b"}}],
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: json.dumps(body)[:40])
async def test_hostile_alerts_are_refused_with_the_reason(body: Any) -> None:
    """A text as JSON, never a 5xx, and nothing reaches the monitor."""
    backend = FakeBackend()
    async with face(backend) as server:
        status, text = await post(server, body)
    assert status == 400 and isinstance(text, str) and text and not backend.received


async def test_only_a_token_for_alerts_may_send_them() -> None:
    """`act` does not include it, as `alerts` includes nothing else; without a token nobody may, whatever is open."""
    async with face(open=["read", "metrics"]) as server:
        assert (await post(server, [{"labels": {"a": "b"}}], "act", "read"))[0] == 403
        assert (await server.ask("POST", "/api/v2/alerts", "[]")).status == 401
    async with face() as server:
        secret, token = token_of("alerts")
        server.backend.access_tokens = [token]
        assert (await server.get("/api/v2/silences", token=secret)).status == 403


def listed() -> list[ListedAlert]:
    """Four alerts: plain, acknowledged, silenced, received."""
    ack = Acknowledgement("kim", AT, "on it")
    received = alert("Theirs", rule=RECEIVED, evidence={"generator_url": "http://p/"}, rungs={"p": Rung(AT, True, AT + 240_000)})
    return [
        ListedAlert(alert(), receivers=("ops",)), ListedAlert(alert("Acked", acknowledged=ack), receivers=("ops", "sms")),
        ListedAlert(alert("Muted", suppressed_by=("silence:7f3a", "inhibit:x"))), ListedAlert(received),
        ListedAlert(alert("Pending", state="pending", starts_at=0)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Acked", "Down", "Muted", "Theirs"]),
        ("active=false", ["Acked", "Muted"]),
        ("silenced=false", ["Down", "Theirs"]),
        ("silenced=false&active=false", []),
        ("inhibited=false", ["Acked", "Down", "Theirs"]),
        ("filter=alertname=Down", ["Down"]),
        ('filter=alertname="Down"', ["Down"]),
        ("filter=alertname=~A.*|M.*", ["Acked", "Muted"]),
        ("filter=%22alertname%22!=Down&filter=check!~x", ["Acked", "Muted", "Theirs"]),
        ("receiver=sms", ["Acked"]),
        ("receiver=o.s", ["Acked", "Down"]),
        ("receiver=none", ["Muted", "Theirs"]),
        ("filter=severity=critical", ["Acked", "Down", "Muted", "Theirs"]),
    ],
)
async def test_alerts_are_chosen_as_amtool_and_karma_ask(query: str, names: list[str]) -> None:
    """Flags, filters with and without quotes, receivers; pending alerts are not Alertmanager's business."""
    backend = FakeBackend()
    backend.listed = listed()
    async with face(backend, open=["read"]) as server:
        found = (await server.get(f"/api/v2/alerts?{query}")).json
    assert sorted(one["labels"]["alertname"] for one in found) == names


async def test_the_shape_of_an_alert() -> None:
    """Every key of the schema; an acknowledgement is a silence "ack:ID"; a received alert has its sender's times and address."""
    backend = FakeBackend()
    backend.listed = listed()
    async with face(backend, open=["read"]) as server:
        found = {one["labels"]["alertname"]: one for one in (await server.get("/api/v2/alerts")).json}
        groups = (await server.get("/api/v2/alerts/groups")).json
    assert set(found["Down"]) == {
        "labels", "annotations", "receivers", "fingerprint", "startsAt", "updatedAt", "endsAt", "generatorURL", "status",
    }  # fmt: skip
    assert found["Down"]["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}
    assert found["Acked"]["status"]["silencedBy"] == ["ack:id-Acked"] and found["Acked"]["status"]["state"] == "suppressed"
    assert found["Muted"]["status"] == {"state": "suppressed", "silencedBy": ["7f3a"], "inhibitedBy": ["x"], "mutedBy": []}
    assert found["Theirs"]["generatorURL"] == "http://p/"
    assert [(one["receiver"]["name"], one["labels"], len(one["alerts"])) for one in groups] == [
        ("ops", {"alertname": "Acked"}, 1), ("sms", {"alertname": "Acked"}, 1), ("ops", {"alertname": "Down"}, 1),
        ("none", {"alertname": "Muted"}, 1), ("none", {"alertname": "Theirs"}, 1),
    ]  # fmt: skip


def silence(now: int) -> Silence:
    return make_silence(['check="shop"'], now - 1000, now + 3_600_000, "kim", "release")


async def test_silences_are_made_changed_and_ended() -> None:
    """Only another end keeps the id; other matchers are a new silence and the end of the old one; unknown ids are 404."""
    backend = FakeBackend()
    secret, token = token_of("act")
    async with face(backend) as server:
        now = server.service._clock.wall_ms()
        backend.access_tokens, backend.stored = [token], [silence(now)]
        ident = backend.stored[0].id
        body = {
            "matchers": [{"name": "check", "value": "shop", "isRegex": False}], "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": "2999-01-01T00:00:00Z", "createdBy": "kim", "comment": "c", "id": ident,
        }  # fmt: skip
        assert (await server.ask("POST", "/api/v2/silences", body, token=secret)).json == {"silenceID": ident}
        other = {**body, "matchers": [{"name": "n", "value": 'a"b\\', "isRegex": True, "isEqual": False}]}
        assert (
            await server.ask("POST", "/api/v2/silences", {**other, "matchers": [{"name": "n", "value": "a("}]}, token=secret)
        ).status == 200
        assert (await server.ask("POST", "/api/v2/silences", {**body, "id": "nope"}, token=secret)).status == 404
        assert (await server.ask("DELETE", f"/api/v2/silence/{ident}", token=secret)).status == 200
        assert (await server.ask("DELETE", "/api/v2/silence/nope", token=secret)).status == 404
        assert (await server.get("/api/v2/silence/nope", token=secret)).status == 404
        shown = (await server.get(f"/api/v2/silence/{ident}", token=secret)).json
        assert shown["matchers"] == [{"name": "check", "value": "shop", "isRegex": False, "isEqual": True}]
        assert (shown["status"], shown["createdBy"]) == ({"state": "active"}, "kim")
        assert len((await server.get("/api/v2/silences?filter=check=shop", token=secret)).json) == 1
        assert (await server.get("/api/v2/silences?filter=check=other", token=secret)).json == []
    kinds = [type(command) for command in backend.commands]
    assert kinds == [ExtendSilence, AddSilence, EndSilence, EndSilence]


HOURS = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2999-01-02T00:00:00Z"}
SILENCES: list[Any] = [
    [],
    {},
    {"matchers": []},
    {"matchers": [{"name": "a", "value": "b"}]},
    {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z"},
    {**HOURS, "matchers": [{"name": "a b", "value": "b"}]},
    {**HOURS, "matchers": [{"name": "a", "value": 1}]},
    {**HOURS, "matchers": [{"name": "a", "value": "b", "isRegex": "yes"}]},
    {**HOURS, "matchers": [{"name": "a", "value": "b"}], "createdBy": 5},
]


@pytest.mark.parametrize("body", SILENCES, ids=lambda body: json.dumps(body)[:40])
async def test_hostile_silences_are_refused(body: Any) -> None:
    """400 with the reason, and no command."""
    backend = FakeBackend()
    secret, token = token_of("act")
    backend.access_tokens = [token]
    async with face(backend) as server:
        answer = await server.ask("POST", "/api/v2/silences", json.dumps(body), token=secret)
    assert answer.status == 400 and isinstance(answer.json, str) and not backend.commands


@pytest.mark.parametrize("query", ["filter=", "filter=a~b", "filter=a=~(", "silenced=maybe", "receiver=(", "filter=%ff=x"])
async def test_wrong_questions_are_400(query: str) -> None:
    """In Alertmanager's shape."""
    async with face(open=["read"]) as server:
        answer = await server.get(f"/api/v2/alerts?{query}")
    assert answer.status == 400 and isinstance(answer.json, str)


async def test_status_shows_no_configuration() -> None:
    """amtool reads names of receivers and nothing else; a server under /alertmanager is none (Grafana probes for it)."""
    async with face(open=["read"]) as server:
        status = (await server.get("/api/v2/status")).json
        assert status["cluster"]["status"] == "disabled" and set(status["versionInfo"]) == {
            "version", "revision", "branch", "buildUser", "buildDate", "goVersion",
        }  # fmt: skip
        assert status["config"]["original"].startswith("route:\n  receiver: 'ops")
        assert [one["name"] for one in (await server.get("/api/v2/receivers")).json] == list(server.backend.board.notifiers)
        assert (await server.get("/alertmanager/api/v2/status")).status == 404
