"""Control groups of a test's own: made before a namespaced server starts, emptied and removed after it, in every hierarchy."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

REMOVE_TIMEOUT = 10.0


def hierarchies(kinds: tuple[str, ...] = ("cgroup", "cgroup2")) -> list[Path]:
    """The mount points of the control group hierarchies (from /proc/mounts); version 1 is "cgroup", version 2 "cgroup2"."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [Path(fields[1]) for fields in map(str.split, lines) if fields[2] in kinds]


def remove(name: str) -> None:
    """End what still runs in the groups of this name and remove them with all below them; OSError when one stays in use."""
    groups = [hierarchy / name for hierarchy in hierarchies()]
    for frozen in (path for group in groups for path in group.rglob("freezer.state")):  # a paused container cannot end
        with contextlib.suppress(OSError):
            frozen.write_text("THAWED")
    for group in groups:
        with contextlib.suppress(OSError):
            (group / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + REMOVE_TIMEOUT
        while not _removed(group):
            if time.monotonic() > deadline:
                raise OSError(f"the control group {group} is still in use")
            time.sleep(0.02)


def _removed(group: Path) -> bool:
    if not group.exists():
        return True
    below = sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True)
    with contextlib.suppress(OSError):
        for directory in (*below, group):
            directory.rmdir()
    return not group.exists()
