"""A real Docker daemon (Debian package docker.io) without network or iptables, with one image `busybox` (root)."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from pathlib import Path

from tests.support.peers.base import program, run, running
from tests.support.peers.contained import Contained

_INSTALL = "install the packages `docker.io` and `busybox-static`"
_SCRIPT = """\
mount --rbind /dev $R/dev
mount -t sysfs s $R/sys
mount --rbind /sys/fs/cgroup $R/sys/fs/cgroup
mkdir -p $R/var/lib/tuimon-data
mount --bind $D/up/data $R/var/lib/tuimon-data
ip link set lo up
cd $R
exec chroot $R {dockerd} --data-root=/var/lib/tuimon-data --exec-root=/run/dk --pidfile=/run/docker.pid -H unix:///run/docker.sock \\
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent=/{group}
"""
_PROGRAMS = ("sh", "sleep", "echo", "cat", "false", "true", "kill", "touch", "rm", "test", "dd", "tail", "yes", "head", "ls", "printf")


class Dockerd(Contained):
    """dockerd; its API is at ``socket``. Containers have the network "none" or "host".

    `docker exec` and health checks see this machine's own root, not the container's: they must write nothing but to scratch directories.
    """

    def __init__(self, directory: Path) -> None:
        dockerd = program("dockerd", _INSTALL)
        program("ip", "install the package `iproute2`")
        group = f"{directory.parent.name}-{directory.name}"
        script = _SCRIPT.format(dockerd=dockerd, group=group)
        super().__init__(directory, script, ("-m", "-p", "-f", "-n"), "run/docker.sock")

    @property
    def socket(self) -> Path:
        """The API's socket, usable from outside."""
        return self.root / "run/docker.sock"

    def answers(self) -> bool:
        """Whether the API answers."""
        return "ApiVersion" in subprocess.run(self._argv_of("version"), capture_output=True, text=True, check=False).stdout

    def start(self) -> None:
        """Start it and import the image `busybox`."""
        super().start()
        done = subprocess.run(self._argv_of("import", "-", "busybox"), input=_busybox_image(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def docker(self, *arguments: str) -> str:
        """The output of the docker command; ServerFailed when it ends with another status than 0."""
        return run(self._argv_of(*arguments)).strip()

    def run(self, name: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """Start a container in the background and return its id, for example ``run("web", "sleep", "9", options=("--memory=32m",))``."""
        return self.docker("run", "-d", "--network=none", f"--name={name}", *options, "busybox", *command)

    def _argv_of(self, *arguments: str) -> list[str]:
        debian = Path("/usr/bin/docker")
        client = str(debian) if debian.exists() else program("docker", _INSTALL)
        words = ["--format={{json .Server}}"] if arguments == ("version",) else []
        return [client, "-H", f"unix://{self.socket}", *arguments, *words]


def _busybox_image() -> bytes:
    """A tar of a static busybox with links for its programs."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        tar.add(program("busybox", _INSTALL), "bin/busybox")
        for name in _PROGRAMS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return target.getvalue()


def dockerd() -> contextlib.AbstractContextManager[Dockerd]:
    """A running Docker daemon with the image `busybox`."""
    return running(Dockerd)
