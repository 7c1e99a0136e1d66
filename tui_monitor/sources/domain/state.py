"""What is known of a domain, when it is asked for again, and the verdict; stored over restarts. Pure: times come in as UTC ms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import span_words
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.domain.registration import DomainRegistration, Found
from tui_monitor.sources.net.excerpt import clean

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
DAY_MS = 86_400_000
OFTEN_MS = DAY_MS // 4
"""While something is wrong: a renewal is seen within a quarter of a day."""
FIRST_RETRY_MS = 900_000
STALE_MS = 7 * DAY_MS
"""Without an answer for so long nothing is known any more: a silent failure would hide an end."""
_BAD = {
    "server hold": "is on hold at the registry: it does not resolve", "client hold": "is on hold at the registrar: it does not resolve",
    "pending delete": "is about to be deleted", "redemption period": "has expired and can only be redeemed",
}  # fmt: skip


@frozen
class DomainState:
    """``found``: the newest answer, of ``looked``. ``fault``: why the newest lookup failed, after ``failures`` in a row. ``due``: the next.

    ``servers``: RDAP servers by the list read at ``listed``; () with ``listed``: the registry has none. A time of 0: never.
    """

    domain: str
    found: Found | None = None
    looked: int = 0
    fault: str = ""
    failures: int = 0
    due: int = 0
    servers: tuple[str, ...] = ()
    listed: int = 0

    @property
    def tried(self) -> bool:
        """Whether anything is known, also that a lookup failed."""
        return self.found is not None or bool(self.fault)

    def has_found(self, found: Found, now: int, jitter: float, warning: float) -> DomainState:
        """After an answer; ``jitter``: about 1, so that checks of many hosts do not come together. ``warning``: seconds."""
        after = replace(self, found=found, looked=now, fault="", failures=0)
        well = verdict(after, now, warning)[0] is HEALTHY
        return replace(after, due=now + round((DAY_MS if well else OFTEN_MS) * jitter))

    def has_failed(self, reason: str, now: int, jitter: float, wait: float) -> DomainState:
        """After a failure: the pause doubles up to a day, and is at least ``wait`` (seconds), which the server has asked for."""
        pause = min(DAY_MS, FIRST_RETRY_MS * 2 ** min(self.failures, 10)) * jitter
        return replace(self, fault=reason, failures=self.failures + 1, due=now + round(max(pause, wait * 1000)))

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        known = self.found.registration if self.found is not None else None
        return {
            "domain": self.domain, "looked": self.looked, "fault": self.fault, "failures": self.failures, "due": self.due,
            "servers": list(self.servers), "listed": self.listed, "server": self.found.server if self.found is not None else None,
            "registration": {"name": known.name, "expires": known.expires, "statuses": list(known.statuses), "registrar": known.registrar,
                             "registrar_expires": known.registrar_expires} if known is not None else None,
        }  # fmt: skip


def state_from(saved: Mapping[str, Any] | None, domain: str, now: int) -> DomainState:
    """The stored state; a new one where it cannot be understood or is another domain's. A time to come is no time of an answer."""
    try:
        if saved is None or saved["domain"] != domain or max(saved["looked"], saved["listed"]) > now:
            return DomainState(domain)
        return DomainState(
            domain, _found(saved), int(saved["looked"]), clean(str(saved["fault"]), 300), max(0, int(saved["failures"])),
            min(int(saved["due"]), now + STALE_MS), tuple(str(server) for server in saved["servers"])[:3], int(saved["listed"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return DomainState(domain)


def _found(saved: Mapping[str, Any]) -> Found | None:
    if saved["server"] is None:
        return None
    known = saved["registration"]
    if known is None:
        return Found(None, str(saved["server"]))
    statuses = tuple(str(status) for status in known["statuses"])
    made = DomainRegistration(
        str(known["name"]), _time(known["expires"]), statuses, str(known["registrar"]), _time(known["registrar_expires"])
    )
    return Found(made, str(saved["server"]))


def _time(value: Any) -> float | None:
    if value is None:
        return None
    if not math.isfinite(found := float(value)):
        raise ValueError("no time")
    return found


def verdict(state: DomainState, now: int, warning: float) -> tuple[HealthStatus, str]:
    """Status and reason. ``warning``: seconds."""
    if state.found is None:
        return UNKNOWN, state.fault or "has not been looked up yet"
    status, reason = _of_answer(state.found, now / 1000, warning)
    if now - state.looked <= STALE_MS:
        return status, reason
    old = f"no answer for {span_words((now - state.looked) / 1000, most=1)}: {state.fault or 'nobody asked'}"
    return (UNKNOWN, old) if status is HEALTHY else (status, f"{reason}; {old}")


def _of_answer(found: Found, now: float, warning: float) -> tuple[HealthStatus, str]:
    known = found.registration
    if known is None:
        return UNHEALTHY, f"is not registered, says {clean(found.server, 60)}"
    if bad := next((text for status, text in _BAD.items() if status in known.statuses), ""):
        return UNHEALTHY, bad
    if known.expires is None:
        return UNKNOWN, f'{clean(found.server, 60)} does not tell when it ends; write it into the check: expires = "YYYY-MM-DD"'
    return end_verdict(known.expires, now, warning)


def end_verdict(expires: float, now: float, warning: float) -> tuple[HealthStatus, str]:
    """The verdict by the end alone (Unix seconds), in one unit: a reason does not change all the time."""
    span = span_words(abs(expires - now), most=1)
    if expires <= now:
        return UNHEALTHY, f"the registration ended {span} ago"
    return (DEGRADED, f"the registration ends in {span}: renew it") if expires - now < warning else (HEALTHY, "")
