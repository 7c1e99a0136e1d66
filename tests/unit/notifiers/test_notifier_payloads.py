"""Slack, ntfy, Aligo and Alertmanager: what they send, as data; and a real Alertmanager where there is one."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.outbox_tools import T0, Events, FakeNotifier, HandClock, MemoryState, message, resolved, snapshot
from tests.support.receivers import Reply, aligo_says, receiver
from tests.support.settings import made
from tui_monitor.alerts.alert import Alert
from tui_monitor.delivery.follow_ups import FollowUps
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.message import AlertSnapshot
from tui_monitor.notifiers import ntfy, slack
from tui_monitor.notifiers.alertmanager import Alertmanager, AlertmanagerNotifier, entries_of
from tui_monitor.notifiers.aligo import Aligo, AligoNotifier, carrier_bytes, carrier_text, cut, sms_of
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.receivers import PartlySent


def test_slack_firing_and_resolved() -> None:
    """Fallback text always, colour by severity (info green, warning orange, else red), text, footer and time in one attachment."""
    payload = slack.payload_of(message(title="CRITICAL api", text="Since 14:13\nvalue 2", footer="wallet · web-1"))
    assert payload == {
        "text": "🚨 CRITICAL api",
        "attachments": [
            {
                "color": "#c62828",
                "fallback": "🚨 CRITICAL api",
                "text": "Since 14:13\nvalue 2",
                "mrkdwn_in": [],
                "footer": "wallet · web-1",
                "ts": T0 // 1000,
            }
        ],
    }
    colours = [slack.payload_of(message(severity=s))["attachments"][0]["color"] for s in ("critical", "error", "warning", "info", "odd")]
    assert colours == ["#c62828", "#c62828", "#f59e0b", "#2e7d32", "#c62828"]
    assert slack.payload_of(message(kind="resolved"))["attachments"][0]["color"] == "#2e7d32"
    assert slack.payload_of(message(severity="error"))["text"].startswith("❌ ")


def test_slack_limits_and_hostile_text() -> None:
    """At most 3,000 characters with escapes, and nobody can be called by a label."""
    payload = slack.payload_of(message(title="<!channel> & <https://x|y>", text="<@U1>&\n" * 5000))
    section = payload["attachments"][0]["text"]
    assert len(section) <= 3000 and section.endswith("…") and "<" not in section
    assert payload["text"] == "🚨 &lt;!channel&gt; &amp; &lt;https://x|y&gt;"
    assert slack.payload_of(message(text=""))["attachments"][0]["text"]


def test_ntfy_payload() -> None:
    """Priority and tag by severity, a click only on a real link, at most 4,000 bytes."""
    assert ntfy.payload_of(message(title="T", text="x", link="https://wiki/x"), "ops") == {
        "topic": "ops",
        "title": "T",
        "message": "x",
        "priority": 5,
        "tags": ["rotating_light"],
        "click": "https://wiki/x",
    }
    over = ntfy.payload_of(message(kind="resolved", link="ssh web-1", text="가" * 900 + "\n" + "나" * 900), "ops", possible_repeat=True)
    assert over["priority"] == 2 and "click" not in over and over["title"].endswith("(possible repeat)")
    assert len(over["message"].encode()) <= 4000


@pytest.mark.parametrize(
    ("text", "out", "size"),
    [
        ("abc", "abc", 3),
        ("서버 이상", "서버 이상", 9),
        ("\u1109\u1165", "서", 2),
        ("a → b – c…", "a -> b - c...", 13),
        ("🚨 불이야 ♥\u202e", " 불이야 ♥", 10),
        ("a\nb", "a\nb", 4),
        ("똠방각하", "똠방각하", 8),
    ],
)
def test_carrier_text(text: str, out: str, size: int) -> None:
    """NFC, replacements, CP949 bytes; what does not exist there is left out."""
    assert (carrier_text(text), carrier_bytes(carrier_text(text))) == (out, size)


def test_cut_keeps_characters_whole() -> None:
    """A Hangul syllable is two bytes or none."""
    assert [cut("가나다", limit) for limit in (1, 2, 3, 6)] == ["", "가", "가", "가나다"]


def test_sms_or_lms() -> None:
    """90 bytes are an SMS without title; one more is an LMS with a title of at most 44 bytes."""
    short = sms_of(message(title="가" * 40, text="12345678"))
    assert (short.kind, short.title, carrier_bytes(short.text)) == ("SMS", "", 90)
    long = sms_of(message(title="가" * 40, text="123456789"))
    assert long.kind == "LMS" and long.title == "가" * 22 and long.text.startswith("가" * 40)
    huge = sms_of(message(title="T", text="가나다라마바사 " * 10_000))
    assert huge.kind == "LMS" and carrier_bytes(huge.text) <= 1900


def aligo(url: str, **changes: Any) -> Aligo:
    """An account with two receivers."""
    fields = {"key": "aligo-key", "user_id": "u1", "sender": "0212345678", "receivers": ["01011112222", "01033334444"], "api_url": url}
    return Aligo(made(AligoNotifier, name="sms", **{**fields, **changes}), HandClock())


async def test_aligo_request_and_balance() -> None:
    """The form fields of the documentation; the balance by /remain/ with both spellings of the user."""
    async with receiver(aligo_says) as server:
        notifier = aligo(server.url, test_mode=True)
        assert await notifier.send(message(title="심각 api 장애", text="값 2")) == "83241"
        assert await notifier.balance() == 74
        await notifier.close()
        send, other, remain = server.requests
        assert other.form()["receiver"] == "01033334444"
        assert send.path == "/send/" and send.form() == {
            "key": "aligo-key", "user_id": "u1", "sender": "0212345678", "receiver": "01011112222",
            "msg": "심각 api 장애\n값 2", "msg_type": "SMS", "testmode_yn": "Y",
        }  # fmt: skip
        assert remain.path == "/remain/" and remain.form() == {"key": "aligo-key", "user_id": "u1", "userid": "u1"}


@pytest.mark.parametrize(
    ("body", "permanent", "words"),
    [
        ('{"result_code":-101,"message":"인증오류입니다."}', True, "인증오류입니다. (-101)"),
        ('{"result_code":"-201","message":"SMS 건수 부족"}', True, "SMS 건수 부족"),
        ('{"result_code":1,"msg_id":"5","success_cnt":0,"error_cnt":"1"}', True, "the carrier did not accept it (msg_id 5)"),
        ('{"message":"?"}', False, "not Aligo's answer"),
    ],
)
async def test_aligo_says_no_with_http_200(body: str, permanent: bool, words: str) -> None:
    """The result code decides, as a number or as text; what the carrier refuses is not repeated."""
    async with receiver(Reply(200, body)) as server:
        notifier = aligo(server.url)
        with pytest.raises(SendError) as caught:
            await notifier.send(message())
        await notifier.close()
        assert words in caught.value.reason and caught.value.permanent is permanent


async def test_each_number_has_its_own_fate() -> None:
    """Which number failed is known: one is taken, one refused for ever, one (after silence) may have it, the last is for the next try."""
    numbers = ["01011110000", "01022220000", "01033330000", "01044440000"]
    async with receiver(aligo_says) as server:
        server.replies = [aligo_says, Reply(200, '{"result_code":-102,"message":"번호 오류"}'), Reply(200, fault="silence")]
        notifier = aligo(server.url, receivers=numbers, timeout="0.5s")
        with pytest.raises(PartlySent) as caught:
            await notifier.send(message())
        await notifier.close()
        assert len(server.requests) == 3
    error = caught.value
    meanings = {number: (each.permanent, each.maybe_delivered) for number, each in error.failures.items()}
    assert error.taken == (numbers[0],) and error.provider_id == "83241"
    assert meanings == {numbers[1]: (True, False), numbers[2]: (False, True), numbers[3]: (False, False)}


def test_alertmanager_entries() -> None:
    """Valid label names, no empty values, firing ends ahead, no generatorURL that is no URL."""
    hostile = snapshot(labels={"alertname": "A", "my-label.x": "1", "9x": "2", "empty": "", "host": "h"})
    firing, over = entries_of([hostile, resolved("a2")], "ssh web-1", T0, 60.0)
    assert firing["labels"] == {"alertname": "A", "severity": "critical", "my_label_x": "1", "_9x": "2", "host": "h"}
    assert firing["endsAt"] == "2026-09-21T14:17:20.000Z" and "generatorURL" not in firing
    assert over["endsAt"] == "2026-09-21T14:13:20.000Z", "an end never lies ahead of now"


async def test_alertmanager_keepalive() -> None:
    """What fires is sent again with a later end, what ended for five minutes more, then nothing."""
    async with receiver() as server:
        clock = HandClock(T0 + 120_000)
        notifier = Alertmanager(made(AlertmanagerNotifier, name="am", url=server.url), clock)
        await notifier.send(message(alerts=(snapshot("a1"),)))
        await notifier.send(message("k2", kind="resolved", alerts=(resolved("a2"),)))
        await notifier.keepalive([snapshot("a1")], clock.wall_ms())
        clock.now = T0 + 60_000 + 301_000
        await notifier.keepalive([snapshot("a1")], clock.wall_ms())
        await notifier.keepalive([], clock.wall_ms())
        await notifier.close()
        sent = [[entry["endsAt"][11:19] for entry in request.json()] for request in server.requests]
        assert sent == [["14:19:20"], ["14:14:20"], ["14:19:20", "14:14:20"], ["14:23:21"]]


async def test_a_changed_severity_ends_the_alert_that_an_alertmanager_knew() -> None:
    """Labels are the identity there: after a rise or a fall nothing goes on firing under the old severity."""
    low, high = (snapshot("a1", severity=word, labels={"alertname": "A", "severity": word}) for word in ("warning", "critical"))
    async with receiver() as server:
        clock = HandClock(T0 + 120_000)
        notifier = Alertmanager(made(AlertmanagerNotifier, name="am", url=server.url), clock)
        await notifier.send(message(alerts=(low,)))
        await notifier.send(message("k2", alerts=(high,)))
        await notifier.keepalive([low], clock.wall_ms())
        await notifier.keepalive([low], clock.wall_ms())
        await notifier.close()
        sent = [[(entry["labels"]["severity"], entry["endsAt"][11:19]) for entry in request.json()] for request in server.requests]
        ahead, now = "14:19:20", "14:15:20"
        assert sent == [
            [("warning", ahead)], [("critical", ahead), ("warning", now)], [("warning", ahead), ("critical", now)], [("warning", ahead)],
        ]  # fmt: skip


async def test_the_outbox_tells_again_what_was_told_and_fires(tmp_path: Path) -> None:
    """Each resend interval, only alerts that this notifier was told of, as long as they fire."""
    fires = [Alert(i, f"f{i}", "r", "firing", "critical", {"alertname": "A", "i": i}, {}, 1.0, T0, starts_at=T0) for i in ("a1", "a2")]
    async with receiver() as server:
        clock, state, events = HandClock(T0), MemoryState(), Events()
        notifier = Alertmanager(made(AlertmanagerNotifier, name="hook", url=server.url), clock)
        outbox = Outbox(state, {"hook": notifier}, clock, events, alerts=lambda: fires)
        task = asyncio.create_task(outbox.run())
        state.put(message())
        outbox.wake()
        await events.until(1)
        for _ in range(7):
            await clock.turn(9)
        await server.wait_for(2)
        first, again = server.requests
        assert [entry["endsAt"][11:19] for entry in first.json()] == ["14:17:20"]
        assert [(entry["labels"]["i"], entry["endsAt"][11:19]) for entry in again.json()] == [("a1", "14:18:23")]
        await outbox.close(1.0)
        await task


@pytest.mark.parametrize(("error", "said"), [(SendError("HTTP 503"), "HTTP 503"), (RuntimeError("the token is t0ps3cret"), "RuntimeError")])
async def test_what_cannot_be_told_again_is_logged(error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure after the message went out stops no worker, is seen in the log, and tells no secret there."""

    class Failing(FakeNotifier):
        resend_interval = 0.0

        async def keepalive(self, firing: Sequence[AlertSnapshot], now_ms: int) -> None:
            raise error

    logged: list[str] = []
    monkeypatch.setattr("tui_monitor.delivery.follow_ups.log.warning", lambda text, *words: logged.append(text % words))
    state = MemoryState()
    care = FollowUps(state, HandClock(T0), lambda: [])
    assert await care.step(Failing()) == 0.0
    assert logged == [f"hook: the firing alerts could not be sent again: {said}"]


@asynccontextmanager
async def real_alertmanager(directory: Path) -> AsyncIterator[str]:
    """A real Alertmanager on loopback."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if binary is None:
        pytest.skip("no Alertmanager on this machine")
    (directory / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        binary, f"--config.file={directory}/am.yml", f"--storage.path={directory}/data", f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=", stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"Listening on" not in (line := await process.stderr.readline()):
                assert line, "Alertmanager ended"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


async def test_a_real_alertmanager_takes_it(tmp_path: Path) -> None:
    """Firing is active there, the resolve ends it, hostile labels do not offend it."""
    import time

    async with real_alertmanager(tmp_path) as url:

        def active() -> list[dict[str, Any]]:
            with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
                found: list[dict[str, Any]] = json.load(answer)
            return found

        now = time.time_ns() // 1_000_000
        clock = HandClock(now)
        notifier = Alertmanager(made(AlertmanagerNotifier, name="am", url=url), clock)
        hostile = snapshot("a1", starts_at=now - 5000, labels={"alertname": "CheckUnhealthy", "my-label": "x\x1b[31m\udcff"})
        await notifier.send(message(alerts=(hostile,), link="ssh web-1", created_at=now))
        await notifier.send(message("k3", kind="test", alerts=(), created_at=now))
        names = sorted(alert["labels"]["alertname"] for alert in await asyncio.to_thread(active))
        assert names == ["CheckUnhealthy", "TestAlert"]
        await notifier.keepalive([hostile], now)
        over = resolved("a1", starts_at=now - 5000, ends_at=now - 1000, labels=hostile.labels)
        await notifier.send(message("k2", kind="resolved", alerts=(over,), created_at=now))
        await notifier.close()
        assert [alert["labels"]["alertname"] for alert in await asyncio.to_thread(active)] == ["TestAlert"]
