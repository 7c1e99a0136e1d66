"""The machine's time zone, used by schedules and by every displayed time. Standard library only.

The C library decides, as for naive datetimes: it knows $TZ as a name, as a path and as a POSIX rule ("KST-9"), and /etc/localtime.
"""

from __future__ import annotations

import os
import re
import time
import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

_EPOCH = datetime(1970, 1, 1)
_POSIX = re.compile(
    r"(<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})[+-]?\d{1,3}(:\d\d){0,2}"
    r"((<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})([+-]?\d{1,3}(:\d\d){0,2})?(,[JM0-9./:+-]+,[JM0-9./:+-]+)?)?"
)
"""POSIX.1-2017, 8.3: std offset [dst [offset] [,start[/time],end[/time]]]."""
_WITHOUT_FILE = ("UTC", "UTC0", "GMT", "GMT0")
_LOCALTIME = Path("/etc/localtime")


class MachineZone(tzinfo):
    """Local time of the C library, with its rules for repeated and skipped times (``fold``)."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The offset from UTC at this wall time."""
        if moment is None:
            return None
        naive = moment.replace(tzinfo=None, microsecond=0)
        return naive.replace(fold=0) - (_EPOCH + timedelta(seconds=round(naive.timestamp())))

    def dst(self, moment: datetime | None) -> timedelta | None:
        """None: daylight saving is not told apart from the offset."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        """The abbreviation, for example "KST"."""
        return None if moment is None else time.localtime(moment.replace(tzinfo=None).timestamp()).tm_zone

    def fromutc(self, moment: datetime) -> datetime:
        """The wall time of a moment that is given in UTC."""
        seconds = (moment.replace(tzinfo=None, microsecond=0) - _EPOCH).total_seconds()
        return datetime.fromtimestamp(seconds).replace(microsecond=moment.microsecond, tzinfo=self)

    def __str__(self) -> str:
        return "localtime"


def local_zone() -> tzinfo:
    """The machine's zone. ValueError where the one that is set is invalid: a schedule must not silently mean UTC."""
    if problem := zone_problem():
        raise ValueError(f"{problem}; or write the zone behind the times")
    return MachineZone()


def zone_problem(environ: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> str:
    """Why the zone that is set is unknown, so that the C library silently uses UTC; "" where it is known or none is set."""
    name = environ.get("TZ")
    if name is None:
        return "" if not localtime.exists() or _is_zone_file(localtime) else f"{localtime} is no time zone file; times are those of UTC"
    name = name.removeprefix(":")
    if not name or name in _WITHOUT_FILE or _POSIX.fullmatch(name):
        return ""
    if name.startswith("/"):
        return "" if _is_zone_file(Path(name)) else f'TZ="{name}" is no time zone file; times are those of UTC'
    if any(_is_zone_file(Path(directory, name)) for directory in _directories(environ)):
        return ""
    return f'TZ="{name}" is not a time zone of this machine; times are those of UTC. Write for example TZ=Asia/Seoul (package tzdata)'


def _directories(environ: Mapping[str, str]) -> Iterable[str]:
    return (environ["TZDIR"],) if environ.get("TZDIR") else zoneinfo.TZPATH


def _is_zone_file(path: Path) -> bool:
    """Whether the file begins as RFC 8536 says."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"TZif"
    except OSError:
        return False
