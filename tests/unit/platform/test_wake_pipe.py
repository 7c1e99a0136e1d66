"""The pipe that wakes the leader."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from tui_monitor.platform.wake_pipe import NAME, drain, open_wake_pipe, wake_leader


def test_who_stores_a_command_wakes_the_leader(tmp_path: Path) -> None:
    """The reader sees it, however often it was woken; the file has the mode of the other shared files."""
    fd = open_wake_pipe(tmp_path)
    assert fd is not None
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o660
    wake_leader(tmp_path)
    wake_leader(tmp_path)
    assert os.read(fd, 10) == b"\n\n"
    with contextlib.suppress(BlockingIOError):
        while os.write(fd, b"\n" * 4096):
            pass
    wake_leader(tmp_path)  # a full pipe blocks nobody
    drain(fd)
    wake_leader(tmp_path)
    assert os.read(fd, 10) == b"\n"
    os.close(fd)


def test_without_a_leader_nothing_happens(tmp_path: Path) -> None:
    """Neither a missing pipe, nor one that nobody reads, nor another file of that name costs anything."""
    wake_leader(tmp_path)
    wake_leader(tmp_path / "missing")
    fd = open_wake_pipe(tmp_path)
    assert fd is not None
    os.close(fd)
    wake_leader(tmp_path)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).write_text("kept")
    wake_leader(tmp_path)
    assert open_wake_pipe(tmp_path) is None
    assert (tmp_path / NAME).read_text() == "kept"
    assert open_wake_pipe(tmp_path / "missing") is None
