"""The rhythm of groups: when one is due, which of its alerts go into its message, and what is remembered of that."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.dispatch.dirty_rows import Rows
from tui_monitor.dispatch.message import Kind, Message
from tui_monitor.dispatch.message_builder import Entry, Wording
from tui_monitor.dispatch.muting import Mutes
from tui_monitor.dispatch.needs_update import RateLimit, Reason, needs_update, parse_rate_limit
from tui_monitor.dispatch.routing import NotifierPolicy, Routing
from tui_monitor.dispatch.state import Group, GroupId, RateRow, Told, Track

_UNLIMITED: tuple[Reason, ...] = ("raised", "resolved")

Chosen = list[tuple[str, Reason]]


class Flusher:
    """Makes the messages of the groups that are due. Works on the planner's own tracks and groups."""

    def __init__(self, tracks: dict[str, Track], groups: dict[GroupId, Group], mutes: Mutes, rows: Rows, wording: Wording) -> None:
        self.rates: dict[tuple[str, str], RateRow] = {}
        self.remind_from = 0
        self._tracks = tracks
        self._groups = groups
        self._mutes = mutes
        self._rows = rows
        self._wording = wording
        self._wakes: list[tuple[int, GroupId]] = []
        self._limits: dict[str, RateLimit] = {}
        self._policies: Mapping[str, NotifierPolicy] = {}
        self._live: Mapping[str, Alert] = {}

    def reconfigure(
        self, routing: Routing, rate_limits: Mapping[str, str] | None, host: str | None, language: str | None, link: str | None
    ) -> None:
        """Another configuration; None leaves a part as it is."""
        self._policies = routing.notifiers
        self._wording.reconfigure(host, language, link)
        if rate_limits is not None:
            self._limits = {rule: parse_rate_limit(text) for rule, text in rate_limits.items()}

    @property
    def next_due(self) -> int | None:
        """When the next group is due (UTC ms); it may turn out to need nothing."""
        while self._wakes and ((group := self._groups.get(self._wakes[0][1])) is None or group.due != self._wakes[0][0]):
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    def due(self, now: int) -> Iterator[GroupId]:
        """The groups whose time has come; each is given once."""
        while self._wakes and self._wakes[0][0] <= now:
            stamp, group_id = heapq.heappop(self._wakes)
            group = self._groups.get(group_id)
            if group is not None and group.due == stamp:
                group.due = None
                yield group_id

    def flush(self, touched: Iterable[GroupId], now: int, live: Mapping[str, Alert]) -> tuple[Message, ...]:
        """Look at these groups; their messages, in the order of the groups' names."""
        self._live = live
        self._wording.begin_round()
        messages: list[Message] = []
        for group_id in sorted(touched):
            group = self._groups.get(group_id)
            if group is None:
                continue
            before, due = group.row(), group.due
            message = self._decide(group, now)
            if message is not None:
                messages.append(message)
            if group.row() != before:
                self._rows.group(group_id)
            self._schedule(group, due, now)
        return tuple(messages)

    def count_unheard(self, track: Track) -> None:
        """An alert has ended: those whose rate limit kept it back will read that there was one more."""
        for notifier in sorted(track.blocked - track.told.keys()):
            key = (track.alert.rule, notifier)
            row = self.rates.get(key, RateRow())
            self.rates[key] = replace(row, held=row.held + 1)
            self._rows.rate(key)
        track.blocked.clear()

    def _schedule(self, group: Group, scheduled: int | None, now: int) -> None:
        """Wake for the group when it is due; forget it when it is empty and its pause is over."""
        if not group.members:
            group.due = group.last_sent_at + group.route.group_interval
            if group.due <= now:
                del self._groups[group.id]
                self._rows.group(group.id)
                return
        if group.due is not None and group.due != scheduled:
            heapq.heappush(self._wakes, (group.due, group.id))

    def _decide(self, group: Group, now: int) -> Message | None:
        """The group's message, if one is due; sets when to look again."""
        notifier = group.id[1]
        news, reminders, group.due = self._needs(group, now)
        chosen, freed_at = self._limited(news or reminders, notifier, now)
        if freed_at is not None:
            group.due = freed_at if group.due is None else min(group.due, freed_at)
        if not chosen:
            group.wait_until = 0
            return None
        ready = self._ready_at(group, now)
        if now < ready:
            group.due = ready
            return None
        return self._send(group, chosen, now)

    def _needs(self, group: Group, now: int) -> tuple[Chosen, Chosen, int | None]:
        """News; the whole reminder where one is due; and when time alone makes the next need."""
        notifier = group.id[1]
        policy = self._policies.get(notifier, NotifierPolicy())
        news: Chosen = []
        reminders: Chosen = []
        reminding = False
        due: int | None = None
        for alert_id in group.members:
            track = self._tracks[alert_id]
            place = track.places[notifier]
            told = track.told.get(notifier)
            muted = bool(track.suppressed_by) or place.closed or (place.orphan and not policy.wants(track.alert.severity))
            reason, later = needs_update(
                track.alert,
                told,
                now=now,
                muted=muted,
                orphan=place.orphan,
                acked=track.acked,
                repeat=place.route.repeat_interval,
                woken_at=track.woken_at,
            )
            if reason == "reminder" and now < self.remind_from:
                reason, later = None, self.remind_from
            if reason is not None and reason != "reminder":
                news.append((alert_id, reason))
            elif reason == "reminder" or later is not None:
                reminding = reminding or reason == "reminder"
                reminders.append((alert_id, "reminder"))
            if later is not None:
                due = later if due is None else min(due, later)
        return news, reminders if reminding else [], due

    def _limited(self, wanted: Chosen, notifier: str, now: int) -> tuple[Chosen, int | None]:
        """Those that their rules' rate limits let through, and when the first of the others may go."""
        if not self._limits:
            return wanted, None
        passed: Chosen = []
        freed_at: int | None = None
        for alert_id, reason in wanted:
            track = self._tracks[alert_id]
            limit = self._limits.get(track.alert.rule)
            free = now if limit is None or reason in _UNLIMITED else limit.free_at(self._rate(track, notifier), now)
            if free <= now:
                passed.append((alert_id, reason))
                continue
            freed_at = free if freed_at is None else min(freed_at, free)
            if notifier not in track.blocked:
                track.blocked.add(notifier)
                self._rows.track(alert_id)
        return passed, freed_at

    def _rate(self, track: Track, notifier: str) -> RateRow:
        return self.rates.get((track.alert.rule, notifier), RateRow())

    def _ready_at(self, group: Group, now: int) -> int:
        """When the group may speak: its pause is over and, where it is new, its wait."""
        ready = group.last_sent_at + group.route.group_interval if group.last_sent_at else 0
        if not self._opened(group):
            latest = now + group.route.group_wait
            group.wait_until = min(group.wait_until or latest, latest)
            ready = max(ready, group.wait_until)
        return ready

    def _opened(self, group: Group) -> bool:
        return any(group.id[1] in self._tracks[alert_id].told for alert_id in group.members)

    def _send(self, group: Group, chosen: Chosen, now: int) -> Message:
        """Make the message and remember what it tells."""
        key, notifier = group.id
        if not self._opened(group):
            group.opened_at = now
        group.last_sent_at, group.wait_until, group.sent = now, 0, group.sent + 1
        group.due = now + group.route.group_interval
        entries = [self._entry(alert_id, reason, notifier) for alert_id, reason in chosen]
        held_back = self._count(chosen, notifier, now)
        for alert_id, reason in chosen:
            self._remember(group, alert_id, reason, now)
        reasons = {reason for _, reason in chosen}
        kind: Kind = "reminder" if reasons == {"reminder"} else "resolved" if reasons == {"resolved"} else "firing"
        content = [notifier, key, str(now), str(group.sent), *sorted(f"{e.alert.id} {e.reason} {e.alert.severity}" for e in entries)]
        return self._wording.message(
            entries,
            kind=kind,
            notifier=notifier,
            key=hashlib.blake2s("\0".join(content).encode(), digest_size=16).hexdigest(),
            thread=hashlib.blake2s(f"{key}\0{group.opened_at}".encode(), digest_size=8).hexdigest(),
            group_key=key,
            group_labels=group.labels,
            held_back=held_back,
            now=now,
            opens=group.opened_at == now,
        )

    def _entry(self, alert_id: str, reason: Reason, notifier: str) -> Entry:
        track = self._tracks[alert_id]
        alert = self._live.get(alert_id, track.alert) if track.firing else track.alert
        told, place = track.told.get(notifier), track.places[notifier]
        explained = self._mutes.explained_by(alert_id, track.labels)
        return Entry(
            alert=alert,
            reason=reason,
            old_severity=told.severity if told else "",
            held_by=track.held_by if told is None else (),
            woken=reason == "reminder" and told is not None and track.woken_at > told.at,
            escalated_after=place.escalated_after if told is None else 0,
            explained=tuple(self._tracks[child].labels.get("check") or self._tracks[child].alert.name for child in explained),
            dependents=self._mutes.dependents(track.labels) if reason in ("new", "raised") else (),
        )

    def _count(self, chosen: Chosen, notifier: str, now: int) -> int:
        """Count the message for the rules that have a limit; how many alerts came and went unheard before it."""
        held = 0
        for rule in {self._tracks[alert_id].alert.rule for alert_id, reason in chosen if reason != "resolved"}:
            limit = self._limits.get(rule)
            if limit is not None:
                row = self.rates.get((rule, notifier), RateRow())
                held += row.held
                self.rates[rule, notifier] = RateRow((*limit.recent(row, now), now))
                self._rows.rate((rule, notifier))
        return held

    def _remember(self, group: Group, alert_id: str, reason: Reason, now: int) -> None:
        notifier = group.id[1]
        track = self._tracks[alert_id]
        self._rows.told(alert_id, notifier)
        if reason != "resolved":
            track.told[notifier] = Told(track.alert.severity, now, group.id[0], bool(track.alert.flaps))
            if notifier in track.blocked:
                track.blocked.discard(notifier)
                self._rows.track(alert_id)
            return
        del track.told[notifier], track.places[notifier], group.members[alert_id]
        if not track.told:
            del self._tracks[alert_id]
            self._rows.track(alert_id)
