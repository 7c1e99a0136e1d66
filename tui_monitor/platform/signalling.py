"""Signals to processes, with the rights of this process: never to another process that has got the same pid meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

SIGNALS = ("TERM", "KILL", "INT", "HUP", "QUIT", "STOP", "CONT", "USR1", "USR2")
"""The names that `signal_named` knows."""


class SignalRefused(Exception):
    """A signal that is not sent; the text says why and what to do."""


def signal_named(text: str) -> str:
    """The name of a signal as a person writes it: "term", "SIGKILL". Raises ValueError."""
    name = text.strip().upper().removeprefix("SIG")
    if name not in SIGNALS:
        raise ValueError(f'"{text.strip()}" is no signal that is sent from here; try one of {", ".join(SIGNALS)}')
    return name


def send_signal(pid: int, started: int, name: str) -> None:
    """Send a signal to the process with this pid that began at ``started`` (ms, as the list of processes says). Raises SignalRefused."""
    if pid == os.getpid():
        raise SignalRefused("that is this dashboard: q ends it")
    if pid <= 1:
        raise SignalRefused(f"pid {pid} runs the whole machine: it gets no signal from here")
    try:
        _send(pid, started, signal.Signals[f"SIG{name}"])
    except ProcessLookupError:
        raise SignalRefused(f"process {pid} has ended already") from None
    except PermissionError:
        raise SignalRefused(f"process {pid} belongs to another user: sudo kill -s {name} {pid}") from None


def _send(pid: int, started: int, number: signal.Signals) -> None:
    """Through a descriptor of the process, which no later process with its pid can take over; where there is none by its pid."""
    descriptor = _opened(pid)
    if descriptor is None:
        _compare(pid, started)
        os.kill(pid, number)
        return
    try:
        _compare(pid, started)
        signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def _opened(pid: int) -> int | None:
    """A descriptor of the process; None where the system (Linux before 5.3, a sandbox) has none. Raises ProcessLookupError."""
    try:
        return os.pidfd_open(pid)
    except AttributeError:
        return None
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            return None
        raise


def _compare(pid: int, started: int) -> None:
    if started_at(pid) != started:
        raise SignalRefused(f"pid {pid} is another process now: nothing was sent")


def started_at(pid: int) -> int:
    """When a process began: ms since the machine booted where /proc says it, else UTC. Raises ProcessLookupError."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        if sys.platform == "linux":
            raise ProcessLookupError(pid) from None
        return _created(pid)
    return int(line[line.rfind(b")") + 2 :].split()[19]) * 1000 // os.sysconf("SC_CLK_TCK")


def _created(pid: int) -> int:
    import psutil

    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.NoSuchProcess:
        raise ProcessLookupError(pid) from None
