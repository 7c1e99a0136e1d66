"""The own API of the real daemon: health, metrics of its history, alerts, messages that are really sent, logs, login by `web`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_face import Answer
from tests.support.processes import Installation, eventually, installation, until
from tests.support.receivers import Receiver, receiver
from tests.support.servers import free_port
from tests.support.smtp_server import smtp_server

CONFIG = """
host = "web-1"
service = "shop"
default_rules = ["CheckUnhealthy"]
[http]
listen = "127.0.0.1:{port}"
[[checks]]
name = "gone"
type = "tcp"
host = "127.0.0.1"
port = {closed}
interval = "500ms"
failures = 1
[[checks]]
name = "app"
type = "log"
path = "{log}"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[notifiers]]
name = "mail"
type = "email"
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "monitor@example.com"
to = ["ops@example.com"]
allowed_addresses = ["*@partner.example"]
[[routes]]
notifiers = ["hook"]
"""


class Api:
    """The daemon's API with a token."""

    def __init__(self, where: Installation, port: int, hook: Receiver, mails: Any, log: Path) -> None:
        self.where, self.port, self.hook, self.mails, self.log = where, port, hook, mails, log
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request."""
        raw = b"" if body is None else json.dumps(body).encode()
        lines = {"host": "localhost", "connection": "close", "content-length": str(len(raw)), "content-type": "application/json"}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            lines["authorization"] = f"Bearer {self.token}"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{method} {path} HTTP/1.1\r\n{''.join(f'{k}: {v}' + chr(13) + chr(10) for k, v in lines.items())}\r\n".encode() + raw)
        answer = Answer(await reader.read())
        writer.close()
        return answer

    async def run(self, *arguments: str) -> str:
        """A command of the command line."""
        done = await asyncio.to_thread(self.where.run, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    port, log = free_port(), tmp_path / "app.log"
    log.write_text("")
    async with receiver() as hook:
        with smtp_server("none") as mails, installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(port=port, closed=free_port(), hook=hook.url, smtp=mails.port, log=log))
            await (await where.start()).said("HTTP listens")
            made = Api(where, port, hook, mails, log)
            made.token = (await made.run("token", "add", "ci", "--scope", "act")).split()[-1]
            yield made


async def test_what_a_client_of_an_application_does(api: Api) -> None:
    """Health, the alert with its delivery, acknowledge and resolve, a message, a test, figures of the history, the log."""
    await until(lambda: bool(api.hook.requests))
    health = await api.ask("GET", "/api/health")
    assert (health.status, health.json["service"], health.json["checks"]["gone"]["status"]) == (503, "shop", "unhealthy")
    assert (await api.ask("GET", "/api/health/system")).json["memory_percent"] > 0
    [alert] = (await api.ask("GET", "/api/alerts?state=firing")).json["alerts"]
    assert (alert["labels"]["check"], alert["service"]) == ("gone", "shop") and alert["deliveries"][0]["notifier"] == "hook"
    assert (await api.ask("POST", f"/api/alerts/{alert['id']}/ack", {"note": "on it"})).json["success"]
    [alert] = (await api.ask("GET", "/api/alerts?state=acknowledged")).json["alerts"]
    assert alert["acknowledged"]["by"] == "ci (http 127.0.0.1)"
    assert (await api.ask("POST", f"/api/alerts/{alert['id']}/silence", {"for": "1h"})).json["id"]
    assert (await api.ask("POST", f"/api/alerts/{alert['id']}/resolve", {})).json["success"]
    assert (await api.ask("GET", "/api/alerts?state=resolved")).json["total"] == 1

    said = (await api.ask("POST", "/api/notify", {"title": "Deploy", "message": "v2", "to": ["hook"], "wait": "20s"})).json
    assert (said["success"], said["results"]) == (True, {"hook": True})
    row = (await api.ask("GET", f"/api/notifications/{said['id']}")).json
    assert (row["state"], row["title"], row["kind"]) == ("sent", "Deploy", "message")
    tested = (await api.ask("POST", "/api/notify/test/hook?wait=20s")).json
    assert tested["success"] and (await api.ask("GET", "/api/notifications")).json["notifications"][0]["kind"] == "test"

    figures = (await api.ask("GET", "/api/metrics?hours=1&match=check_health")).json
    [series] = [one for one in figures["series"] if one["labels"]["check"] == "gone"]
    assert (series["metric"], series["max"], series["last"]) == ("check_health", 2.0, 2.0) and series["count"] >= 1
    assert figures["system"]["memory"]["total_gb"] > 0 and figures["collection_stats"]["total_collected"] > 0
    await eventually(lambda: api.ask("GET", "/api/health/app"), lambda found: found.json["status"] == "healthy", "the log is open")
    with api.log.open("a") as file:
        file.write('{"level": "error", "message": "payment failed", "user": 7}\n')
    question = "/api/logs?check=app&level=error&q=PAYMENT&where=user=7"
    answer = await eventually(lambda: api.ask("GET", question), lambda found: found.json["count"])
    assert answer.json["logs"][0]["message"] == "payment failed"


async def test_messages_go_to_allowed_addresses_only(api: Api) -> None:
    """A configured receiver and one that a pattern allows get the mail, nobody else; the operator's list gets none of it."""
    body = {"title": "Order", "message": "42", "email_recipients": ["Kim <kim@partner.example>", "ops@example.com"], "wait": "20s"}
    said = (await api.ask("POST", "/api/notify", body)).json
    assert (said["success"], said["results"]) == (True, {"mail": True}), said
    assert sorted(api.mails.messages[-1].rcpt_tos) == ["kim@partner.example", "ops@example.com"]
    refused = await api.ask("POST", "/api/notify", {**body, "email_recipients": ["eve@evil.example"]})
    assert refused.status == 403 and "eve@evil.example" in refused.json["error"]["message"]
    only = await api.ask("POST", "/api/notify", {**body, "email_recipients": ["kim@partner.example"], "channels": ["mail"]})
    assert only.json["results"] == {"mail": True}
    assert api.mails.messages[-1].rcpt_tos == ("kim@partner.example",)


async def test_web_prints_a_link_that_works_once(api: Api) -> None:
    """The link signs a browser in, also after it the audit knows who acted; the second use is refused; `token revoke` ends the session."""
    link = json.loads(await api.run("web", "--json"))["url"]
    assert link.startswith(f"http://127.0.0.1:{api.port}/login/tm_")
    path, api.token = link.partition(f":{api.port}")[2], ""
    first = await api.ask("GET", path)
    cookie = first.headers["set-cookie"].partition(";")[0]
    assert first.status == 200 and (await api.ask("GET", path)).status == 403
    assert (await api.ask("GET", "/api/dashboard", cookie=cookie)).status == 200
    assert (await api.ask("GET", "/api/dashboard")).status == 401
    [session] = [one for one in json.loads(await api.run("token", "list", "--json")) if one["kind"] == "session"]
    await api.run("token", "revoke", session["name"])
    await eventually(lambda: api.ask("GET", "/api/dashboard", cookie=cookie), lambda found: found.status == 401)
    for file in (api.where.state_db, api.where.state / "state.db-wal"):
        assert not file.exists() or path.rpartition("/")[2].encode() not in file.read_bytes(), "the secret is stored nowhere"


async def test_web_without_http_says_what_to_do(tmp_path: Path) -> None:
    """Exit 78 without the section; 1 where no monitor runs."""
    with installation(tmp_path / "place") as where:
        where.configure("")
        refused = await asyncio.to_thread(where.run, "web")
        assert refused.returncode == 78 and "[http]" in refused.stderr
