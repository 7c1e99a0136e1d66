"""Rules by command, actions, hidden patterns and the files of the log, with the real program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Installation, installation, until

CONFIG = """
host = "web-1"
default_rules = false
[redact]
patterns = ["token=(\\\\S+)"]
[log]
file = "{place}/own.log"
error_file = "{place}/errors.log"
[[checks]]
name = "app"
type = "log"
path = "{place}/app.log"
interval = "200ms"
[[notifiers]]
name = "file"
type = "command"
argv = ["/bin/sh", "-c", "cat >> {place}/told"]
[routing]
info = ["file"]
[[actions]]
name = "note"
match = ["alertname=Hot"]
argv = ["{python}", "-c", "import os; print(os.environ['TUI_MONITOR_ALERT_NAME'], file=open('{place}/ran', 'a')); print('token=abc noted')"]
"""


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    """A place for a daemon."""
    with installation(tmp_path / "place") as made:
        (made.place / "app.log").write_text("")
        made.configure(CONFIG.format(place=made.place, python=sys.executable))
        yield made


def _said(where: Installation, *words: str) -> str:
    done = where.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_a_rule_by_command_fires_runs_its_action_once_and_outlives_a_crash(where: Installation) -> None:
    """Added while the daemon runs, told and acted upon at once; after kill -9 it is there, and nothing runs or is told twice."""
    daemon = await where.start()
    said = _said(where, "rules", "add", "Hot", "--when", "memory_usage > 0 %", "--severity", "error", "--to", "file")
    assert said == "added the rule Hot: memory_usage_ratio > 0, error, to file\n"
    ran, told = where.place / "ran", where.place / "told"
    await until(lambda: ran.exists() and told.exists() and '"firing"' in told.read_text())
    await until(lambda: "token=*** noted" in _said(where, "audit"))
    await until(lambda: [one["state"] for one in json.loads(_said(where, "notifications", "--json"))] == ["sent"])
    await daemon.kill()
    again = await where.start()
    assert "Hot" in _said(where, "rules", "list")
    _said(where, "annotate", "a command that was applied after the restart")
    assert ran.read_text() == "Hot\n" and told.read_text().count('"status":"firing"') == 2  # the message, and the alert within it
    _said(where, "rules", "remove", "Hot")
    await until(lambda: '"resolved"' in told.read_text())
    assert await again.terminate() == 0
    audit = _said(where, "audit")
    assert "added the rule Hot" in audit and "removed the rule Hot" in audit and "note for " in audit
    assert "is now leader" in (where.place / "own.log").read_text() and (where.place / "errors.log").read_text() == ""


async def test_a_hidden_pattern_is_in_no_file_of_the_state(where: Installation) -> None:
    """A log line with a token is kept without it; no file of the state directory has it."""
    daemon = await where.start()
    await until(lambda: where.run("check", "app").returncode == 0, what="the log is open")  # lines from before that are not read
    with (where.place / "app.log").open("a") as file:
        file.write("INFO begin\nERROR login token=Zq7xSecret9 failed\n")
    await until(lambda: "login" in _said(where, "logs", "app"))
    assert "login token=*** failed" in _said(where, "logs", "app")
    assert await daemon.terminate() == 0
    for path in where.state.iterdir():
        if path.is_file():
            assert b"Zq7xSecret9" not in path.read_bytes(), path.name
