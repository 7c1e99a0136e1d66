"""One parsed log event: level, message, time and fields, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from tui_monitor.core.frozen import frozen

Value = str | int | float | bool | None


@frozen
class Record:
    """A parsed event. ``level``: trace, debug, info, warning, error, critical or "" without one; ``at``: its own stamp, UTC ms.

    ``fields`` are flat ("user.id" for nested ones). ``request``: the line of an access log, as method, path, status and seconds.
    """

    message: str
    level: str = ""
    at: int | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    request: Request | None = None


@frozen
class Request:
    """One request of an access log; ``method`` and ``path`` are "" where the server could not read the request (400, 408)."""

    method: str
    path: str
    status: str
    seconds: float | None = None


class Format(Protocol):
    """Format of events."""

    name: str
    hint: bytes | None
    """Text that every block with requests contains; None: the format has no requests."""

    def parse(self, text: str, now_ms: int) -> Record | None:
        """The record of an event; None: it is not of this format."""
        ...

    def level(self, event: bytes) -> str | None:
        """The event's level by the fastest way; None: it is not of this format."""
        ...

    def request(self, event: bytes) -> Request | None:
        """The HTTP request in the event; None without one."""
        ...
