"""Alertmanager's own clients against the real daemon: Prometheus and vmalert send alerts, amtool looks, silences, adds and ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support.peers.base import program, run
from tests.support.peers.fixtures import present
from tests.support.peers.prometheus import prometheus
from tests.support.peers.vmalert import vmalert
from tests.support.processes import Daemon, Installation, eventually, installation, told, until
from tests.support.receivers import Receiver, receiver
from tests.support.servers import free_port

CONFIG = """
host = "web-1"
default_rules = ["SenderSilent"]
[http]
listen = "127.0.0.1:{port}"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[routes]]
notifiers = ["hook"]
"""
RULES = """
groups:
- name: test
  interval: 1s
  rules:
  - alert: {name}
    expr: vector(1) {condition}
    labels: {{severity: page, team: pay}}
    annotations: {{summary: "it is {{{{ $value }}}}"}}
"""


class Desk:
    """A daemon that takes alerts, its webhook, and amtool."""

    def __init__(self, where: Installation, daemon: Daemon, port: int, hook: Receiver) -> None:
        self.where, self.daemon, self.hook = where, daemon, hook
        self.url = f"http://127.0.0.1:{port}"

    def token(self, name: str, *scopes: str) -> str:
        """A new token."""
        added = self.where.run("token", "add", name, *(part for scope in scopes for part in ("--scope", scope)))
        assert added.returncode == 0, added.stderr
        return added.stdout.split()[-1]

    async def amtool(self, *arguments: str) -> str:
        """The output of amtool with a token that may act and send."""
        file = self.where.place / "amtool.yml"
        if not file.exists():
            file.write_text(f"authorization: {{credentials: {await asyncio.to_thread(self.token, 'amtool', 'act', 'alerts')}}}\n")
        argv = [program("amtool", "install the package `prometheus-alertmanager`"), f"--alertmanager.url={self.url}"]
        return await asyncio.to_thread(run, [*argv, f"--http.config.file={file}", "--no-version-check", *arguments])

    async def amtool_json(self, *arguments: str) -> Any:
        """Its JSON output."""
        return json.loads(await self.amtool(*arguments, "-o", "json"))

    async def alerts(self) -> list[dict[str, Any]]:
        """The daemon's alerts."""
        found: list[dict[str, Any]] = json.loads((await asyncio.to_thread(self.where.run, "alerts", "--json")).stdout)
        return found


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    port = free_port()
    async with receiver() as hook:
        with installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(port=port, hook=hook.url))
            daemon = await where.start()
            await daemon.said("HTTP listens")
            yield Desk(where, daemon, port, hook)


def sending(desk: Desk, token: str, rules: Path) -> str:
    """A Prometheus configuration that sends to us."""
    return f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: eu}}}}
rule_files: ["{rules}"]
alerting:
  alertmanagers:
  - api_version: v2
    authorization: {{credentials: "{token}"}}
    static_configs: [{{targets: ["{desk.url.removeprefix("http://")}"]}}]
"""


RESEND = "--rules.alert.resend-delay=2s"
"""Each 2 s instead of each minute; the end that is given with it lies 8 s ahead, which a busy machine needs."""


async def test_prometheus_alerts_are_told_and_resolved(desk: Desk, tmp_path: Path) -> None:
    """A firing rule of a real Prometheus goes through our routes, is one alert over its repeats, and its end is told."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES.format(name="FromPrometheus", condition="and on() (vector(time()) % 20 < 10)"))
    token = await asyncio.to_thread(desk.token, "prometheus", "alerts")
    with present(lambda: prometheus(sending(desk, token, rules), RESEND)):
        await until(lambda: told(desk.hook, "FromPrometheus", "firing"))
        await until(lambda: told(desk.hook, "FromPrometheus", "resolved"))
        [first, *_] = told(desk.hook, "FromPrometheus", "firing")
        [alert] = first.json()["alerts"]
        assert alert["labels"] == {"alertname": "FromPrometheus", "cluster": "eu", "severity": "page", "team": "pay"}
        assert alert["annotations"]["summary"] == "it is 1"


@pytest.mark.slow
async def test_a_prometheus_that_is_killed_ends_nothing(desk: Desk, tmp_path: Path) -> None:
    """Its alert is acknowledged here, told so in Alertmanager's shape, held without data after a kill -9, and goes on when it is back."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES.format(name="FromPrometheus", condition="> 0"))
    config = sending(desk, await asyncio.to_thread(desk.token, "prometheus", "alerts"), rules)
    with present(lambda: prometheus(config, RESEND)) as peer:
        await until(lambda: told(desk.hook, "FromPrometheus", "firing"))
        [alert] = await desk.alerts()
        assert (alert["severity"], alert["title"], alert["state"]) == ("critical", "it is 1", "firing")
        assert (await asyncio.to_thread(desk.where.run, "ack", alert["id"], "--note", "on it")).returncode == 0
        assert await desk.amtool_json("alert", "query", "--active") == []
        [listed] = await desk.amtool_json("alert", "query", "--silenced", "team=pay")
        assert listed["status"]["silencedBy"] == [f"ack:{alert['id']}"] and listed["fingerprint"] == alert["fingerprint"]
        assert listed["generatorURL"].startswith("http")
        peer.kill()
        await shown(desk, "no data")
    with present(lambda: prometheus(config, RESEND)):
        await shown(desk, "no data", there=False)
        assert [one["id"] for one in await desk.alerts()] == [alert["id"]]
    assert not told(desk.hook, "FromPrometheus", "resolved")


async def shown(desk: Desk, text: str, *, there: bool = True) -> None:
    """As soon as `alerts` shows a text, or does not."""
    await eventually(lambda: asyncio.to_thread(desk.where.run, "alerts"), lambda done: (text in done.stdout) is there, text)


async def test_vmalert_fires_and_ends(desk: Desk) -> None:
    """vmalert sends with its own resend and end: both are understood."""
    condition = "and on() (vector(time()) % 10 < 5)"
    token = await asyncio.to_thread(desk.token, "vmalert", "alerts")
    with (
        present(prometheus) as source,
        present(lambda: vmalert(RULES.format(name="FromVm", condition=condition), source.url, desk.url, token)),
    ):
        await until(lambda: told(desk.hook, "FromVm", "firing"))
        await until(lambda: told(desk.hook, "FromVm", "resolved"))


async def test_amtool(desk: Desk) -> None:
    """Every command of amtool that speaks to a server: add, query, silences with change and end, configuration, routes, cluster."""
    with present_amtool():
        await desk.amtool(
            "alert", "add", "Deploy", "check=shop", "severity=info", "--annotation=summary=is out", "--generator-url=http://ci/7"
        )
        [alert] = await desk.amtool_json("alert", "query", "check=~sh.*")
        assert (alert["labels"]["alertname"], alert["annotations"]) == ("Deploy", {"summary": "is out"})
        assert await desk.amtool_json("alert", "query", "Other") == []
        assert "Deploy" in await desk.amtool("alert", "query", "--receiver=hook")
        ident = (await desk.amtool("silence", "add", "check=shop", "--duration=1h", "--comment=release", "--author=kim")).strip()
        [silence] = await desk.amtool_json("silence", "query")
        assert (silence["id"], silence["comment"], silence["status"]["state"]) == (ident, "release", "active")
        assert silence["createdBy"].startswith("kim via amtool") and silence["matchers"][0]["name"] == "check"
        assert await desk.amtool_json("alert", "query", "--active") == []
        [alert] = await desk.amtool_json("alert", "query", "--silenced")
        assert alert["status"]["silencedBy"] == [ident]
        await desk.amtool("silence", "update", "-d", "3h", ident)
        [longer] = await desk.amtool_json("silence", "query")
        assert longer["id"] == ident and longer["endsAt"] > silence["endsAt"]
        await desk.amtool("silence", "expire", ident)
        assert await desk.amtool_json("silence", "query") == []
        assert [one["id"] for one in await desk.amtool_json("silence", "query", "--expired")] == [ident]
        assert "hook" in await desk.amtool("config", "show")
        assert "hook" in await desk.amtool("config", "routes", "show")
        assert "disabled" in await desk.amtool("cluster", "show")
        audit = (await asyncio.to_thread(desk.where.run, "audit")).stdout
        assert "kim via amtool (http 127.0.0.1)" in audit and "silenced" in audit


def present_amtool() -> AbstractContextManager[None]:
    """Skips where amtool is missing."""

    def find() -> AbstractContextManager[None]:
        program("amtool", "install the package `prometheus-alertmanager`")
        return nullcontext()

    return present(find)


async def test_alerts_survive_kill_9_and_are_not_told_twice(desk: Desk) -> None:
    """An alert that was taken is there after a kill -9, is the same one when it is sent again, and its end is told once."""
    with present_amtool():
        await desk.amtool("alert", "add", "Deploy", "team=pay", "--generator-url=http://ci/7")
        await until(lambda: told(desk.hook, "Deploy", "firing"))
        [before] = await desk.alerts()
        await desk.daemon.kill()
        await (await desk.where.start()).said("HTTP listens")
        await desk.amtool("alert", "add", "Deploy", "team=pay", "--generator-url=http://ci/7")
        [after] = await desk.alerts()
        assert after["id"] == before["id"]
        await desk.amtool("alert", "add", "Deploy", "team=pay", "--end=2020-01-01T00:00:00Z", "--start=2019-01-01T00:00:00Z")
        await until(lambda: told(desk.hook, "Deploy", "resolved"))
        assert len(told(desk.hook, "Deploy", "firing")) == 1
