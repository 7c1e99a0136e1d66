"""The dashboard in a real pseudo-terminal: what it does to the terminal's title."""

from __future__ import annotations

import sys

from tests.support.terminal import terminal
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
