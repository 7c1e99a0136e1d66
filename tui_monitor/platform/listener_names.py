"""The names of what listens on this machine's ports: systemd unit, else process. Read from /proc (proc(5)); blocking, some ms."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_INTERPRETERS = re.compile(r"(python|node|ruby|perl|php|java|bash|sh|deno|bun)[\d.]*")
_UNIT = re.compile(r"/([\w@.:\\-]+)\.service(?:/|$)")
_NO_SERVICE = re.compile(r"user@\d+|session-.*|ssh.*|docker|containerd")
"""Units that run other things than themselves."""


def names_of_ports(proc: Path = PROC) -> dict[int, str]:
    """Port → name, for sockets that this user may look up; root sees all."""
    inodes = _listening(proc)
    found: dict[int, str] = {}
    for pid in (entry.name for entry in proc.iterdir() if entry.name.isdigit()):
        for inode in _sockets(proc / pid):
            if inode in inodes and inodes[inode] not in found:
                found[inodes[inode]] = _name(proc / pid)
    return {port: name for port, name in found.items() if name}


def _listening(proc: Path) -> dict[str, int]:
    """Inode → port of every listening TCP socket."""
    found: dict[str, int] = {}
    for table in ("tcp", "tcp6"):
        for line in _text(proc / "net" / table).splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == "0A":
                found[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    return found


def _sockets(process: Path) -> Iterator[str]:
    try:
        for entry in (process / "fd").iterdir():
            link = os.readlink(entry)
            if link.startswith("socket:["):
                yield link[8:-1]
    except OSError:  # another user's process, or one that has ended
        return


def _name(process: Path) -> str:
    """The unit's name, else the script's that an interpreter runs, else the program's."""
    unit = _UNIT.search(_text(process / "cgroup"))
    if unit and not _NO_SERVICE.fullmatch(unit[1]):
        return plain_name(unit[1].partition("@")[0])
    argv = _text(process / "cmdline").split("\0")
    program, comm = Path(argv[0]).name, _text(process / "comm").strip()
    if _INTERPRETERS.fullmatch(program):
        if "-c" in argv or "-m" in argv:
            return plain_name(argv[argv.index("-m") + 1].partition(".")[0]) if "-m" in argv[:-1] else plain_name(program)
        script = next((word for word in argv[1:] if word and not word.startswith("-")), "")
        stem = Path(script).stem
        return plain_name(Path(script).parent.name if stem in ("main", "app", "server", "index", "manage", "__main__") else stem or program)
    return plain_name(program if len(comm) == 15 and program.startswith(comm) else comm or program)  # comm holds 15 characters


def plain_name(text: str) -> str:
    """A name as configurations like it: lower case, digits and hyphens, at most 24 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:24].strip("-")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
