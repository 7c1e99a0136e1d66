"""Search a text with a regular expression, and give up where the two together would take for ever. Standard library only."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT = 0.25
"""Seconds of CPU: while a search runs, nothing else does, for Python's regular expressions let no other thread in."""
_FLAGS = re.compile(r"\(\?[aimsx]+\)")
_ANYTHING = re.compile(r"\.\*\??(?![*+?{])")
_running = False


class TooLong(Exception):
    """The search was given up."""


class Pattern:
    """A regular expression that is searched for as one match, which alone can be interrupted. Raises re.error."""

    def __init__(self, text: str) -> None:
        self.text = text
        flags = re.compile(text).flags
        body = text
        for superfluous in (_FLAGS, _ANYTHING):
            if begin := superfluous.match(body):
                body = body[begin.end() :]
        end = "\n" if flags & re.VERBOSE else ""  # of a comment
        self._compiled = re.compile(f"(?s:.*?)(?:{body}{end})", flags)

    def is_in(self, text: str) -> bool:
        """Whether it is found. Raises TooLong."""
        with limited():
            return self._compiled.match(text) is not None


@contextmanager
def limited() -> Iterator[None]:
    """TooLong after LIMIT; without a limit beside the main thread, where no signal arrives."""
    global _running
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGVTALRM, _give_up)
    _running = True
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
        yield
    finally:
        _running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _give_up(*_: object) -> None:
    if _running:
        raise TooLong
