"""The log screen over 100,000 kept lines in a real pseudo-terminal: how long a key takes to the screen, and memory; prints JSON.

    python bench/log_screen.py [--lines 100000] [--keys 300]

The dashboard leads on a state of its own, whose telemetry.db is written before. Keys go through the log from its end backwards: single
lines, pages, a jump to the oldest line, forward again, a search for a text that only the oldest line has, and a filter. "line up" and
"page" count from a key to the first byte that the dashboard writes in answer, the others until the first page of the answer is painted.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import MIB, compile_program, environment, figure, finish

from tests.support.telemetry_file import event, write_lines

TEXT = "request of the customer was answered by worker {} after some milliseconds and a look into the cache, which had it"
KEY_MS = 15.0
UP, PAGE_UP, PAGE_DOWN = b"\x1b[A", b"\x1b[5~", b"\x1b[6~"


def prepare(path: Path, count: int) -> None:
    """A telemetry.db with so many lines, 20 a second."""
    begin = time.time_ns() // 1_000_000 - count * 50
    blocks = []
    for number in range(0, count, 20):
        at = begin + number * 50
        lines = [
            event(at + k * 50, "error" if (number + k) % 500 == 0 else "info", TEXT.format(number + k), n=number + k) for k in range(20)
        ]
        blocks.append((at + 1000, [event(at, "info", "the first of all lines"), *lines[1:]] if number == 0 else lines))
    write_lines(path, "api", blocks)


class Terminal:
    """The dashboard in a terminal of 120x40."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment())
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read_until(self, text: str, within: float = 30.0) -> float:
        """Read until the text is written; returns the seconds."""
        begin, seen = time.monotonic(), b""
        while time.monotonic() - begin < within:
            if select.select([self.fd], [], [], 0.1)[0]:
                seen = (seen + os.read(self.fd, 65536))[-200_000:]
                if text.encode() in seen:
                    return time.monotonic() - begin
        raise SystemExit(f"{text!r} was not shown within {within} s")

    def drain(self, quiet: float = 0.05) -> None:
        """Read until nothing has come for a while."""
        while select.select([self.fd], [], [], quiet)[0]:
            os.read(self.fd, 65536)

    def key(self, data: bytes) -> float:
        """Press a key; milliseconds to the first byte of the answer."""
        self.drain()
        begin = time.monotonic()
        os.write(self.fd, data)
        select.select([self.fd], [], [], 5.0)
        return (time.monotonic() - begin) * 1000

    def ask(self, key: bytes, question: str, answer: bytes) -> None:
        """Open a prompt and answer it."""
        os.write(self.fd, key)
        self.read_until(question)
        self.drain(0.3)
        os.write(self.fd, answer)

    def memory(self) -> float:
        """Resident MiB."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB

    def close(self) -> None:
        """End the dashboard."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "config.toml"
        config.write_text('[[checks]]\nname = "api"\ntype = "log"\npath = "/nonexistent.log"\n', encoding="utf-8")
        state = Path(directory) / "state"
        state.mkdir()
        prepare(state / "telemetry.db", options.lines)
        command = [sys.executable, "-m", "tui_monitor", "--config", str(config), "--state", str(state)]
        with closing(Terminal(command)) as terminal:
            terminal.read_until("api")
            time.sleep(5)
            before = terminal.memory()
            opened = terminal.key(b"L")
            terminal.read_until("worker")
            keys = [terminal.key(UP) for _ in range(options.keys)]
            pages = [terminal.key(PAGE_UP) for _ in range(options.keys)]
            os.write(terminal.fd, b"g")
            oldest = terminal.read_until("the first of all")
            pages += [terminal.key(PAGE_DOWN) for _ in range(options.keys)]
            os.write(terminal.fd, b"\x1b[F")
            terminal.read_until("live")
            terminal.ask(b"/", "Search", b"FIRST OF ALL\r")
            searched = terminal.read_until("first of all", 60)
            os.write(terminal.fd, b"\x1b")
            terminal.drain(1.0)
            os.write(terminal.fd, b"\x1b[F")
            terminal.read_until("live")
            terminal.ask(b"f", "Lines with", b"\x15level=error\r")
            filtered = terminal.read_until("live", 60)
            after = terminal.memory()
    return {
        "log screen, lines kept": figure(options.lines, "lines"),
        "log screen, opened": figure(opened, "ms"),
        "log screen, line up": quantiles(keys),
        "log screen, page": quantiles(pages),
        "log screen, oldest line": figure(oldest * 1000, "ms"),
        "log screen, search through all": figure(searched * 1000, "ms"),
        "log screen, filter by level": figure(filtered * 1000, "ms"),
        "log screen, memory": figure(after - before, "MiB"),
    }


def quantiles(values: list[float]) -> dict[str, Any]:
    """The 95th percentile, with median and maximum."""
    ordered = sorted(values)
    return figure(ordered[len(ordered) * 95 // 100], "ms", KEY_MS, median=round(statistics.median(ordered), 1), most=round(ordered[-1], 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=300)
    compile_program()
    finish(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
