"""Schedules of a job's pings: a fixed interval after the last one, or a cron line in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Protocol

from tui_monitor.platform.local_zone import local_zone
from tui_monitor.platform.zones import parse_zone


class Expected(Protocol):
    """Schedule. ``zone`` is its time zone; ``early``: whether a ping shortly before a slot does not count for it."""

    zone: tzinfo
    early: bool

    def after(self, at_ms: int) -> int | None:
        """The next time a ping is due (UTC ms); None: none any more."""
        ...


class Every:
    """A fixed interval after the last ping."""

    early = False

    def __init__(self, seconds: float) -> None:
        self._ms = round(seconds * 1000)
        self.zone = local_zone()

    def after(self, at_ms: int) -> int | None:
        """See Expected."""
        return at_ms + self._ms


class Cron:
    """Slots of a cron line. DST changes as in Debian's cron: a slot in the gap runs right after it, a repeated one once."""

    early = True

    def __init__(self, line: str, zone: str = "") -> None:
        """Raises ValueError starting with the key at fault."""
        from cronsim import CronSim, CronSimError

        self._line = line
        try:
            self.zone: tzinfo = parse_zone(zone) if zone else local_zone()
        except ValueError as error:
            raise ValueError(f"timezone: {error}") from None
        try:
            CronSim(line, datetime(2024, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f'cron: "{line}" is not a cron line: {error}') from None
        if self.after(round(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)) is None:
            raise ValueError(f'cron: "{line}" never comes')

    def after(self, at_ms: int) -> int | None:
        """See Expected."""
        from cronsim import CronSim

        for moment in CronSim(self._line, datetime.fromtimestamp(at_ms // 1000, self.zone)):
            if (stamp := round(moment.timestamp() * 1000)) > at_ms:
                return stamp
        return None


def shown(at_ms: int, zone: tzinfo, here: tzinfo) -> str:
    """A time in the schedule's zone, and in the machine's if different: a wrong zone is the most common mistake."""
    there = datetime.fromtimestamp(at_ms / 1000, zone)
    local = there.astimezone(here)
    text = f"{there:%Y-%m-%d %H:%M} {_name(there)}"
    return text if local.utcoffset() == there.utcoffset() else f"{text} ({local:%Y-%m-%d %H:%M} {_name(local)} here)"


def _name(moment: datetime) -> str:
    key = getattr(moment.tzinfo, "key", None)
    return key if key and key != "localtime" else moment.tzname() or "UTC"
