"""Any sequence of writing, rotating, looking, waiting and restarting: every line is given once, in order."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.sources.log.generation import ReadOptions
from tui_monitor.sources.log.multiline import multiline_of
from tui_monitor.sources.log.position import Positions, positions_from
from tui_monitor.sources.log.tailer import Tailer

STEPS = ("write", "long", "half", "rename", "copytruncate", "look", "look", "wait", "restart", "crash")


class World:
    """A log with its rotations, a tailer, and what was saved last."""

    def __init__(self, place: Path, pattern: str, multiline: str, most_open: int) -> None:
        self.log = place / "app.log"
        self.log.touch()
        (place / "other.log").touch()
        self._pattern, self._most_open = str(place / pattern), most_open
        self._options = ReadOptions(multiline=multiline_of(multiline))
        self.written: list[str] = []
        self.committed: list[str] = []
        self._seen: list[str] = []
        self._saved: Positions | None = None
        self._now = 1000.0
        self._half = ""
        self._tailer = self._start()
        self.look()

    def _start(self) -> Tailer:
        return Tailer([self._pattern], self._options, self._saved, most_open=self._most_open)

    def do(self, step: str) -> None:
        getattr(self, step)()

    def write(self) -> None:
        self._append(f"{self._half}{len(self.written)} written")

    def long(self) -> None:
        for _ in range(30):
            self._append(f"{self._half}{len(self.written)} written " + "x" * 50)

    def half(self) -> None:
        if not self._half:
            self._half = f"{len(self.written)} half "
            with self.log.open("a") as file:
                file.write(self._half)

    def _append(self, line: str) -> None:
        with self.log.open("a") as file:
            file.write(line[len(self._half) :] + "\n")
        self._half = ""
        self.written.append(line)

    def _shift(self) -> Path:
        """As logrotate: every old file gets the next number."""
        self._finish()
        for number in range(60, 0, -1):
            old = self.log.with_name(f"app.log.{number}")
            if old.exists():
                old.rename(self.log.with_name(f"app.log.{number + 1}"))
        return self.log.with_name("app.log.1")

    def _finish(self) -> None:
        if self._half:
            self.write()

    def rename(self) -> None:
        self.log.rename(self._shift())
        self.log.touch()

    def copytruncate(self) -> None:
        self._shift().write_bytes(self.log.read_bytes())
        os.truncate(self.log, 0)

    def look(self, seconds: float = 0.1) -> None:
        """Read all that is there, and save."""
        self._now += seconds
        while True:
            batch = self._tailer.poll(self._now)
            self._seen += [event.decode() for block in batch.blocks for event in block.events]
            if not batch.more:
                break
        self._saved = positions_from(json.loads(json.dumps(batch.positions.to_json())))
        self.committed += self._seen
        self._seen = []

    def wait(self) -> None:
        self._finish()
        self.look(0.1)
        self.look(3.0)

    def restart(self) -> None:
        self.look()
        self.crash()

    def crash(self) -> None:
        """What was not saved is forgotten."""
        self._tailer.close()
        self._tailer = self._start()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(STEPS), max_size=25),
    st.sampled_from(["app.log", "*.log", "app*"]),
    st.sampled_from(["off", "auto"]),
    st.sampled_from([1, 100]),
)
def test_every_line_is_given_once_and_in_order(steps: Sequence[str], pattern: str, multiline: str, most_open: int) -> None:
    """Requirement 24 for any order of events that leaves the copies in place."""
    with tempfile.TemporaryDirectory() as place:
        world = World(Path(place), pattern, multiline, most_open)
        for step in steps:
            world.do(step)
        for _ in range(3):
            world.wait()
        assert Counter(world.committed) == Counter(world.written)
        if "copytruncate" not in steps:  # of copies that were made at once nobody knows the order
            assert world.committed == world.written
