"""A program in a real pseudo-terminal, with the screen that it draws (pyte): press keys, wait for a text, look."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyte

ANSWERS = ((re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"), (re.compile(rb"\x1b\[6n"), b"\x1b[1;2R"))
"""What a terminal answers when it is asked for its attributes (DA1) and the cursor's place (CPR)."""
_UNKNOWN_TO_PYTE = re.compile(r"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1bP.*?\x1b\\|\x1b_.*?\x1b\\", re.DOTALL)
KEYS = {
    "enter": "\r", "esc": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "space": " ",
}  # fmt: skip
LIMIT_S = 60.0
LONGEST_QUESTION = 32
ALTERNATE = "\x1b[?1049h"
"""The begin of the alternate screen, which terminals clear then; pyte has none."""


class Terminal:
    """A running program: ``screen`` is what it shows, ``raw`` every byte that it has written."""

    def __init__(self, argv: Sequence[str], size: tuple[int, int], environ: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.raw = bytearray()
        self.status: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(argv[0], list(argv), dict(environ))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def pump(self, seconds: float) -> None:
        """Draw what comes within this time; returns at once where the program has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], min(left, 0.05))[0]:
                if self.ended():
                    return
                continue
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                self.ended(wait=True)
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        before = bytes(self.raw[-LONGEST_QUESTION:])
        self.raw += data
        asked = [(found.end(), answer) for question, answer in ANSWERS for found in question.finditer(before + data)]
        if new := [answer for end, answer in sorted(asked) if end > len(before)]:  # a question may come in two pieces
            os.write(self._fd, b"".join(new))  # in the order of the questions, as terminals answer
        self._stream.feed(_UNKNOWN_TO_PYTE.sub("", self._decode(data)).replace(ALTERNATE, f"{ALTERNATE}\x1b[2J"))

    def text(self) -> str:
        """The screen as text, lines without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, wanted: str | Callable[[], bool], limit: float = LIMIT_S) -> None:
        """Wait until a text is on the screen, or a condition holds. Raises AssertionError with the screen."""
        holds = wanted if callable(wanted) else lambda: wanted in self.text()
        end = time.monotonic() + limit
        while not holds():
            assert time.monotonic() < end and not self.ended(), f"waited for {wanted!r}; status {self.status}:\n{self.text()}"
            self.pump(0.05)

    def press(self, *keys: str) -> None:
        """Press keys: names of KEYS, "ctrl+c", or characters as they stand."""
        for key in keys:
            raw = chr(ord(key[-1]) & 31) if key.startswith("ctrl+") else KEYS.get(key, key)
            os.write(self._fd, raw.encode())

    def ended(self, *, wait: bool = False) -> bool:
        """Whether the program has ended; ``status`` is then its exit code."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, 0 if wait else os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def end(self) -> None:
        """End the program, by force where it does not end by itself."""
        for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
            if not self.ended():
                os.kill(self.pid, number)
                self.pump(patience)
        os.close(self._fd)


@contextmanager
def terminal(argv: Sequence[str], size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Run a program in a terminal of this size, of kind xterm-256color with true colour unless ``environ`` says otherwise."""
    known = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "LC_ALL", "LC_CTYPE")
    }
    running = Terminal(argv, size, {**known, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(environ or {})})
    try:
        yield running
    finally:
        running.end()
