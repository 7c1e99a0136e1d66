"""What the dashboard draws on, also when the terminal is gone: a session that broke off must end, not hang and hold the lead."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


class Lasting:
    """A text file whose writes may fail: what nobody can see any more is lost.

    Without this the thread that draws dies of the first failed write, and the app waits for ever for room in its queue.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """The characters taken."""
        with self._whoever_is_there():
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what is buffered, where somebody is there."""
        with self._whoever_is_there():
            self._file.flush()

    @contextlib.contextmanager
    def _whoever_is_there(self) -> Iterator[None]:
        """After a failure what is still to be written goes nowhere; else Python's own flush at the exit fails, with status 120."""
        try:
            yield
        except BlockingIOError:
            pass  # a terminal that takes nothing for the moment
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextlib.contextmanager
def lasting_terminal() -> Iterator[None]:
    """Within, the app draws on a file that outlives its terminal (textual draws on `sys.__stderr__`)."""
    real = sys.__stderr__
    if real is not None:
        sys.__stderr__ = Lasting(real)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.__stderr__ = real  # type: ignore[misc]
