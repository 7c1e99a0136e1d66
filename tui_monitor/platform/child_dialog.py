"""A running program that is spoken to: lines of its output, and writes to its input."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack, suppress

from tui_monitor.platform.child_lines import FollowedProgram

MAX_UNSENT = 2**20
"""Bytes that may wait for the program to read them."""


class ProgramDialog(FollowedProgram):
    """As FollowedProgram, with `send`."""

    async def __aenter__(self) -> ProgramDialog:
        await super().__aenter__()
        self._input.start()
        return self

    def send(self, data: bytes) -> bool:
        """Write to the program's input, without waiting; False where it has ended, or reads nothing."""
        return self._input.send(data)

    async def ended(self, seconds: float) -> bool:
        """Wait for the program's own exit after the end of its output; without this its code is that of being stopped."""
        return await self._child.wait(seconds)

    def _open_input(self, stack: ExitStack) -> int:
        self._input = WritablePipe()
        stack.callback(self._input.close)
        return self._input.child_end


class WritablePipe:
    """A pipe to a child's input. What cannot be written at once waits, up to MAX_UNSENT bytes."""

    def __init__(self) -> None:
        """Open the pipe. Raises OSError where the process has no file descriptors left."""
        self._loop = asyncio.get_running_loop()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._unsent = bytearray()

    @property
    def child_end(self) -> int:
        """The file descriptor for the child."""
        return self._read_end

    def start(self) -> None:
        """Close the child's end, which the child has inherited."""
        self._close_read_end()

    def send(self, data: bytes) -> bool:
        """Write, or keep for later; False where nobody reads."""
        if self._write_end < 0 or len(self._unsent) + len(data) > MAX_UNSENT:
            return False
        waited = bool(self._unsent)
        self._unsent += data
        if not waited:
            self._write()
        return self._write_end >= 0

    def close(self) -> None:
        """Close our ends."""
        self._close_read_end()
        if self._write_end >= 0:
            self._loop.remove_writer(self._write_end)
            os.close(self._write_end)
            self._write_end = -1

    def _write(self) -> None:
        try:
            with suppress(BlockingIOError, InterruptedError):
                del self._unsent[: os.write(self._write_end, self._unsent)]
        except BrokenPipeError:
            return self.close()
        if self._unsent:
            self._loop.add_writer(self._write_end, self._write)
        else:
            self._loop.remove_writer(self._write_end)
        return None

    def _close_read_end(self) -> None:
        if self._read_end >= 0:
            os.close(self._read_end)
            self._read_end = -1
