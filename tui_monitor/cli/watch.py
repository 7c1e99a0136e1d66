"""`--watch`: a command's answer, shown anew on the whole terminal until Ctrl+C."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tui_monitor.cli.options import Refused, print_error
from tui_monitor.core.exit_codes import USAGE

EVERY_S = 2.0
_BEGIN = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H"
"""The alternate screen, no cursor, no wrapping: a line that is too long must not push others out."""
_END = "\x1b[?7h\x1b[?25h\x1b[?1049l"


def watch(answer: Callable[[], int], every: float = EVERY_S) -> int:
    """Run ``answer`` again and again; returns its last code at Ctrl+C. Raises Refused (64) without a terminal."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        raise Refused("--watch needs a terminal; for scripts take --json", USAGE)
    code = 0
    with _whole_screen(), suppress(KeyboardInterrupt):
        while True:
            frame = _Frame(sys.stdout)
            code = _drawn(answer, frame)
            frame.show(shutil.get_terminal_size().lines)
            time.sleep(every)
    return code


def _drawn(answer: Callable[[], int], frame: _Frame) -> int:
    """Run ``answer`` with its output in the frame; what it refuses is shown, because the next answer may be better."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = frame
    try:
        return answer()
    except Refused as refused:
        print_error(str(refused))
        return refused.code
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def _whole_screen() -> Iterator[None]:
    """The terminal's alternate screen, left again however the command ends: SIGTERM and SIGHUP too, with exit code 0."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs of a script with Ctrl+C ignored
    sys.stdout.write(_BEGIN)
    try:
        yield
    finally:
        sys.stdout.write(_END)
        sys.stdout.flush()


class _Frame:
    """One picture: collects lines, and shows as many as the terminal has; isatty and encoding are the terminal's."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._text = stream, ""

    def write(self, text: str) -> int:
        self._text += text
        return len(text)

    def flush(self) -> None:
        """The frame is shown at its end only."""

    def show(self, rows: int) -> None:
        """Write the lines over those of the frame before, without a moment of an empty screen."""
        lines = self._text.splitlines()[:rows]
        self._stream.write("\x1b[H" + "\r\n".join(f"{line}\x1b[0m\x1b[K" for line in lines) + "\x1b[J")
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
