"""Status messages to systemd: READY, WATCHDOG, RELOADING, STOPPING over $NOTIFY_SOCKET (source: sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class Systemd:
    """The connection to systemd's notify socket; does nothing where systemd gave none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_interval = int(environ.get("WATCHDOG_USEC", "0")) / 2e6 if ours and self._address else 0.0
        """Seconds between two WATCHDOG messages; 0: none wanted."""
        self._status = ""

    def send(self, *lines: str) -> None:
        """Send the lines as one datagram; errors of the socket are ignored."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                channel.sendto("\n".join(lines).encode(), address)
            except OSError:
                return

    def ready(self, status: str = "") -> None:
        """Report that the start or a reload is done; without a status the last one stays."""
        self._status = " ".join(status.split()) or self._status
        self.send("READY=1", f"STATUS={self._status}")

    def reloading(self) -> None:
        """Report the begin of a reload; MONOTONIC_USEC is required by Type=notify-reload."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self.send("STOPPING=1")

    def watchdog(self) -> None:
        """Report progress to the watchdog."""
        self.send("WATCHDOG=1")
