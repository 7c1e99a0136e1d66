"""A ping: the report of a job about its start, progress or end."""

from __future__ import annotations

from typing import Literal, get_args

from tui_monitor.core.frozen import frozen

PingKind = Literal["start", "success", "fail", "log"]
PING_KINDS: tuple[PingKind, ...] = get_args(PingKind)
MOST_TEXT = 10_000
"""Characters of a ping's message that are kept (healthchecks.io keeps as much)."""


@frozen
class Ping:
    """A ping of a job, at ``at`` (UTC ms). ``rid`` pairs start and end of a run ("": no name). ``code``: the job's exit status."""

    name: str
    kind: PingKind
    at: int
    rid: str = ""
    code: int | None = None
    text: str = ""
    by: str = ""


@frozen
class StoredPing:
    """A ping with its number in the order of arrival."""

    id: int
    ping: Ping


def kind_of_exit(code: int) -> PingKind:
    """Success for 0, else fail. Raises ValueError beyond 0 to 255."""
    if not 0 <= code <= 255:
        raise ValueError(f"{code} is no exit status: 0 to 255 are possible")
    return "fail" if code else "success"
