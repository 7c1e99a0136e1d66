"""Selection of file systems to show: every real one once, without pseudo file systems and duplicates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from tui_monitor.sources.system.procfs import text_of
from tui_monitor.sources.system.readings import Mount

MOST_MOUNTS = 64

_PSEUDO = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devfs|devpts|devtmpfs|efivarfs|fdescfs|fusectl|hugetlbfs|linprocfs|linsysfs"
    r"|mqueue|nsfs|nullfs|overlay|aufs|unionfs|proc|procfs|pstore|ramfs|rootfs|rpc_pipefs|securityfs|selinuxfs|smackfs|sockfs|sysfs"
    r"|tmpfs|tracefs|fuse\.(lxcfs|gvfsd-fuse|portal)"
)
_HIDDEN = re.compile(
    rb"/(proc|sys|dev|snap)(/|$)|/run/(user|docker|credentials|secrets|netns)(/|$)|/etc/(hosts|hostname|resolv\.conf)$"
    rb"|/var/lib/(docker|containers|containerd|kubelet|snapd|lxcfs)/"
)
_READ_ONLY = b"ro"
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def parse_mountinfo(content: bytes) -> list[Mount]:
    """The lines of /proc/self/mountinfo (format: proc_pid_mountinfo(5)); invalid lines are left out.

    Read-only means both the mount and its file system: a bind mount has only the first, and a file system that the kernel
    made read-only after an error only the second.
    """
    found = []
    for line in content.split(b"\n"):
        fields = line.split(b" ")
        try:
            dash = fields.index(b"-", 6)
            number, root, raw, fstype, device = fields[2], fields[3], fields[4], fields[dash + 1], fields[dash + 2]
        except (ValueError, IndexError):
            continue
        path = _unescape(raw)
        fixed = all(_READ_ONLY in options.split(b",") for options in (fields[5], b",".join(fields[dash + 3 :])))
        found.append(Mount(path, text_of(path), text_of(_unescape(device)), text_of(fstype), text_of(number), root == b"/", fixed))
    return found


def _unescape(field: bytes) -> bytes:
    """Decode space, tab, newline and backslash, which the kernel writes as octal."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 255]), field) if b"\\" in field else field


def default_mounts(table: Iterable[Mount]) -> list[Mount]:
    """All real file systems, "/" first, at most 64; of several mounts of a device the complete one with the shortest path.

    Read-only mounts (images of AppImage, Apptainer and snap, CDs, a fixed "/") are left out: they are always full and never grow.
    """
    visible = {mount.path: mount for mount in table}  # the last mount on a path hides earlier ones
    chosen: dict[str, Mount] = {}
    for mount in sorted(visible.values(), key=lambda mount: (mount.path != b"/", not mount.whole, len(mount.path), mount.path)):
        if not mount.read_only and (mount.path == b"/" or _is_real(mount)):
            chosen.setdefault(mount.number or mount.name, mount)
    return sorted(chosen.values(), key=lambda mount: mount.path)[:MOST_MOUNTS]


def _is_real(mount: Mount) -> bool:
    return not (_PSEUDO.fullmatch(mount.fstype) or _HIDDEN.match(mount.path))


def named_mounts(names: Sequence[str], table: Iterable[Mount]) -> list[Mount]:
    """The configured paths in order, each with device and type of its mount."""
    visible = {mount.path: mount for mount in table}
    found = []
    for path in dict.fromkeys(os.fsencode(os.path.normpath(name)) for name in names):
        home = max((at for at in visible if path == at or path.startswith(at.rstrip(b"/") + b"/")), key=len, default=None)
        device, fstype = (visible[home].device, visible[home].fstype) if home is not None else ("", "")
        found.append(Mount(path, text_of(path), device, fstype))
    return found
