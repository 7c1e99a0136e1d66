"""The real daemon over a real log: logrotate and kill -9 in between, kept lines, an error burst that alerts with its lines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.test_log_logrotate import _user
from tests.support.paths import ROOT
from tests.support.peers.base import program
from tests.support.peers.require import peers_needed
from tests.support.processes import Installation, installation, told, until
from tests.support.receivers import receiver
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.reader import HistoryReader

COUNT = 30_000
CONFIG = """
host = "web-1"
default_rules = {rules}
[[checks]]
name = "app"
type = "log"
path = "{log}"
interval = "200ms"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    tmp_path.chmod(0o755)
    with installation(tmp_path / "place") as made:
        yield made


def start(*words: str, output: Path | None = None) -> subprocess.Popen[bytes]:
    """A Python program of ours beside the test."""
    with (output or Path(os.devnull)).open("wb") as stream:
        return subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=stream, env={**os.environ, "PYTHONPATH": str(ROOT)})


def totals(home: Installation) -> list[list[float]]:
    """The samples of log_lines_total, for each level."""
    try:
        with closing(HistoryReader(home.state / "history.db")) as reader:
            found = reader.select((Matcher("__name__", "=", "log_lines_total"),), 0, 1 << 52)
            return [[value for value in series.window(0, 1 << 52)[1] if value == value] for series in found]
    except StorageFault:
        return []


def saved(home: Installation) -> bool:
    try:
        with closing(HistoryReader(home.state / "history.db")) as reader:
            return "app" in reader.saved_states()
    except StorageFault:
        return False


def counted(home: Installation) -> float:
    """The lines counted so far."""
    return sum(values[-1] for values in totals(home) if values)


def last_number(log: Path) -> int:
    """The number of the file's last line, -1 where it has none."""
    lines = log.read_text().splitlines() if log.exists() else []
    return int(lines[-1].split(" ")[0]) if lines else -1


@pytest.mark.parametrize("options", ["create", pytest.param("create\n delaycompress\n compress", marks=pytest.mark.slow)])
async def test_rates_count_every_line_once_over_rotations_and_kill_9(place: Installation, tmp_path: Path, options: str) -> None:
    """Rename rotation each 0.3 s under 15,000 lines/s; the daemon dies before every second one and starts behind it.

    A rotation waits until the file of the last one is counted: what is compressed before it was read is lost, and said.
    """
    with peers_needed():
        logrotate = program("logrotate", "install the package `logrotate`")
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    log = logs / "app.log"
    log.touch()
    place.configure(CONFIG.format(log=log, rules="[]"))
    daemon = await place.start()
    await until(lambda: saved(place))
    writer = start("tests/support/log_writer.py", str(log), str(COUNT), "0.1")
    try:
        (tmp_path / "conf").write_text(
            f"su {_user()}\n{log} {{\n rotate 50\n missingok\n {options}\n postrotate\n kill -HUP {writer.pid}\nendscript\n}}\n"
        )
        (tmp_path / "conf").chmod(0o644)
        turn = 0
        while writer.poll() is None:
            await asyncio.sleep(0.3)
            turn += 1
            await until(lambda: counted(place) > last_number(logs / "app.log.1"), what="the rotated file, before it is compressed")
            if turn % 2:
                await daemon.kill()
            await asyncio.to_thread(subprocess.run, [logrotate, "-f", "-s", str(tmp_path / "state"), str(tmp_path / "conf")], check=True)
            if turn % 2:
                daemon = await place.start()
    finally:
        writer.kill()
        writer.wait()
    await until(lambda: counted(place) >= COUNT)
    await asyncio.sleep(1.5)  # what would be counted twice would come now
    series = totals(place)
    assert sum(values[-1] for values in series) == COUNT
    assert all(values == sorted(values) for values in series), "a counter fell: its rate would count lines twice"
    assert await daemon.terminate() == 0
    kept = json.loads(place.run("logs", "app", "--json", "--limit", "100000").stdout)
    seen = Counter(int(line["message"].split(" ")[0]) for line in kept)
    assert max(seen.values()) == 1 and len(seen) > COUNT / 100  # kept lines of a process that was killed may be lost
    assert [line["at"] for line in kept] == sorted(line["at"] for line in kept)


async def test_an_error_burst_is_told_with_its_lines(place: Installation, tmp_path: Path) -> None:
    """Ten errors within five minutes: LogErrorBurst, whose evidence is the newest line with the lines around it."""
    log = tmp_path / "app.log"
    log.touch()
    async with receiver() as hook:
        routes = f'\n[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "{hook.url}/"\n[[routes]]\nnotifiers = ["hook"]\n'
        place.configure(CONFIG.format(log=log, rules='["LogErrorBurst"]') + routes)
        await place.start()
        await until(lambda: saved(place))
        with log.open("a") as file:
            file.write("INFO before it\n" + "".join(f"ERROR payment {number} failed\n" for number in range(12)) + "INFO after it\n")
        await until(lambda: told(hook, "LogErrorBurst", "firing"))
    alerts = json.loads(place.run("alerts", "--json").stdout)
    (alert,) = [each for each in alerts if each["labels"]["alertname"] == "LogErrorBurst"]
    assert alert["labels"]["match"] == "errors" and alert["labels"]["check"] == "app"


async def test_lines_are_found_without_the_configuration(place: Installation, tmp_path: Path) -> None:
    """`logs` parses by what the store says: level, text, fields, age, one check; it follows live, and an unknown check has advice."""
    log = tmp_path / "app.log"
    log.touch()
    place.configure(CONFIG.format(log=log, rules="[]"))
    await place.start()
    await until(lambda: saved(place))
    lines = [
        {"level": "info", "msg": "hello", "user": {"id": 42}, "time": "2026-05-01T03:10:00Z", "trace_id": "abc"},
        {"level": "error", "msg": "Payment refused", "user": {"id": 7}},
    ]
    with log.open("a") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))
    place.config.unlink()

    def found(*words: str) -> list[dict[str, object]]:
        return list(json.loads(place.run("logs", *words, "--json").stdout))

    await until(lambda: len(found()) == 2)
    first, second = found("app")
    assert first == {
        "at": "2026-05-01T03:10:00.000Z", "check": "app", "service": "", "level": "info", "message": "hello",
        "fields": {"level": "info", "msg": "hello", "user.id": 42, "time": "2026-05-01T03:10:00Z", "trace_id": "abc"}, "trace_id": "abc",
    }  # fmt: skip
    assert found("--level", "warning") == [second] == found("--grep", "payment") == found("--where", "user.id=7") == found("--limit", "1")
    assert found("--since", "10m", "--where", "user.id=42", "--where", "level=info") == [first]
    assert "Payment refused" in place.run("logs").stdout
    unknown = place.run("logs", "ap")
    assert unknown.returncode == 1 and "did you mean app" in unknown.stderr
    assert place.run("logs", "--level", "grave").returncode == 64
    follower = start("-m", "tui_monitor", "logs", "--follow", "--json", "--state", str(place.state), output=tmp_path / "followed")
    try:
        for number in range(200):
            with log.open("a") as file:
                file.write(json.dumps({"level": "warn", "msg": f"live {number}"}) + "\n")
            await asyncio.sleep(0.3)
            if "\n" in (seen := (tmp_path / "followed").read_text()):
                break
        assert json.loads(seen.splitlines()[0])["message"].startswith("live ")
    finally:
        follower.kill()
        follower.wait()


async def test_a_reload_goes_on_where_the_check_stood(place: Installation, tmp_path: Path) -> None:
    """Another interval and a match more: the counters go on, no line counts twice, no kept line is there twice."""
    log = tmp_path / "app.log"
    log.touch()
    place.configure(CONFIG.format(log=log, rules="[]"))
    daemon = await place.start()
    await until(lambda: saved(place))
    with log.open("a") as file:
        file.write("".join(f"{number} INFO before\n" for number in range(50)))
    await until(lambda: sum(values[-1] for values in totals(place) if values) == 50)
    place.configure(CONFIG.format(log=log, rules="[]").replace("200ms", "300ms") + '[[checks.match]]\nname = "after"\nregex = "after"\n')
    with log.open("a") as file:
        file.write("".join(f"{number} INFO meanwhile\n" for number in range(50, 60)))
    daemon.process.send_signal(signal.SIGHUP)
    await daemon.said("reloaded")
    with log.open("a") as file:
        file.write("".join(f"{number} INFO after\n" for number in range(60, 70)))
    await until(lambda: sum(values[-1] for values in totals(place) if values) == 70)
    assert all(values == sorted(values) for values in totals(place))
    assert await daemon.terminate() == 0
    kept = json.loads(place.run("logs", "app", "--json").stdout)
    assert [int(line["message"].split(" ")[0]) for line in kept] == [*range(70)]
