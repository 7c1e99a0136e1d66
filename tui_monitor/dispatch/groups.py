"""Group flushing: whether a group is due, which of its alerts go into its message, and what is known of them afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field, replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.dispatch.message_builder import Entry, MessageBuilder
from tui_monitor.dispatch.muting import MuteReasons
from tui_monitor.dispatch.needs_update import NotificationLimit, NotificationNeed, Reason, hold_refire, needs_update, parse_rate_limit
from tui_monitor.dispatch.origin import Origin
from tui_monitor.dispatch.routing import NotifierPolicy, Routing
from tui_monitor.dispatch.state import Group, GroupRow, NotifiedState, RateRow, RefireRow, Refires, Tracked, TrackedAlert

_UNLIMITED: tuple[Reason, ...] = ("raised", "overdue", "resolved")
_FIRINGS: tuple[Reason, ...] = ("new", "raised", "flapping")

Chosen = list[tuple[str, Reason]]
Rates = Mapping[tuple[str, str], RateRow]
"""(rule, notifier) → what counts against the rule's rate limit."""


@frozen
class GroupDecision:
    """The decision about one group. ``row``: its rhythm afterwards; ``due``: when to look again (None: when something changes).

    ``notified``: what the notifier knows of each alert in the message, None: it was sent the end. ``blocked``: the alerts that a rate
    limit has begun to hold back. ``rates``, ``refires``: the counts that the message changed.
    """

    row: GroupRow
    due: int | None = None
    message: Message | None = None
    notified: Mapping[str, NotifiedState | None] = field(default_factory=dict)
    blocked: tuple[str, ...] = ()
    rates: Rates = field(default_factory=dict)
    refires: Refires = field(default_factory=dict)


class GroupFlusher:
    """The flushing of groups, one at a time; reads groups, alerts and counts, and changes none of them."""

    def __init__(self, mutes: MuteReasons, builder: MessageBuilder) -> None:
        self._mutes = mutes
        self._builder = builder
        self._remind_from = 0
        self._limits: dict[str, NotificationLimit] = {}
        self._policies: Mapping[str, NotifierPolicy] = {}
        self._overdue: tuple[str, ...] = ()

    def reconfigure(
        self,
        routing: Routing,
        rate_limits: Mapping[str, str] | None,
        host: str | None,
        language: str | None,
        link: str | None,
        origin: Origin | None,
    ) -> None:
        """Another configuration; None leaves a part as it is."""
        self._policies, self._overdue = routing.notifiers, routing.overdue
        self._builder.reconfigure(host, language, link, origin)
        if rate_limits is not None:
            self._limits = {rule: parse_rate_limit(text) for rule, text in rate_limits.items()}

    def remind_from(self, at: int) -> None:
        """Send no reminder before this moment (UTC ms)."""
        self._remind_from = at

    def begin_round(self) -> None:
        """Another moment: forget the texts of the last one."""
        self._builder.begin_round()

    def decide(self, group: Group, tracked: Tracked, rates: Rates, refires: Refires, now: int, live: Mapping[str, Alert]) -> GroupDecision:
        """Decide about a group: its message, if one is due, and when to decide again."""
        news, reminders, due = self._needs(group, tracked, refires, now)
        passed, blocked, freed_at = self._limited(news or reminders, group.id[1], tracked, rates, now)
        if freed_at is not None:
            due = freed_at if due is None else min(due, freed_at)
        row = group.row()
        if not passed:
            return GroupDecision(replace(row, wait_until=0), due, blocked=blocked)
        opened = any(group.id[1] in tracked[alert_id].notified for alert_id in group.members)
        row, ready = _ready(group, row, now, opened=opened)
        if now < ready:
            return GroupDecision(row, ready, blocked=blocked)
        decision = self._send(group, row, passed, tracked, rates, refires, now, live, opened=opened)
        return replace(decision, blocked=blocked)

    def count_unheard(self, track: TrackedAlert, rates: Rates) -> Rates:
        """An alert has ended: the counts of those whose rate limit held it back, which will read that there was one more."""
        counts = {}
        for notifier in sorted(track.blocked - track.notified.keys()):
            row = rates.get((track.alert.rule, notifier), RateRow())
            counts[track.alert.rule, notifier] = replace(row, held=row.held + 1)
        return counts

    def count_returns(self, track: TrackedAlert, refires: Refires) -> Refires:
        """An alert has ended: the counts of the notifiers whose route's `refire_interval` kept it from being told."""
        counts = {}
        for notifier, destination in track.destinations.items():
            last = refires.get((track.alert.fingerprint, notifier))
            if last is None or notifier in track.notified or track.suppressed_by:
                continue
            if track.alert.starts_at < last.at + destination.route.refire_interval:
                counts[track.alert.fingerprint, notifier] = replace(last, came_back=last.came_back + 1)
        return counts

    def _needs(self, group: Group, tracked: Tracked, refires: Refires, now: int) -> tuple[Chosen, Chosen, int | None]:
        """The needs of a group: news, the whole reminder where one is due, and when time alone makes the next need."""
        notifier = group.id[1]
        news: Chosen = []
        reminders: Chosen = []
        reminding = False
        due: int | None = None
        for alert_id in group.members:
            reason, later, held = self._need(tracked[alert_id], notifier, refires, now)
            if held:
                pass
            elif reason is not None and reason != "reminder":
                news.append((alert_id, reason))
            elif reason == "reminder" or later is not None:
                reminding = reminding or reason == "reminder"
                reminders.append((alert_id, "reminder"))
            if later is not None:
                due = later if due is None else min(due, later)
        return news, reminders if reminding else [], due

    def _need(self, track: TrackedAlert, notifier: str, refires: Refires, now: int) -> NotificationNeed:
        destination = track.destinations[notifier]
        policy = self._policies.get(notifier, NotifierPolicy())
        unwanted = destination.orphan and not policy.wants(track.alert.severity)
        need = needs_update(
            track.alert,
            track.notified.get(notifier),
            now=now,
            muted=bool(track.suppressed_by) or destination.closed or unwanted,
            orphan=destination.orphan,
            acked=track.acked,
            repeat=destination.route.repeat_interval,
            woken_at=track.woken_at,
            due_at=track.alert.due_at if not self._overdue or notifier in self._overdue else None,
        )
        if need.reason == "reminder" and now < self._remind_from:
            return NotificationNeed(None, self._remind_from)
        last = refires.get((track.alert.fingerprint, notifier))
        return hold_refire(need, track.alert.severity, last, destination.route.refire_interval, now)

    def _limited(
        self, wanted: Chosen, notifier: str, tracked: Tracked, rates: Rates, now: int
    ) -> tuple[Chosen, tuple[str, ...], int | None]:
        """The alerts that their rules' rate limits let through, those newly held back, and when the first of these may go."""
        if not self._limits:
            return wanted, (), None
        passed: Chosen = []
        blocked: list[str] = []
        freed_at: int | None = None
        for alert_id, reason in wanted:
            track = tracked[alert_id]
            limit = self._limits.get(track.alert.rule)
            count = rates.get((track.alert.rule, notifier), RateRow())
            free = now if limit is None or reason in _UNLIMITED else limit.free_at(count, now)
            if free <= now:
                passed.append((alert_id, reason))
                continue
            freed_at = free if freed_at is None else min(freed_at, free)
            if notifier not in track.blocked:
                blocked.append(alert_id)
        return passed, tuple(blocked), freed_at

    def _send(
        self,
        group: Group,
        row: GroupRow,
        chosen: Chosen,
        tracked: Tracked,
        rates: Rates,
        refires: Refires,
        now: int,
        live: Mapping[str, Alert],
        *,
        opened: bool,
    ) -> GroupDecision:
        """The message, and the notified states once it is committed."""
        key, notifier = group.id
        row = GroupRow(row.opened_at if opened else now, now, 0, row.sent + 1)
        entries = [self._entry(alert_id, reason, notifier, tracked, refires, live) for alert_id, reason in chosen]
        counts = self._counts(chosen, notifier, tracked, rates, now)
        reasons = {reason for _, reason in chosen}
        kind: Kind = "reminder" if reasons <= {"reminder", "overdue"} else "resolved" if reasons == {"resolved"} else "firing"
        content = [notifier, key, str(now), str(row.sent), *sorted(f"{e.alert.id} {e.reason} {e.alert.severity}" for e in entries)]
        message = self._builder.message(
            entries,
            kind=kind,
            notifier=notifier,
            key=hashlib.blake2s("\0".join(content).encode(), digest_size=16).hexdigest(),
            thread=hashlib.blake2s(f"{key}\0{row.opened_at}".encode(), digest_size=8).hexdigest(),
            group_key=key,
            group_labels=group.labels,
            held_back=sum(rates.get(pair, RateRow()).held for pair in counts),
            now=now,
            opens=row.opened_at == now,
        )
        notified = {alert_id: None if reason == "resolved" else _notified(tracked[alert_id].alert, now, key) for alert_id, reason in chosen}
        told = {
            (tracked[alert_id].alert.fingerprint, notifier): RefireRow(tracked[alert_id].alert.severity, now)
            for alert_id, reason in chosen
            if reason in _FIRINGS and group.route.refire_interval
        }
        return GroupDecision(row, now + group.route.group_interval, message, notified, rates=counts, refires=told)

    def _entry(self, alert_id: str, reason: Reason, notifier: str, tracked: Tracked, refires: Refires, live: Mapping[str, Alert]) -> Entry:
        track = tracked[alert_id]
        alert = live.get(alert_id, track.alert) if track.firing else track.alert
        known, destination = track.notified.get(notifier), track.destinations[notifier]
        last = refires.get((alert.fingerprint, notifier))
        explained = self._mutes.explained_by(alert_id, track.labels, tracked)
        return Entry(
            alert=alert,
            reason=reason,
            old_severity=known.severity if known else "",
            held_by=track.held_by if known is None else (),
            woken=reason == "reminder" and known is not None and track.woken_at > known.at,
            escalated_after=destination.escalated_after if known is None else 0,
            explained=tuple(tracked[child].labels.get("check") or tracked[child].alert.name for child in explained),
            dependents=self._mutes.dependents(track.labels) if reason in ("new", "raised") else (),
            came_back=last.came_back if reason in _FIRINGS and last else 0,
        )

    def _counts(self, chosen: Chosen, notifier: str, tracked: Tracked, rates: Rates, now: int) -> Rates:
        """The counts of the rules with a limit after this message; alerts held back before it are no longer counted."""
        counts = {}
        for rule in {tracked[alert_id].alert.rule for alert_id, reason in chosen if reason != "resolved"}:
            limit = self._limits.get(rule)
            if limit is not None:
                row = rates.get((rule, notifier), RateRow())
                counts[rule, notifier] = RateRow((*limit.recent(row, now), now))
        return counts


def _ready(group: Group, row: GroupRow, now: int, *, opened: bool) -> tuple[GroupRow, int]:
    """The time at which the group may send: its pause is over and, where it is new, its wait, which begins with the first alert."""
    ready = row.last_sent_at + group.route.group_interval if row.last_sent_at else 0
    if opened:
        return row, ready
    latest = now + group.route.group_wait
    row = replace(row, wait_until=min(row.wait_until or latest, latest))
    return row, max(ready, row.wait_until)


def _notified(alert: Alert, now: int, group: str) -> NotifiedState:
    return NotifiedState(alert.severity, now, group, bool(alert.flaps))
