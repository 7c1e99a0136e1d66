"""A real logrotate against a fast writer, and a reader that is killed in between: what is counted, is counted once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.peers.base import program
from tests.support.peers.require import peers_needed

COUNT = 30_000


@pytest.fixture
def logrotate() -> str:
    """The program, or a skip with the reason."""
    with peers_needed():
        return program("logrotate", "install the package `logrotate`")


class Rotation:
    """A log in a directory, its writer, its reader and its rotations."""

    def __init__(self, place: Path, logrotate: str, options: str, *, late: float, poll: float, count: int = COUNT) -> None:
        self.log, self.database, self._place, self._logrotate = place / "app.log", place / "seen.db", place, logrotate
        self.log.touch()
        self._poll = poll
        self.reader = self._start_reader()
        while not (self._rows("SELECT 1 FROM position") if self.database.exists() else []):
            time.sleep(0.01)
        self.writer = self._start("log_writer.py", self.log, count, late)
        assert self.writer.stdout is not None and self.writer.stdout.readline()
        signal = f"postrotate\n kill -HUP {self.writer.pid}\nendscript" if "copytruncate" not in options else ""
        (place / "conf").write_text(f"su {_user()}\n{self.log} {{\n rotate 50\n missingok\n {options}\n {signal}\n}}\n")
        (place / "conf").chmod(0o644)

    def _start(self, program: str, *words: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "tests" / "support" / program), *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})

    def _start_reader(self) -> subprocess.Popen[bytes]:
        return self._start("log_reader.py", self.log, self.database, self._poll)

    def rotate(self) -> None:
        subprocess.run([self._logrotate, "-f", "-s", str(self._place / "state"), str(self._place / "conf")], check=True)

    def kill_reader(self) -> None:
        _end(self.reader)

    def start_reader(self) -> None:
        self.reader = self._start_reader()

    def run(self, every: float, kill_each: int = 0) -> None:
        """Rotate until the writer is done; every ``kill_each``-th time the reader is killed before and started again after it."""
        turn = 0
        while self.writer.poll() is None:
            time.sleep(every)
            turn += 1
            killed = kill_each and turn % kill_each == 0
            if killed:
                self.kill_reader()
            self.rotate()
            if killed:
                self.start_reader()
        Path(str(self.database) + ".stop").touch()
        assert self.reader.wait(60) == 0

    def seen(self) -> Counter[int]:
        """How often each number was read."""
        return Counter(int(line.split(" ")[0]) for (line,) in self._rows("SELECT line FROM lines"))

    def notes(self) -> list[str]:
        return [note for (note,) in self._rows("SELECT note FROM notes")]

    def _rows(self, query: str) -> list[tuple[str]]:
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            try:
                return db.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    def end(self) -> None:
        for process in (self.writer, self.reader):
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _user() -> str:
    import grp
    import pwd

    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


@contextlib.contextmanager
def rotation(place: Path, logrotate: str, options: str, *, late: float = 0.0, poll: float = 0.05) -> Iterator[Rotation]:
    place.chmod(0o755)
    running = Rotation(place, logrotate, options, late=late, poll=poll)
    try:
        yield running
    finally:
        running.end()


PLAIN, DATED = "create", "create\n dateext\n dateformat -%Y%m%d-%s"
COMPRESSED, LATER = "create\n compress", "nocreate\n delaycompress\n compress"


@pytest.mark.slow
@pytest.mark.parametrize(("options", "poll"), [(PLAIN, 0.05), (PLAIN, 0.5), (DATED, 0.05), (DATED, 0.5), (COMPRESSED, 0.05), (LATER, 0.05)])
def test_rename_loses_and_doubles_nothing(tmp_path: Path, logrotate: str, options: str, poll: float) -> None:
    """Rename rotation each 0.3 s under a writer that changes over 0.15 s late: every line is read once."""
    with rotation(tmp_path, logrotate, options, late=0.15, poll=poll) as running:
        running.run(1.1 if "dateext" in options else 0.3)
        assert running.notes() == []
        assert running.seen() == Counter(range(COUNT))


@pytest.mark.slow
@pytest.mark.parametrize("kill_each", [1, 2, 3])
def test_rename_with_a_killed_reader_counts_once(tmp_path: Path, logrotate: str, kill_each: int) -> None:
    """kill -9 of the reader before a rotation, and a start with the saved position after it: every line is read once."""
    with rotation(tmp_path, logrotate, "create", late=0.1) as running:
        running.run(0.3, kill_each)
        assert running.notes() == []
        assert running.seen() == Counter(range(COUNT))


def test_rename_while_the_reader_is_down_for_long(tmp_path: Path, logrotate: str) -> None:
    """Several rotations while nobody reads: all generations are found and read once."""
    with rotation(tmp_path, logrotate, "create", late=0.05) as running:
        time.sleep(0.2)
        running.kill_reader()
        for _ in range(3):
            time.sleep(0.3)
            running.rotate()
        running.start_reader()
        running.run(0.3)
        assert running.notes() == []
        assert running.seen() == Counter(range(COUNT))


@pytest.mark.parametrize("kill_each", [0, 2])
def test_copytruncate_doubles_nothing_and_reads_the_copies(tmp_path: Path, logrotate: str, kill_each: int) -> None:
    """copytruncate: nothing is read twice, every line of every copy is read; what logrotate itself cut off is in neither."""
    with rotation(tmp_path, logrotate, "copytruncate") as running:
        running.run(0.5, kill_each)
        seen = running.seen()
        assert max(seen.values()) == 1
        kept = b"".join(path.read_bytes() for path in tmp_path.glob("app.log*")).split(b"\n")
        whole = {int(line.split(b" ")[0]) for line in kept if line.endswith(b"own") and line.split(b" ")[0].isdigit()}
        assert not whole - set(seen)
