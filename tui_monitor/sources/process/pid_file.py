"""The process that a pid file names, and whether it is still the one that wrote it."""

from __future__ import annotations

import os
import stat

from tui_monitor.core.units import rfc3339
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.process.table import ProcessEntry, ProcessSnapshot

SLACK_MS = 2_000
"""By how much a process may seem younger than its file: clocks are set in small steps, and starts are told in hundredths of a second."""
_LONGEST = 64


class PidFileFault(Exception):
    """The file names no process that could have written it; the text says why."""


def process_of(path: str, snapshot: ProcessSnapshot) -> ProcessEntry:
    """The process. Raises PidFileFault, and OwnTrouble where this user may not read the file."""
    pid, written = _read(path)
    entry = snapshot.processes.get(pid)
    if entry is None or entry.ended:
        raise PidFileFault(f"process {pid} of {path} does not run any more")
    started = snapshot.started_ms(entry)
    if started > written + SLACK_MS:
        raise PidFileFault(
            f"{path} is of a process that has ended: {pid} is now {entry.name}, which started at {_second(started)}, after the file"
            f" was written ({_second(written)})"
        )
    return entry


def _read(path: str) -> tuple[int, int]:
    """The number in the file, and when it was written (UTC ms)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise PidFileFault(f"there is no {path}: its process does not run, or writes its id elsewhere") from None
    except OSError as error:
        raise OwnTrouble(f"{path} cannot be read ({error.strerror}): let user {os.geteuid()} read it") from None
    try:
        known = os.fstat(descriptor)
        text = os.read(descriptor, _LONGEST) if stat.S_ISREG(known.st_mode) else b""
    except OSError as error:
        raise OwnTrouble(f"{path} cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)
    words = text.split()
    if not words or not words[0].isdigit() or len(words[0]) > 10 or int(words[0]) < 1:
        raise PidFileFault(f"{path} holds no process id")
    return int(words[0]), known.st_mtime_ns // 1_000_000


def _second(at_ms: int) -> str:
    return rfc3339(at_ms)[:19].replace("T", " ") + " UTC"
