"""Merging of waiting messages into one: a firing with its resolve, a rate limit's backlog. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.message import AlertSnapshot, Kind, Message
from tui_monitor.dispatch.wording import is_resolved

LISTED = 20
MERGEABLE: tuple[Kind, ...] = ("firing", "resolved", "reminder")
"""What may become part of another message; tests and messages by hand stay what they are."""


def newest_snapshots(messages: Sequence[Message]) -> tuple[AlertSnapshot, ...]:
    """Every alert once, as the newest message has it, in order of first appearance."""
    latest: dict[str, AlertSnapshot] = {}
    for message in messages:
        latest.update((alert.id, alert) for alert in message.alerts)
    return tuple(latest.values())


def late_pair(firing: Message, later: Sequence[Message]) -> int:
    """The number of later resolves, from the first, that end every alert of ``firing``; 0 when something still fires."""
    open_ids = {alert.id for alert in firing.alerts if not is_resolved(alert)}
    if not open_ids:
        return 0
    for count, message in enumerate(later, start=1):
        if not all(is_resolved(alert) for alert in message.alerts):
            return 0
        open_ids -= {alert.id for alert in message.alerts}
        if not open_ids:
            return count
    return 0


def merge_pair(messages: Sequence[Message]) -> Message:
    """A firing and its resolves as one message: the last resolve's, with every alert in it and the firing's time."""
    *earlier, last = messages
    return replace(
        last,
        alerts=newest_snapshots(messages),
        created_at=min(message.created_at for message in messages),
        merged=last.merged + sum(1 + message.merged for message in earlier),
        held_back=max(message.held_back for message in messages),
        opens=messages[0].opens,
    )


def summarise(messages: Sequence[Message]) -> Message:
    """A backlog as one message with every alert in it, gravest first, resolves after; takes the last one's key."""
    *earlier, last = messages
    alerts = sorted(newest_snapshots(messages), key=lambda alert: (is_resolved(alert), -severity_rank(alert.severity)))
    resolved = sum(map(is_resolved, alerts))
    title = phrases(last.language).backlog.format(firing=len(alerts) - resolved, resolved=resolved)
    grave = [alert.severity for alert in alerts if not is_resolved(alert)] or [alert.severity for alert in alerts] or [last.severity]
    return replace(
        last,
        kind="resolved" if resolved == len(alerts) else "firing",
        title=f"{title} · {last.host}" if last.host else title,
        text="\n".join(_listing(messages)),
        severity=max(grave, key=severity_rank),
        alerts=tuple(alerts),
        created_at=min(message.created_at for message in messages),
        group_key=last.group_key if len({message.group_key for message in messages}) == 1 else "{}/summary",
        group_labels=last.group_labels if len({message.group_key for message in messages}) == 1 else {},
        thread="",
        merged=last.merged + sum(1 + message.merged for message in earlier),
        held_back=sum(message.held_back for message in messages),
    )


def _listing(messages: Sequence[Message]) -> list[str]:
    """The messages' titles, gravest first, and how many more there are."""
    ordered = sorted(messages, key=lambda message: (message.kind == "resolved", -severity_rank(message.severity)))
    more = sum(message.held_back for message in messages) + max(0, len(ordered) - LISTED)
    titles = [message.title for message in ordered[:LISTED]]
    return [*titles, phrases(messages[-1].language).more.format(count=more)] if more else titles
