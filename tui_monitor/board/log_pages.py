"""Pages of kept log lines: a screen asks for those near its own instead of holding them all."""

from __future__ import annotations

from tui_monitor.board.listings import LogLine
from tui_monitor.core.frozen import frozen

Position = tuple[int, int]
"""The place of a line among all kept ones, in order of arrival: number of its block, number within the block."""
OLDEST: Position = (0, -1)
NEWEST: Position = (1 << 62, 0)
MOST_LINES = 1000
LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
"""From the least to the gravest; a line without a level is below all."""


@frozen
class LogFilter:
    """Which lines: of a check or of a service ("": all), of at least this level, with each of these texts, with these fields.

    ``since`` and ``until`` are UTC ms, 0: no limit.
    """

    check: str = ""
    service: str = ""
    level: str = ""
    texts: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    since: int = 0
    until: int = 0


@frozen
class LogPageQuery:
    """The matching lines next to a position, at most ``limit``: older ones, or newer ones of the moment ``at`` (UTC ms) and later."""

    filter: LogFilter = LogFilter()
    position: Position = NEWEST
    at: int = 0
    newer: bool = False
    limit: int = 200


@frozen
class PlacedLine:
    """A log line, its position, and when its block arrived (UTC ms)."""

    position: Position
    line: LogLine
    arrived: int = 0


@frozen
class LogPage:
    """Lines in order of arrival, and how far was read.

    ``reached``: a further page begins there; a page without lines may have a next one, as a search is answered in parts.
    ``more``: whether there is anything beyond ``reached``. ``at``: when the block arrived that was read last (UTC ms, 0: none was).
    """

    lines: tuple[PlacedLine, ...] = ()
    reached: Position = NEWEST
    more: bool = False
    at: int = 0


@frozen
class LogSource:
    """A check or a service of which lines are kept, and when its oldest and newest block arrived (UTC ms)."""

    check: str
    service: str
    oldest: int = 0
    newest: int = 0

    @property
    def name(self) -> str:
        """The name of the check or the service."""
        return self.check or self.service
