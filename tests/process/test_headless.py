"""The daemon: its log, its signals, systemd, reload, secrets, and a disk that takes nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.processes import Installation, installation, told, until
from tests.support.receivers import receiver
from tui_monitor.storage.history.last_board import last_board

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy", "MonitorTrouble"]
[[checks]]
name = "api"
type = "http"
url = "{target}/"
interval = "200ms"
timeout = "2s"
failures = 1
bearer = "the-bearer-of-the-check"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}/secret-path-of-the-hook"
secret = "the-key-of-the-hmac"
headers = {{ "X-Api-Key" = "the-key-in-a-header" }}
[[routes]]
notifiers = ["hook"]
group_interval = "200ms"
repeat_interval = "{repeat}"
"""
SECRETS = ("the-bearer-of-the-check", "secret-path-of-the-hook", "the-key-of-the-hmac", "the-key-in-a-header")
PENDING = """
[[rules]]
alert = "Slow"
expr = "probe_success >= 0"
for = "{hold}"
severity = "info"
summary = "{summary}"
"""


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose daemons end with the test."""
    with installation(tmp_path / "place") as made:
        made.configure('default_rules = ["HighCPU"]\n')
        yield made


class Systemd:
    """The service manager's end of $NOTIFY_SOCKET."""

    def __init__(self, place: Path) -> None:
        self.path = place / "notify"
        self.messages: list[dict[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self.path))

    def has(self, key: str, value: str = "") -> bool:
        """Whether a message with the key (and value) has come so far."""
        return self.count(key, value) > 0

    def count(self, key: str, value: str = "") -> int:
        """How many such messages have come so far."""
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                break
            self.messages.append(dict(line.split("=", 1) for line in text.split("\n")))
        return sum(key in message and value in ("", message[key]) for message in self.messages)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    """A socket that takes what is sent to the service manager."""
    made = Systemd(tmp_path)
    yield made
    made.close()


async def test_systemd_hears_ready_watchdog_reloading_and_stopping(where: Installation, systemd: Systemd) -> None:
    """READY with a status, WATCHDOG twice per limit, RELOADING with the monotonic time before READY again, STOPPING; then exit 0."""
    daemon = await where.start(environ={"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "200000"})
    await until(lambda: systemd.has("READY", "1"))
    assert next(message["STATUS"] for message in systemd.messages if "READY" in message).startswith("leader")
    await until(lambda: systemd.count("WATCHDOG", "1") >= 3)
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.process.send_signal(signal.SIGHUP)
    await until(lambda: systemd.count("READY") >= 2)
    reloading = next(message for message in systemd.messages if message.get("RELOADING") == "1")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert await daemon.terminate() == 0
    assert systemd.has("STOPPING", "1")
    order = [next(iter(message)) for message in systemd.messages if "WATCHDOG" not in message]
    assert order == ["READY", "RELOADING", "READY", "STOPPING"]


async def test_a_standby_is_ready_too(where: Installation, systemd: Systemd) -> None:
    """A daemon that waits for another to end is started for systemd: READY with STATUS=standby."""
    await where.start()
    second = await where.start(environ={"NOTIFY_SOCKET": str(systemd.path)}, wait=False)
    await until(lambda: systemd.has("READY", "1"))
    assert systemd.messages[0]["STATUS"].startswith("standby")
    assert await second.terminate() == 0


async def test_a_reload_keeps_for_and_alerts_and_takes_what_is_new(where: Installation) -> None:
    """SIGHUP: a pending alert keeps its beginning, a firing one is not told again, a new check begins; nothing is resolved."""
    async with HttpServer() as target, receiver() as hook:
        target.behave(status=500)
        config = CONFIG.format(target=target.url, hook=hook.url, repeat="4h")
        where.configure(config + PENDING.format(hold="1h", summary="slow"))
        daemon = await where.start()
        await until(lambda: told(hook, "CheckUnhealthy", "firing"))
        begun = await until(lambda: where.rows("SELECT active_at FROM alerts WHERE name = 'Slow' AND state = 'pending'"))
        more = f'[[checks]]\nname = "second"\ntype = "http"\nurl = "{target.url}/second"\ninterval = "200ms"\n'
        target.at("/second", status=200)
        config = config.replace('timeout = "2s"', 'timeout = "3s"')  # the failing check itself changes: its status goes on
        where.configure(config + more + PENDING.format(hold="1h", summary="still slow"))
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("reloaded")
        await target.wait_for(lambda server: sum(request.path == "/second" for request in server.requests) >= 2, 60)
        assert where.rows("SELECT active_at FROM alerts WHERE name = 'Slow' AND state = 'pending' ORDER BY active_at LIMIT 1") == begun
        assert len(hook.requests) == 1
        assert await daemon.terminate() == 0


async def test_a_bad_file_keeps_the_old_configuration_and_says_why(where: Installation) -> None:
    """SIGHUP with a wrong file: log and board say the fault, the old checks go on, and the next good file is taken."""

    def on_the_board(text: str) -> bool:
        return text.encode() in (last_board(where.state / "history.db") or b"")

    async with HttpServer() as target, receiver() as hook:
        good = CONFIG.format(target=target.url, hook=hook.url, repeat="4h")
        where.configure(good)
        daemon = await where.start()

        def logged(why: str) -> bool:
            return any(line["level"] == "error" and why in line["message"] for line in daemon.lines)

        for bad, why in (
            (good + "\nnonsense = 1\n", "nonsense"),
            (good.replace("failures = 1", 'failures = "many"'), "failures"),
            (good + '[[rules]]\nalert = "X"\nexpr = "sum("\n', "rule X"),
            ("this is [not toml", "not valid TOML"),
        ):
            where.configure(bad)
            daemon.process.send_signal(signal.SIGHUP)
            await until(partial(logged, why), what=why)
            assert any("still running the old configuration" in line["message"] for line in daemon.lines)
        probes = len(target.requests)
        await target.wait_for(lambda server: len(server.requests) >= probes + 2, 60)
        await until(lambda: on_the_board("still running the old configuration"), what="every board shows it")
        where.configure(good)
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("reloaded")
        await until(lambda: not on_the_board("still running the old configuration"), what="until a good file is taken")
        lines = await until(lambda: len(found := where.rows("SELECT by, verb, subject FROM audit ORDER BY id")) == 5 and found)
        assert {line[:2] for line in lines} == {("SIGHUP", "reload")}, "each reload is in the audit log"
        assert [line[2].partition(" ")[0] for line in lines] == ["refused:"] * 4 + ["reloaded"]
        assert await daemon.terminate() == 0


async def test_a_wrong_configuration_at_the_start_is_exit_2_with_one_line_a_fault(where: Installation) -> None:
    """Two faults: exit 78, two error lines that name file and key, and no state is made."""
    where.configure('intervall = "1s"\n[[checks]]\nname = "a"\ntype = "http"\nurl = "ftp://x"\n')
    daemon = await where.start(wait=False)
    assert await daemon.ended() == 78
    texts = [line["message"] for line in daemon.lines if line["level"] == "error"]
    assert len(texts) == 2 and any("intervall" in text for text in texts) and any("url" in text for text in texts)


async def test_the_log_is_json_and_holds_no_secret(where: Installation) -> None:
    """Every line parses with time and level, also while a target and a notifier fail; no secret is in it, nor in the state."""
    async with HttpServer() as target, receiver() as hook:
        target.behave(status=500)
        hook.replies = []
        where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
        daemon = await where.start()
        await daemon.said("notification sent")
        where.configure(CONFIG.format(target=target.url, hook="http://127.0.0.1:9", repeat="4h"))
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("reloaded")
        target.behave(status=200)
        await daemon.said("notification retrying")
        assert await daemon.terminate() == 0
    lines = daemon.lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    everything = daemon.text + "".join(path.read_bytes().decode("latin-1") for path in where.state.iterdir() if path.is_file())
    assert [secret for secret in SECRETS if secret in everything] == []


async def test_a_warning_about_the_configuration_is_told_once(where: Installation) -> None:
    """A file with secrets that everybody may read: one line at the start, not one for every time that it is read."""
    where.configure('[[notifiers]]\nname = "hook"\ntype = "ntfy"\ntopic = "t"\ntoken = "the-token"\n')
    where.config.chmod(0o644)
    daemon = await where.start()
    assert sum("holds secrets" in line["message"] for line in daemon.lines) == 1


async def test_the_state_is_private(where: Installation) -> None:
    """The directory is 0700 and no file in it is for others."""
    daemon = await where.start()
    await until(lambda: where.state_db.exists())
    assert where.state.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o007 == 0 for path in where.state.iterdir())
    assert await daemon.terminate() == 0


async def test_sigterm_at_once_ends_well(where: Installation) -> None:
    """SIGTERM right after the start, and SIGINT, end with 0 whatever is under way."""
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = await where.start()
        daemon.process.send_signal(number)
        assert await daemon.ended() == 0
        assert "Traceback" not in daemon.text


async def test_sigterm_does_not_wait_for_what_hangs(where: Installation) -> None:
    """A target and a receiver that never answer hold the end up by no more than the grace time."""
    async with HttpServer() as target, receiver() as hook:
        from tests.support.receivers import Reply

        hook.default = Reply(fault="silence")
        target.behave(status=500)
        where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
        daemon = await where.start()
        await until(lambda: hook.requests)
        target.behave("hang")
        begin = time.monotonic()
        assert await daemon.terminate() == 0
        assert time.monotonic() - begin < 9  # the receiver would be waited for 10 s
        assert "Traceback" not in daemon.text
        assert where.rows("SELECT state FROM notifications") == [("unknown",)]


FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fill(*_):
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
def empty(*_):
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
signal.signal(signal.SIGUSR1, fill)
signal.signal(signal.SIGUSR2, empty)
"""


async def test_a_full_disk_leaves_monitoring_and_notifying_alive(where: Installation) -> None:
    """No byte can be written: the alert is told all the same and says so, MonitorTrouble is told; with room again all is recorded."""
    async with HttpServer() as target, receiver() as hook:
        where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
        daemon = await where.start(prelude=FULL_DISK)
        # standard error is a file too: it must not fill the disk that this test makes full
        daemon.process.send_signal(signal.SIGUSR1)
        target.behave(status=500)
        await until(lambda: told(hook, "CheckUnhealthy", "firing"))
        assert "not recorded" in told(hook, "CheckUnhealthy", "firing")[0].headers["x-delivery-note"]
        await until(lambda: told(hook, "MonitorTrouble", "firing"))
        daemon.process.send_signal(signal.SIGUSR2)
        await until(lambda: where.rows("SELECT 1 FROM alerts WHERE name = 'CheckUnhealthy' AND state = 'firing'"))
        target.behave(status=200)
        await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
        assert len(told(hook, "CheckUnhealthy", "firing")) == 1
        assert await daemon.terminate() == 0


async def test_own_lack_of_descriptors_is_unknown_not_down(where: Installation) -> None:
    """With no descriptor left the check is unknown: nothing is told of the target, MonitorTrouble is told of us or kept for later."""
    prelude = """
import os, resource, signal
import tui_monitor.daemon.headless as h
h.raise_descriptor_limit = lambda: None
def starve(*_):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
def feed(*_):
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
signal.signal(signal.SIGUSR1, starve)
signal.signal(signal.SIGUSR2, feed)
"""
    async with HttpServer() as target, receiver() as hook:
        where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
        daemon = await where.start(prelude=prelude)
        await target.wait_for(lambda server: len(server.requests) >= 2, 60)
        daemon.process.send_signal(signal.SIGUSR1)
        await until(lambda: where.run("status").returncode == 3, what="unknown")
        daemon.process.send_signal(signal.SIGUSR2)
        probes = len(target.requests)
        await target.wait_for(lambda server: len(server.requests) >= probes + 2, 60)
        await until(lambda: told(hook, "MonitorTrouble", "firing"), what="what could not be sent for want of descriptors")
        assert not told(hook, "CheckUnhealthy")
        assert await daemon.terminate() == 0


def can_mount(place: Path) -> bool:
    """Whether this user may mount a small file system in memory there."""
    if os.geteuid() != 0:
        return False
    place.mkdir()
    return (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)], capture_output=True, check=False).returncode == 0
    )


async def test_a_really_full_file_system(where: Installation, tmp_path: Path) -> None:
    """The state on a file system of 600 KiB that is then filled: alerts are told, the trouble is told, freed space is used again."""
    place = tmp_path / "small"
    if not can_mount(place):
        pytest.skip("only root may mount a file system")
    try:
        async with HttpServer() as target, receiver() as hook:
            where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
            where.state = place / "state"
            daemon = await where.start()
            ballast = place / "ballast"
            fill(ballast)
            target.behave(status=500)
            await until(lambda: told(hook, "CheckUnhealthy", "firing"))
            await until(lambda: told(hook, "MonitorTrouble", "firing"))
            ballast.unlink()
            await until(lambda: where.rows("SELECT 1 FROM alerts WHERE name = 'CheckUnhealthy' AND state = 'firing'"))
            assert len(told(hook, "CheckUnhealthy", "firing")) == 1
            assert await daemon.terminate() == 0
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(place)], check=False)


@pytest.mark.slow
async def test_a_state_directory_that_is_removed_is_told(where: Installation) -> None:
    """The open files go on without a name, so nothing fails; that nobody will find them again is told, and monitoring goes on."""
    async with HttpServer() as target, receiver() as hook:
        where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
        daemon = await where.start()
        where.state.rename(where.place / "elsewhere")
        await until(lambda: any("removed or replaced" in str(request.json()) for request in told(hook, "MonitorTrouble", "firing")))
        target.behave(status=500)
        await until(lambda: told(hook, "CheckUnhealthy", "firing"))
        (where.place / "elsewhere").rename(where.state)
        await until(lambda: told(hook, "MonitorTrouble", "resolved"))
        assert await daemon.terminate() == 0


async def test_a_disk_that_is_full_at_the_start(where: Installation, tmp_path: Path) -> None:
    """The stores cannot even be begun: alerts and trouble are told; with room again the state is begun and holds the alert."""
    place = tmp_path / "small"
    if not can_mount(place):
        pytest.skip("only root may mount a file system")
    try:
        async with HttpServer() as target, receiver() as hook:
            where.configure(CONFIG.format(target=target.url, hook=hook.url, repeat="4h"))
            where.state = place / "state"
            where.state.mkdir(mode=0o700)
            fill(place / "ballast")
            target.behave(status=500)
            daemon = await where.start()
            await until(lambda: told(hook, "CheckUnhealthy", "firing") and told(hook, "MonitorTrouble", "firing"))
            (place / "ballast").unlink()
            await until(lambda: where.rows("SELECT 1 FROM sqlite_master WHERE name = 'planner_told'"), what="the state is begun")
            await until(lambda: where.rows("SELECT 1 FROM alerts WHERE name = 'CheckUnhealthy' AND state = 'firing'"))
            target.behave(status=200)
            await until(lambda: told(hook, "CheckUnhealthy", "resolved"))
            assert len(told(hook, "CheckUnhealthy", "firing")) == 1
            assert await daemon.terminate() == 0
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(place)], check=False)


def fill(path: Path) -> None:
    """Take all the room that a file system has left."""
    with path.open("wb", buffering=0) as stream:
        size = 4096
        while size:
            try:
                stream.write(b"x" * size)
            except OSError:
                size //= 2
