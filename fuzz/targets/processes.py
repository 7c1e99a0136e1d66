"""Files of /proc/PID and a pid file, as a process check reads them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.core.values import label
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.process.matching import ProcessMatcher
from tui_monitor.sources.process.probe import facts_of
from tui_monitor.sources.process.settings import ProcessCheck
from tui_monitor.sources.process.table import ProcessScan
from tui_monitor.sources.process.usage import GroupUsage

_STAT = "42 (nginx) S 1 42 42 0 -1 4194304 9 0 0 0 120 30 0 0 20 0 1 0 5000 3133440 300 18446744073709551615 1 1 1\n"
_FILES = {
    "uptime": "1000.00 1.00\n",
    "42/stat": _STAT,
    "42/cmdline": "nginx: master process\0-g\0daemon off\0",
    "42/cgroup": "1:name=systemd:/system.slice/nginx.service\n0::/system.slice/nginx.service\n",
    "42/status": "Name:\tnginx\nUid:\t0\t0\t0\t0\n",
    "x.pid": "42\n",
}


@cache
def _root() -> Path:
    root = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for name, text in {**_FILES, "1/stat": _STAT}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "42/exe").symlink_to("/usr/sbin/nginx")
    return root


@cache
def _checks(root: Path) -> list[ProcessCheck]:
    """One for each selector."""
    return [
        ProcessCheck(name="x", process="nginx"),
        ProcessCheck(name="x", pattern="master"),
        ProcessCheck(name="x", unit="nginx.service"),
        ProcessCheck(name="x", exe="nginx", user="0"),
        ProcessCheck(name="x", pid_file=str(root / "x.pid")),
    ]


def _looked(root: Path) -> bool:
    """Whether process 42 is found by each selector."""
    table, found = ProcessScan(root), 0
    for check in _checks(root):
        try:
            snapshot = table.read()
            matched = ProcessMatcher(check, table.proc, -1).match(snapshot)
        except OwnTrouble:
            return False
        samples = tuple(GroupUsage(table.proc).samples(matched.found, snapshot))
        assert not admit_samples(samples)[1] and all(label(sample.labels, "__name__") for sample in samples)
        facts_of(matched, snapshot, samples)
        found += len(matched.found)
    return found >= 5


def _file(data: bytes) -> bool:
    """The first line says which file; the rest is its content."""
    head, _, content = data.partition(b"\n")
    name = head.decode("utf-8", "replace")
    path = _root() / (name if name in _FILES else "42/stat")
    before = path.read_bytes()
    path.write_bytes(content)
    os.utime(path, (2_000_000_000, 2_000_000_000))
    try:
        return _looked(_root())
    finally:
        path.write_bytes(before)


def _seeds() -> Sequence[bytes]:
    return [f"{name}\n{text}".encode() for name, text in _FILES.items()]


TARGETS = (
    Target(
        name="process-files", kind="bytes", call=_file, seeds=_seeds, fence=lambda: unfenced(ProcessScan._entry), longest=4000,
        words=("42/stat\n", "uptime\n", "x.pid\n", ")", " S ", "nan", "inf", "1e400", "9999999999999999", "-1", "Uid:\t", "\xff", "0::/"),
    ),
)  # fmt: skip
