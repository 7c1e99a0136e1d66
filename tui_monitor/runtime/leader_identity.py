"""Which process leads."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class LeaderIdentity:
    """``kind`` is "dashboard" or "headless", ``since`` its start in UTC ms."""

    pid: int
    kind: str
    since: int
