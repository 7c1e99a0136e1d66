"""The command line as a whole: what may be said, times as people type them, and one day in the life of a real program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.cli_tools import Cli, now_ms
from tests.support.httpserver import serve_in_thread
from tui_monitor.cli import main as program
from tui_monitor.cli.command_table import COMMANDS
from tui_monitor.core.version import VERSION

NOW = 1_777_605_000_000
"""2026-05-01T03:10:00Z."""


def test_the_parser_knows_every_command_and_says_what_is_near(cli: Cli) -> None:
    """Each command of the table has a parser and a module; a slip of the finger gets the nearest word; exit 64."""
    for entry in COMMANDS:
        assert cli(entry.name, "--help").code == 0
        assert (Path(program.__file__).parent / "commands" / f"{entry.module.partition(':')[0]}.py").is_file()
    said = cli("staus")
    assert said.code == 64 and "did you mean status?" in said.err
    assert "did you mean backtest?" in cli("rules", "backtes").err
    assert cli("frobnicate").code == cli("store").code == cli("alerts", "--nope").code == 64
    assert cli("--version").out == f"tui-monitor {VERSION}\n"


def test_flags_stand_before_or_after_the_command(tmp_path: Path) -> None:
    """--config and --state, also after the inner command."""
    for words in (["--config", "c", "--state", "s", "notify", "test"], ["notify", "--config", "c", "test", "--state", "s"]):
        given = program.parser().parse_args(words)
        assert (given.config, given.state) == ("c", "s")


def test_what_only_the_monitor_takes_goes_with_no_command(cli: Cli) -> None:
    """Nothing is done that was not meant: `--headless check` is a slip, and exit 64."""
    said = cli("--headless", "check")
    assert (said.code, said.out) == (64, "") and "--headless does not go with the command check" in said.err


def test_an_expression_may_begin_with_a_minus() -> None:
    """It is no option; real options stay options."""
    assert program._shield(["query", "-up", "--at", "-1", "-", "-h", "--json"]) == ["query", " -up", "--at", " -1", "-", "-h", "--json"]
    assert program._shield(["ack", "-x"]) == ["ack", "-x"]


def test_without_a_terminal_the_dashboard_gives_advice() -> None:
    """Exit 64 and what to say instead; the real program, as a process."""
    done = subprocess.run(
        [sys.executable, "-m", "tui_monitor"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30, check=False
    )
    assert done.returncode == 64 and "--headless" in done.stderr and done.stdout == ""


def test_a_signal_before_the_service_has_begun_ends_it_with_0(tmp_path: Path) -> None:
    """`systemctl stop` right after the start: SIGTERM while everything still loads is no failure."""
    code = """
import os, signal, sys
from tui_monitor.cli import main as cli; from tui_monitor.platform import paths as places
places.find_config = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
sys.exit(cli.main(["--headless", "--state", sys.argv[1]]))
"""
    words = [sys.executable, "-c", code, str(tmp_path / "state")]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "state").exists()


def test_a_reader_that_leaves_early_is_no_crash(tmp_path: Path) -> None:
    """`query ... | head -1` ends quietly; the real program, as a process."""
    file = tmp_path / "many.om"
    file.write_text("".join(f'up{{n="{number}"}} 1 1\n' for number in range(20_000)))
    words = [sys.executable, "-m", "tui_monitor", "query", "up", "--from", str(file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        process.wait(20)


def _until(what: str, true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Look again and again until something is true; what it answered."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (found := true()):
        assert time.monotonic() < end, f"never: {what}"
        pause.wait(0.1)
    return found


def test_a_day_in_the_life(cli: Cli, tmp_path: Path) -> None:
    """A daemon and a server that fails: check, status, alerts, ack, silence, annotate, notify, query, explain; then all is well again."""
    with serve_in_thread() as server:
        config, state = tmp_path / "c.toml", tmp_path / "s"
        config.write_text(
            f'host = "web-1"\ndefault_rules = ["CheckUnhealthy"]\n[routing]\ninfo = ["hook"]\n'
            f'[[checks]]\nname = "api"\ntype = "http"\nurl = "{server.url}/api"\ninterval = "0.5s"\nfailures = 1\n'
            f'[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "{server.url}/hook"\n'
        )
        where = ["--config", config, "--state", state]

        def ask(*words: object) -> Any:
            return json.loads(cli(*words, "--json", *where).out)

        def told(kind: str) -> list[Any]:
            return [body for body in (json.loads(r.body) for r in server.requests if r.path == "/hook") if body["status"] == kind]

        daemon = subprocess.Popen(
            [sys.executable, "-m", "tui_monitor", "--headless", *map(str, where)],
            stderr=subprocess.PIPE,
            env={**os.environ, "SUDO_USER": "kim"},
        )
        try:
            assert cli("check", *where).code == 0
            _until("healthy", lambda: cli("status", *where).code == 0)
            server.at("/api", status=500)
            assert cli("check", *where).code == 2
            (alert,) = _until("an alert", lambda: ask("alerts"))
            assert (alert["labels"]["check"], alert["severity"], alert["state"]) == ("api", "critical", "firing")
            _until("told", lambda: told("firing"))
            report = _until("unhealthy", lambda: (found := ask("status"))["status"] == "unhealthy" and found)
            assert report["leader"]["pid"] == daemon.pid and report["leader"]["kind"] == "headless"
            said = cli("ack", alert["id"][:4], "--note", "looking", *where)
            assert (said.code, said.out) == (0, f"acknowledged: {alert['id']} CheckUnhealthy api\n")
            assert ask("alerts")[0]["acknowledged"]["note"] == "looking"
            assert ask("status")["alerts"]["acknowledged"] == 1
            assert "acknowledged by" in cli("explain", "CheckUnhealthy", *where).out
            quiet = cli("silence", "check=other", "--for", "1h", *where)
            ident = re.search(r"id ([0-9a-f]+)", quiet.out)
            assert quiet.code == 0 and ident and ask("silences")[0]["id"] == ident[1]
            assert cli("unsilence", ident[1], *where).code == 0 and ask("silences") == []
            assert cli("annotate", "deploy", *where).out == 'marked "deploy"\n'
            assert cli("notify", "test", *where).out.startswith("hook: sent")
            assert cli("notify", "send", "--title", "Hello", "--message", "all", *where).out == "queued for hook\n"
            said = cli("notify", "send", "--title", "Hello", "--message", "all", "--to", "nobody", *where)
            assert said.code == 1 and "no notifier nobody" in said.err
            data = ask("query", 'check_health{check="api"}')["data"]
            assert data["result"][0]["value"][1] == "2" and abs(data["result"][0]["value"][0] * 1000 - now_ms()) < 5000
            server.at("/api")
            _until("resolved", lambda: ask("alerts") == [])
            _until("told so", lambda: told("resolved"))
            assert ask("alerts", "--all")[0]["state"] == "resolved"
            kinds = _until(
                "all sent", lambda: (e := ask("notifications")) and all(one["state"] == "sent" for one in e) and {one["kind"] for one in e}
            )
            assert kinds >= {"firing", "resolved", "test", "message"} and len(told("resolved")) == 1
            assert {line["verb"] for line in ask("audit")} >= {"ack", "silenced", "annotate", "sent", "tested"}
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, log = daemon.communicate(timeout=20)
        assert daemon.returncode == 0, log.decode()
        assert cli("status", *where).code == 3
        assert b"Traceback" not in log
