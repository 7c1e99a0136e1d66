"""What the HTTP interface lists beside the board: alerts with their whole state, messages, statistics of series, log lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_monitor.alerts.received import RECEIVED
from tui_monitor.core.frozen import frozen

if TYPE_CHECKING:
    from tui_monitor.alerts.alert import Alert
    from tui_monitor.core.values import Labels
    from tui_monitor.dispatch.message import Message
    from tui_monitor.storage.records import OutboxRow


@frozen
class ListedAlert:
    """An alert, and the notifiers to which it goes now."""

    alert: Alert
    receivers: tuple[str, ...] = ()

    @property
    def generator_url(self) -> str:
        """Where another program made it, "" for own alerts."""
        return str(self.alert.evidence.get("generator_url", ""))

    @property
    def promised_until(self) -> int:
        """Until when its sender has promised that another program's alert holds (UTC ms), 0 for own alerts."""
        return max((rung.keep_until or 0 for rung in self.alert.rungs.values()), default=0) if self.alert.rule == RECEIVED else 0


@frozen
class StoredMessage:
    """A row of the outbox and its message."""

    row: OutboxRow
    message: Message


@frozen
class SeriesStatistics:
    """One series over a window: of ``count`` samples; NaN where there is none. ``points``: (end in UTC ms, mean) of equal steps."""

    labels: Labels
    count: int
    sum: float
    low: float
    high: float
    last: float
    p95: float
    points: tuple[tuple[int, float], ...] = ()


@frozen
class LogQuery:
    """Which kept log lines: of a check ("": all), of at least this level, with this text, with these fields, since UTC ms."""

    check: str = ""
    service: str = ""
    level: str = ""
    text: str = ""
    where: tuple[tuple[str, str], ...] = ()
    since: int = 0
    limit: int = 100


@frozen
class LogLine:
    """One kept log line; ``at`` in UTC ms."""

    at: int
    check: str
    service: str
    level: str
    message: str
    fields: Mapping[str, object]
    trace_id: str = ""
