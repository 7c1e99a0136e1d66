"""File systems: which are shown, how space is counted, and what a hung mount costs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_machine import Machine, statvfs_result, value
from tests.support.peers.fixtures import present
from tests.support.peers.squashfuse import squashfuse_mount
from tui_monitor.sources.system.filesystem_usage import Space
from tui_monitor.sources.system.mounts import default_mounts, named_mounts, parse_mountinfo
from tui_monitor.sources.system.reader import System

TABLE = rb"""21 1 259:1 / / rw shared:1 - ext4 /dev/nvme0n1p1 rw
22 21 0:20 / /proc rw shared:2 - proc proc rw
23 21 0:21 / /run rw - tmpfs tmpfs rw
24 21 259:2 / /data rw - xfs /dev/nvme0n1p2 rw
25 21 259:2 /sub /srv/bind rw - xfs /dev/nvme0n1p2 rw
26 21 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
27 21 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
28 21 0:51 / /mnt/nfs rw - nfs4 server:/export rw
29 21 0:52 / /mnt/auto rw - autofs systemd-1 rw
30 21 8:1 / /media/My\040Disk\134x\012y rw - vfat /dev/sda1 rw
31 21 8:2 / /media/bad\377name rw - ext4 /dev/sdb1 rw
32 21 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro
broken line
""".replace(rb"\377", b"\xff")


def test_only_real_file_systems_are_shown_once() -> None:
    """Pseudo file systems, images, overlays and bind mounts of the same device have no row; "/" is first."""
    chosen = [mount.name for mount in default_mounts(parse_mountinfo(TABLE))]
    assert chosen == ["/", "/data", "/media/My Disk\\x\ny", "/media/bad\ufffdname", "/mnt/nfs"]


READ_ONLY = b"""21 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw
40 21 0:61 / /tmp/.mount_nvimAb1 ro,nosuid,nodev - fuse.nvim.appimage nvim.appimage ro,user_id=1000
41 21 0:62 / /var/apptainer/mnt/session/rootfs ro - fuse.squashfuse_ll squashfuse_ll ro,user_id=0
42 21 0:63 / /opt/image ro - erofs /dev/loop3 ro
43 21 11:0 / /media/cdrom ro - udf /dev/sr0 ro
44 21 8:1 / /media/stick rw - udf /dev/sdb1 rw
45 21 8:2 / /srv ro - ext4 /dev/sdc1 rw
46 21 8:3 / /data rw - ext4 /dev/sdd1 ro,errors=remount-ro
"""


def test_what_is_mounted_read_only_has_no_row() -> None:
    """Images are always full: whatever their type is called, the mount option says it. A disk that failed keeps its row."""
    table = parse_mountinfo(READ_ONLY)
    assert [mount.name for mount in default_mounts(table)] == ["/", "/data", "/media/stick", "/srv"]
    assert [mount.fstype for mount in named_mounts(["/opt/image"], table)] == ["erofs"]


@pytest.mark.parametrize("subtype", ["nvim.appimage", "squashfuse_ll"])
def test_a_real_image_has_a_row_only_where_it_is_named(subtype: str) -> None:
    """An image mounted by FUSE, as AppImage and Apptainer do, is at 100 % and no row unless `mounts` names it."""
    with present(lambda: squashfuse_mount(subtype)) as mount:
        table = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())
        assert f"fuse.{subtype}" in [entry.fstype for entry in table]
        assert str(mount) not in [entry.name for entry in default_mounts(table)]
        row = System([str(mount)], grace=5.0).read(0, 0.0).mounts[0]
    assert (row.fstype, row.usage, row.error) == (f"fuse.{subtype}", 1.0, "")


def test_a_fixed_root_has_a_row_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    """A "/" on a read-only image is always full; it stays a row where no other file system is there."""
    machine = Machine(tmp_path)
    fixed = "21 1 7:0 / / ro - squashfs /dev/loop0 ro\n"
    machine.write({"proc/self/mountinfo": fixed})
    assert [row.mount for row in machine.system().read(0, 0.0).mounts] == ["/"]
    machine.write({"proc/self/mountinfo": fixed + "22 21 8:1 / /overlay rw - ext4 /dev/sda1 rw\n"})
    assert [row.mount for row in machine.system().read(0, 0.0).mounts] == ["/overlay"]


def test_the_root_is_kept_whatever_it_is() -> None:
    """In a container "/" is an overlay and stays; its helper files on the host's disk do not."""
    table = b"1 0 0:99 / / rw - overlay overlay rw\n2 1 8:1 /x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
    assert [mount.fstype for mount in default_mounts(parse_mountinfo(table))] == ["overlay"]


def test_named_mounts_know_their_device() -> None:
    """A configured path is shown whatever it is, with the device that it lies on."""
    found = named_mounts(["/data/pg", "/", "/data/pg/"], parse_mountinfo(TABLE))
    assert [(mount.name, mount.device) for mount in found] == [("/data/pg", "/dev/nvme0n1p2"), ("/", "/dev/nvme0n1p1")]


def test_space_is_counted_as_df_does(tmp_path: Path) -> None:
    """Blocks reserved for root are neither used nor free: 700 of 950, 60 of 100 inodes."""
    reading = Machine(tmp_path).system().read(0, 0.0)
    assert value(reading, "disk_usage_ratio", mount="/") == pytest.approx(700 / 950)
    assert value(reading, "disk_free_bytes", mount="/") == 250 * 4096
    assert value(reading, "disk_total_bytes", mount="/") == 1000 * 4096
    assert value(reading, "disk_inodes_usage_ratio", mount="/") == pytest.approx(0.6)
    row = reading.mounts[0]
    assert (row.mount, row.device, row.fstype, row.used, row.free) == ("/", "/dev/nvme0n1p1", "ext4", 700 * 4096, 250 * 4096)


def test_a_file_system_without_inode_limit_and_one_without_blocks(tmp_path: Path) -> None:
    """btrfs counts no inodes: no such sample; a file system without blocks has no row."""
    machine = Machine(tmp_path)
    system = System(None, machine.proc, machine.sys, statvfs=lambda _: statvfs_result(inodes=0, inodes_free=0), grace=5.0)
    assert value(system.read(0, 0.0), "disk_inodes_usage_ratio", mount="/") is None
    empty = System(None, machine.proc, machine.sys, statvfs=lambda _: statvfs_result(0, 0, 0, 0, 0), grace=5.0)
    assert empty.read(0, 0.0).mounts == ()


@pytest.mark.parametrize(
    ("answer", "inodes"),
    [
        ({"inodes": 5_000, "inodes_free": -1}, None),
        ({"inodes": 5_000, "inodes_free": 2**64 - 1}, None),
        ({"inodes": 100, "inodes_free": 200}, None),
        ({"inodes": 100, "inodes_free": 0}, 1.0),
    ],
)
def test_inodes_that_are_not_counted_are_unknown(tmp_path: Path, answer: dict[str, int], inodes: float | None) -> None:
    """CephFS answers 2^64-1 free inodes (-1 in Python): that is no 100 %."""
    machine = Machine(tmp_path)
    system = System(None, machine.proc, machine.sys, statvfs=lambda _: statvfs_result(**answer), grace=5.0)
    assert value(system.read(0, 0.0), "disk_inodes_usage_ratio", mount="/") == inodes


def test_free_space_is_never_below_zero(tmp_path: Path) -> None:
    """Where root has written into the reserve f_bavail is below 0: 0 bytes free and 100 %; more free than there is: unknown."""
    machine = Machine(tmp_path)
    system = System(None, machine.proc, machine.sys, statvfs=lambda _: statvfs_result(available=-1_208_320), grace=5.0)
    reading = system.read(0, 0.0)
    assert value(reading, "disk_free_bytes", mount="/") == 0
    assert value(reading, "disk_usage_ratio", mount="/") == 1.0
    wrong = System(None, machine.proc, machine.sys, statvfs=lambda _: statvfs_result(free=-1), grace=5.0)
    assert value(wrong.read(0, 0.0), "disk_usage_ratio", mount="/") is None


def test_an_error_is_a_row_with_its_reason(tmp_path: Path) -> None:
    """A configured path that is not there says so and has no samples."""
    machine = Machine(tmp_path)
    reading = System([str(tmp_path / "nowhere")], machine.proc, machine.sys, grace=5.0).read(0, 0.0)
    assert [row.error for row in reading.mounts] == [os.strerror(2)]
    assert not [sample for sample in reading.samples if sample.labels[0][1].startswith("disk_usage")]


class HangingDisk:
    """A statvfs of which one path hangs until it is let go."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.calls: dict[bytes, int] = {}
        self.let_go = threading.Event()

    def __call__(self, path: bytes) -> os.statvfs_result:
        """Count, and hang on the one path."""
        self.calls[path] = self.calls.get(path, 0) + 1
        if path == self.path:
            self.let_go.wait(30)
        return statvfs_result()


@pytest.fixture
def disk() -> Iterator[HangingDisk]:
    """/data hangs; let go at the end."""
    hanging = HangingDisk(b"/data")
    yield hanging
    hanging.let_go.set()


def test_a_hung_mount_costs_one_row_and_one_thread(tmp_path: Path, disk: HangingDisk) -> None:
    """Others are told at once, the hung one becomes "not answering" after 2 s, is never asked twice, and comes back by itself."""
    machine = Machine(tmp_path)
    machine.write({"proc/self/mountinfo": TABLE[: TABLE.index(b"25 21")].decode()})
    system = System(None, machine.proc, machine.sys, statvfs=disk, grace=0.5)
    errors = []
    for second in range(40):
        reading = system.read(second * 1000, float(second))
        errors.append({row.mount: row.error for row in reading.mounts})
        assert value(reading, "disk_usage_ratio", mount="/") is not None
        assert value(reading, "disk_usage_ratio", mount="/data") is None
    assert errors[0] == {"/": "", "/data": "measuring"}
    assert all(found == {"/": "", "/data": "not answering"} for found in errors[2:])
    assert disk.calls == {b"/": 8, b"/data": 1}
    disk.let_go.set()
    for thread in threading.enumerate():
        if thread.name == "statvfs":
            thread.join(60)
    reading = system.read(40_000, 40.0)
    assert {row.mount: row.error for row in reading.mounts} == {"/": "", "/data": ""}
    assert disk.calls[b"/data"] == 1


def test_a_mount_that_hangs_later_loses_its_old_figures() -> None:
    """Once a known mount stops answering, its last figures are not passed off as current."""
    disk = HangingDisk(b"nothing")
    mounts = parse_mountinfo(TABLE)[3:4]
    space = Space(disk, grace=0.5)
    space.ask(mounts, 0.0)
    assert space.rows(mounts, 0.0)[0].error == ""
    disk.path = b"/data"
    space.ask(mounts, 5.0)
    assert space.rows(mounts, 6.0)[0].error == ""
    row = space.rows(mounts, 7.0)[0]
    assert (row.error, row.usage, row.total) == ("not answering", None, 0)
    disk.let_go.set()


def test_space_is_asked_every_few_seconds_only(tmp_path: Path) -> None:
    """Disk rows are at most 5 s old: ten readings a second apart ask twice."""
    machine = Machine(tmp_path)
    disk = HangingDisk(b"nothing")
    system = System(None, machine.proc, machine.sys, statvfs=disk, grace=0.5)
    for second in range(10):
        assert value(system.read(second * 1000, float(second)), "disk_usage_ratio", mount="/") is not None
    assert disk.calls == {b"/": 2}


def test_what_the_machine_has_is_told_so_that_what_is_gone_ends(tmp_path: Path) -> None:
    """An unmounted file system and an interface that was taken away are in no inventory; a table that cannot be read tells nothing."""
    machine = Machine(tmp_path)
    table = (machine.proc / "self/mountinfo").read_text()
    machine.write({"proc/self/mountinfo": table + "30 21 8:1 / /usb rw - ext4 /dev/sda1 rw\n"})
    system = machine.system()
    assert {item.label: set(item.values) for item in system.read(0, 0.0).inventories} == {
        "mount": {"/", "/usb"}, "interface": {"eth0"}, "device": {"nvme0n1"},
    }  # fmt: skip
    machine.write({"proc/self/mountinfo": table})
    (machine.proc / "net/dev").unlink()
    assert {item.label: set(item.values) for item in system.read(10_000, 10.0).inventories} == {"mount": {"/"}, "device": {"nvme0n1"}}
