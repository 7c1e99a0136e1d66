"""What the dashboard draws on, also when the terminal is gone: a session that broke off must end, not hang and hold the lead."""

from __future__ import annotations

import contextlib
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
        with contextlib.suppress(OSError):
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what is buffered, where somebody is there."""
        with contextlib.suppress(OSError):
            self._file.flush()

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
