"""A made-up machine for the tests of the system source: /proc and /sys under a temporary directory."""

from __future__ import annotations

import os
from pathlib import Path

from tui_monitor.sources.system.reader import System, SystemReading

GIB = 1024**3

STAT = "cpu  {0} 0 {1} {2} {3} 0 10 {4} 0 0\ncpu0 {0} 0 {1} {2} {3} 0 10 {4} 0 0\nintr 12345 0 0\nctxt 1\n"
MEMINFO = """MemTotal:       16777216 kB
MemFree:         1048576 kB
MemAvailable:    4194304 kB
Buffers:          262144 kB
Cached:          2097152 kB
SReclaimable:     262144 kB
Shmem:            524288 kB
SwapTotal:       2097152 kB
SwapFree:        1048576 kB
"""
NET = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999 29 0 0 0 0 0 0 999 29 0 0 0 0 0 0
  eth0:{0} 6589 0 0 0 0 0 0 {1} 3505 0 0 0 0 0 0
vethab1: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
docker0: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
br-12ab: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
"""
DISKS = """   7       0 loop0 9 9 99 9 9 9 99 9 0 99 99
 259       0 nvme0n1 10 0 {0} 5 10 0 {1} 5 0 {2} 10 0 0 0 0
 259       1 nvme0n1p1 10 0 100 5 10 0 100 5 0 50 10 0 0 0 0
 252       0 dm-0 10 0 100 5 10 0 100 5 0 50 10
"""
MOUNTINFO = """21 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
22 21 0:20 / /proc rw shared:2 - proc proc rw
23 21 0:21 / /run rw shared:3 - tmpfs tmpfs rw
"""


class Machine:
    """A /proc and /sys under a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.proc, self.sys = root / "proc", root / "sys"
        self.write(
            {
                "proc/stat": STAT.format(100, 100, 800, 0, 0),
                "proc/loadavg": "0.50 0.25 0.10 1/100 4242\n",
                "proc/meminfo": MEMINFO,
                "proc/uptime": "3600.50 7000.00\n",
                "proc/net/dev": NET.format(1000, 2000),
                "proc/diskstats": DISKS.format(100, 200, 1000),
                "proc/self/mountinfo": MOUNTINFO,
                "proc/self/cgroup": "0::/system.slice/tui-monitor.service\n",
                "sys/block/nvme0n1/device/model": "disk\n",
                "sys/block/dm-0/size": "1\n",
                "sys/block/loop0/size": "1\n",
                "sys/fs/cgroup/cgroup.controllers": "cpu io memory\n",
            }
        )

    def write(self, files: dict[str, str]) -> None:
        """Write files by path from the tree's root."""
        for name, content in files.items():
            path = self.proc.parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def system(self) -> System:
        """The source on this machine, with a fixed file system."""
        return System(None, self.proc, self.sys, statvfs=lambda _: statvfs_result(), grace=5.0)


def statvfs_result(
    blocks: int = 1000, free: int = 300, available: int = 250, inodes: int = 100, inodes_free: int = 40
) -> os.statvfs_result:
    """What a file system with 4 KiB blocks answers."""
    return os.statvfs_result((4096, 4096, blocks, free, available, inodes, inodes_free, inodes_free, 0, 255))


def value(reading: SystemReading, name: str, **labels: str) -> float | None:
    """The value of one sample, None where there is none."""
    for sample in reading.samples:
        if dict(sample.labels) == {"__name__": name, **labels}:
            return sample.value
    return None
