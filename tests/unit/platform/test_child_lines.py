"""The lines of a program that goes on: complete, bounded, held back by a slow reader, ended with the context."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.platform import child_lines
from tui_monitor.platform.child_lines import FollowedProgram
from tui_monitor.platform.child_process import CannotStart
from tui_monitor.platform.line_splitter import LineSplitter


def shell(script: str, **changes: Any) -> FollowedProgram:
    """A script, followed."""
    return FollowedProgram(["sh", "-c", script], **changes)


async def test_every_line_arrives_and_the_end_is_told() -> None:
    """Also the last one without its end; standard error and the exit code are there afterwards."""
    async with shell("echo a; echo; printf b; echo why >&2; exit 4") as program:
        assert [line async for line in program] == [b"a", b"", b"b"]
    assert program.code == 4 and program.errors == b"why\n"


async def test_a_line_arrives_while_the_program_goes_on(tmp_path: Path) -> None:
    """As with a log that is followed; leaving the context ends the program and its descriptors."""
    before = len(os.listdir("/proc/self/fd"))
    more = tmp_path / "more"
    async with shell(f"echo first; until [ -e {more} ]; do sleep 0.02; done; echo second; sleep 300") as program:
        assert await anext(program) == b"first"
        more.touch()
        assert await anext(program) == b"second"
    assert program.code == -signal.SIGTERM
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_line_that_is_too_long_is_cut() -> None:
    """Its beginning stays, its rest is dropped, the next line is whole."""
    async with shell("head -c 300000 /dev/zero; echo; echo next", max_line=1000) as program:
        assert [line async for line in program] == [bytes(1000), b"next"]
    assert program.cut == 1


async def test_a_slow_reader_holds_the_program_back_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand lines for a reader that takes them one by one: all come, few wait."""
    monkeypatch.setattr(child_lines, "MAX_WAITING", 50)
    taken = 0
    async with shell("seq 100000") as program:
        async for line in program:
            taken += 1
            assert int(line) == taken
            if taken % 1000 == 0:
                await asyncio.sleep(0)
    assert taken == 100_000 and program.code == 0


async def test_a_background_process_that_holds_the_pipe_does_not_hold_the_lines() -> None:
    """The lines end with the program."""
    async with shell("sleep 300 & echo $!") as program:
        lines = [line async for line in program]
    os.kill(int(lines[0]), signal.SIGKILL)
    assert len(lines) == 1 and program.code == 0


async def test_a_program_that_cannot_start_says_so_and_leaves_nothing_open() -> None:
    """As with a machine without journalctl."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(CannotStart, match="cannot run /no/such: No such file"):
        async with FollowedProgram(["/no/such"]):
            pass
    assert len(os.listdir("/proc/self/fd")) == before


@given(st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"x", b"\n"))))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes]) -> None:
    """Any division into chunks gives the lines of the whole, each cut to its limit."""
    splitter = LineSplitter(5)
    lines = [line for chunk in chunks for line in splitter.split(chunk)] + splitter.last()
    whole = b"".join(chunks).split(b"\n")
    whole = whole if whole[-1] else whole[:-1]
    assert lines == [line[:5] for line in whole]
    assert splitter.cut == sum(len(line) > 5 for line in whole)
