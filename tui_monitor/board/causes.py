"""Which alerts explain others: live ones by the reasons that mute them, those of a past moment by what their checks depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_monitor.board.values import CheckView
from tui_monitor.core.mute_reason import MuteReason, parse_mute_reason
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import HealthStatus, severity_rank

if TYPE_CHECKING:  # the dashboard paints without alerts of its own
    from tui_monitor.alerts.alert import Alert

CHECK_RULE = "CheckUnhealthy"


def affected_by(live: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
    """Alert id → the subjects of the alerts that it mutes, sorted.

    A failed check's dependents are muted by its health alert (CheckUnhealthy; where that does not fire, by its gravest alert), not by
    each alert that carries its name.
    """
    if not any(alert.suppressed_by for alert in live):
        return {}
    causes: dict[str, str] = {}
    for alert in sorted(live, key=lambda one: (one.name == CHECK_RULE, severity_rank(one.severity)), reverse=True):
        if alert.state == "firing" and alert.labels.get("check"):
            causes.setdefault(alert.labels["check"], alert.id)
    found: dict[str, set[str]] = {}
    for alert in live:
        for reason in map(parse_mute_reason, alert.suppressed_by):
            cause = causes.get(reason.name) if reason.kind == "depends_on" else reason.name if reason.kind == "inhibit" else None
            if cause and cause != alert.id:
                found.setdefault(cause, set()).add(subject_of(alert.labels) or alert.name)
    return {cause: tuple(sorted(names)) for cause, names in found.items()}


def explained_then(alerts: Iterable[Alert], checks: Sequence[CheckView]) -> list[Alert]:
    """Alerts of a past moment, muted by the failed checks that their own checks depend on: what muted them is not stored."""
    above = ancestors({check.name: check.depends_on for check in checks})
    failed = {check.name for check in checks if check.status is HealthStatus.UNHEALTHY}
    return [_explained(alert, above, failed) if alert.state == "firing" else alert for alert in alerts]


def _explained(alert: Alert, above: Mapping[str, frozenset[str]], failed: set[str]) -> Alert:
    causes = above.get(alert.labels.get("check", ""), frozenset()) & failed
    roots = sorted(cause for cause in causes if not above[cause] & failed)
    return replace(alert, suppressed_by=tuple(str(MuteReason("depends_on", root)) for root in roots)) if roots else alert


def ancestors(parents: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """Check → all that it depends on, also through others; a check is not its own ancestor."""
    found = {}
    for check, direct in parents.items():
        seen: set[str] = set()
        ahead = [*direct]
        while ahead:
            name = ahead.pop()
            if name not in seen and name in parents and name != check:
                seen.add(name)
                ahead += parents[name]
        found[check] = frozenset(seen)
    return found
