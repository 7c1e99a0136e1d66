"""Completion in bash, zsh and fish, and the manual page: both come from the command table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cli_tools import ENDED, FIRING, Cli, make_state, silence
from tests.support.man_page import man_page
from tests.support.paths import ROOT
from tests.support.peers.require import require_or_skip
from tests.support.terminal import terminal
from tui_monitor.cli.command_table import COMMANDS
from tui_monitor.cli.commands.completion import SHELLS

CONFIG = """
[[checks]]
name = "api"
type = "http"
url = "http://127.0.0.1/"

[[checks]]
name = "backup"
type = "heartbeat"
every = "1d"

[[notifiers]]
name = "ops-chat"
type = "command"
argv = ["true"]

[[rules]]
alert = "Backlog"
expr = "orders > 10"
"""


def words(cli: Cli, *typed: object) -> dict[str, str]:
    """The candidates after these words, each with what it is."""
    said = cli("completion", "words", *typed)
    assert (said.code, said.err) == (0, "")
    return dict((line.split("\t")[0], line.split("\t")[1]) for line in said.out.splitlines())


def test_commands_options_and_choices_are_offered(cli: Cli) -> None:
    """Every command of the table with its help, its actions, its options, and the words that an option takes."""
    assert words(cli, "") == {entry.name: entry.help for entry in COMMANDS}
    assert list(words(cli, "una")) == ["unack"]
    assert words(cli, "ack", "--f") == {"--for": "duration of the acknowledgement; default: until the alert resolves"}
    assert list(words(cli, "config", "")) == ["init", "check", "show", "schema"]
    assert list(words(cli, "token", "add", "x", "--scope", "a")) == ["act", "alerts", "admin"]
    assert list(words(cli, "alerts", "--severity", "")) == ["critical", "error", "warning", "info"]
    assert list(words(cli, "alerts", "--severity", "=", "w")) == ["warning"], "bash makes three words of --severity=w"
    assert list(words(cli, "--config", "")) == [":files"], "the shell completes files itself"
    assert "daily" in words(cli, "report", "") and list(words(cli, "report", "--")) == [
        "--help",
        "--config",
        "--state",
        "--for",
        "--html",
        "--json",
    ]
    assert list(words(cli, "--co")) == ["--config", "--colors"], "what is typed so far may be ambiguous"
    assert words(cli, "ack", "--note", "") == {} and words(cli, "no-such-command", "") == {}


def test_ids_come_with_the_names_of_what_they_are(cli: Cli, tmp_path: Path) -> None:
    """Alerts, silences, checks, notifiers and rules: the words to type, each beside what a person knows it by."""
    quiet = replace(silence('check="api"'), id="5a5a5a5a")
    state = make_state(tmp_path / "s", alerts=[FIRING, ENDED], silences=[quiet])
    (path := tmp_path / "config.toml").write_text(CONFIG)
    paths = ("--state", state, "--config", path)
    assert words(cli, *paths, "ack", "") == {"1a2b3c4d": "critical CheckUnhealthy api"}
    assert words(cli, *paths, "ack", "1a2b3c4d", "1") == {"1a2b3c4d": "critical CheckUnhealthy api"}, "ack takes several"
    assert words(cli, *paths, "unsilence", "") == {"5a5a5a5a": 'check="api"'}
    assert words(cli, *paths, "check", "") == {"api": "http", "backup": "heartbeat"}
    assert words(cli, *paths, "heartbeat", "") == {"backup": "heartbeat"}
    assert words(cli, *paths, "notify", "test", "") == {"ops-chat": "command"}
    assert words(cli, *paths, "notify", "send", "--to", "ops-chat", "") == {"ops-chat": "command"}
    assert words(cli, *paths, "explain", "B") == {"Backlog": "orders > 10"}


def test_nothing_to_complete_from_is_no_error(cli: Cli, tmp_path: Path) -> None:
    """Without a state, and with a file that is no TOML, the shell gets no candidates and no message."""
    (path := tmp_path / "config.toml").write_text("[[checks")
    assert words(cli, "--state", tmp_path / "none", "ack", "") == {}
    assert words(cli, "--config", path, "check", "") == {}


def installed(program: str) -> str:
    """The path of a program, or a skip."""
    return shutil.which(program) or require_or_skip(f"{program} is not installed: apt-get install {program}")


STARTS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
LOADS = {
    "bash": "source <(tui-monitor completion bash)",
    "zsh": "autoload -U compinit; compinit -D; source <(tui-monitor completion zsh)",
    "fish": "tui-monitor completion fish | source",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shell: str, tmp_path: Path) -> None:
    """In the shell itself, Tab completes a command and an alert's id, and shows whose id it is where there are two."""
    found = installed(shell)
    other = replace(FIRING, id="1a999999", fingerprint="9" * 16, labels={**FIRING.labels, "check": "db"})
    state = make_state(tmp_path / "s", alerts=[FIRING, other])
    environ = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "TUI_MONITOR_STATE": str(state), "PS1": "$ ", "PROMPT": "$ ",
        "HOME": str(tmp_path),
    }  # fmt: skip
    with terminal([found, *STARTS[shell]], (100, 24), environ) as seen:
        seen.press(f"{LOADS[shell]}; echo rea''dy", "enter")
        seen.until("ready")
        seen.press("tui-monitor una", "tab")
        seen.until("tui-monitor unack")
        seen.press("1a", "tab", "tab")
        seen.until(lambda: "CheckUnhealthy api" in seen.text() and "CheckUnhealthy db" in seen.text())


def test_the_manual_page_is_up_to_date_and_sound() -> None:
    """docs/tui-monitor.1 is what `make docs` writes, names every command, is packaged, and mandoc has nothing to say."""
    page = ROOT / "docs" / "tui-monitor.1"
    assert page.read_text() == man_page()
    assert all(f".SS {entry.name}\n" in page.read_text() for entry in COMMANDS)
    assert '"share/man/man1" = ["docs/tui-monitor.1"]' in (ROOT / "pyproject.toml").read_text()
    mandoc = installed("mandoc")
    said = subprocess.run([mandoc, "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
