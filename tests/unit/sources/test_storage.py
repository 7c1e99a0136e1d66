"""The storage check on real file systems: written, read-only, full, hung, without rights."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.peers.base import scratch
from tests.support.peers.require import peers_needed, require_or_skip
from tests.support.peers.squashfuse import squashfuse_mount
from tests.support.servers import NOBODY
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.storage import examine as examining
from tui_monitor.sources.storage.examine import free_space, name_of_test_file
from tui_monitor.sources.storage.probe import StorageProbe
from tui_monitor.sources.storage.settings import StorageCheck

HEALTHY, DEGRADED, UNHEALTHY, _ = HealthStatus
Make = Callable[..., StorageProbe]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes probes of a directory, by default without limits of space."""
    probes: list[StorageProbe] = []

    def one(path: Path, **keys: Any) -> StorageProbe:
        given = {"name": "s", "path": str(path), "free_degraded": 0, "free_unhealthy": 0, **keys}
        probes.append(StorageProbe(made(StorageCheck, given)))
        return probes[-1]

    yield one
    for probe in probes:
        await probe.close()


def series(result: ProbeResult) -> dict[str, float]:
    return {dict(labels)["__name__"]: value for labels, value in result.samples}


@contextlib.contextmanager
def tmpfs(options: str) -> Iterator[Path]:
    """A tmpfs of its own."""
    if os.geteuid() != 0:
        require_or_skip("mounting needs root")
    with scratch() as directory:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "t", str(directory)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            require_or_skip(f"this machine refuses to mount: {done.stderr.strip()}")
        try:
            yield directory
        finally:
            subprocess.run(["umount", "-l", str(directory)], check=True)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """The block runs with the rights of the user nobody."""
    if os.geteuid() != 0:
        require_or_skip("becoming another user needs root")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_directory_is_written_read_back_and_left_as_it_was(make: Make, tmp_path: Path) -> None:
    """Healthy, with the time that it took and the free share; nothing stays, also not what a crash had left."""
    (tmp_path / name_of_test_file("s")).write_bytes(b"left by a crash")
    result = await make(tmp_path).probe()
    assert (result.status, result.reason) == (HEALTHY, "")
    found = series(result)
    assert found["storage_write_seconds"] == result.duration and 0 < found["storage_free_ratio"] <= 1
    assert os.listdir(tmp_path) == []


async def test_without_write_nothing_is_made(make: Make, tmp_path: Path) -> None:
    """`write = false` only looks; the series of writing ends."""
    before = os.stat(tmp_path).st_mtime_ns
    result = await make(tmp_path, write=False).probe()
    assert result.status is HEALTHY and "storage_write_seconds" not in series(result)
    assert os.stat(tmp_path).st_mtime_ns == before
    assert "storage_write_seconds" in result.inventories[0].metrics


async def test_what_is_no_directory_is_told(make: Make, tmp_path: Path) -> None:
    """A missing one asks for the mount, a file is no directory, neither is a part of a path behind a file."""
    (tmp_path / "file").touch()
    for name, words in (("none", "is not there: is it mounted?"), ("file", "is not a directory"), ("file/x", "is not a directory")):
        result = await make(tmp_path / name).probe()
        assert (result.status, result.reason) == (UNHEALTHY, f"{tmp_path / name} {words}")


async def test_a_full_file_system_is_unhealthy(make: Make) -> None:
    """ENOSPC in words; and the limits of free space, degraded and unhealthy, with what is free."""
    with tmpfs("size=1m") as directory:
        (directory / "most").write_bytes(bytes(896 << 10))
        result = await make(directory, free_degraded="20%", free_unhealthy="10%").probe()
        assert (result.status, result.reason) == (DEGRADED, "12.5% free (128K), below 20%")
        result = await make(directory, free_degraded="20%", free_unhealthy="15%").probe()
        assert (result.status, result.reason) == (UNHEALTHY, "12.5% free (128K), below 15%")
        (directory / "rest").write_bytes(bytes(128 << 10))
        result = await make(directory).probe()
        assert (result.status, result.reason) == (UNHEALTHY, f"{directory} is full: nothing can be written")
        assert {path.name for path in directory.iterdir()} == {"most", "rest"}


async def test_a_read_only_file_system_is_unhealthy(make: Make) -> None:
    """EROFS says that the kernel may have made it so."""
    with tmpfs("size=1m,ro") as directory:
        result = await make(directory).probe()
        assert result.status is UNHEALTHY and f"{directory} is read-only" in result.reason


async def test_what_the_monitor_may_not_do_is_unknown(make: Make) -> None:
    """A directory of others: to write there needs a right, to look into a closed one too; `write = false` needs none."""
    with scratch() as directory:
        with as_nobody():
            with pytest.raises(OwnTrouble, match=r"may not write to .*: give its user the right, or set write = false"):
                await make(directory).probe()
            assert (await make(directory, write=False).probe()).status is HEALTHY
        directory.chmod(0o700)
        with as_nobody(), pytest.raises(OwnTrouble, match=r"may not look at .*: give its user the right$"):
            await make(directory / "in").probe()


async def test_a_hung_mount_costs_this_check_only(make: Make) -> None:
    """With its FUSE server stopped the probe says so at its limit and the loop goes on; a second call is never begun; later it is well."""
    with peers_needed(), squashfuse_mount() as mount:
        server = next(child for child in psutil.Process().children(recursive=True) if child.name() == "squashfuse")
        probe = make(mount, write=False, timeout="0.5s")
        assert (await probe.probe()).status is HEALTHY
        server.send_signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                result = await probe.probe()
                assert result.status is UNHEALTHY and "does not answer: asking for its free space takes longer" in result.reason
            assert sum(thread.name == "storage" for thread in threading.enumerate()) == 1
        finally:
            server.send_signal(signal.SIGCONT)
        async with asyncio.timeout(20):
            while (await probe.probe()).status is not HEALTHY:
                pass


async def test_the_newest_file_decides_how_old_it_is(make: Make, tmp_path: Path) -> None:
    """Directories and links do not count; none at all is unhealthy; a time in the future is not old."""
    probe = make(tmp_path, newest_max_age="1d", write=False)
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    result = await probe.probe()
    assert (result.status, result.reason) == (UNHEALTHY, f"there is no file in {tmp_path}")
    assert "storage_newest_age_seconds" in result.inventories[0].metrics
    (tmp_path / "old\x1b[1m.gz").touch()
    os.utime(tmp_path / "old\x1b[1m.gz", (1_000, 1_000))
    result = await probe.probe()
    assert result.status is UNHEALTHY and result.reason.isprintable() and result.reason.endswith("old, at most 1d wanted")
    (tmp_path / "new.gz").touch()
    result = await probe.probe()
    assert result.status is HEALTHY and series(result)["storage_newest_age_seconds"] < 60 and "new.gz" in result.facts["newest"]
    os.utime(tmp_path / "new.gz", (4e9, 4e9))
    assert series(await probe.probe())["storage_newest_age_seconds"] == 0


async def test_a_huge_directory_is_looked_at_in_part(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More entries than the limit: the rest is left out and told."""
    monkeypatch.setattr(examining, "MOST_ENTRIES", 2)
    for number in range(4):
        (tmp_path / f"{number}").touch()
    result = await make(tmp_path, newest_max_age="1d", write=False).probe()
    assert result.status is HEALTHY and "entries were looked at" in result.facts["left out"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EDQUOT, "has no quota left"), (errno.EIO, "input/output error"), (errno.ESTALE, "stale network mount"),
        (errno.ENOTCONN, "lost the server"), (errno.ELOOP, "has an error: too many levels of symbolic links"),
    ],
)  # fmt: skip
async def test_errors_of_disks_in_words(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    """What no test machine has at hand: each errno says what to look at."""

    def fail(path: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "statvfs", fail)
    result = await make(tmp_path).probe()
    assert result.status is UNHEALTHY and words in result.reason


async def test_data_that_reads_back_otherwise_is_unhealthy(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives back other bytes than were written corrupts data."""
    monkeypatch.setattr(os, "pread", lambda file, length, offset: b"other")
    result = await make(tmp_path).probe()
    assert result.status is UNHEALTHY and "reads back otherwise" in result.reason and os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("blocks", "bfree", "bavail", "free"),
    [
        (100, 50, 40, (40 / 90, 163_840)),
        (0, 0, 0, (None, 0)),
        (100, 50, -5, (0.0, 0)),
        (100, 120, 120, (None, 0)),
        (100, 10, 60, (0.1, 40_960)),
    ],
)
def test_free_space_is_counted_as_df_does(blocks: int, bfree: int, bavail: int, free: tuple[float | None, int]) -> None:
    """Ordinary users' share; nonsense of network file systems gives no figure, below zero is nothing."""
    assert free_space(os.statvfs_result((4096, 4096, blocks, bfree, bavail, 0, 0, 0, 0, 255))) == free


def test_limits_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    """The graver limit is the lower one."""
    with pytest.raises(ConfigurationError, match="free_unhealthy"):
        made(StorageCheck, name="s", path=str(tmp_path), free_degraded="5%", free_unhealthy="10%")
