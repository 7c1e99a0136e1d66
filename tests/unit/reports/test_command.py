"""The command `report`, over a stored week; no monitor runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.report_world import NOW, board
from tui_monitor.board.codec import board_to_json
from tui_monitor.board.report import Report
from tui_monitor.board.wire import read
from tui_monitor.cli.main import main

CONFIG = """
host = "web-1"
service = "wallet"
[[notifiers]]
name = "ops"
type = "command"
argv = ["true"]
[[reports]]
name = "morning"
timezone = "Europe/Berlin"
to = ["ops"]
[[reports.figures]]
title = "New users"
query = "users_total - users_total offset $__range"
"""


def run(world: Path, config: Path, *words: str) -> int:
    """The exit code."""
    return main(["--state", str(world), "--config", str(config), "report", *words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with one report."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def test_a_report_by_name_and_by_kind(world: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text by default; a kind without [[reports]] has its defaults; --json has numbers and RFC 3339 times."""
    assert run(world, config, "morning", "--for", "2026-03-01") == 0
    text = capsys.readouterr().out
    assert text.startswith("Daily report · Sunday 1 Mar 2026 · web-1") and "New users     10" in text and "CheckUnhealthy api" in text
    assert run(world, config, "performance", "--for", "2026-03-01", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["kind"]) == ("performance", "performance") and found["sections"][-1]["key"] == "suggestions"
    assert run(world, config, "daily", "--for", "2026-03-01", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["name"] == "morning" and found["period"]["begin"] == "2026-02-28T23:00:00.000Z" and found["incidents"] == 2


def test_without_a_configuration_the_report_names_the_daemons_host(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--state` alone is enough: the name under which the state was written, not that of the machine that reads it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("TUI_MONITOR_CONFIG", raising=False)
    state = Path(shutil.copytree(world, tmp_path / "state"))
    with closing(sqlite3.connect(state / "history.db")) as db, db:
        db.execute("INSERT OR REPLACE INTO facts VALUES (1, ?, ?)", (NOW, board_to_json(board())))
    assert main(["--state", str(state), "report", "daily", "--for", "2026-03-01"]) == 0
    assert "web-1" in capsys.readouterr().out.splitlines()[0]


def test_the_html_file_stands_alone(world: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To a file or standard output; what cannot be written is said."""
    path = tmp_path / "report.html"
    assert run(world, config, "morning", "--for", "2026-03-01", "--html", str(path)) == 0
    assert "data:image/png;base64," in path.read_text() and capsys.readouterr().out == ""
    assert run(world, config, "morning", "--for", "2026-03-01", "--html", str(tmp_path / "no" / "x.html")) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mornin"], "did you mean"), (["yearly"], "there is no report"), (["daily", "--for", "tomorrow"], "is not a day"),
        (["daily", "--for", "2126-01-01"], "is still to come"), (["daily", "--for", "2026-02-30"], "is not a day"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_advice(
    world: Path, config: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage: 64."""
    assert run(world, config, *words) == 64
    assert said in capsys.readouterr().err


def test_without_a_name_the_reports_are_listed(world: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Name, kind, when next, to whom; without any, how to see one."""
    assert run(world, config) == 0
    assert "morning  daily" in capsys.readouterr().out
    assert run(world, config, "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["to"]) == ("morning", ["ops"]) and listed["next"].endswith("Z")
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    assert run(world, empty) == 0
    assert "daily|weekly|performance|risk|health" in capsys.readouterr().out


def test_without_a_monitor_s_state_there_is_no_report(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with the reason."""
    assert run(tmp_path / "nowhere", config, "daily") == 1
    assert "no monitor has run here" in capsys.readouterr().err


def test_other_processes_of_ours_get_values_and_whole_packages(world: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page and the screen get the values, the leader every form."""
    assert run(world, config, "morning", "--for", "2026-03-01", "--values") == 0
    report = read(Report, json.loads(capsys.readouterr().out)["report"])
    assert report.title == "Daily report" and report.sections[0].rows[0].cells[2] == "DiskFullSoon /"
    order = {"day": "2026-03-02", "late": True, "missed": ["2026-02-27"], "calm": False, "failed": ""}
    assert run(world, config, "morning", "--order", json.dumps(order)) == 0
    package = json.loads(capsys.readouterr().out)
    assert set(package) == {"title", "severity", "incidents", "text", "chat", "brief", "html", "images", "data"}
    assert "27 Feb" in package["text"] and "it was due 2 Mar 08:00" in package["text"]


def test_unknown_receivers_and_queries_are_faults_of_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`to` names a notifier that is not there; a name that is used twice; a query that is no PromQL."""
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[[reports]]\nname = "a"\nto = ["nobody"]\n[[reports]]\nname = "a"\n[[reports.figures]]\ntitle = "x"\nquery = "sum by (("\n'
    )
    assert main(["--config", str(path), "config", "check"]) == 78
    said = capsys.readouterr().err
    assert 'there is no notifier "nobody"' in said and "is used twice" in said and "unclosed" in said


def test_secrets_that_only_the_daemon_knows_are_not_needed(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user who looks at a report says what is missing and gets it, with the configured figures; the leader's own child is strict."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + '[[notifiers]]\nname = "chat"\ntype = "telegram"\ntoken = "${NOT_SET_HERE}"\nchat_id = "1"\n')
    assert run(world, path, "morning", "--for", "2026-03-01") == 0
    said = capsys.readouterr()
    assert "New users     10" in said.out and "NOT_SET_HERE" in said.err
    order = {"day": "2026-03-02", "late": False, "missed": [], "calm": False, "failed": ""}
    assert run(world, path, "morning", "--order", json.dumps(order)) == 78
