"""Time zones by name, with advice for unknown names."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tui_monitor.core.sanitize import clip, nearest

_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])0?(\d{1,2})(?::?00)?", re.IGNORECASE | re.ASCII)
ABBREVIATIONS = {
    "KST": "Asia/Seoul", "JST": "Asia/Tokyo", "HKT": "Asia/Hong_Kong", "SGT": "Asia/Singapore", "IST": "Asia/Kolkata",
    "ICT": "Asia/Bangkok", "WIB": "Asia/Jakarta", "PHT": "Asia/Manila", "MSK": "Europe/Moscow", "CEST": "Europe/Berlin",
    "EEST": "Europe/Helsinki", "BST": "Europe/London", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "CST": "America/Chicago",
    "CDT": "America/Chicago", "MDT": "America/Denver", "EDT": "America/New_York", "BRT": "America/Sao_Paulo",
}  # fmt: skip
"""Common abbreviations and the zone of the tz database that each means."""
_LONGEST_NAME = 64
"""Characters of a zone's name (the longest has 32): zoneinfo imports one package for each "/" in it, within one another."""


def parse_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; ValueError where there is none."""
    try:
        if len(name) > _LONGEST_NAME:
            raise ValueError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        advice = _zone_advice(name) or "; write for example Europe/Berlin or UTC"
        raise ValueError(f'"{clip(name, _LONGEST_NAME)}" is not a time zone{advice}') from None


def _zone_advice(name: str) -> str:
    """The IANA name for an abbreviation (KST, also KST-9), for a city (Seoul), for an offset (UTC+9), or the nearest name."""
    offset = _OFFSET.fullmatch(name.strip())
    if offset:
        sign = "-" if offset[1] == "+" else "+"
        return f'; did you mean "Etc/GMT{sign}{int(offset[2])}"? (in these names the sign is turned round)'
    zones = available_timezones()
    word = name.strip().upper().rstrip("+-0123456789")
    by_city = {zone.rpartition("/")[2].upper(): zone for zone in sorted(zones, key=lambda zone: (zone.count("/") != 1, zone), reverse=True)}
    meant = ABBREVIATIONS.get(word) or by_city.get(name.strip().upper().replace(" ", "_"))
    return f'; did you mean "{meant}"?' if meant else nearest(name, zones)
