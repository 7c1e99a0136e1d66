"""A read-only image mounted through FUSE (Debian packages squashfuse, squashfs-tools), as AppImage and Apptainer do (root)."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.peers.base import need_root, program, run, scratch, wait_until
from tests.support.servers import Process, ServerMissing

_INSTALL = "install the packages `squashfuse` and `squashfs-tools`"


@contextlib.contextmanager
def squashfuse_mount(subtype: str = "", content: Mapping[str, str] | None = None) -> Iterator[Path]:
    """The mount point of a full read-only image of type "fuse.squashfuse" or "fuse.SUBTYPE"; unmounted at the end.

    ``content``: {name: text} of its files.
    """
    need_root("mounting a FUSE file system")
    if not Path("/dev/fuse").exists():
        raise ServerMissing("no /dev/fuse: load the kernel module fuse")
    with scratch() as directory:
        (directory / "content").mkdir()
        for name, text in (content or {"file": "read-only\n"}).items():
            (directory / "content" / name).write_text(text)
        run([program("mksquashfs", _INSTALL), str(directory / "content"), str(directory / "image"), "-quiet", "-no-progress"])
        mount = directory / "mount"
        mount.mkdir()
        options = ["-o", f"ro,subtype={subtype}" if subtype else "ro"]
        argv = [program("squashfuse", _INSTALL), "-f", *options, str(directory / "image"), str(mount)]
        server = Process(argv, directory, lambda: os.path.ismount(mount), signal.SIGTERM)
        server.start()
        try:
            yield mount
        finally:
            server.stop()
            wait_until(lambda: not os.path.ismount(mount))
