"""The machine's clock is 90 s ahead for a minute and is then set right: libfaketime under a real daemon, and a real Alertmanager."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.peers.alertmanager import Alertmanager
from tests.support.peers.programs import faketime_environment
from tests.support.peers.require import peers_needed
from tests.support.processes import Daemon, Installation, installation, told, until
from tests.support.receivers import receiver

AHEAD_S = 20
"""Seconds with the wrong clock: enough for samples of two minutes on the wrong time line."""
CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy"]
[[rules]]
alert = "Absurd"
expr = "increase(uptime_seconds[15m]) > 3600"
severity = "warning"
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
[[notifiers]]
name = "desk"
type = "alertmanager"
url = "{alertmanager}"
resend_interval = "1s"
[[routes]]
notifiers = ["hook", "desk"]
group_interval = "0s"
"""


def _decided(daemon: Daemon) -> bool:
    """Whether it leads or has ended."""
    return "is now leader" in daemon.text or daemon.process.poll() is not None


class Clock:
    """The clock of the daemon and of the commands, shifted by a file."""

    def __init__(self, where: Installation) -> None:
        self._file = where.place / "clock"
        self.environment = faketime_environment("+0", self._file)
        self._where = where

    def set(self, offset: str) -> None:
        """For example "+90"."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(offset)
        fresh.replace(self._file)

    async def start(self) -> Daemon:
        """A daemon on this clock. libfaketime 0.9.10 makes a short sleep fail at times ("Invalid argument"): then once more."""
        for _ in range(20):
            daemon = await self._where.start(environ=self.environment, wait=False)
            await until(partial(_decided, daemon))
            if daemon.process.poll() is None or "Invalid argument" not in daemon.text:
                break
        await daemon.leads()
        return daemon

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on the same machine."""
        argv = [sys.executable, "-m", "tui_monitor", *words, "--config", str(self._where.config), "--state", str(self._where.state)]
        environment = {**os.environ, **self.environment}
        return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
async def test_a_clock_that_is_set_right_alarms_nobody(tmp_path: Path, alertmanager_peer: Alertmanager) -> None:
    """No false alarm from the history, `status` knows the monitor, a silence holds at once, and Alertmanager hears of the end."""
    with peers_needed():
        faketime_environment("+0", tmp_path / "probe")
    async with HttpServer() as target, receiver() as hook:
        with installation(tmp_path / "place") as where:
            clock = Clock(where)
            where.configure(CONFIG.format(target=target.url, hook=hook.url, alertmanager=alertmanager_peer.url))
            clock.set("+90")
            daemon = await clock.start()
            target.behave(status=500)
            await until(lambda: told(hook, "CheckUnhealthy", "firing"), what="the firing")
            assert clock.run("silence", "check=other", "--for", "2h").returncode == 0
            await asyncio.sleep(AHEAD_S)  # time itself is what is tested: samples pile up on the wrong time line
            clock.set("+0")
            await until(lambda: "time jumped" in daemon.text or "the clock was set" in daemon.text, what="the step is noticed")
            target.behave(status=200)
            await until(lambda: told(hook, "CheckUnhealthy", "resolved"), what="the end")
            await until(lambda: clock.run("status").returncode == 0, what="status knows the monitor")
            (silence,) = json.loads(clock.run("silences", "--json").stdout)
            assert silence["state"] == "active"

            def active() -> list[str]:
                found = json.loads(alertmanager_peer.amtool("alert", "query", "-o", "json", "check=api"))
                return [alert["labels"]["alertname"] for alert in found]

            await until(lambda: active() == [], seconds=20, what="Alertmanager knows of the end")
            await asyncio.sleep(90)  # the false alarm came within a minute, at the evaluation of the wide rules
            assert told(hook, "Absurd") == []
            found = clock.run("query", "increase(uptime_seconds[15m])", "--json")
            values = [float(series["value"][1]) for series in json.loads(found.stdout)["data"]["result"]]
            assert all(value < 3600 for value in values)
            assert await daemon.terminate() == 0
