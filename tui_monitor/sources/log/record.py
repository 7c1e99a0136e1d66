"""One parsed log event: level, message, time and fields, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from tui_monitor.core.frozen import frozen

Value = str | int | float | bool | None


@frozen
class Record:
    """A parsed event. ``level``: trace, debug, info, warning, error, critical or "" where it says none; ``at`` its own stamp, UTC ms.

    ``fields`` are flat ("user.id" for nested ones). ``request``: the line of an access log, as method, path, status and seconds.
    """

    message: str
    level: str = ""
    at: int | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    request: Request | None = None


@frozen
class Request:
    """What an access log says of one request; ``method`` and ``path`` are "" where the request could not be read (400, 408)."""

    method: str
    path: str
    status: str
    seconds: float | None = None


class Format(Protocol):
    """A way to read events."""

    name: str
    hint: bytes | None
    """What a block contains that tells of requests; None: it never does."""

    def parse(self, text: str, now_ms: int) -> Record | None:
        """The record of an event; None: it is not of this format."""
        ...

    def level(self, event: bytes) -> str | None:
        """The event's level only, as quickly as possible; None: it is not of this format."""
        ...

    def request(self, event: bytes) -> Request | None:
        """What the event says of an HTTP request; None: nothing."""
        ...
