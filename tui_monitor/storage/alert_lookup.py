"""Lookup of an alert by the beginning of its id."""

from __future__ import annotations

from collections.abc import Callable

from tui_monitor.alerts.alert import Alert


def find_alert(prefix: str, beginning_with: Callable[[str], list[Alert]]) -> Alert:
    """The alert of an id or its unique beginning, live ones before ended ones; LookupError names what is unknown or ambiguous."""
    found = beginning_with(prefix) if prefix and set(prefix) <= set("0123456789abcdef") else []
    if not found:
        raise LookupError(f'no alert has the id "{prefix}"')
    found = [alert for alert in found if alert.id == prefix] or found
    live = [alert for alert in found if alert.state != "resolved"] or found
    if len(live) > 1:
        raise LookupError(f'"{prefix}" is the beginning of several ids: {", ".join(sorted(alert.id for alert in live)[:5])}')
    return live[0]
