"""Colours and shapes where neither COLORTERM nor a locale is passed on: in a real tmux, and over a real sshd."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.peers.fixtures import present
from tests.support.peers.require import require_or_skip
from tests.support.peers.ssh_logins import ssh_logins
from tests.support.terminal import Terminal, terminal

FAKE = f"{sys.executable} -m bench.fakeapp storm"
TRUE_COLOR, INDEXED = re.compile(rb"\x1b\[[\d;]*48[;:]2[;:]"), re.compile(rb"\x1b\[[\d;]*[34]8[;:]5[;:]")
HERE = {"COLORTERM": "", "PYTHONPATH": str(ROOT)}


def painted(seen: Terminal) -> None:
    """Wait for the main screen with its strips."""
    seen.until("checkout")
    seen.until("█")


def test_in_tmux_the_palette_of_256_is_used(tmp_path: Path) -> None:
    """tmux passes no COLORTERM on and shows 256 colours to this terminal: the dashboard has its blocks, and colours of the palette."""
    tmux = shutil.which("tmux") or require_or_skip("tmux is not installed: apt-get install tmux")
    argv = [tmux, "-S", str(tmp_path / "socket"), "-f", "/dev/null", "-u", "new-session", FAKE]
    with terminal(argv, (120, 40), {**HERE, "TERM": "xterm-256color"}) as seen:
        painted(seen)
        assert INDEXED.search(seen.raw) and "│" in seen.text()
        seen.press("q")
        seen.until(seen.ended)


@pytest.mark.parametrize("language", ["C", "C.UTF-8"])
def test_over_ssh_the_terminal_is_asked(language: str) -> None:
    """sshd passes TERM on, not COLORTERM: the terminal answers for itself, so the blocks are there with LANG=C too."""
    with present(ssh_logins) as logins:
        logins.add("here", f"cd {ROOT} && exec env -u LC_ALL LANG={language} {FAKE}", options="no-port-forwarding")
        with terminal([str(logins.bin / "ssh"), "-tt", "here"], (120, 40), {**HERE, "TERM": "xterm-256color"}) as seen:
            painted(seen)
            assert INDEXED.search(seen.raw) or TRUE_COLOR.search(seen.raw)
            seen.press("q")
            seen.until(seen.ended)
