"""Who is told what by the real program: outages with children, everything that mutes, routes, escalation, buttons in a chat."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.processes import Installation, installation, told, until
from tests.support.receivers import Receiver, Reply, TelegramApi, receiver

FRAME = 'host = "web-1"\ndefault_rules = ["CheckUnhealthy"]\n'
TELEGRAM = """
[[notifiers]]
name = "chat"
type = "telegram"
token = "12:abc"
chat_id = 1
allowed_users = [42]
api_url = "{url}"
"""


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    """A place for a daemon."""
    with installation(tmp_path / "place") as made:
        yield made


def check(name: str, target: HttpServer, **keys: Any) -> str:
    """A fast check of a path of its own."""
    more = "".join(f"{key} = {json.dumps(value)}\n" for key, value in {"interval": "300ms", "failures": 1, **keys}.items())
    return f'[[checks]]\nname = "{name}"\ntype = "http"\nurl = "{target.url}/{name}"\ntimeout = "2s"\n{more}'


def webhook(name: str, hook: Receiver) -> str:
    """A notifier that counts."""
    return f'[[notifiers]]\nname = "{name}"\ntype = "webhook"\nurl = "{hook.url}"\nrate_limit = "1000/1m"\n'


def told_of(hook: Receiver, status: str = "firing") -> list[str]:
    """The checks that were told in that status, in order."""
    return [a["labels"]["check"] for request in hook.requests for a in request.json()["alerts"] if a["status"] == status]


async def run(where: Installation, *arguments: str) -> str:
    """A command's answer; it must not fail."""
    done = await asyncio.to_thread(where.run, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def muted(where: Installation) -> dict[str, list[str]]:
    """What mutes each live alert, by check."""
    alerts = json.loads(await run(where, "alerts", "--json"))
    return {alert["labels"].get("check", ""): alert["suppressed_by"] for alert in alerts if alert["state"] == "firing"}


async def settled(where: Installation, names: set[str]) -> None:
    """As soon as these alerts, and no others, fire."""

    def firing() -> set[str]:
        rows = where.rows("SELECT body FROM alerts WHERE state = 'firing'")
        return {json.loads(row[0])["labels"]["check"] for row in rows}

    await until(lambda: firing() == names, what=f"{names} fire")


@pytest.mark.parametrize("first", ["children", "parent"])
async def test_one_outage_is_one_message(where: Installation, first: str) -> None:
    """Five children fail just before or after their parent: one message, which counts them; the end is one message about the parent."""
    async with HttpServer() as target, receiver(Reply(200, "ok")) as chat:
        keys = {"interval": "1s", "retry_interval": "300ms", "failures": 2}
        children = "".join(check(f"app{n}", target, depends_on=["db"], **keys) for n in range(5))
        slack = f'[[notifiers]]\nname = "chat"\ntype = "slack"\nurl = "{chat.url}"\n[routing]\ninfo = ["chat"]\n'
        where.configure(FRAME + slack + check("db", target, **keys) + children)
        daemon = await where.start()
        await target.wait_for(lambda server: {request.path for request in server.requests} >= {"/db", "/app4"}, 60)
        names = {f"app{n}" for n in range(5)}
        for name in sorted(names) if first == "children" else ["db"]:
            target.at(f"/{name}", status=500)
        seen = len(target.requests)
        await target.wait_for(lambda server: len(server.requests) > seen, 60)
        target.at("/db", status=500)
        for name in names:
            target.at(f"/{name}", status=500)
        await until(lambda: chat.requests)
        await settled(where, {"db", *names})
        assert "db is unhealthy: 500" in chat.requests[0].json()["text"] and "(5 affected)" in chat.requests[0].json()["text"]
        assert len(chat.requests) == 1
        assert {name: reasons for name, reasons in (await muted(where)).items() if name != "db"} == {
            name: ["depends_on:db"] for name in names
        }
        for name in ("db", *names):
            target.at(f"/{name}", status=200)
        await settled(where, set())
        await until(lambda: len(chat.requests) == 2)
        assert "db healthy again" in chat.requests[1].json()["text"]
        assert await daemon.terminate() == 0
        assert len(chat.requests) == 2


async def test_what_mutes_is_shown_and_ends(where: Installation) -> None:
    """A silence, weekly and cron windows, inhibition, closed hours: no message, but a visible alert that names the cause."""
    another_day = time.strftime("%a", time.gmtime(time.time() + 3 * 86_400))
    rules = f"""
[[routes]]
match = ['check="closed"']
notifiers = ["hook"]
active = "{another_day} 00:00-24:00 UTC"
[[routes]]
notifiers = ["hook"]
group_interval = "200ms"
[[inhibit]]
source = ['check="boss"']
target = ['check=~"sla.*"']
equal = ["host"]
[[maintenance]]
name = "weekly"
match = ['check="week"']
active = "daily 00:00-24:00 UTC"
[[maintenance]]
name = "nightly"
match = ['check="cron"']
cron = "* * * * *"
duration = "5m"
timezone = "Asia/Seoul"
"""
    names = {"closed", "week", "cron", "quiet", "boss", "slave"}
    async with HttpServer() as target, receiver() as hook:
        where.configure(FRAME + webhook("hook", hook) + rules + "".join(check(name, target) for name in sorted(names)))
        daemon = await where.start()
        answer = await run(where, "silence", 'check="quiet"', "--for", "1h", "--comment", "deploy")
        ident = answer.rpartition("id ")[2].partition(")")[0]
        target.at("/boss", status=500)
        await until(lambda: told_of(hook))
        target.behave(status=500)
        await settled(where, names)
        reasons = await muted(where)
        boss = json.loads(await run(where, "alerts", "--json"))
        source = next(alert["id"] for alert in boss if alert["labels"]["check"] == "boss")
        assert reasons == {
            "boss": [], "closed": ["inactive"], "week": ["maintenance:weekly"], "cron": ["maintenance:nightly"],
            "quiet": [f"silence:{ident}"], "slave": [f"inhibit:{source}"],
        }  # fmt: skip
        await run(where, "extend", ident, "--for", "2h")
        assert told_of(hook) == ["boss"]
        await run(where, "unsilence", ident)
        await until(lambda: len(told_of(hook)) == 2)
        assert told_of(hook) == ["boss", "quiet"], "what still fires is told when its silence ends"
        target.at("/boss", status=200)
        target.behave(status=200)
        await settled(where, set())
        await until(lambda: set(told_of(hook, "resolved")) == {"boss", "quiet"})
        assert sorted(told_of(hook, "resolved")) == ["boss", "quiet"]
        verbs = [line["verb"] for line in json.loads(await run(where, "audit", "--json"))]
        assert verbs[::-1] == ["silenced", "extended", "unsilenced"]
        assert await daemon.terminate() == 0


async def test_escalation_goes_on_until_somebody_acknowledges_and_again_afterwards(where: Installation) -> None:
    """First, then second, then third; an acknowledge for a time stops that, its end begins anew; the end is told to all who heard."""
    routes = """
[[routes]]
notifiers = ["first"]
group_interval = "200ms"
[[routes.escalate]]
after = "3s"
notifiers = ["on-call"]
[recipients]
on-call = ["second"]
"""
    async with HttpServer() as target, receiver() as first, receiver() as second:
        where.configure(FRAME + webhook("first", first) + webhook("second", second) + routes + check("api", target))
        daemon = await where.start()
        target.behave(status=500)
        await until(lambda: told(first, "CheckUnhealthy", "firing"))
        await run(where, "ack", "--all", "--for", "4s")
        await until(lambda: len(told(first, "CheckUnhealthy", "firing")) == 2, what="the acknowledge has run out")
        assert not second.requests, "nobody else is called while it is acknowledged"
        await until(lambda: told(second, "CheckUnhealthy", "firing"))
        target.behave(status=200)
        await until(lambda: told(first, "CheckUnhealthy", "resolved") and told(second, "CheckUnhealthy", "resolved"))
        assert (len(first.requests), len(second.requests)) == (3, 2)
        assert await daemon.terminate() == 0


async def test_a_button_in_the_chat_acknowledges(where: Installation) -> None:
    """Long polling: a stranger's press does nothing, an allowed user's acknowledges; the message shows it; the audit log has the name."""
    api = TelegramApi("12:abc")
    async with HttpServer() as target, receiver(api) as telegram:
        chat = TELEGRAM.format(url=telegram.url)
        where.configure('language = "ko"\n' + FRAME + chat + '[routing]\ninfo = ["chat"]\n' + check("api", target))
        daemon = await where.start()
        target.behave(status=500)

        def calls(method: str) -> list[dict[str, Any]]:
            return [payload for name, payload in api.calls if name == method]

        def answered(count: int) -> bool:
            return len(calls("answerCallbackQuery")) == count

        message = (await until(lambda: calls("sendMessage")))[0]
        data = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        for number, user in enumerate((7, 42)):
            query = {
                "id": f"q{number}",
                "from": {"id": user, "username": f"u{user}"},
                "message": {"message_id": 101, "chat": {"id": 1}},
                "data": data,
            }
            api.updates.append({"update_id": number + 1, "callback_query": query})
            await until(partial(answered, number + 1))
            acknowledged = [alert["acknowledged"] for alert in json.loads(await run(where, "alerts", "--json"))]
            assert (acknowledged[0] is not None) == (user == 42)
        assert [call["text"] for call in calls("answerCallbackQuery")] == ["여기서 확인할 권한이 없습니다", "확인했습니다"]
        await until(lambda: calls("editMessageText"))
        assert "telegram:@u42 (42)" in calls("editMessageText")[0]["text"] and "reply_markup" not in calls("editMessageText")[0]
        assert [line["by"] for line in json.loads(await run(where, "audit", "--json"))] == ["telegram:@u42 (42)"]
        assert await daemon.terminate() == 0


@pytest.mark.slow
async def test_a_notifier_that_fails_for_long_is_told_by_the_others(where: Installation) -> None:
    """After ten minutes without a success it is MonitorTrouble and a failed ping, over a restart too, until the first success."""
    text = FRAME.replace('"]', '", "MonitorTrouble"]') + '[routing]\ninfo = ["broken", "well"]\n'
    async with HttpServer() as target, receiver(Reply(401, "no")) as broken, receiver() as well, receiver() as pings:
        ping = f'[heartbeat]\nurl = "{pings.url}/ping"\ninterval = "200ms"\n'
        where.configure(text + ping + webhook("broken", broken) + webhook("well", well) + check("api", target))

        def pinged(suffix: str) -> bool:
            return f"/ping{suffix}" in [request.path for request in pings.requests[-2:]]

        daemon = await where.start()
        target.behave(status=500)
        await until(lambda: told_of(well) and where.rows("SELECT 1 FROM notifications WHERE notifier = 'broken' AND state = 'failed'"))
        await until(lambda: pinged(""), what="a short trouble is quiet")
        assert await daemon.terminate() == 0
        with contextlib.closing(sqlite3.connect(where.state_db)) as db, db:
            db.execute("UPDATE notifications SET created_at = created_at - 700000, claimed_at = claimed_at - 700000")

        for _ in range(2):
            daemon = await where.start()
            await until(lambda: told(well, "MonitorTrouble", "firing") and pinged("/fail"))
            assert await daemon.terminate() == 0
        (firing,) = told(well, "MonitorTrouble", "firing")
        labels, annotations = (firing.json()["alerts"][0][key] for key in ("labels", "annotations"))
        assert labels["reason"] == "notifier-broken"
        assert "broken: nothing delivered for 10m: " in annotations["summary"] and "401" in annotations["summary"]

        broken.default = Reply()
        daemon = await where.start()
        assert "sent" in await run(where, "notify", "test", "broken")
        await until(lambda: told(well, "MonitorTrouble", "resolved") and pinged(""))
        assert len(told(well, "MonitorTrouble", "firing")) == 1
        assert await daemon.terminate() == 0
