"""A ping: what a job says of itself."""

from __future__ import annotations

from typing import Literal, get_args

from tui_monitor.core.frozen import frozen

PingKind = Literal["start", "success", "fail", "log"]
PING_KINDS: tuple[PingKind, ...] = get_args(PingKind)
MOST_TEXT = 10_000
"""Characters of a ping's message that are kept (healthchecks.io keeps as much)."""


@frozen
class Ping:
    """``at`` is UTC ms. ``rid`` pairs the start of a run with its end ("": a run without name). ``code``: the job's exit status."""

    name: str
    kind: PingKind
    at: int
    rid: str = ""
    code: int | None = None
    text: str = ""
    by: str = ""


@frozen
class StoredPing:
    """A ping and its number in the order in which pings came."""

    id: int
    ping: Ping


def kind_of_exit(code: int) -> PingKind:
    """Success for 0, else fail. Raises ValueError beyond 0 to 255."""
    if not 0 <= code <= 255:
        raise ValueError(f"{code} is no exit status: 0 to 255 are possible")
    return "fail" if code else "success"
