"""Telegram: payloads as data, the Bot API's special answers, buttons, edits and the long poll."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.support.outbox_tools import T0, Events, HandClock, MemoryState, message, resolved, settle, snapshot
from tests.support.receivers import Receiver, Reply, TelegramApi, receiver, telegram_error
from tests.support.settings import made
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.notifiers.abilities import Editable, PressDesk, press_listeners
from tui_monitor.notifiers.kinds import build_notifier
from tui_monitor.notifiers.layout import utf16_length
from tui_monitor.notifiers.slack import SlackNotifier
from tui_monitor.notifiers.telegram.buttons import host_in_press, press_data
from tui_monitor.notifiers.telegram.notifier import Telegram, TelegramNotifier, edited_lines, payload_of, to_html
from tui_monitor.notifiers.telegram.updates import HOLD_S, TelegramUpdates

TOKEN = "123456:AAEabcdefghijklmnopqrstuvwx"


def settings(url: str = "http://localhost", **changes: Any) -> TelegramNotifier:
    """A bot's settings."""
    return made(TelegramNotifier, name="hook", token=TOKEN, chat_id="-100", api_url=url, **changes)


@asynccontextmanager
async def bot(**changes: Any) -> AsyncIterator[tuple[Telegram, TelegramApi, Receiver]]:
    """A notifier, the API it speaks to, and the server."""
    api = TelegramApi(TOKEN)
    async with receiver(api) as server:
        notifier = Telegram(settings(server.url, **changes), HandClock())
        yield notifier, api, server
        await notifier.close()


def test_the_payload_of_a_firing() -> None:
    """HTML with the title in bold, no preview, a sound for what is grave."""
    payload = payload_of(message(title="CRITICAL api <down> & out", text="Since 14:13\n  cpu 97 %"), "-100")
    assert payload == {
        "chat_id": "-100",
        "text": "<b>🚨 CRITICAL api &lt;down&gt; &amp; out</b>\nSince 14:13\n  cpu 97 %",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": False,
    }


@pytest.mark.parametrize(
    ("changes", "quiet"),
    [({}, False), ({"severity": "error"}, False), ({"severity": "warning"}, True), ({"kind": "resolved"}, True)],
)
def test_warnings_and_resolves_make_no_sound(changes: dict[str, Any], quiet: bool) -> None:
    """disable_notification is for what can wait."""
    assert payload_of(message(**changes), 1)["disable_notification"] is quiet


def test_the_limit_counts_after_parsing_and_cuts_data_not_markup() -> None:
    """10,000 hostile lines of which each character needs escaping: at most 4,096 UTF-16 units, and the tags are whole."""
    text = "\n".join('<&>"' * 20 + "𝄞" for _ in range(10_000))
    html = payload_of(message(title="<b>" * 200, text=text), 1)["text"]
    plain = unescape(html.replace("<b>", "", 1).replace("</b>", "", 1))
    assert 3500 < utf16_length(plain) <= 4096 and plain.endswith("…")
    assert html.count("<b>") == html.count("</b>") == 1 and "&lt;&amp;&gt;" in html


def test_marks_of_lateness_and_repeat() -> None:
    """The note stands under the title, the repeat in it, in the message's language."""
    text = payload_of(message(title="T", text="x"), 1, "was down 03:10–03:22, delivered 03:25", True)["text"]
    assert text == "<b>🚨 T (possible repeat)</b>\nwas down 03:10–03:22, delivered 03:25\nx"
    assert "(중복 가능)" in payload_of(message(language="ko"), 1, possible_repeat=True)["text"]


def test_buttons_only_for_what_can_be_acknowledged() -> None:
    """One for each alert that fires and is nobody's, with at most 64 bytes of data."""
    alerts = (
        snapshot("a1"),
        snapshot("a2", acknowledged_by="kim"),
        resolved("a3"),
        snapshot("x" * 80),
        snapshot("a5", labels={"alertname": "B" * 200}),
    )
    keyboard = payload_of(message(alerts=alerts), 1, ack=True)["reply_markup"]["inline_keyboard"]
    assert [row[0]["callback_data"] for row in keyboard] == ["ack:a1:web-1", "ack:a5:web-1"]
    assert all(len(row[0]["text"]) <= 60 for row in keyboard)
    assert "reply_markup" not in payload_of(message(), 1) and "reply_markup" not in payload_of(message(kind="resolved"), 1, ack=True)


async def test_a_send_gives_the_message_id_and_uses_the_topic() -> None:
    """The provider id is Telegram's message id; thread_id names the forum topic."""
    async with bot(thread_id=9, allowed_users=[5]) as (notifier, api, _server):
        assert await notifier.send(message()) == "101"
        ((method, payload),) = api.calls
        assert method == "sendMessage" and payload["message_thread_id"] == 9 and payload["reply_markup"]


@pytest.mark.parametrize("said", ["Bad Request: message thread not found", "Bad Request: TOPIC_DELETED", "Bad Request: TOPIC_CLOSED"])
async def test_a_message_for_a_deleted_or_closed_topic_goes_to_the_group(said: str) -> None:
    """The message is not lost with its topic: it goes once more without one, and says so."""
    async with bot(thread_id=9) as (notifier, api, server):
        server.replies.append(telegram_error(400, said))
        assert await notifier.send(message(), "since 03:10") == "101"
        ((_, payload),) = api.calls
    assert "message_thread_id" not in payload and "topic 9 is deleted or closed" in payload["text"] and "since 03:10" in payload["text"]


async def test_text_that_cannot_be_parsed_goes_once_as_plain() -> None:
    """400 "can't parse entities": the same words without markup."""
    async with bot() as (notifier, api, server):
        server.replies.append(telegram_error(400, "Bad Request: can't parse entities: unsupported start tag"))
        assert await notifier.send(message(title="a <b>")) == "101"
        ((_, payload),) = api.calls
        assert "parse_mode" not in payload and payload["text"].startswith("🚨 a <b>") and len(server.requests) == 2


async def test_a_chat_that_became_a_supergroup_is_followed() -> None:
    """migrate_to_chat_id is used now and from now on."""
    async with bot() as (notifier, api, server):
        server.replies.append(telegram_error(400, "group chat was upgraded", migrate_to_chat_id=-1009))
        await notifier.send(message("k1"))
        await notifier.send(message("k2"))
        assert [payload["chat_id"] for _, payload in api.calls] == [-1009, -1009] and len(server.requests) == 3


def test_an_edit_says_who_took_it_and_what_is_over() -> None:
    """States stand under the title; when all is over the mark changes."""
    taken = edited_lines(message(title="T", text="x", alerts=(snapshot("a1", acknowledged_by="kim <&"), resolved("a2"))))
    assert [line.text for line in taken][:2] == ["🚨 T", "✔ CheckUnhealthy api: acknowledged by kim <&"]
    assert "acknowledged by kim &lt;&amp;" in to_html(taken)
    assert edited_lines(message(title="T", alerts=(resolved("a1"),)))[0].text == "✅ T"


async def test_an_edit_that_changes_nothing_is_no_error() -> None:
    """Telegram's "message is not modified" is fine."""
    async with bot() as (notifier, _api, server):
        server.replies.append(telegram_error(400, "Bad Request: message is not modified"))
        await notifier.edit("101", message())
        assert isinstance(notifier, Editable)


async def test_acknowledge_and_resolve_edit_the_sent_message(tmp_path: Path) -> None:
    """Through the outbox: the buttons go when somebody takes it; when the resolve is sent, the firing's message shows it."""
    async with bot(allowed_users=[5]) as (notifier, api, server):
        state, events = MemoryState(), Events()
        outbox = Outbox(state, {"hook": notifier}, HandClock(), events)
        task = asyncio.create_task(outbox.run())
        state.put(message("k1"))
        outbox.wake()
        await events.until(1)
        outbox.acknowledged("a1", "kim")
        await server.wait_for(2)
        state.put(message("k2", kind="resolved", alerts=(resolved(),)))
        outbox.wake()
        await server.wait_for(4)
        await outbox.close(1.0)
        await task
        methods = [method for method, _ in api.calls]
        assert methods == ["sendMessage", "editMessageText", "sendMessage", "editMessageText"]
        acked, over = api.calls[1][1], api.calls[3][1]
        assert acked["message_id"] == 101 and "acknowledged by kim" in acked["text"] and "reply_markup" not in acked
        assert over["message_id"] == 101 and "✅" in over["text"]


async def test_acknowledging_many_alerts_edits_their_message_once(tmp_path: Path) -> None:
    """`ack --all` on a message of thirty alerts is one edit that shows them all, and one that Telegram puts off is made later."""
    clock = HandClock()
    async with bot(allowed_users=[5]) as (notifier, api, server):
        state, events = MemoryState(), Events()
        outbox = Outbox(state, {"hook": notifier}, clock, events)
        task = asyncio.create_task(outbox.run())
        idents = [f"a{number}" for number in range(30)]
        state.put(message("k1", alerts=tuple(map(snapshot, idents))))
        outbox.wake()
        await events.until(1)
        server.replies.append(telegram_error(429, "Too Many Requests: retry after 40", retry_after=40))
        for ident in idents:
            outbox.acknowledged(ident, "kim")
        await server.wait_for(2)
        async with asyncio.timeout(20):
            while len(server.requests) < 3:
                await clock.turn(41)
                await asyncio.sleep(0.01)
        state.put(message("k2", alerts=(snapshot("b1"),)))
        outbox.wake()
        await events.until(2)
        await outbox.close(1.0)
        await task
        assert [request.path.rpartition("/")[2] for request in server.requests] == [
            "sendMessage", "editMessageText", "editMessageText", "sendMessage",
        ]  # fmt: skip
        assert "reply_markup" not in api.calls[1][1] and api.calls[1][1]["text"].count("acknowledged by kim") == 20


def press(number: int, user: int, data: str, **more: Any) -> dict[str, Any]:
    """An update with a callback query."""
    return {"update_id": number, "callback_query": {"id": f"q{number}", "from": {"id": user, **more}, "data": data}}


def updates(
    url: str,
    on_ack: Callable[[str, str], Any],
    problems: list[str],
    clock: HandClock | None = None,
    language: str = "en",
    **more: Any,
) -> TelegramUpdates:
    """A poller that allows user 5."""
    notifier = build_notifier(settings(url, allowed_users=[5]))
    (poller,) = press_listeners([notifier], PressDesk(on_ack, problems.append, language, **more), clock or HandClock())
    assert isinstance(poller, TelegramUpdates)
    return poller


async def test_only_allowed_users_acknowledge() -> None:
    """A stranger's press is answered and does nothing; garbage neither."""
    acks: list[tuple[str, str]] = []

    async def on_ack(alert: str, by: str) -> str:
        acks.append((alert, by))
        return "Acknowledged"

    api = TelegramApi(TOKEN)
    api.updates = [
        press(1, 666, "ack:a1"),
        press(2, 5, "ack:a1", username="kim\u202e"),
        press(3, 5, "rm -rf"),
        {"update_id": 4, "message": {"text": "hi"}},
    ]
    async with receiver(api) as server:
        poller = updates(server.url, on_ack, [])
        await poller.poll(0)
        await poller.poll(0)
        await poller._http.close()
    assert acks == [("a1", "telegram:@kim (5)")]
    answers = [payload["text"] for method, payload in api.calls if method == "answerCallbackQuery"]
    assert answers == ["You may not acknowledge here", "Acknowledged", "Unknown button"]
    polls = [payload for method, payload in api.calls if method == "getUpdates"]
    assert [poll["offset"] for poll in polls] == [0, 5] and polls[0]["allowed_updates"] == ["callback_query"]


async def test_a_press_is_answered_in_the_language_of_the_messages() -> None:
    """With language = "ko" nobody reads English on the phone, whatever was pressed."""

    async def on_ack(alert: str, by: str) -> str:
        raise RuntimeError("store gone")

    api = TelegramApi(TOKEN)
    api.updates = [press(1, 666, "ack:a1"), press(2, 5, "ack:a1"), press(3, 5, "rm -rf")]
    async with receiver(api) as server:
        poller = updates(server.url, on_ack, [], language="ko")
        await poller.poll(0)
        await poller._http.close()
    answers = [payload["text"] for method, payload in api.calls if method == "answerCallbackQuery"]
    assert answers == ["여기서 확인할 권한이 없습니다", "처리하지 못했습니다", "알 수 없는 버튼입니다"]


def answered(api: TelegramApi) -> list[str]:
    """What those who pressed were told."""
    return [payload["text"] for method, payload in api.calls if method == "answerCallbackQuery"]


async def test_two_machines_with_one_bot_take_their_own_presses() -> None:
    """The other machine's press is left for it to take: it acknowledges there, and our own press is not held up."""
    acks: list[tuple[str, str]] = []

    def on(machine: str) -> Callable[[str, str], Any]:
        async def on_ack(alert: str, by: str) -> str:
            acks.append((machine, alert))
            return "Acknowledged"

        return on_ack

    api = TelegramApi(TOKEN)
    api.updates = [press(1, 5, "ack:b1:web-2"), press(2, 5, "ack:a1:web-1"), press(3, 5, "ack:a0")]
    async with receiver(api) as server:
        one, two = updates(server.url, on("web-1"), [], host="web-1"), updates(server.url, on("web-2"), [], host="web-2")
        await one.poll(0)
        await one.poll(0)
        assert acks == [("web-1", "a1"), ("web-1", "a0")], "ours, once, and the one of an older version that names no host"
        await two.poll(0)
        assert ("web-2", "b1") in acks
        await one._http.close()
        await two._http.close()
    assert "This alert is already resolved" not in answered(api)


async def test_a_press_that_its_own_machine_does_not_take_is_answered_with_its_name() -> None:
    """After the hold, whoever pressed is told which machine it was for; only then is the press confirmed."""

    async def on_ack(alert: str, by: str) -> str:
        raise AssertionError("not ours")

    api, clock = TelegramApi(TOKEN), HandClock()
    api.updates = [press(1, 5, "ack:b1:web-2"), press(2, 666, "ack:b1:web-2")]
    async with receiver(api) as server:
        poller = updates(server.url, on_ack, [], clock, host="web-1")
        await poller.poll(0)
        assert answered(api) == [] and poller._offset == 1, "the next poll asks for the press again"
        await clock.turn(HOLD_S)
        await poller.poll(0)
        assert poller._offset == 3
        await poller._http.close()
    assert answered(api)[0].startswith("This alert belongs to web-2") and answered(api)[1] == "You may not acknowledge here"


def test_a_long_host_name_fits_into_a_button() -> None:
    """At most 64 bytes, whole characters only, and the same machine still knows its own."""
    host = "서버" * 40
    data = press_data("3f2a91bc", host)
    assert len(data.encode()) <= 64 and data == f"ack:3f2a91bc:{host_in_press('3f2a91bc', host)}" and "\ufffd" not in data
    assert updates("http://localhost", print, [], host=host)._other_host(data) == ""


async def test_another_program_that_polls_the_same_bot_stands_on_the_board() -> None:
    """Three 409 in a row are told as a trouble with what to change, and it is over when a poll works."""
    said: list[str] = []
    api, clock = TelegramApi(TOKEN), HandClock()
    async with receiver(api) as server:
        server.replies = [telegram_error(409, "Conflict: terminated by other getUpdates request") for _ in range(3)]
        task = asyncio.create_task(updates(server.url, print, [], clock, on_conflict=said.append).run())
        async with asyncio.timeout(60):
            while "" not in said:
                await clock.turn(10)
                await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(said) >= 2 and "give each machine a bot of its own" in said[0] and "409" in said[0]


async def test_polling_survives_errors_and_reports_each_once() -> None:
    """409, 500, nonsense: it goes on, more slowly, and tells a trouble once."""

    async def on_ack(alert: str, by: str) -> str:
        raise RuntimeError("store gone")

    api, clock, problems = TelegramApi(TOKEN), HandClock(), list[str]()
    seen = asyncio.Event()

    def answers(request: Any) -> Reply:
        if request.path.endswith("answerCallbackQuery"):
            seen.set()
        return api(request)

    async with receiver(answers) as server:
        conflict = telegram_error(409, "Conflict: terminated by other getUpdates request")
        server.replies = [conflict, conflict, Reply(500, "x"), Reply(200, "nonsense"), Reply(200, json.dumps({"ok": True, "result": [7]}))]
        api.updates = [press(8, 5, "ack:a1")]
        task = asyncio.create_task(updates(server.url, on_ack, problems, clock).run())
        async with asyncio.timeout(60):
            while not seen.is_set():
                await clock.turn(30)
                await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [("409" in text, "500" in text) for text in problems[:2]] == [(True, False), (False, True)]
    assert any("could not be stored" in text for text in problems) and TOKEN not in " ".join(problems)


async def test_a_poll_that_is_answered_at_once_without_news_is_not_a_storm() -> None:
    """A proxy that cuts the long poll short is asked once a second; presses are taken without such a pause."""

    async def on_ack(alert: str, by: str) -> str:
        return "Acknowledged"

    api, clock = TelegramApi(TOKEN), HandClock()
    api.updates = [press(1, 5, "ack:a1")]
    async with receiver(api) as server:
        task = asyncio.create_task(updates(server.url, on_ack, [], clock).run())
        async with asyncio.timeout(60):
            for count in (3, 4, 5):  # the press and its answer, then nothing new
                await server.wait_for(count, 60)
                while not clock._sleepers:  # noqa: ASYNC110  the answer is under way
                    await asyncio.sleep(0.005)
                assert len(server.requests) == count
                await clock.turn(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_one_poller_for_each_bot() -> None:
    """Two notifiers of one bot share a poll; one without allowed users and other kinds have none."""

    async def on_ack(alert: str, by: str) -> str:
        return ""

    other = replace(settings("http://localhost", allowed_users=[7]), name="second")
    slack = made(SlackNotifier, {"name": "s", "url": "https://hooks.slack.com/x"})
    notifiers = [build_notifier(entry, HandClock()) for entry in (settings("http://localhost", allowed_users=[5]), other, slack)]
    (poller,) = press_listeners(notifiers, PressDesk(on_ack, print), HandClock())
    assert isinstance(poller, TelegramUpdates) and poller._allowed == {5, 7}
    assert press_listeners([build_notifier(settings())], PressDesk(on_ack, print), HandClock()) == []


async def test_a_repeat_after_restart_is_marked(tmp_path: Path) -> None:
    """What a dead process may have sent to Telegram comes with the mark in its text."""
    async with bot() as (notifier, api, _server):
        state, events = MemoryState(), Events()
        state.put(replace(message(), created_at=T0))
        state.now(lambda db: db.outbox.claim_next("hook", T0))
        outbox = Outbox(state, {"hook": notifier}, HandClock(), events)
        task = asyncio.create_task(outbox.run())
        await events.until(1)
        await outbox.close(1.0)
        await task
        await settle()
        assert "(possible repeat)" in api.calls[0][1]["text"]
