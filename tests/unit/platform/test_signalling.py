"""Signals reach the process that was chosen and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tui_monitor.platform.signalling import SignalRefused, send_signal, signal_named, started_at


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for ever."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_a_signal_ends_the_chosen_process(child: subprocess.Popen[bytes], name: str) -> None:
    """The process with the pid and the start that the list has shown gets the signal."""
    send_signal(child.pid, started_at(child.pid), name)
    assert child.wait(30) == -signal.Signals[f"SIG{name}"]


def test_another_process_with_the_same_pid_gets_nothing(child: subprocess.Popen[bytes]) -> None:
    """A pid that was given to a new process meanwhile is noticed by the start."""
    with pytest.raises(SignalRefused, match="another process now"):
        send_signal(child.pid, started_at(child.pid) - 10, "KILL")
    assert child.poll() is None


def test_without_descriptors_of_processes_the_pid_is_used(child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """On kernels before 5.3 and on other systems the start is compared just before."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    with pytest.raises(SignalRefused, match="another process now"):
        send_signal(child.pid, 5, "TERM")
    send_signal(child.pid, started_at(child.pid), "TERM")
    assert child.wait(30) == -signal.SIGTERM


def test_an_ended_process_is_said(child: subprocess.Popen[bytes]) -> None:
    """The list may be two seconds old."""
    started = started_at(child.pid)
    child.kill()
    child.wait()
    with pytest.raises(SignalRefused, match="ended already"):
        send_signal(child.pid, started, "TERM")


def test_the_dashboard_and_the_first_process_get_none() -> None:
    """`q` ends a dashboard; pid 1 is the machine."""
    with pytest.raises(SignalRefused, match="q ends it"):
        send_signal(os.getpid(), started_at(os.getpid()), "TERM")
    with pytest.raises(SignalRefused, match="whole machine"):
        send_signal(1, 0, "TERM")


def test_another_users_process_is_said_with_the_remedy(child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right the sentence has the command that would do it."""

    def refuse(descriptor: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(signal, "pidfd_send_signal", refuse)
    with pytest.raises(SignalRefused, match=f"sudo kill -s TERM {child.pid}"):
        send_signal(child.pid, started_at(child.pid), "TERM")


def test_names_of_signals_as_people_write_them() -> None:
    """Lower case and SIG are understood; anything else is refused with the names."""
    assert [signal_named(text) for text in ("term", " SIGKILL ", "sighup")] == ["TERM", "KILL", "HUP"]
    for text in ("", "9", "SEGV"):
        with pytest.raises(ValueError, match="TERM, KILL"):
            signal_named(text)
