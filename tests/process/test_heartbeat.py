"""Heartbeats end to end: real commands as cron calls them, the real daemon, kill -9, its own downtime, the message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Installation, installation, told, until
from tests.support.receivers import receiver

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "backup"
type = "heartbeat"
every = "{every}"
grace = "{grace}"
max_run = "1h"
interval = "200ms"
[[checks]]
name = "port"
type = "tcp"
host = "127.0.0.1"
port = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}/"
[[routes]]
notifiers = ["hook"]
match = ['check="backup"']
group_interval = "0s"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        yield made


def check(home: Installation) -> dict[str, object]:
    """What `check backup --json` says."""
    done = home.run("check", "backup", "--json")
    assert done.stdout, done.stderr
    (row,) = json.loads(done.stdout)
    return dict(row)


def query(home: Installation, expr: str) -> list[dict[str, Any]]:
    """The series of an instant query."""
    done = home.run("query", expr, "--json")
    assert done.stdout, done.stderr
    return list(json.loads(done.stdout)["data"]["result"])


async def test_a_jobs_pings_reach_the_daemon_over_kill_9_and_without_it(place: Installation) -> None:
    """Start, end, exit status, pings while no monitor runs: each counts once; a failure is told at once, and its end too."""
    async with receiver() as hook:
        place.configure(CONFIG.format(every="1h", grace="10m", hook=hook.url))
        daemon = await place.start()
        await until(lambda: "waits for the first ping" in str(check(place)["reason"]))
        for words in (("--start",), ("--exit", "0")):
            done = place.run("heartbeat", "backup", *words)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        await until(lambda: check(place)["status"] == "healthy")
        failed = place.run("heartbeat", "backup", "--exit", "3", "--message", "disk full")
        assert failed.returncode == 0
        await until(lambda: told(hook, "CheckUnhealthy", "firing"))
        assert "exit 3" in str(check(place)["reason"]) and "disk full" in str(check(place)["reason"])
        await daemon.kill()
        offline = check(place)
        assert offline["status"] == "unknown" and "no monitor runs" in str(offline["reason"])
        kept = place.run("heartbeat", "backup")
        assert kept.returncode == 0 and "stored for the next monitor" in kept.stdout
        daemon = await place.start()
        await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
        counts = query(place, "heartbeat_pings_total")
        found = {row["metric"]["kind"]: float(row["value"][1]) for row in counts}
        assert found == {"start": 1, "success": 2, "fail": 1, "log": 0}
        assert query(place, "resets(heartbeat_pings_total[10m]) > 0") == []
        assert await daemon.terminate() == 0


async def test_a_missing_ping_is_told_and_ended_by_the_next(place: Installation) -> None:
    """every + grace pass: one message with the reason; the next ping ends it."""
    async with receiver() as hook:
        place.configure(CONFIG.format(every="2s", grace="1s", hook=hook.url))
        await place.start()
        place.run("heartbeat", "backup")
        await until(lambda: told(hook, "CheckUnhealthy", "firing"))
        text = json.dumps(told(hook, "CheckUnhealthy", "firing")[0].json())
        assert "one was due" in text or "has never pinged" in text
        place.run("heartbeat", "backup")
        await until(lambda: told(hook, "CheckUnhealthy", "resolved"))


async def test_a_name_that_is_no_heartbeat_check_is_refused(place: Installation) -> None:
    """A running monitor knows its checks: advice in place of a ping that nobody waits for."""
    place.configure(CONFIG.format(every="1h", grace="1m", hook="http://127.0.0.1:1"))
    nothing = place.run("heartbeat", "backup")
    assert nothing.returncode == 1 and "no monitor has run here" in nothing.stderr
    await place.start()
    await until(lambda: place.run("status").stdout.count("backup"))
    wrong = place.run("heartbeat", "bakup")
    assert wrong.returncode == 1 and "did you mean backup" in wrong.stderr
    other = place.run("heartbeat", "port")
    assert other.returncode == 1 and "is a check of type tcp" in other.stderr
    assert place.run("heartbeat", "backup", "--exit", "256").returncode != 0
