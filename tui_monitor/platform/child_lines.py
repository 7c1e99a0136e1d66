"""Lines of a long-running program such as `journalctl --follow`: bounded in length and number, with back-pressure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from subprocess import DEVNULL
from types import TracebackType

from tui_monitor.platform.child import Child
from tui_monitor.platform.child_pipes import BoundedOutput, OutputPipe
from tui_monitor.platform.child_process import GRACE, minimal_environment, start_errors
from tui_monitor.platform.line_splitter import MAX_LINE, LineSplitter

MAX_WAITING = 1000
"""Lines that may wait for the reader; beyond them the pipe is not read and the program blocks."""


class FollowedProgram:
    """A running program as an asynchronous context manager and iterator of lines (bytes, without the line's end).

    The iteration ends with the program or its output; leaving the context ends the program. After that ``code`` is its exit code
    (negative: a signal) and ``errors`` the first 64 KiB of its standard error; ``cut`` counts lines that were too long. To start the
    program again make another one. Raises CannotStart on entering.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None, *, max_line: int = MAX_LINE) -> None:
        self._argv = argv
        self._environment = environment
        self._splitter = LineSplitter(max_line)
        self._lines: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._stack = ExitStack()

    async def __aenter__(self) -> FollowedProgram:
        with ExitStack() as stack, start_errors(self._argv[0]):
            environment = minimal_environment() if self._environment is None else self._environment
            self._pipe = OutputPipe(self._receive, self._end)
            stack.callback(self._pipe.close)
            self._errors = BoundedOutput(MAX_LINE)
            stack.callback(self._errors.pipe.close)
            stdin = self._open_input(stack)
            self._child = Child(self._argv, environment, None, stdin, self._pipe.child_end, self._errors.pipe.child_end)
            stack.callback(self._child.close)
            self._stack = stack.pop_all()
        self._child.exited.add_done_callback(self._drain)
        self._pipe.start()
        self._errors.pipe.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._stack:
            if self._child.running:
                await self._child.stop(GRACE)

    def __aiter__(self) -> FollowedProgram:
        return self

    async def __anext__(self) -> bytes:
        while not self._lines:
            if self._pipe.closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        line = self._lines.popleft()
        if len(self._lines) == MAX_WAITING // 2:
            self._pipe.resume()
        return line

    @property
    def code(self) -> int | None:
        """The exit code, after the context was left."""
        return self._child.code

    @property
    def errors(self) -> bytes:
        """What the program wrote to standard error so far."""
        return bytes(self._errors.kept)

    @property
    def cut(self) -> int:
        """How many lines were longer than allowed."""
        return self._splitter.cut

    def _open_input(self, stack: ExitStack) -> int:
        """The descriptor of the program's standard input."""
        return DEVNULL

    def _receive(self, chunk: bytes) -> None:
        self._lines += self._splitter.split(chunk)
        if len(self._lines) > MAX_WAITING:
            self._pipe.pause()
        self._news.set()

    def _end(self) -> None:
        self._lines += self._splitter.last()
        self._news.set()

    def _drain(self, _: asyncio.Future[None]) -> None:
        self._pipe.drain()
        self._pipe.close()
