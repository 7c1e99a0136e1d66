"""Another program holds state.db or history.db for itself: alarms still go out, and `status` and the log say what is missing."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.processes import installation, told, until
from tests.support.receivers import receiver

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "api"
type = "http"
url = "{target}/"
interval = "200ms"
failures = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[routes]]
notifiers = ["hook"]
"""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody else's `BEGIN EXCLUSIVE`."""
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


@pytest.mark.parametrize("name", ["state.db", "history.db"])
async def test_a_locked_file_hides_no_outage(tmp_path: Path, name: str) -> None:
    """The firing is told; `status` is unhealthy, not the healthy of the older of the two files; an unrecorded send is logged as one."""
    async with HttpServer() as target, receiver() as hook:
        with installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(target=target.url, hook=hook.url))
            daemon = await where.start()
            await until(lambda: where.run("status").returncode == 0, what="healthy")
            with held(where.state / name):
                target.behave(status=500)
                await until(lambda: told(hook, "CheckUnhealthy", "firing"), what="the firing")
                found = await until(
                    lambda: (done := where.run("status", "--json")).returncode == 2 and json.loads(done.stdout), what="unhealthy"
                )
                assert found["status"] == "unhealthy" and found["alerts"]["by_severity"]["critical"] == 1
                if name == "state.db":
                    line = await daemon.said("not recorded, may repeat")
                    assert line["recorded"] is False and line["notifier"] == "hook" and "are not recorded" in found["reason"]
                else:
                    assert "older than the firing alerts" in found["reason"]
            target.behave(status=200)
            await until(lambda: told(hook, "CheckUnhealthy", "resolved"), what="the end")
            await until(lambda: where.run("status").returncode == 0, what="healthy again")
            assert await daemon.terminate() == 0
