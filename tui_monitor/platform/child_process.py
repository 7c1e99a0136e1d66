"""Running of a program to its end: an argument list, never a shell; bounded in time and output.

Nothing of it is left behind except processes that it detaches itself.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.platform.child import Child
from tui_monitor.platform.child_pipes import BoundedOutput, InputPipe

MAX_OUTPUT = 64 * 1024
GRACE = 1.0
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ")
_PERMANENT = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENOEXEC, errno.ELOOP, errno.ENAMETOOLONG}


class CannotStart(Exception):
    """The program did not start. ``permanent``: it is missing or not executable, so that a retry does not help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


@frozen
class ProgramOutcome:
    """The outcome of a program: its exit and its output.

    ``code``: exit code, negative the signal that ended it, None where it still runs or the system did not tell. ``output`` and
    ``errors``: the first bytes of standard output and standard error; ``cut``: there was more output. ``timed_out``: it was stopped at the
    time limit, whatever the code. ``problem``: why it could not be stopped; ``survivor`` is then the program, else None.
    """

    code: int | None
    output: bytes
    errors: bytes
    cut: bool
    seconds: float
    timed_out: bool = False
    problem: str = ""
    survivor: Child | None = None

    @property
    def ending(self) -> str:
        """The end in words: "exit 3", "ended by signal 11 (SIGSEGV)", "exit 127 (program not found)"."""
        if self.code is None:
            return "still runs" if self.survivor else "exit code unknown, as this process was started with SIGCHLD ignored"
        if self.code < 0:
            return f"ended by signal {-self.code}{_signal_name(-self.code)}"
        return f"exit {self.code}{_SHELL_CODES.get(self.code, '')}"


_SHELL_CODES = {126: " (found, but not executable)", 127: " (program not found)"}


def minimal_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """PATH, HOME and the like, ``LC_ALL=C`` for messages in English, and ``extra``; no variable that may hold a secret of the monitor."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {"PATH": DEFAULT_PATH, **kept, "LC_ALL": "C", **(extra or {})}


async def run(
    argv: Sequence[str],
    *,
    time_limit: float,
    slots: asyncio.Semaphore,
    environment: Mapping[str, str] | None = None,
    directory: str | None = None,
    stdin: bytes | None = None,
    grace: float = GRACE,
    max_output: int = MAX_OUTPUT,
) -> ProgramOutcome:
    """Run the program and wait for its own exit; processes that it detaches live on without our pipes.

    ``time_limit``: seconds, the wait for one of the ``slots`` included; then the process group gets SIGTERM and, after ``grace`` seconds,
    SIGKILL. ``stdin`` None: /dev/null. ``environment`` None: `minimal_environment`. Raises CannotStart. When cancelled, it kills at once.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + time_limit
    await _acquire_slot(slots, time_limit)
    try:
        started = loop.time()
        with ExitStack() as stack:
            with start_errors(argv[0], directory):
                child, output, errors = _start(stack, argv, environment, directory, stdin, max_output)
            timed_out = not await child.wait(deadline - loop.time())
            problem = await child.stop(grace) if timed_out else ""
            output.pipe.drain()
            errors.pipe.drain()
    finally:
        slots.release()
    survivor = child if problem else None
    return ProgramOutcome(
        child.code, bytes(output.kept), bytes(errors.kept), output.cut, loop.time() - started, timed_out, problem, survivor
    )


async def _acquire_slot(slots: asyncio.Semaphore, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await slots.acquire()
    except TimeoutError:
        raise CannotStart(f"too many other programs run: no turn came within {seconds:g}s") from None


def _start(
    stack: ExitStack,
    argv: Sequence[str],
    environment: Mapping[str, str] | None,
    directory: str | None,
    stdin: bytes | None,
    max_output: int,
) -> tuple[Child, BoundedOutput, BoundedOutput]:
    output = BoundedOutput(max_output)
    stack.callback(output.pipe.close)
    errors = BoundedOutput(max_output)
    stack.callback(errors.pipe.close)
    feed = None if stdin is None else InputPipe(stdin)
    if feed is not None:
        stack.callback(feed.close)
    environment = minimal_environment() if environment is None else environment
    child_stdin = feed.child_end if feed else subprocess.DEVNULL
    child = Child(argv, environment, directory, child_stdin, output.pipe.child_end, errors.pipe.child_end)
    stack.callback(child.close)
    for pipe in (output.pipe, errors.pipe, feed):
        if pipe is not None:
            pipe.start()
    return child, output, errors


@contextmanager
def start_errors(program: str, directory: str | None = None) -> Iterator[None]:
    """Raise CannotStart, with a reason for people, in place of the errors of starting a program."""
    try:
        yield
    except ValueError as error:  # a NUL character
        raise CannotStart(f"cannot run {clip(clean(program), 100)}: {error}", permanent=True) from None
    except OSError as error:
        raise CannotStart(_start_problem(error, program, directory), permanent=error.errno in _PERMANENT) from None


def _start_problem(error: OSError, program: str, directory: str | None) -> str:
    reason = os.strerror(error.errno or 0)
    if directory and error.filename == directory:
        return f"cannot enter {clip(clean(directory), 100)}: {reason}"
    if error.errno == errno.ENOENT and os.path.exists(program):
        reason = "the interpreter that its first line names is not there"
    return f"cannot run {clip(clean(program), 100)}: {reason}"


def _signal_name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""
