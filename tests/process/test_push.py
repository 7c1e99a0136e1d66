"""Push in a running monitor: restarts, bounds that are told, alerts on pushed series, what belongs to nobody."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.processes import environment, eventually, until
from tests.support.push_world import PushWorld, push_world
from tests.support.servers import free_port
from tui_monitor.runtime.runtime import Runtime


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[PushWorld]:
    async with push_world(tmp_path, "max_series = 20") as made:
        yield made


def statsd(world: PushWorld, *lines: str) -> None:
    """One datagram a line."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for line in lines:
            client.sendto(line.encode(), ("127.0.0.1", world.statsd))


async def test_groups_of_a_gateway_outlive_a_restart(tmp_path: Path) -> None:
    """The value of a nightly job and the time of its push are there after the monitor was restarted, and can be deleted."""
    ports = (free_port(), free_port())
    async with push_world(tmp_path, ports=ports) as world:
        assert (await world.ask("PUT", "/metrics/job/nightly", b"# TYPE rows gauge\nrows 42\n")).status == 200
        assert await world.value('rows{job="nightly"}') == 42
        pushed = await world.value('push_time_seconds{job="nightly"}')
    async with push_world(tmp_path, ports=ports) as world:
        assert await world.value('rows{job="nightly"}') == 42
        assert await world.value('push_time_seconds{job="nightly"}') == pushed
        assert (await world.ask("DELETE", "/metrics/job/nightly")).status == 202
        await eventually(lambda: world.series("rows"), lambda found: not found)


async def test_a_sender_with_too_many_series_is_told_once(world: PushWorld) -> None:
    """As an own trouble that says what to change; known series go on, other senders are not touched."""
    await asyncio.to_thread(statsd, world, *(f"a.{number}:1|g" for number in range(30)))
    await until(lambda: any("max_series = 20" in text for text in world.troubles))
    assert await world.value('count({__name__=~"a_.*"})') == 20
    await asyncio.to_thread(statsd, world, "a.0:7|g")
    assert await world.value("a_0", 7) == 7
    body = json.dumps([{"name": "mine", "value": 1}]).encode()
    assert (await world.ask("POST", "/api/v1/metrics", body)).status == 202
    assert await world.value("mine") == 1
    assert sum("max_series" in text for text in world.troubles) == 1


async def test_bad_lines_are_told_and_cost_nothing_else(world: PushWorld) -> None:
    """With the reason of the newest."""
    await asyncio.to_thread(statsd, world, "what is this", "good:1|c")
    assert await world.value("good_total") == 1
    await until(lambda: any("StatsD lines cannot be read" in text for text in world.troubles))


async def test_a_taken_port_is_told_and_tried_again(tmp_path: Path) -> None:
    """The rest of the monitor runs; when the port is free it listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        ports = (free_port(), taken.getsockname()[1])
        world_of = push_world(tmp_path, ports=ports)
        entering = asyncio.create_task(world_of.__aenter__())
        await eventually(lambda: asyncio.to_thread(trouble_stored, tmp_path, "statsd = 127.0.0.1"), what="the taken port is told")
    world = await entering
    await asyncio.to_thread(statsd, world, "x:1|c")
    assert await world.value("x_total") == 1
    await world_of.__aexit__(None, None, None)


def trouble_stored(place: Path, text: str) -> bool:
    """Whether `status` of the monitor tells it."""
    argv = [sys.executable, "-m", "tui_monitor", "status", "--config", str(place / "config.toml"), "--state", str(place / "state")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=environment())
    return text in done.stdout + done.stderr


async def test_a_reload_changes_push(tmp_path: Path) -> None:
    """Another port, and off: nothing listens any more, and pushes are answered with the reason."""
    async with push_world(tmp_path) as world:
        file, other = tmp_path / "config.toml", free_port()
        text = file.read_text()
        file.write_text(text.replace(str(world.statsd), str(other)))
        assert (await world.runtime.reload()).ok
        await until(lambda: listening(world.runtime) == other)
        world.statsd = other
        await asyncio.to_thread(statsd, world, "x:1|c")
        assert await world.value("x_total") == 1
        file.write_text(text[: text.index("[push]")])
        assert (await world.runtime.reload()).ok
        await until(lambda: listening(world.runtime) == 0)
        answer = await world.ask("POST", "/api/v1/metrics", b"[]")
        assert answer.status == 503 and "add [push] to the configuration" in answer.text


def listening(runtime: Runtime) -> int:
    """The StatsD port."""
    return runtime.leader.push.statsd_port if runtime.leader is not None else -1


RULE = """
[[rules]]
alert = "ManyOrders"
expr = "orders_waiting > 10"
severity = "warning"
"""


async def test_rules_read_pushed_series(tmp_path: Path) -> None:
    """A pushed gauge fires an alert and resolves it."""
    async with push_world(tmp_path, checks=RULE) as world:
        await asyncio.to_thread(statsd, world, "orders.waiting:17|g")
        await until(lambda: [alert.name for alert in world.runtime.board.alerts if alert.state == "firing"] == ["ManyOrders"])
        await asyncio.to_thread(statsd, world, "orders.waiting:3|g")
        await until(lambda: not [alert for alert in world.runtime.board.alerts if alert.state == "firing"])


async def test_curl_reports_a_job(tmp_path: Path) -> None:
    """As crontab lines do: start, exit code with the output as evidence, by key without a token."""
    check = '[[checks]]\nname = "backup"\ntype = "heartbeat"\nevery = "1d"\ntoken = "k3y"\n'
    async with push_world(tmp_path, checks=check) as world:

        def curl(*arguments: str) -> str:
            return subprocess.run(["curl", "-fsS", "-m", "10", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout

        def status() -> tuple[str, str]:
            found = world.runtime.board.checks[0]
            return found.status.value, found.reason

        assert await asyncio.to_thread(curl, f"{world.url}/ping/k3y/backup/start") == "OK"
        await until(lambda: "running" in status()[1])
        await asyncio.to_thread(curl, "--data-raw", "disk full", f"{world.url}/ping/k3y/backup/2")
        await until(lambda: status()[0] == "unhealthy" and "(exit 2)" in status()[1] and "disk full" in status()[1])
        await asyncio.to_thread(curl, "--unix-socket", world.socket, "http://localhost/ping/backup")
        await until(lambda: status()[0] == "healthy")
