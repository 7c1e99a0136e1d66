"""Files of /proc, /sys and /etc/passwd: a made tree in which one file at a time is hostile."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path

from fuzz.fences import unfenced
from fuzz.target import CORPUS, Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.sources.system.process_users import Users
from tui_monitor.sources.system.processes import ProcReader
from tui_monitor.sources.system.reader import System

_FILES = json.loads((CORPUS / "machine.json").read_text())


class Tree:
    """The files under a temporary directory; ``hostile`` exchanges one for as long as it is read."""

    def __init__(self, files: dict[str, str]) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self._files = {name: content.encode() for name, content in files.items()}
        for name, content in self._files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(content)

    def read(self, name: str, content: bytes) -> bool:
        """Two readings of the machine with this file; whether none had a fault."""
        path = self.root / name
        path.write_bytes(content)
        try:
            return self._look(name)
        finally:
            path.write_bytes(self._files[name])

    def _look(self, name: str) -> bool:
        if name.startswith("proc/42/") or name == "etc/passwd":
            Users(self.root / "etc/passwd", ask=str).name(1000)
            reader = ProcReader(3, self.root / "proc")
            return bool(reader.read(1.0)) and bool(reader.read(2.0))
        system = System(None, self.root / "proc", self.root / "sys", statvfs=_statvfs, grace=0.0)
        readings = [system.read(at * 1000, float(at)) for at in (1, 2)]
        return not any(reading.faults or admit_samples(reading.samples)[1] for reading in readings)


def _statvfs(_: bytes) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, 1000, 300, 2**64 - 1, 100, 2**64 - 1, 40, 0, 255))


@cache
def _tree(kind: str) -> Tree:
    return Tree({**_FILES["common"], **_FILES[kind]})


def _file(data: bytes) -> bool:
    """The first line says which tree and which file; the rest is its content."""
    head, _, content = data.partition(b"\n")
    kind, _, name = head.decode("utf-8", "replace").partition(" ")
    if kind not in _FILES or name not in {**_FILES["common"], **_FILES[kind]}:
        kind, name = "cgroup2", "proc/stat"
    return _tree(kind).read(name, content)


def _seeds() -> list[bytes]:
    kinds = [kind for kind in _FILES if kind != "common"]
    pairs = [(kind, name, text) for kind in kinds for name, text in {**_FILES["common"], **_FILES[kind]}.items()]
    return [f"{kind} {name}\n{text}".encode() for kind, name, text in pairs]


_WORDS = (
    "cpu ",
    "cpu0 ",
    "MemTotal: ",
    " kB",
    "eth0: ",
    " - ext4 /dev/sda1 rw",
    "\\040",
    "\\777",
    "/ / ",
    "avg10=",
    "max",
    "usage_usec ",
    " ",
    "\n",
    "0::/",
    "\xff",
)
TARGETS = (Target(name="machine-files", kind="bytes", call=_file, words=_WORDS, seeds=_seeds, fence=lambda: unfenced(System._try)),)
