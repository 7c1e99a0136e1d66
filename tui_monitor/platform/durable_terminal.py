"""The output stream of the dashboard, which survives the loss of its terminal.

A dashboard whose session broke off must end; one that hangs would go on as leader.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


class SurvivingStream:
    """A text stream whose writes never fail: output after the loss of the terminal is discarded.

    Otherwise the first failed write ends the drawing thread, and the app waits for ever for room in its queue.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write the text; returns the number of characters."""
        with self._discarding():
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Send the buffered text, where the terminal still exists."""
        with self._discarding():
            self._file.flush()

    @contextlib.contextmanager
    def _discarding(self) -> Iterator[None]:
        """Redirect the stream to /dev/null after a failure; else Python's own flush at the exit fails, with status 120."""
        try:
            yield
        except BlockingIOError:
            pass  # the terminal's buffer is full for the moment
        except OSError:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, self._file.fileno())
            os.close(sink)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextlib.contextmanager
def durable_terminal() -> Iterator[None]:
    """Within the context the app draws on a SurvivingStream (textual draws on `sys.__stderr__`)."""
    real = sys.__stderr__
    if real is not None:
        sys.__stderr__ = SurvivingStream(real)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.__stderr__ = real  # type: ignore[misc]
