"""The configuration comes from a short-lived child: whole, without a secret outside of the pipe, and every way of failing is a fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui_monitor.config.child import load_in_child
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.load import load
from tui_monitor.sources.postgres.settings import PostgresCheck

DATABASE = '[[checks]]\nname = "db"\ntype = "postgres"\ndsn = "${DSN}"\n[[checks.queries]]\nmetric = "m"\nsql = "select 1 as value"\n'


def test_what_comes_back_is_what_loading_here_gives(tmp_path: Path) -> None:
    """Settings, path, lines and warnings are equal, secrets too; the defaults come without a file."""
    path = tmp_path / "config.toml"
    path.write_text(DATABASE + '[[notifiers]]\nname = "n"\ntype = "ntfy"\ntopic = "t"\n')
    environ = {**os.environ, "DSN": "postgresql://u:hush@localhost/app"}
    found = load_in_child(path, environ)
    assert found == load(path, environ) and found.warnings
    check = found.settings.checks[0]
    assert isinstance(check, PostgresCheck) and check.dsn.reveal().endswith("hush@localhost/app")
    assert load_in_child(None) == load(None)


def test_faults_come_back_with_what_could_be_read(tmp_path: Path) -> None:
    """The same faults as here, and the part that the caller examines further."""
    path = tmp_path / "config.toml"
    path.write_text('bel = 1\n[[checks]]\nname = "api"\ntype = "http"\n')
    with pytest.raises(ConfigurationError) as here:
        load(path)
    with pytest.raises(ConfigurationError) as there:
        load_in_child(path)
    assert there.value.faults == here.value.faults and there.value.partial == here.value.partial is not None


def test_secrets_stand_in_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child is started with names the file only."""
    words: list[list[str]] = []
    real = subprocess.run

    def watched(argv: list[str], **more: Any) -> Any:
        words.append(argv)
        return real(argv, **more)

    monkeypatch.setattr(subprocess, "run", watched)
    path = tmp_path / "config.toml"
    path.write_text(DATABASE.replace("${DSN}", "postgresql://u:hush@localhost/app"))
    load_in_child(path)
    assert words and "hush" not in str(words) and str(path) in words[0]


@pytest.mark.parametrize(
    ("program", "limit", "said"),
    [
        ("import time; time.sleep(60)", 0.2, "it was not read within 0.2s"),
        ("import os; os.kill(os.getpid(), 9)", 20.0, "the process that reads it was ended by SIGKILL"),
        ("raise SystemExit('no \\x1b[31mmemory')", 20.0, "the process that reads it ended with 1: no memory"),
        ("print('x')", 20.0, "its settings cannot be passed on by the process that reads it"),
    ],
)
def test_a_child_that_does_not_answer_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, limit: float, said: str
) -> None:
    """One that hangs is killed; one that dies or talks nonsense says how: never a traceback, never an endless wait."""
    monkeypatch.setattr("tui_monitor.config.child._CODE", program)
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigurationError) as raised:
        load_in_child(path, os.environ, limit)
    (fault,) = raised.value.faults
    assert str(fault).startswith(f"{path}: ") and said in str(fault)


def test_without_an_interpreter_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that was removed while the program runs (an upgrade) makes a reload fail, nothing else."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    with pytest.raises(ConfigurationError, match="cannot be started: No such file"):
        load_in_child(tmp_path / "config.toml")
