"""The terminal driver of the dashboard: Textual's, whose input thread sleeps until there is input."""

from __future__ import annotations

import asyncio
import os
from codecs import getincrementaldecoder
from contextlib import suppress
from selectors import EVENT_READ, SelectSelector
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

ESCAPE_POLL = 0.1
"""Seconds between looks while a key may still become an escape sequence."""


class QuietDriver(LinuxDriver):
    """Textual's own thread looks ten times a second whether it is to end: 0.09 % of a core, as much as all rules."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._ending, self._end = os.pipe()
        os.set_blocking(self._ending, False)
        self._began = False

    def start_application_mode(self) -> None:
        """Begin, or go on after a stop of the process: then all is painted, as the terminal has forgotten what stood there."""
        with suppress(BlockingIOError):
            os.read(self._ending, 64)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._began:  # by the loop, as this runs in a signal handler
            asyncio.get_running_loop().call_soon_threadsafe(self._app.call_later, self._app.refresh)
        self._began = True

    def run_input_thread(self) -> None:
        """Pass on input until `disable_input`. A SIGCONT without a stop before it starts a second thread, and both have to end."""
        parser, decoder = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace")
        with SelectSelector() as selector:
            selector.register(self._ending, EVENT_READ)
            selector.register(self.fileno, EVENT_READ)
            while True:
                ready = {found.fd for found, _ in selector.select(None if parser._timeout_time is None else ESCAPE_POLL)}
                if self._ending in ready:
                    return
                data = self._read() if self.fileno in ready else b""
                if self.fileno in ready and not data:  # the terminal is gone: SIGHUP ends the dashboard
                    selector.unregister(self.fileno)
                for message in (*(parser.feed(decoder.decode(data)) if data else ()), *parser.tick()):
                    self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def disable_input(self) -> None:
        """End the thread at once."""
        os.write(self._end, b"\0")
        super().disable_input()
