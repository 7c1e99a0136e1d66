"""Files of the daemon's log: the same lines as on standard error, errors apart, renamed when they grow."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.settings import made
from tui_monitor.config.operation import LogSettings
from tui_monitor.daemon.json_log import hide_patterns, hide_secrets, start_logging
from tui_monitor.daemon.log_files import LogFiles

log = logging.getLogger("tui_monitor.test")


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    """The log on a stream of the test; the loggers are as before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("tui_monitor")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield start_logging(io.StringIO())
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def _messages(path: Path) -> list[str]:
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


def test_a_file_gets_all_lines_and_another_one_the_errors(handler: logging.Handler, tmp_path: Path) -> None:
    """Without secrets and hidden parts, for owner and group only; after a reload without files nothing is written any more."""
    hide_secrets(handler, ["s3cr3t"])
    hide_patterns(handler, [r"password=(\S+)"])
    files, all_lines, errors = LogFiles(handler), tmp_path / "all.log", tmp_path / "errors.log"
    files.use(made(LogSettings, file=str(all_lines), error_file=str(errors)))
    log.info("begin")
    log.error("s3cr3t and password=hunter2")
    assert _messages(all_lines) == ["begin", "*** and password=***"] and _messages(errors) == ["*** and password=***"]
    assert stat.S_IMODE(all_lines.stat().st_mode) & 0o037 == 0
    files.use(made(LogSettings))
    log.info("end")
    assert len(_messages(all_lines)) == 2


def test_files_are_renamed_before_they_get_too_large(handler: logging.Handler, tmp_path: Path) -> None:
    """At most `keep` older ones; each at most `max_size`; with none kept the file begins anew."""
    files = LogFiles(handler)
    for name, keep in (("kept", 2), ("anew", 0)):
        files.use(made(LogSettings, file=str(tmp_path / name), max_size="4KiB", keep=keep))
        for number in range(200):
            log.info("%s", f"line {number} " + "x" * 50)
        assert _messages(tmp_path / name)[-1].startswith("line 199 ")
    files.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anew", "kept", "kept.1", "kept.2"]
    assert all(path.stat().st_size <= 4096 for path in tmp_path.iterdir())


def test_a_file_that_cannot_be_opened_is_told_and_stops_nothing(handler: logging.Handler, tmp_path: Path) -> None:
    """The reason is on standard error, the other file is used."""
    files = LogFiles(handler)
    files.use(made(LogSettings, file=str(tmp_path / "none" / "x.log"), error_file=str(tmp_path / "errors.log")))
    log.error("broken")
    files.close()
    assert isinstance(handler, logging.StreamHandler) and "x.log cannot be written: No such file or directory" in handler.stream.getvalue()
    assert "broken" in _messages(tmp_path / "errors.log")
