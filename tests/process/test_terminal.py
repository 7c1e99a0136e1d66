"""The dashboard in a real pseudo-terminal: what it does to the terminal's title."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from tests.support.httpserver import serve_in_thread
from tests.support.peers.namespaces import in_namespace
from tests.support.terminal import ALTERNATE, terminal
from tui_monitor.tui.terminal_title import RESTORE, SAVE

FAKE = [sys.executable, "-m", "bench.fakeapp"]


def test_the_title_says_what_is_wrong_and_comes_back() -> None:
    """The terminal's title holds the number of open alerts and the host while the dashboard runs, then the title before it."""
    with terminal([*FAKE, "busy"], (100, 30)) as seen:
        seen.until(lambda: b"\x1b]2;" in seen.raw)
        written = seen.raw.decode()
        assert written.count(SAVE) == 1 and written.index(SAVE) < written.index("\x1b]2;✗")
        assert " web-1\x07" in written.partition("\x1b]2;")[2]
        seen.press("q")
        seen.until(seen.ended)
        assert seen.raw.decode().rstrip().endswith(RESTORE) and seen.status == 0


def test_the_demo_shows_a_failure_and_leaves_nothing(tmp_path: Path) -> None:
    """`demo` needs no configuration, shows a filled last hour and soon an incident, listens nowhere, and removes its files."""
    environ = {
        "TMPDIR": str(tmp_path),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "none"),
        "XDG_CONFIG_HOME": str(tmp_path / "none"),
    }
    with terminal([sys.executable, "-m", "tui_monitor", "demo"], (120, 40), environ) as seen:
        seen.until("services healthy")
        assert next(tmp_path.iterdir()).name.startswith("tui-monitor-demo-")
        seen.until("too many connections")
        seen.until("4 affected")
        own = psutil.Process(seen.pid)
        found = [one for process in (own, *own.children(recursive=True)) for one in process.net_connections("inet")]
        assert found == []
        seen.press("q")
        seen.until(seen.ended)
        assert seen.status == 0 and list(tmp_path.iterdir()) == []


@in_namespace  # there nothing else listens: it asks every port, and other tests count what their servers are asked
def test_the_first_start_offers_to_find_services(tmp_path: Path) -> None:
    """Without a configuration `i` lists what listens here, ticked where its check would be healthy; Enter writes the file and loads it."""
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    path = tmp_path / "config" / "tui-monitor" / "config.toml"
    with serve_in_thread() as web, terminal([sys.executable, "-m", "tui_monitor"], (120, 40), environ) as seen:
        seen.until("i finds the services")
        seen.press("i")
        seen.until(f"127.0.0.1:{web.port}")
        line = next(line for line in seen.text().splitlines() if f"127.0.0.1:{web.port}" in line)
        assert "[x]" in line and "http" in line
        seen.press("enter")
        seen.until(lambda: path.exists() and f":{web.port}/" in path.read_text())
        seen.until("healthy")
        seen.press("q")
        seen.until(seen.ended)
    assert seen.status == 0


def test_suspended_and_brought_back() -> None:
    """Ctrl+Z gives the shell back its terminal; `fg` paints the whole dashboard again, which goes on as before."""
    with terminal(["bash", "--norc", "--noprofile", "-i"], (100, 30), {"PS1": "$ "}) as seen:
        seen.until("$")
        seen.press(f"{' '.join(FAKE)} quiet", "enter")
        seen.until("Machine")
        seen.press("ctrl+z")
        seen.until("Stopped")
        before = len(seen.raw)
        seen.press("fg", "enter")
        seen.until(lambda: ALTERNATE.encode() in seen.raw[before:])
        seen.until(lambda: all(pane in seen.text() for pane in ("Incidents", "Services", "Machine")))
        seen.press("?")
        seen.until("acknowledge all firing alerts")
        seen.press("q")
        seen.until("Machine")
        seen.press("q")
        seen.until(lambda: seen.text().startswith("$ "))
