"""A real systemd as the first process of its own namespaces, from this machine's files: bus, units, timers, journal (root)."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import program, running
from tests.support.peers.contained import Contained
from tests.support.servers import ServerFailed, ServerMissing

SYSTEMD = Path("/lib/systemd/systemd")
# These would touch the machine or cost seconds: systemd-tmpfiles-setup alone takes 5 s.
_MASKED = """\
systemd-udevd.service systemd-udev-trigger.service systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service
systemd-sysusers.service systemd-modules-load.service systemd-sysctl.service systemd-random-seed.service
systemd-update-utmp.service systemd-journal-flush.service systemd-timesyncd.service systemd-remount-fs.service
systemd-pcrphase.service systemd-pcrphase-sysinit.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount
sys-kernel-tracing.mount sys-fs-fuse-connections.mount modprobe@.service systemd-ask-password-console.path
"""
_SCRIPT = f"""\
mount -t sysfs -o ro s $R/sys
mount -t tmpfs c $R/sys/fs/cgroup
mount -t cgroup2 c $R/sys/fs/cgroup
mount -t tmpfs d $R/dev
for d in null zero full random urandom tty; do touch $R/dev/$d; mount --bind /dev/$d $R/dev/$d; done
mkdir -p $R/dev/shm $R/run/systemd/system $R/run/dbus
ln -s /proc/self/fd $R/dev/fd
for u in {" ".join(_MASKED.split())}; do ln -s /dev/null $R/run/systemd/system/$u; done
printf '[Unit]\\nRequires=dbus.socket systemd-journald.service\\nAfter=dbus.socket systemd-journald.service\\nAllowIsolate=yes\\n' \\
    > $R/run/systemd/system/test.target
cd $R
exec chroot $R env -i container=other PATH=$PATH {SYSTEMD} --system --unit=test.target
"""


class Systemd(Contained):
    """systemd with dbus and journald; connect to ``bus`` from outside. Its units see no controllers: memory figures are unset."""

    def __init__(self, directory: Path) -> None:
        if not SYSTEMD.exists():
            raise ServerMissing("no systemd for the tests: install the packages `systemd` and `dbus`")
        program("dbus-daemon", "install the package `dbus`")
        unshare = ("-m", "-p", "-f", "-C", "-n", "-u", "-i")
        super().__init__(directory, _SCRIPT, unshare, "run/dbus/system_bus_socket", own_group=True)

    @property
    def bus(self) -> Path:
        """The socket of its system bus."""
        return self.root / "run/dbus/system_bus_socket"

    def answers(self) -> bool:
        """Whether the boot is over, and systemd on its bus."""
        with contextlib.suppress(ServerFailed):
            self.enter("busctl", "status", "org.freedesktop.systemd1")  # it joins its bus a moment after the boot
            return self.systemctl("is-active", "test.target").strip() == "active"
        return False

    def systemctl(self, *arguments: str) -> str:
        """The output of systemctl inside; ServerFailed when it ends with another status than 0."""
        return self.enter("systemctl", "--no-pager", *arguments)

    def journalctl(self, *arguments: str) -> str:
        """The output of journalctl inside."""
        return self.enter("journalctl", "--no-pager", *arguments)

    def journalctl_argv(self, *arguments: str) -> list[str]:
        """The command line of a journalctl inside, for a process that follows."""
        return ["nsenter", "-t", str(self.first_pid), "-a", "-r", "journalctl", "--no-pager", *arguments]

    def write_unit(self, name: str, text: str) -> None:
        """Write a unit file, for example ``write_unit("bad.service", "[Service]\\nExecStart=/bin/false\\n")``, and load it."""
        (self.root / "run/systemd/system" / name).write_text(text, encoding="utf-8")
        self.systemctl("daemon-reload")


def systemd() -> contextlib.AbstractContextManager[Systemd]:
    """A running systemd."""
    return running(Systemd)
