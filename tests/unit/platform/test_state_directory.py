"""The state directory: who may what, file systems that cannot be trusted, and the lock."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_monitor.platform.state_directory import LeaderLock, StateDirectory, StateUnusable, open_directory, process_lives
from tui_monitor.storage.sqlite import connect


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Opening a state directory sets the process' umask: give it back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    """0700, parents made, and files that follow are not for others."""
    directory = open_directory(tmp_path / "a" / "state")
    assert directory.writable and not directory.why_read_only
    assert directory.path.stat().st_mode & 0o777 == 0o700
    directory.state_db.touch()
    assert directory.state_db.stat().st_mode & 0o077 == 0


def test_a_set_group_id_directory_is_shared_with_its_group(tmp_path: Path) -> None:
    """As the unit makes it: files are group-writable, nothing is for others."""
    shared = tmp_path / "state"
    shared.mkdir()
    shared.chmod(0o2770)
    directory = open_directory(shared)
    with directory.state_db.open("w"):
        assert directory.state_db.stat().st_mode & 0o777 == 0o660
    lock = LeaderLock(directory)
    assert lock.acquire()
    assert directory.lock_file.stat().st_mode & 0o777 == 0o660
    lock.release()


def test_the_group_may_write_what_sqlite_makes_in_a_shared_directory(tmp_path: Path) -> None:
    """A member of the group can acknowledge: SQLite's files are 0660 there, and 0600 in a private directory."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    for place, mode in ((shared, 0o660), (tmp_path / "private", 0o600)):
        directory = open_directory(place)
        for path in (directory.state_db, directory.history_db):
            db = connect(path)
            db.execute("CREATE TABLE t (a)")
            files = sorted(place.glob(f"{path.name}*"))
            assert {file.name: file.stat().st_mode & 0o777 for file in files} == dict.fromkeys(
                (path.name, f"{path.name}-shm", f"{path.name}-wal"), mode
            )
            db.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_belongs_to_the_directorys_owner(tmp_path: Path) -> None:
    """`sudo tui-monitor` on a service's state leaves nothing that the service cannot open."""
    place = tmp_path / "state"
    directory = open_directory(place)
    os.chown(place, 65534, 65534)
    db = connect(directory.state_db)
    db.execute("CREATE TABLE t (a)")
    lock = LeaderLock(directory)
    assert lock.acquire()
    assert {(file.stat().st_uid, file.stat().st_gid) for file in place.iterdir()} == {(65534, 65534)}
    db.close()
    lock.release()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """The message names the path and the way out."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StateUnusable, match="not a directory; name another with --state"):
        open_directory(tmp_path / "state")
    with pytest.raises(StateUnusable, match="--state"):
        open_directory(tmp_path / "state" / "below")


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / {} rw - nfs4 server:/x rw\n", "nfs4"),
        ("1 0 8:1 / / rw - nfs server:/ rw\n2 1 8:2 / {} rw - ext4 /dev/sdb rw\n", ""),
        ("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / {}x rw - nfs4 server:/x rw\n", ""),
        ("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / {} rw - fuse.sshfs me@there rw\n", "sshfs"),
        ("", ""),
    ],
)
def test_a_network_file_system_is_refused_with_advice(tmp_path: Path, lines: str, refused: str) -> None:
    """flock and WAL cannot be trusted there; the longest mount point decides."""
    place = tmp_path / "데이터 a"
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(lines.format(str(tmp_path.resolve() / "데이터\\040a")))
    if not refused:
        assert open_directory(place, mountinfo).writable
        return
    with pytest.raises(StateUnusable, match=refused):
        open_directory(place, mountinfo)


def test_no_proc_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """Where mounts cannot be read, nothing is known against the directory."""
    assert open_directory(tmp_path / "state", tmp_path / "missing").writable


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_read_only(tmp_path: Path) -> None:
    """It is said why."""
    place = tmp_path / "state"
    place.mkdir(mode=0o500)
    directory = open_directory(place)
    assert not directory.writable and "not write" in directory.why_read_only


def test_only_one_holds_the_lock_and_its_death_gives_it_back(tmp_path: Path) -> None:
    """Another process cannot take it; when the holder dies by kill -9 it is free at once."""
    directory = open_directory(tmp_path / "state")
    code = f"""
import sys
from pathlib import Path
from tui_monitor.platform.state_directory import LeaderLock, open_directory
from tui_monitor.storage.sqlite import connect
lock = LeaderLock(open_directory(Path({str(directory.path)!r})))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = LeaderLock(directory)
        assert not lock.acquire() and not lock.held
        holder.kill()
        holder.wait(60)
        assert lock.acquire() and lock.acquire() and lock.held
        lock.release()
        lock.release()
        assert not lock.held
        assert LeaderLock(directory).acquire()


def test_which_processes_live() -> None:
    """This one does, init does, an ended one and number 0 do not."""
    assert process_lives(os.getpid()) and process_lives(1)
    ended = subprocess.Popen(["true"])
    ended.wait(60)
    assert not process_lives(ended.pid)
    assert not process_lives(0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_own_directory_that_cannot_be_written_is_led_without_a_record(tmp_path: Path) -> None:
    """One's own read-only directory still has a leader, just one; somebody else's has not."""
    tmp_path.chmod(0o500)
    directory = open_directory(tmp_path)
    assert (directory.writable, directory.unrecorded) == (False, True)
    assert LeaderLock(directory).acquire()
    tmp_path.chmod(0o700)


def test_a_read_only_lock_file_still_lets_only_one_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the lock's file may only be read, its lock counts all the same; without unrecorded nobody leads there."""
    (tmp_path / "leader.lock").touch()
    real = os.open

    def refuse_writing(path: object, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, mode)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse_writing)
    first, second = (LeaderLock(StateDirectory(tmp_path, False, "read-only", unrecorded=True)) for _ in range(2))
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
    assert not LeaderLock(StateDirectory(tmp_path, False, "may only read")).acquire()


def test_the_lock_is_open_to_the_group(tmp_path: Path) -> None:
    """leader.lock is 0660 also in a private directory, whatever the umask."""
    directory = open_directory(tmp_path / "state")
    lock = LeaderLock(directory)
    try:
        assert lock.acquire()
        assert directory.lock_file.stat().st_mode & 0o777 == 0o660
        assert directory.path.stat().st_mode & 0o777 == 0o700
    finally:
        lock.release()
