"""The last lines of a log file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.platform.log_tail import MOST_BYTES, last_lines


def test_the_last_lines_of_a_large_file_are_read_alone(tmp_path: Path) -> None:
    """Only the end is read, a line that was cut is left out, and there are at most 20."""
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(100_000)))
    lines = last_lines(path)
    assert lines[-1] == "line 99999"
    assert len(lines) == 20


def test_json_lines_show_level_and_message(tmp_path: Path) -> None:
    """A JSON line becomes its time, level and message; what is no JSON stays as it is."""
    path = tmp_path / "log"
    path.write_text('{"time": "10:00", "level": "error", "message": "no connection", "x": 1}\n{broken\nplain\n')
    assert last_lines(path) == ("10:00 error no connection", "{broken", "plain")


def test_hostile_files_do_no_harm(tmp_path: Path) -> None:
    """One endless line, bytes that are no UTF-8, an empty file and a missing one."""
    path = tmp_path / "log"
    path.write_bytes(b"\xff" * (10 * MOST_BYTES))
    assert len(last_lines(path)) == 1
    path.write_bytes(b"")
    assert last_lines(path) == ()
    with pytest.raises(OSError):
        last_lines(tmp_path / "none")
