"""The wall clock is set while the leader runs: alerts, reminders and new faults go on as if nothing had happened."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.processes import running, told, until
from tests.support.receivers import receiver
from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.queryable import Matcher
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.storage.memory import SeriesMemory

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy", "ClockSkew"]
[[checks]]
name = "api"
type = "http"
url = "{target}/"
interval = "200ms"
timeout = "2s"
failures = 1
[[rules]]
alert = "Failing"
expr = "avg_over_time(probe_success[3s]) < 0.5"
severity = "error"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
rate_limit = "1000/1m"
[[routes]]
notifiers = ["hook"]
group_interval = "200ms"
repeat_interval = "1s"
refire_interval = "0s"
"""


class SteppedClock(SystemClock):
    """The machine's clocks, with a wall clock that the test sets."""

    offset = 0.0

    def wall_ms(self) -> int:
        """Milliseconds, wrong by the offset."""
        return super().wall_ms() + round(self.offset * 1000)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
async def test_a_clock_step_neither_delays_nor_repeats_anything(tmp_path: Path, step: float) -> None:
    """An hour back, an hour forth: reminders go on, the end is told, the next fault is told, each once and soon."""
    async with HttpServer() as target, receiver() as hook:
        file = tmp_path / "config.toml"
        file.write_text(CONFIG.format(target=target.url, hook=hook.url))
        file.chmod(0o600)
        clock = SteppedClock()
        runtime = Runtime(open_directory(tmp_path / "state"), lambda: load(file, {}), clock, "headless", "test")

        def count(name: str, status: str) -> int:
            return sum(len(request.json()["alerts"]) > 0 for request in told(hook, name, status))

        async with running(runtime.run(), runtime.stop):
            target.behave(status=500)
            await until(lambda: count("CheckUnhealthy", "firing") and count("Failing", "firing"))
            assert runtime.leader is not None
            ids = {alert.id for alert in runtime.leader.engine.alerts if alert.name != "ClockSkew"}
            clock.offset = step
            before = count("CheckUnhealthy", "firing")
            begin = time.monotonic()
            await until(lambda: count("CheckUnhealthy", "firing") >= before + 2, what="reminders after the step")
            assert time.monotonic() - begin < 30  # the step is of an hour
            assert {alert.id for alert in runtime.leader.engine.alerts if alert.name != "ClockSkew"} == ids
            assert not count("CheckUnhealthy", "resolved") and not count("Failing", "resolved")
            await until(lambda: count("ClockSkew", "firing"), what="the step is told")

            target.behave(status=200)
            await until(lambda: count("CheckUnhealthy", "resolved") and count("Failing", "resolved"), what="the end after the step")
            counts = count("CheckUnhealthy", "firing"), count("Failing", "firing")
            target.behave(status=500)
            await until(
                lambda: count("CheckUnhealthy", "firing") > counts[0] and count("Failing", "firing") > counts[1], what="the next fault"
            )
            assert (count("CheckUnhealthy", "resolved"), count("Failing", "resolved")) == (1, 1)


async def test_a_viewer_goes_on_after_a_step_back(tmp_path: Path) -> None:
    """The clock is set back an hour: the viewer takes what the leader records from then on, and keeps its lines."""
    async with HttpServer() as target, receiver() as hook:
        file = tmp_path / "config.toml"
        file.write_text(CONFIG.format(target=target.url, hook=hook.url))
        file.chmod(0o600)
        clock = SteppedClock()
        leader, looker = (
            Runtime(open_directory(tmp_path / "state"), lambda: load(file, {}), clock, kind, "test") for kind in ("headless", "dashboard")
        )

        def line() -> int:
            return len(looker.board.sparks.get("cpu", ()))

        async with running(leader.run(), leader.stop):
            await until(lambda: leader.leader is not None and leader.board.checks)
            async with running(looker.run(), looker.stop):
                await until(lambda: looker.board.leader.role == "viewer" and line() >= 2)
                clock.offset, before = -3600.0, line()
                await until(lambda: line() >= before + 3, what="the line grows after the step")


def test_shifted_samples_stay_in_order_and_keep_their_distances() -> None:
    """A step moves what was there before it, not what came after a step forward; the next sample is taken."""
    for delta, now in ((-3_600_000, 1_000_000_500), (300_000, 1_007_200_500)):
        memory = SeriesMemory()
        labels = labels_of("up")
        old = now - delta
        for at in (old - 2000, old - 1000):
            memory.append(at, [Sample(labels, 1.0)])
        if delta > 0:
            memory.append(now - 100, [Sample(labels, 2.0)])
        memory.shift(delta, now)
        memory.append(now, [Sample(labels, 3.0)])
        times = list(memory.select((Matcher("__name__", "=", "up"),), 0, now)[0].times)
        assert times == sorted([now - 2000, now - 1000, now] + ([now - 100] if delta > 0 else []))
        assert memory.dropped == 0
