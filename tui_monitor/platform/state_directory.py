"""The state directory: private, shared where its group may write, and the lock that makes one process the leader."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from pathlib import Path

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.ownership import give_to_owner_of

_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "lustre"}
_OCTAL = re.compile(r"\\([0-7]{3})")
"""How the kernel writes spaces, tabs, newlines and backslashes in mountinfo."""


_NO_FILE = -1


class StateUnusable(Exception):
    """The state directory cannot be used; the text says what to change."""


@frozen
class StateDirectory:
    """The state directory and its files, with what this user may do there."""

    path: Path
    writable: bool
    why_read_only: str = ""
    unrecorded: bool = False
    """The directory cannot be written, but is this user's own or on a read-only file system: the monitor runs without a record."""

    @property
    def state_db(self) -> Path:
        """Alerts, silences, outbox, commands, the leader's row."""
        return self.path / "state.db"

    @property
    def history_db(self) -> Path:
        """The samples; may be deleted, a new file is begun."""
        return self.path / "history.db"

    @property
    def telemetry_db(self) -> Path:
        """The stored log lines; may be deleted."""
        return self.path / "telemetry.db"

    @property
    def lock_file(self) -> Path:
        """The lock file that the leader holds."""
        return self.path / "leader.lock"

    def lock_identity(self) -> tuple[int, int]:
        """Device and inode of the lock file, (0, 0) where it is missing; a change means that the directory was replaced."""
        try:
            found = self.lock_file.stat()
        except OSError:
            return 0, 0
        return found.st_dev, found.st_ino


def open_directory(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> StateDirectory:
    """Open the directory, made with mode 0700 where it is missing, with the rights of this user there.

    Raises StateUnusable for a network file system (its locks and WAL cannot be trusted), a path that is no directory, and one that
    cannot even be read.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError:
        raise StateUnusable(f"{path} is not a directory; name another with --state") from None
    except OSError as error:
        if not path.is_dir():
            raise StateUnusable(f"{path} cannot be made: {error.strerror}; name another with --state") from None
    kind = _file_system(path, mountinfo)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise StateUnusable(f"{path} is on a network file system ({kind}), where locks cannot be trusted; name a local one with --state")
    if not os.access(path, os.R_OK | os.X_OK):
        raise StateUnusable(f"{path} may not be read by this user; join the group that owns it, or name another with --state")
    mode = path.stat().st_mode
    os.umask(0o007 if mode & stat.S_ISGID and mode & stat.S_IWGRP else 0o077)
    if os.access(path, os.W_OK) and not (os.statvfs(path).f_flag & os.ST_RDONLY):
        return StateDirectory(path, True)
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return StateDirectory(path, False, "the file system is read-only", unrecorded=True)
    own = path.stat().st_uid == os.geteuid()
    return StateDirectory(path, False, "this user may read the state, not write it", unrecorded=own)


def _file_system(path: Path, mountinfo: Path) -> str:
    """The type of the file system that holds the path; "" where that is unknown (no /proc)."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    real = os.path.realpath(path)
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = _OCTAL.sub(lambda match: chr(int(match[1], 8)), left.split()[4])
        if (real == mount or real.startswith(mount.rstrip("/") + "/")) and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind


class LeaderLock:
    """A flock on leader.lock: its holder leads; the kernel releases it when the process dies."""

    def __init__(self, directory: StateDirectory) -> None:
        self._path = directory.lock_file
        self._unrecorded = directory.unrecorded
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process leads."""
        return self._fd is not None

    def acquire(self) -> bool:
        """Try to lock, without waiting. False where another process holds the lock or this user may not."""
        if self._fd is not None:
            return True
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        except OSError:
            if not self._unrecorded:
                return False
            try:
                fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._fd = _NO_FILE  # nobody can make the file here, so nobody else leads
                return True
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        with contextlib.suppress(OSError):
            os.fchmod(fd, 0o660)  # independent of the umask; access is limited by the directory
            give_to_owner_of(self._path.parent, fd)
        self._fd = fd
        return True

    def release(self) -> None:
        """Release the lock; does nothing where it is not held."""
        if self._fd is not None and self._fd != _NO_FILE:
            os.close(self._fd)
        self._fd = None


def process_lives(pid: int) -> bool:
    """Whether the process exists, of whichever user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def leader_lives(directory: StateDirectory, pid: int | None) -> bool:
    """Whether a leader runs: decided by its lock, as ``pid`` (of its row) may belong to another process since a reboot.

    Where this user may not test the lock, the pid decides.
    """
    try:
        fd = os.open(directory.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return pid is not None and process_lives(pid)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # held for a microsecond; a leader that starts meanwhile tries again
    except BlockingIOError:
        return True
    except OSError:
        return pid is not None and process_lives(pid)
    finally:
        os.close(fd)
    return False
