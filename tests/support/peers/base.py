"""The shared parts of the test peers: finding a program, a scratch directory, a process that listens on one port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from tests.support.servers import NOBODY, Process, ServerFailed, ServerMissing

P = TypeVar("P", bound=Process)
_SEARCH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin:/usr/local/sbin:{Path(sys.executable).parent}"


def program(name: str, install: str) -> str:
    """The path of an installed program; ServerMissing says what to install, for example "`apt install knot`"."""
    found = shutil.which(name, path=_SEARCH)
    if found is None:
        raise ServerMissing(f"no {name} for the tests: {install}")
    return found


def need_root(purpose: str) -> None:
    """ServerMissing unless this process is root."""
    if os.geteuid() != 0:
        raise ServerMissing(f"{purpose} needs root: run the tests as root")


def port_open(port: int) -> bool:
    """Whether something accepts TCP connections at this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False


def udp_answer(port: int, request: bytes, timeout: float = 0.2) -> bytes:
    """One UDP request to 127.0.0.1 and its answer; empty when nothing came in time or the port is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
        sender.settimeout(timeout)
        sender.connect(("127.0.0.1", port))
        sender.send(request)
        return sender.recv(65535)
    return b""


def run(argv: list[str], *, stdin: str = "", environment: Mapping[str, str] | None = None, timeout: float = 60.0) -> str:
    """Run a program to its end and return both its streams as text; ServerFailed with them when it ends with another status than 0."""
    done = subprocess.run(
        argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout, check=False,
        env=environment,
    )  # fmt: skip
    if done.returncode != 0:
        raise ServerFailed(f"{argv} ended with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def give_to_nobody(directory: Path) -> None:
    """Make the user nobody the owner of a directory and all below it, when we are root."""
    if os.geteuid() == 0:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


class Peer(Process):
    """A server process that listens on one port of 127.0.0.1 (TCP unless ``ready`` looks otherwise)."""

    host = "127.0.0.1"

    def __init__(
        self, argv: list[str], directory: Path, port: int, *, ready: Callable[[], bool] | None = None,
        stop_signal: int = signal.SIGTERM, as_nobody: bool = False,
    ) -> None:  # fmt: skip
        self.directory = directory
        self.port = port
        super().__init__(argv, directory, ready or (lambda: port_open(port)), stop_signal, as_nobody)

    @property
    def url(self) -> str:
        """The http address."""
        return f"http://{self.host}:{self.port}"


def wait_until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    """Ask ``condition()`` every 20 ms until it holds; AssertionError after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new short directory that every user can reach; it is removed at the end."""
    directory = Path(tempfile.mkdtemp(prefix="tuimon-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def running(make: Callable[[Path], P]) -> Iterator[P]:
    """Start what ``make(directory)`` gives, once more on another port when the first was taken meanwhile; stop it at the end."""
    with scratch() as directory:
        server = _started(make, directory)
        try:
            yield server
        finally:
            server.stop()


def _started(make: Callable[[Path], P], directory: Path) -> P:
    for name in ("first", "second"):
        own = directory / name
        own.mkdir(mode=0o755)
        server = make(own)
        try:
            server.start()
            return server
        except ServerFailed:
            if name == "second":
                raise
    raise AssertionError("unreachable")
