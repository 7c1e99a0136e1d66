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

MAX_LINE = 64 * 1024
MAX_WAITING = 1000
"""Lines that may wait for the reader; beyond them the pipe is not read and the program blocks."""


class LineSplitter:
    """Splits chunks into lines without their end; a line longer than ``limit`` bytes is cut there and its rest dropped."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.cut = 0
        self._limit = limit
        self._begun = bytearray()
        self._dropping = False

    def split(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes."""
        *ended, rest = chunk.split(b"\n")
        lines = [self._end(part) for part in ended]
        self._add(rest)
        return lines

    def last(self) -> list[bytes]:
        """The unterminated line at the end of the output, if any."""
        return [self._end(b"")] if self._begun else []

    def _add(self, part: bytes) -> None:
        room = self._limit - len(self._begun)
        self._begun += part[:room]
        if len(part) > room and not self._dropping:
            self._dropping = True
            self.cut += 1

    def _end(self, part: bytes) -> bytes:
        self._add(part)
        line = bytes(self._begun)
        self._begun.clear()
        self._dropping = False
        return line


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
            self._child = Child(self._argv, environment, None, DEVNULL, self._pipe.child_end, self._errors.pipe.child_end)
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
