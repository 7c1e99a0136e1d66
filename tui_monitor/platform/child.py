"""A child process: start, exit, stop, and reaping without zombies.

The exit is learned from a pidfd (pidfd_open(2), Linux 5.3) or, where there is none, by polling in growing pauses; never through
asyncio's child watchers, which differ between Python 3.11 (one thread for each child) and 3.13.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

_DIE_WAIT = 0.3
"""Seconds, at least, that a program gets to disappear after SIGKILL; one that sleeps in the kernel does not."""

_FIRST_PAUSE, _LAST_PAUSE = 0.002, 0.1
_OPTIONS = os.WEXITED | os.WNOHANG | os.WNOWAIT


class Child:
    """A program with a process group of its own. Made in the event loop's thread; `close` must follow.

    It is reaped only by `close`, so that its process id, and with it the group's, cannot pass to another program while `stop` signals it.
    ``exited`` is done once the program has ended. ``code``: after `close` the exit code, negative for a signal; None while it still runs
    or where the system did not tell.
    """

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], directory: str | None, stdin: int, stdout: int, stderr: int
    ) -> None:
        """Start the program. Raises OSError or ValueError (a NUL character) where that fails."""
        self.code: int | None = None
        self._process = subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=stderr, env=environment, cwd=directory, start_new_session=True
        )
        self.pid = self._process.pid
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = self._loop.create_future()
        self._left_alone = False
        self._pidfd = _pidfd_open(self.pid)
        if self._pidfd >= 0:
            self._loop.add_reader(self._pidfd, self._on_exit)
        else:
            self._poll_exit(_FIRST_PAUSE)

    @property
    def running(self) -> bool:
        """Whether the program itself (not what it has started) still runs."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, _OPTIONS) is None
        except ChildProcessError:  # SIGCHLD is ignored: the kernel reaps by itself
            return False

    async def wait(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for the exit; True once the program has ended."""
        await asyncio.wait([self.exited], timeout=max(0.0, seconds))
        return not self.running

    async def stop(self, grace: float) -> str:
        """End the process group: SIGTERM, SIGKILL after ``grace`` seconds, the same wait again. The reason of a failure, or ""."""
        if problem := self._signal(signal.SIGTERM):
            return problem
        await self.wait(grace)
        self._signal(signal.SIGKILL)
        if await self.wait(max(grace, _DIE_WAIT)):
            return ""
        return "it goes on even after SIGKILL, as a program does that waits in the kernel for a disk or a network mount"

    def close(self) -> None:
        """Reap the program; one that still runs (the caller was cancelled, or it cannot be killed) is killed and reaped when it ends."""
        if self.running:
            self._left_alone = True
            self._signal(signal.SIGKILL)
        else:
            self._reap()

    def _signal(self, number: int) -> str:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return ""
        except PermissionError:
            if self.running:  # macOS refuses to signal a zombie, too
                return "it may not be killed (Operation not permitted), as it runs as another user: give it a time limit of its own"
        return ""

    def _poll_exit(self, pause: float) -> None:
        if self.running:
            self._loop.call_later(pause, self._poll_exit, min(2 * pause, _LAST_PAUSE))
        else:
            self._on_exit()

    def _on_exit(self) -> None:
        self._close_pidfd()
        if not self.exited.done():
            self.exited.set_result(None)
        if self._left_alone:
            self._reap()

    def _reap(self) -> None:
        self._close_pidfd()
        if self._process.returncode is not None:
            return
        try:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:
            self.code = None
        self._process.returncode = self.code or 0  # tells Popen that there is nothing left to wait for

    def _close_pidfd(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1


def _pidfd_open(pid: int) -> int:
    """A descriptor that is readable once the process has ended; -1 where the system has none."""
    if not hasattr(os, "pidfd_open"):
        return -1
    try:
        return os.pidfd_open(pid)
    except OSError:  # an old kernel, a seccomp filter, no descriptors left
        return -1
