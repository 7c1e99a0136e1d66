"""status --oneline, --watch and failing first: what operators keep in tmux, prompts and a spare window."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cli_tools import FIRING, Cli, board, check, leader, make_state, now_ms
from tests.support.terminal import terminal
from tui_monitor.board.values import AlertView, Board
from tui_monitor.cli.one_line import one_line
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.glyphs import ASCII, UNICODE

NOW = now_ms()
UNHEALTHY, HEALTHY, DEGRADED = HealthStatus.UNHEALTHY, HealthStatus.HEALTHY, HealthStatus.DEGRADED


def alert(check_name: str, severity: str, minutes: int, **more: object) -> AlertView:
    """An alert that fires since so many minutes."""
    began = NOW - minutes * 60_000
    view = AlertView(
        "1a2b3c4d",
        "CheckUnhealthy",
        severity,
        "firing",
        f"{check_name} is unhealthy",
        2.0,
        "",
        began,
        began,
        None,
        {"check": check_name},
        {},
    )
    return replace(view, **more)  # type: ignore[arg-type]


def line(shown: Board | None, status: HealthStatus, reason: str = "") -> str:
    """The line about a board."""
    return one_line(status, reason, shown, NOW, UNICODE)


def test_one_line_says_what_is_wrong_since_when_and_whom_it_affects() -> None:
    """The gravest open incident comes first, with the number of those that it mutes and of others."""
    db = alert("db", "critical", 3, affected=3, affects=("billing", "cart", "checkout"))
    shown = replace(board(check("db", UNHEALTHY), status=UNHEALTHY), alerts=(db,))
    assert line(shown, UNHEALTHY) == "✗ db 3m → 3 affected"
    other = alert("sessions", "warning", 12, id="2b", name="RedisMemory", labels={"check": "sessions"})
    assert line(replace(shown, alerts=(db, other)), UNHEALTHY) == "✗ db 3m → 3 affected +1"
    assert line(replace(shown, alerts=(other,)), DEGRADED) == "▴ RedisMemory sessions 12m"
    assert one_line(UNHEALTHY, "", shown, NOW, ASCII) == "x db 3m > 3 affected"


def test_one_line_without_an_open_alert() -> None:
    """All well, all acknowledged, a check that no rule watches, no monitor."""
    well = board(check("api", HEALTHY), check("db", HEALTHY))
    assert line(well, HEALTHY) == "✓ 2 healthy"
    assert line(board(), HEALTHY) == "✓ this machine"
    failing = replace(check("api", UNHEALTHY), since=NOW - 7_200_000)
    assert line(board(failing, check("db", HEALTHY)), UNHEALTHY) == "✗ api 2h 00m"
    unknown = [check(name, HealthStatus.UNKNOWN) for name in ("backup", "b", "c")]
    assert line(board(*unknown[:1], check("db", HEALTHY)), HealthStatus.UNKNOWN) == "? backup (1 of 2 healthy)"
    assert line(board(*unknown, check("db", HEALTHY)), HealthStatus.UNKNOWN) == "? backup, b +1 (1 of 4 healthy)"
    taken = alert("api", "critical", 5, acknowledged_by="kim")
    assert line(replace(board(failing), alerts=(taken,)), UNHEALTHY) == "✗ api 2h 00m (1 acknowledged)"
    assert line(None, HealthStatus.UNKNOWN, "no monitor runs") == "? no monitor runs"


def test_status_prints_one_line_with_the_usual_exit_code(cli: Cli, tmp_path: Path) -> None:
    """`status --oneline` is one line on standard output, also without a state; its code is the verdict."""
    with leader(state := make_state(tmp_path / "s", alerts=[FIRING], stored=board(check("api", UNHEALTHY), status=UNHEALTHY))):
        said = cli("--state", state, "status", "--oneline")
    assert (said.code, said.out.count("\n"), said.err) == (2, 1, "") and said.out.startswith("✗ api ")
    none = cli("--state", tmp_path / "none", "status", "--oneline")
    assert none.code == 3 and none.out.startswith("? no monitor has run here")
    assert cli("status", "--oneline", "--json").code == 64


def test_status_lists_what_fails_first(cli: Cli, tmp_path: Path) -> None:
    """The checks stand by status, the gravest first; `--json` keeps the file's order."""
    names = [("a", HEALTHY), ("b", HealthStatus.UNKNOWN), ("c", DEGRADED), ("d", UNHEALTHY), ("e", HEALTHY), ("f", UNHEALTHY)]
    with leader(state := make_state(tmp_path / "s", stored=board(*(check(name, status) for name, status in names), status=UNHEALTHY))):
        rows = cli("--state", state, "status").out.partition("STATUS")[2].splitlines()[1:]
    assert [row.split()[1] for row in rows] == ["d", "f", "c", "b", "a", "e"]


def test_watch_needs_a_terminal(cli: Cli, tmp_path: Path) -> None:
    """In a pipe `--watch` is a wrong use, with advice."""
    said = cli("--state", tmp_path / "none", "alerts", "--watch")
    assert said.code == 64 and "--watch needs a terminal; for scripts take --json" in said.err


@pytest.mark.parametrize("command", ["status", "alerts"])
def test_watch_shows_the_newest_until_interrupted(command: str, tmp_path: Path) -> None:
    """In a terminal the answer is drawn anew; what appears meanwhile is shown, and Ctrl+C ends it and restores the screen."""
    argv = [sys.executable, "-m", "tui_monitor", "--state", str(tmp_path / "s"), command, "--watch"]
    with terminal(argv) as seen:
        seen.until("no monitor has run here")
        make_state(tmp_path / "s", alerts=[FIRING], stored=board(check("api", UNHEALTHY, "HTTP 500"), status=UNHEALTHY))
        seen.until("HTTP 500")
        seen.press("ctrl+c")
        seen.until(seen.ended)
        assert seen.raw.rstrip().endswith(b"\x1b[?1049l") and seen.status in (0, 3)


def test_people_with_a_korean_locale_are_answered_in_korean_and_scripts_in_english(tmp_path: Path) -> None:
    """Tables and help in a terminal speak the locale's language; pipes and `--json` stay as they are."""
    make_state(tmp_path / "s", alerts=[FIRING], stored=board(check("api", UNHEALTHY, "connection refused"), status=UNHEALTHY))
    argv = [sys.executable, "-m", "tui_monitor", "--state", str(tmp_path / "s"), "status"]
    korean = {"LANG": "ko_KR.UTF-8", "PYTHONUTF8": "1"}
    with terminal(argv, (100, 24), korean) as seen:
        seen.until(seen.ended)
        assert "상태" in seen.text() and "비정상" in seen.text() and "연결 거부됨" in seen.text()
    piped = subprocess.run(argv, env={**os.environ, **korean}, capture_output=True, text=True, check=False).stdout
    assert "connection refused" in piped and "STATUS" in piped


def test_one_line_tells_trouble_of_the_monitor_itself_by_its_fault() -> None:
    """The notifier and that it delivers nothing, not the rule's name."""
    labels = {"alertname": "MonitorTrouble", "reason": "notifier-ops-mail"}
    summary = "tui-monitor: ops-mail: nothing delivered for 10m: connection refused"
    trouble = alert("", "warning", 3, name="MonitorTrouble", labels=labels, summary=summary)
    assert line(replace(board(), alerts=(trouble,)), DEGRADED) == "▴ ops-mail: nothing delivered for 10m 3m"
