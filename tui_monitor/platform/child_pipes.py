"""Pipes between the monitor and a child process, read and written without blocking by the event loop's readers.

asyncio's own pipe transports are not used: with them, waiting for a child also waits until every holder of its pipe has ended, so
that a background process that a plugin leaves behind holds the caller for as long as it lives (CPython 3.11 to 3.13).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

CHUNK = 64 * 1024
"""Bytes that one read takes; also the usual capacity of a pipe in Linux (pipe(7))."""

DRAIN_PAUSE = 0.01
"""Seconds between two reads of output beyond the limit; a child that writes without end then costs 1 % of a processor."""


class OutputPipe:
    """A pipe that a child writes to; chunks go to ``receive``, which may call `pause`; ``ended`` is called at the close."""

    def __init__(self, receive: Callable[[bytes], None], ended: Callable[[], None] = lambda: None) -> None:
        """Open the pipe. Raises OSError where the process has no file descriptors left."""
        self._receive = receive
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)

    @property
    def child_end(self) -> int:
        """The file descriptor for the child."""
        return self._write_end

    @property
    def closed(self) -> bool:
        """Whether nothing more can arrive."""
        return self._read_end < 0

    def start(self) -> None:
        """Close the child's end, which the child has inherited, and begin to read."""
        self._close_write_end()
        self.resume()

    def pause(self, seconds: float | None = None) -> None:
        """Stop reading for ``seconds``, or until `resume`; once the pipe is full the child blocks."""
        self._loop.remove_reader(self._read_end)
        if seconds is not None:
            self._loop.call_later(seconds, self.resume)

    def resume(self) -> None:
        """Continue to read."""
        if not self.closed:
            self._loop.add_reader(self._read_end, self._read)

    def drain(self) -> None:
        """Read what is in the pipe now, at most its capacity: another process may still be writing."""
        for _ in range(2):
            if self.closed or not self._read():
                return

    def close(self) -> None:
        """Close our ends; a process that still writes gets SIGPIPE."""
        self._close_write_end()
        if not self.closed:
            self._loop.remove_reader(self._read_end)
            os.close(self._read_end)
            self._read_end = -1
            self._ended()

    def _read(self) -> bool:
        """Read once; True where data arrived."""
        try:
            chunk = os.read(self._read_end, CHUNK)
        except (BlockingIOError, InterruptedError):
            return False
        if chunk:
            self._receive(chunk)
        else:
            self.close()
        return bool(chunk)

    def _close_write_end(self) -> None:
        if self._write_end >= 0:
            os.close(self._write_end)
            self._write_end = -1


class BoundedOutput:
    """The first ``limit`` bytes of a child's output; the rest is read slowly and dropped."""

    def __init__(self, limit: int) -> None:
        self.kept = bytearray()
        self.cut = False
        self.pipe = OutputPipe(self._append)
        self._limit = limit

    def _append(self, chunk: bytes) -> None:
        room = self._limit - len(self.kept)
        self.kept += chunk[:room]
        if len(chunk) > room:
            self.cut = True
            self.pipe.pause(DRAIN_PAUSE)


class InputPipe:
    """A pipe that writes a text to a child; it is no error that the child does not read it."""

    def __init__(self, text: bytes) -> None:
        """Open the pipe. Raises OSError where the process has no file descriptors left."""
        self._left = memoryview(text)
        self._loop = asyncio.get_running_loop()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)

    @property
    def child_end(self) -> int:
        """The file descriptor for the child."""
        return self._read_end

    def start(self) -> None:
        """Close the child's end and begin to write."""
        self._close_read_end()
        self._loop.add_writer(self._write_end, self._write)

    def close(self) -> None:
        """Close our ends."""
        self._close_read_end()
        if self._write_end >= 0:
            self._loop.remove_writer(self._write_end)
            os.close(self._write_end)
            self._write_end = -1

    def _write(self) -> None:
        with suppress(BlockingIOError, InterruptedError):
            try:
                self._left = self._left[os.write(self._write_end, self._left[:CHUNK]) :]
            except BrokenPipeError:
                self._left = self._left[:0]
        if not self._left:
            self.close()

    def _close_read_end(self) -> None:
        if self._read_end >= 0:
            os.close(self._read_end)
            self._read_end = -1
