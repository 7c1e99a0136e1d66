"""The whole way from outside: a real daemon, a real target that fails, a real receiver that counts."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.processes import PATIENCE, Daemon, Installation, installation, keys, marked, told, until
from tests.support.receivers import Receiver, Reply, Request, receiver

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "api"
type = "http"
url = "{target}/health"
interval = "200ms"
timeout = "2s"
failures = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[routes]]
notifiers = ["hook"]
repeat_interval = "{repeat}"
group_interval = "200ms"
"""


def configure(where: Installation, target: HttpServer, hook: Receiver, repeat: str = "4h") -> None:
    """One check, one webhook."""
    where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat=repeat))


def alert_id(where: Installation) -> str:
    """The id of the one live alert."""
    return str(where.rows("SELECT id FROM alerts WHERE state = 'firing'")[0][0])


async def test_a_fault_is_told_acknowledged_and_its_end_told_once(tmp_path: Path) -> None:
    """A 500 reaches the webhook within 10 s, an acknowledge stops the reminders, and the recovery is told exactly once."""
    async with HttpServer() as target, receiver() as hook:
        with installation(tmp_path / "place") as where:
            configure(where, target, hook, repeat="1s")
            daemon = await where.start()
            await target.wait_for(lambda server: len(server.requests) >= 1, 60)
            begin = time.monotonic()
            target.behave(status=500)
            await until(lambda: told(hook, "CheckUnhealthy", "firing"))
            assert time.monotonic() - begin < 10
            await until(lambda: len(told(hook, "CheckUnhealthy", "firing")) >= 3, what="reminders")

            acknowledged = await asyncio.to_thread(where.run, "ack", alert_id(where), "--note", "on it")
            assert acknowledged.returncode == 0, acknowledged.stderr
            await until(lambda: where.rows("SELECT 1 FROM alert_events WHERE change = 'acknowledged'"))
            count, probes = len(hook.requests), len(target.requests)
            await target.wait_for(lambda server: len(server.requests) >= probes + 3, 60)
            assert len(hook.requests) <= count + 1, "reminders go on after the acknowledge"

            target.behave(status=200)
            await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
            probes = len(target.requests)
            await target.wait_for(lambda server: len(server.requests) >= probes + 2, 60)
            assert await daemon.terminate() == 0
            assert len(told(hook, "CheckUnhealthy", "resolved")) == 1
            assert len(set(keys(hook.requests))) == len(hook.requests), "a key came twice"
            assert not any(map(marked, hook.requests))


async def test_kill_9_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed while firing and started again: no second firing; the recovery that happened while nobody looked is told once."""
    async with HttpServer() as target, receiver() as hook:
        with installation(tmp_path / "place") as where:
            configure(where, target, hook)
            daemon = await where.start()
            target.behave(status=500)
            await until(lambda: told(hook, "CheckUnhealthy", "firing"))
            await until(lambda: where.rows("SELECT 1 FROM notifications WHERE state = 'sent'"))
            await daemon.kill()

            again = await where.start()
            probes = len(target.requests)
            await target.wait_for(lambda server: len(server.requests) >= probes + 2, 60)
            assert len(hook.requests) == 1, "the firing was told again after the restart"
            await again.kill()

            target.behave(status=200)
            third = await where.start()
            await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
            probes = len(target.requests)
            await target.wait_for(lambda server: len(server.requests) >= probes + 2, 60)
            assert await third.terminate() == 0
            assert [request.json()["status"] for request in hook.requests] == ["firing", "resolved"]
            assert not any(map(marked, hook.requests))


BUSY_DISK = """
from tui_monitor.storage.history.background import Recorder
async def keep(*_): pass
Recorder.keep = keep
"""


@pytest.mark.parametrize(
    ("how", "prelude"), [(signal.SIGKILL, ""), (signal.SIGTERM, ""), (signal.SIGKILL, BUSY_DISK)], ids=["kill", "end", "busy disk"]
)
async def test_an_end_at_the_first_message_neither_ends_nor_doubles_the_alert(tmp_path: Path, how: signal.Signals, prelude: str) -> None:
    """Long well, then down, ended in the moment of the message: the next process knows the outage, though it needs three failures.

    With a busy disk the history lacks the last second: it is not believed then.
    """
    async with HttpServer() as target:
        lives: list[Daemon] = []

        def end(_: Request) -> Reply:
            for one in lives:
                one.process.send_signal(how)
            return Reply()

        async with receiver(end) as hook:
            with installation(tmp_path / "place") as where:
                configure(where, target, hook)
                where.configure(where.config.read_text().replace("failures = 1", 'failures = 3\nretry_interval = "200ms"'))
                target.behave(delay=0.3)
                lives.append(await where.start(prelude=prelude))
                await until(lambda: (where.state / "history.db").exists() and len(target.requests) >= 5)
                target.behave(status=500, delay=0.3)
                await until(lambda: told(hook, "CheckUnhealthy", "firing"))
                await lives.pop().ended()

                again = await where.start()
                probes = len(target.requests)
                await target.wait_for(lambda server: len(server.requests) >= probes + 6, 60)
                assert told(hook, "CheckUnhealthy", "resolved") == []
                target.behave(status=200)
                await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
                assert await again.terminate() == 0
                fresh = [request.json()["status"] for request in hook.requests if not marked(request)]
                assert fresh == ["firing", "resolved"], "more than the one allowed repeat"


ONE_BAD_ANSWER = """
[[rules]]
alert = "OneBadAnswer"
expr = 'min_over_time(probe_success[5m]) == 0'
"""


async def test_what_looks_back_keeps_the_sample_that_a_kill_would_lose(tmp_path: Path) -> None:
    """A rule over the past fires at one bad answer and the process dies at the message: the next one still has that answer."""
    async with HttpServer() as target:
        lives: list[Daemon] = []

        def end(_: Request) -> Reply:
            for one in lives:
                one.process.kill()
            return Reply()

        async with receiver(end) as hook:
            with installation(tmp_path / "place") as where:
                configure(where, target, hook)
                where.configure(
                    where.config.read_text().replace('default_rules = ["CheckUnhealthy"]', "default_rules = false") + ONE_BAD_ANSWER
                )
                lives.append(await where.start())
                await until(lambda: (where.state / "history.db").exists() and len(target.requests) >= 5)
                target.behave(status=500)
                await until(lambda: told(hook, "OneBadAnswer", "firing"))
                target.behave(status=200)
                await lives.pop().ended()

                again = await where.start()
                probes = len(target.requests)
                await target.wait_for(lambda server: len(server.requests) >= probes + 6, 60)
                assert await again.terminate() == 0
                assert [request.json()["status"] for request in hook.requests if not marked(request)] == ["firing"]


async def test_what_fails_while_nobody_runs_is_told_after_the_start(tmp_path: Path) -> None:
    """A target that goes down while the daemon is dead is told as soon as it is back, and an acknowledge left meanwhile is applied."""
    async with HttpServer() as target, receiver() as hook:
        with installation(tmp_path / "place") as where:
            configure(where, target, hook, repeat="1s")
            daemon = await where.start()
            await target.wait_for(lambda server: len(server.requests) >= 1, 60)
            await daemon.kill()
            target.behave(status=503)
            daemon = await where.start()
            await until(lambda: told(hook, "CheckUnhealthy", "firing"))
            await daemon.kill()
            left = await asyncio.to_thread(where.run, "ack", alert_id(where))
            assert left.returncode == 0 and "next monitor" in left.stdout + left.stderr
            daemon = await where.start()
            await until(lambda: where.rows("SELECT 1 FROM alert_events WHERE change = 'acknowledged'"))
            count, probes = len(hook.requests), len(target.requests)
            await target.wait_for(lambda server: len(server.requests) >= probes + 3, 60)
            assert len(hook.requests) <= count + 1
            assert await daemon.terminate() == 0


BAD_TARGETS = """
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "refused"
type = "tcp"
host = "127.0.0.1"
port = {closed}
interval = "300ms"
failures = 1
"""
BAD_HTTP = """
[[checks]]
name = "{name}"
type = "http"
url = "{url}/{name}"
interval = "300ms"
timeout = "400ms"
failures = 1
degraded_above = "100ms"
"""


async def test_bad_targets_get_the_right_status_and_reason_beside_a_good_one(tmp_path: Path) -> None:
    """Refused, hanging, garbage, silent, cut, slow, hostile: each its own verdict; the good one stays healthy all the time."""
    async with HttpServer() as target:
        target.at("/hang", "hang")
        target.at("/garbage", "garbage")
        target.at("/silent", "silent")
        target.at("/reset", "reset")
        target.at("/slow", delay=0.15)
        target.at("/long", "long_line")
        target.at("/hostile", status=500, body="\x1b]0;owned\x07[red]\u202e<b>", headers={"Server": "\x1b[31m"})
        names = ["good", "hang", "garbage", "silent", "reset", "slow", "long", "hostile"]
        with socket.socket() as probe, installation(tmp_path / "place") as where:
            probe.bind(("127.0.0.1", 0))
            where.configure(
                BAD_TARGETS.format(closed=probe.getsockname()[1]) + "".join(BAD_HTTP.format(name=name, url=target.url) for name in names)
            )
            daemon = await where.start()
            where.config.unlink()  # once it runs, the daemon does not need its file

            def checks() -> dict[str, tuple[str, str]]:
                given = where.run("status", "--json").stdout
                return {check["name"]: (check["status"], check["reason"]) for check in json.loads(given or '{"checks": []}')["checks"]}

            found = await asyncio.to_thread(checks)
            begin = time.monotonic()
            while any(status == "unknown" for status, _ in found.values()) or not found:
                assert time.monotonic() - begin < PATIENCE, found
                found = await asyncio.to_thread(checks)
            assert await daemon.terminate() == 0
            assert all("\x1b" not in text for text in (daemon.text, *(reason for _, reason in found.values())))
    assert {name: status for name, (status, _) in found.items()} == {
        "refused": "unhealthy", "good": "healthy", "hang": "unhealthy", "garbage": "unhealthy", "silent": "unhealthy",
        "reset": "unhealthy", "slow": "degraded", "long": "healthy", "hostile": "unhealthy",
    }  # fmt: skip
    for name, part in (("refused", "refused"), ("hang", "timed out"), ("reset", "reset"), ("slow", "slow"), ("hostile", "500")):
        assert part in found[name][1], found[name]
    assert all(found[name][1] for name in ("garbage", "silent"))
