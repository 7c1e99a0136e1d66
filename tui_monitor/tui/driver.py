"""The terminal driver of the dashboard: Textual's, whose input thread sleeps until there is input."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from selectors import EVENT_READ, DefaultSelector
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

    def run_input_thread(self) -> None:
        """Pass on input until `disable_input`."""
        parser, decoder = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace")
        with DefaultSelector() as selector:
            selector.register(self._ending, EVENT_READ)
            selector.register(self.fileno, EVENT_READ)
            while not self.exit_event.is_set():
                ready = {found.fd for found, _ in selector.select(None if parser._timeout_time is None else ESCAPE_POLL)}
                data = os.read(self.fileno, 4096) if self.fileno in ready else b""
                if self.fileno in ready and not data:  # the terminal is gone: SIGHUP ends the dashboard
                    selector.unregister(self.fileno)
                for message in (*(parser.feed(decoder.decode(data)) if data else ()), *parser.tick()):
                    self.process_message(message)
        os.read(self._ending, 1)

    def disable_input(self) -> None:
        """End the thread at once."""
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._end, b"\0")
        super().disable_input()

    def close(self) -> None:
        """Close what the driver has opened."""
        super().close()
        os.close(self._ending)
        os.close(self._end)
