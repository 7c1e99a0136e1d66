"""A server that runs on a throw-away copy of this machine: its own namespaces, an overlay of the root, a control group of its own.

Everything ends with the namespaces' first process: mounts, network, children. Only the control groups are removed by hand.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import psutil

from tests.support.peers import cgroups
from tests.support.peers.base import need_root, program, run
from tests.support.servers import Process, ServerMissing

# $1 is the scratch directory, $R the copy's root: reads come from this machine, writes go to memory.
OVERLAY = """\
set -e
D=$1
mount --make-rprivate /
mkdir $D/up $D/root
mount -t tmpfs t $D/up
mkdir $D/up/upper $D/up/work $D/up/data
mount -t overlay o -o lowerdir=/,upperdir=$D/up/upper,workdir=$D/up/work $D/root
R=$D/root
mount -t proc p $R/proc
mount -t tmpfs r $R/run
"""


def can_unshare(*options: str) -> bool:
    """Whether ``unshare`` with these options works here (containers often forbid it)."""
    argv = ["unshare", *options, "true"]
    with contextlib.suppress(OSError):
        return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    return False


class Contained(Process):
    """A shell script run as the first process of new namespaces; ``root`` is its root directory as seen from outside."""

    def __init__(self, directory: Path, script: str, unshare: tuple[str, ...], ready_path: str, own_group: bool = False) -> None:
        need_root(type(self).__name__)
        if not can_unshare(*unshare):
            raise ServerMissing(f"this machine refuses `unshare {' '.join(unshare)}`: run the tests with the right CAP_SYS_ADMIN")
        self.group = directory.parent.name + "-" + directory.name
        self._ready_path = ready_path
        (directory / "start.sh").write_text(OVERLAY + script)
        enter = _enter_group(self.group) if own_group else ""
        command = f'{enter}exec "$@"'
        argv = [
            "sh", "-c", command, "sh", program("unshare", "install the package `util-linux`"), "--kill-child=KILL", *unshare,
            "sh", str(directory / "start.sh"), str(directory),
        ]  # fmt: skip
        super().__init__(argv, directory, self._is_ready, signal.SIGKILL)

    @property
    def first_pid(self) -> int:
        """The process id, outside, of the namespaces' first process; psutil.Error when it is not there."""
        return psutil.Process(self.pid).children()[0].pid

    @property
    def root(self) -> Path:
        """The root directory inside, usable from outside."""
        return Path(f"/proc/{self.first_pid}/root")

    def enter(self, *argv: str) -> str:
        """The output of a command run inside."""
        return run(["nsenter", "-t", str(self.first_pid), "-a", "-r", *argv])

    def stop(self) -> None:
        """End everything inside and remove the control groups."""
        self._end()

    def kill(self) -> None:
        """As ``stop``: there is nothing gentler for a namespace."""
        self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        inside = psutil.Process(self.pid).children(recursive=True)
        super().kill()
        psutil.wait_procs(inside, timeout=15)
        cgroups.remove(self.group)

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError, IndexError, psutil.Error):
            return (self.root / self._ready_path).exists() and self.answers()
        return False

    def answers(self) -> bool:
        """Whether it does what it is for, once ``ready_path`` is there."""
        return True


def _enter_group(name: str) -> str:
    """Shell text that moves the shell into a new control group of version 2, so that what is made inside can be removed."""
    unified = cgroups.hierarchies(("cgroup2",))
    if not unified or not os.access(unified[0], os.W_OK):
        raise ServerMissing("no writable cgroup2 file system: run the tests with one mounted")
    group = unified[0] / name
    return f"mkdir {group} && echo $$ > {group}/cgroup.procs && "
