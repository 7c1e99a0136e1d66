"""sd_notify over a real datagram socket, by path and by abstract name."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from tui_monitor.daemon.systemd import Systemd


@pytest.mark.parametrize("abstract", [False, True])
def test_each_message_is_one_datagram(tmp_path: Path, abstract: bool) -> None:
    """READY with its status, RELOADING with the monotonic microseconds, WATCHDOG, STOPPING."""
    name = f"@tui-monitor-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5)
        systemd = Systemd({"NOTIFY_SOCKET": name})
        systemd.ready("leader")
        assert manager.recv(1000) == b"READY=1\nSTATUS=leader"
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        systemd.reloading()
        first, second = manager.recv(1000).decode().split("\n")
        assert first == "RELOADING=1"
        assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        systemd.ready()
        assert manager.recv(1000) == b"READY=1\nSTATUS=leader"
        systemd.watchdog()
        assert manager.recv(1000) == b"WATCHDOG=1"
        systemd.stopping()
        assert manager.recv(1000) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_is_fed_twice_per_limit_and_only_by_the_one_that_is_meant(environ: dict[str, str], seconds: float) -> None:
    """WATCHDOG_PID of another process: not ours."""
    assert Systemd({"NOTIFY_SOCKET": "/run/x", **environ}).watchdog_interval == seconds


def test_without_a_manager_nothing_is_sent(tmp_path: Path) -> None:
    """No socket named, a socket that is gone, one that nobody reads: no error."""
    Systemd({}).ready()
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    assert Systemd({"WATCHDOG_USEC": "60000000"}).watchdog_interval == 0.0


def test_a_status_of_many_lines_stays_one_line(tmp_path: Path) -> None:
    """A newline in the status must not become a field of its own."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")}).ready("bad\nSTOPPING=1")
        assert manager.recv(1000) == b"READY=1\nSTATUS=bad STOPPING=1"
