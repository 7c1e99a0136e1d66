"""Response times by severity: until when somebody has to acknowledge an alert. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import known_severity
from tui_monitor.dispatch.schedule import Schedule

OFFICE = "office"


@frozen
class ResponseTimes:
    """``by_severity``: seconds, or "office" for the end of the office hours that run or come next."""

    by_severity: Mapping[str, float | str]
    office_hours: Schedule
    overdue: tuple[str, ...] = ()
    """The notifiers that are told what is overdue; (): those that were told of the alert."""

    def due(self, severity: str, now: int) -> int | None:
        """Until when an alert that fires or rises now has to be acknowledged (UTC ms); None: no time is set."""
        given = self.by_severity.get(known_severity(severity))
        if given is None:
            return None
        return self._end_of_office(now) if isinstance(given, str) else now + round(given * 1000)

    def _end_of_office(self, now: int) -> int | None:
        change = self.office_hours.next_change(now)
        if change is None or self.office_hours.is_active(now):
            return change
        return self.office_hours.next_change(change)
