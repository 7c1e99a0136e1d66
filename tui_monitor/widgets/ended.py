"""Which alerts that are over have a row on the main screen: the causes, each with what it explained. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from tui_monitor.board.causes import ancestors
from tui_monitor.board.values import AlertView
from tui_monitor.widgets.alerts import CHECK_RULE, subject

HOUR = 3_600_000
MOST_ENDED = 3
SETTLING_MS = 60_000
"""So much earlier or later than its cause an alert may begin: the probes of two checks fail one after the other."""


def lately_ended(
    history: Sequence[AlertView], now: int, present: Sequence[AlertView], needs: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> list[AlertView]:
    """The alerts that ended within the last hour and do not fire again, the newest first, at most three.

    What another one explains stands in the cause's line: ``needs`` has the checks that each check depends on.
    """
    found = [one for one in history if one.state == "resolved" and one.ends_at and 0 <= now - one.ends_at < HOUR]
    live = {_key(alert) for alert in present} if found else set()
    found = [one for one in found if _key(one) not in live]
    causes = explained(found, present, needs)
    hit: dict[str, set[str]] = {}
    for one in found:
        for cause in causes.get(one.id, ()):
            hit.setdefault(cause, set()).add(one.labels["check"])
    rest = [
        replace(one, affected=len(names), affects=tuple(sorted(names))) if (names := hit.get(one.id)) else one
        for one in found
        if one.id not in causes
    ]
    return sorted(rest, key=lambda alert: -(alert.ends_at or 0))[:MOST_ENDED]


def explained(ended: Sequence[AlertView], present: Sequence[AlertView], needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Id of an ended alert → the failures that explain it: of checks that its check depends on, at the same time, at the root."""
    above = ancestors(needs)
    failures: dict[str, list[AlertView]] = {}
    for one in (*present, *ended) if any(above.values()) else ():
        if one.name == CHECK_RULE and one.state != "pending":
            failures.setdefault(one.labels.get("check", ""), []).append(one)

    def behind(alert: AlertView) -> list[AlertView]:
        checks = above.get(alert.labels.get("check", ""), ())
        return [one for check in checks for one in failures.get(check, ()) if _together(one, alert)]

    causes = {alert.id: tuple(one.id for one in behind(alert) if not behind(one)) for alert in ended}
    return {alert: ids for alert, ids in causes.items() if ids}


def _together(one: AlertView, other: AlertView) -> bool:
    endless = 1 << 62
    return one.starts_at - SETTLING_MS <= (other.ends_at or endless) and other.starts_at <= (one.ends_at or endless) + SETTLING_MS


def _key(alert: AlertView) -> tuple[str, str]:
    return alert.name, subject(alert)
