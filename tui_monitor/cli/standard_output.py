"""Standard output and error wrapped so that encoding errors and full disks never become a verdict's exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


class OutputFault(Exception):
    """Output that could not be written; the text is for people."""


class _Reporting:
    """Stream that raises OutputFault on write errors, which distinguishes them from errors of the command's own files.

    BrokenPipeError is passed through: the reader has read enough.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFault(f"the output cannot be written: {error.strerror}") from None

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFault(f"the output cannot be written: {error.strerror}") from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Context with wrapped streams: unencodable characters are replaced, closed streams discard, faults raise OutputFault."""
    out, err = sys.stdout, sys.stderr
    with contextlib.ExitStack() as opened:
        if out is None or err is None:
            nowhere = opened.enter_context(open(os.devnull, "w", encoding="utf-8"))
            out, err = out or nowhere, err or nowhere
        for stream in (out, err):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace" if stream is out else "backslashreplace")
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Reporting(out), err
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


def abandon_output() -> None:
    """Redirect buffered output to the null device, so that the interpreter's exit does not fail on it again."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.close(nowhere)
