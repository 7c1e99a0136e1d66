"""The list of all processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clocks import ManualClock
from tui_monitor.platform.signalling import started_at
from tui_monitor.runtime.process_listing import ProcessListing, program_only
from tui_monitor.sources.system.all_processes import AllProcesses


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for ever, with a secret among its arguments."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "--password=hunter2"])
    yield process
    process.kill()
    process.wait()


async def test_every_process_is_listed_with_parent_start_and_age(child: subprocess.Popen[bytes]) -> None:
    """Also an idle child; its start is the one that a signal compares."""
    listed = await ProcessListing(ManualClock()).read(None)
    found = next(one for one in listed if one.pid == child.pid)
    assert found.parent == os.getpid() and found.started == started_at(child.pid)
    assert found.age is not None and 0 <= found.age < 600 and found.threads >= 1 and found.cpu is None
    assert len(listed) >= 2 and any(one.pid == os.getpid() for one in listed)


async def test_a_reading_is_kept_for_half_a_second(tmp_path: Path) -> None:
    """Two screens that ask one after the other cost one reading."""
    clock, read = ManualClock(), []

    class Counted(AllProcesses):
        def read(self, monotonic: float) -> tuple[()]:
            read.append(monotonic)
            return ()

    listing = ProcessListing(clock, Counted(tmp_path))
    await listing.read(None)
    await listing.read(None)
    assert len(read) == 1
    await clock.advance(0.6)
    await listing.read(None)
    assert len(read) == 2


async def test_command_lines_are_shown_as_the_redaction_says(child: subprocess.Popen[bytes]) -> None:
    """A viewer, which does not know the patterns, shows programs without arguments."""
    listed = await ProcessListing(ManualClock()).read(program_only)
    assert next(one for one in listed if one.pid == child.pid).command == sys.executable


@pytest.mark.parametrize(("command", "shown"), [("/bin/x --key a", "/bin/x"), ("[kthreadd]", "[kthreadd]"), ("", "")])
def test_a_program_without_its_arguments(command: str, shown: str) -> None:
    assert program_only(command) == shown
