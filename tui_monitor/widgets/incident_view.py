"""What the page of an incident shows, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertDetail, AlertView, Board, Chart, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.remedy_commands import commands_of

DAY_MS = 86_400_000


@frozen
class LoggedLine:
    """One log line: when (UTC ms, 0: not known) and its text."""

    at: int
    text: str
    level: str = ""


@frozen
class IncidentView:
    """One incident with all that is known of it.

    ``start`` and ``end`` (UTC ms) are the chart's range, ``span`` its name; ``strip`` is the check's status in it, ``day`` that of 24 h.
    ``before``: the board an hour before it began. ``place``: which of the open incidents it is, "2 of 4". ``copied``: the command that
    the key `y` copied last.
    """

    detail: AlertDetail
    board: Board
    check: CheckView | None = None
    chart: Chart | None = None
    start: int = 0
    end: int = 0
    span: str = ""
    strip: Strip = ()
    day: Strip = ()
    strips: Mapping[str, Strip] = field(default_factory=dict)
    last_time: AlertView | None = None
    times: int = 0
    """How often it fired within 30 days before."""
    log: tuple[LoggedLine, ...] = ()
    before: Board | None = None
    place: str = ""
    copied: int = -1

    @property
    def alert(self) -> AlertView:
        """The alert."""
        return self.detail.alert

    @property
    def commands(self) -> Sequence[str]:
        """The commands that its advice names."""
        return commands_of(clean(self.alert.annotations.get("description", "")))

    @property
    def reason(self) -> str:
        """Why it fires, without its subject."""
        check = self.check
        if check is not None and check.reason and self.alert.state != "resolved":
            return check.reason
        return self.detail.evidence.reason or self.alert.summary
