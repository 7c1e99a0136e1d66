"""The dispatcher's memory: tracked alerts, groups, rate counts. The only place that changes them; each change marks its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.audit import Audit
from tui_monitor.core.mute_reason import MuteReason
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.dirty_rows import DirtyRows
from tui_monitor.dispatch.groups import GroupDecision, Rates
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import NO_ROUTE, Routing
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import (
    Destination,
    Group,
    GroupId,
    Plan,
    RateRow,
    RefireRow,
    Refires,
    StoredDispatch,
    TrackedAlert,
    Wait,
    match_labels,
    tracked_of,
)

_DAY_MS = 86_400_000


class DispatchMemory:
    """The dispatcher's state. ``tracked``, ``groups``, ``rates``, ``silences`` and ``refires`` are for reading."""

    def __init__(self) -> None:
        self.tracked: dict[str, TrackedAlert] = {}
        self.groups: dict[GroupId, Group] = {}
        self.rates: dict[tuple[str, str], RateRow] = {}
        self.silences: dict[str, Silence] = {}
        self.refires: dict[tuple[str, str], RefireRow] = {}
        self._rows = DirtyRows()

    # --- rows -----------------------------------------------------------------------------------------------------------

    def restore(self, remembered: StoredDispatch, routing: Routing) -> None:
        """Restore what the store holds."""
        self.silences = dict(remembered.silences)
        self.rates.update(remembered.rates)
        self.refires.update(remembered.refires)
        for alert_id, row in remembered.tracked.items():
            self.tracked[alert_id] = tracked_of(row)
        for (alert_id, notifier), known in remembered.notified.items():
            if alert_id in self.tracked:
                self.tracked[alert_id].notified[notifier] = known
        for group_id, kept in remembered.groups.items():
            route = routing.route_named(group_id[0]) or NO_ROUTE
            self.groups[group_id] = Group(group_id, route, {}, kept.opened_at, kept.last_sent_at, kept.wait_until, kept.sent)

    @property
    def changed(self) -> bool:
        """Whether any row waits to be stored."""
        return self._rows.changed

    def plan(self, messages: tuple[Message, ...], suppression: Mapping[str, tuple[str, ...]], audit: tuple[Audit, ...]) -> Plan:
        """The plan with every row that waits to be stored; a round ends."""
        return self._rows.plan(messages, suppression, audit, self.tracked, self.groups, self.rates, self.silences, self.refires)

    def committed(self, plan: Plan) -> None:
        """Confirm that the plan's rows are stored."""
        self._rows.committed(plan.generation)

    def mark_all(self) -> None:
        """Mark every row, as the store was begun anew: all go into the next plan."""
        for alert_id, track in self.tracked.items():
            self._rows.track(alert_id)
            for notifier in track.notified:
                self._rows.notified(alert_id, notifier)
        for group_id in self.groups:
            self._rows.group(group_id)
        for key in self.rates:
            self._rows.rate(key)
        for silence_id in self.silences:
            self._rows.silence(silence_id)
        for pair in self.refires:
            self._rows.refire(pair)

    # --- silences and counts --------------------------------------------------------------------------------------------

    def set_silence(self, silence: Silence) -> None:
        """Add or replace a silence."""
        self.silences[silence.id] = silence
        self._rows.silence(silence.id)

    def drop_silences(self, before_ms: int) -> None:
        """Forget the silences that ended before this moment."""
        for silence_id in [key for key, silence in self.silences.items() if silence.ends_at < before_ms]:
            del self.silences[silence_id]
            self._rows.silence(silence_id)

    def set_rates(self, counts: Rates) -> None:
        """Replace counts."""
        for key, row in counts.items():
            self.rates[key] = row
            self._rows.rate(key)

    def set_refires(self, rows: Refires) -> None:
        """Replace what notifiers were last told of fingerprints."""
        for key, row in rows.items():
            self.refires[key] = row
            self._rows.refire(key)

    def drop_refires(self, now: int, longest: int) -> None:
        """Forget those beyond the ``longest`` interval (ms); one that has come back untold waits a day for the message that says so."""
        for key, row in list(self.refires.items()):
            if row.at < now - max(longest, _DAY_MS if row.came_back else 0):
                del self.refires[key]
                self._rows.refire(key)

    # --- alerts ---------------------------------------------------------------------------------------------------------

    def observe(self, alert: Alert, now: int, *, woken: bool) -> tuple[bool, bool]:
        """Store an alert's new state; returns whether the dispatcher must act on it, and whether it may change the muting of others.

        ``woken``: an acknowledgement has just run out.
        """
        track = self.tracked.get(alert.id)
        if track is None:
            if alert.state == "firing":
                began = min(alert.starts_at or now, now)
                self.tracked[alert.id] = TrackedAlert(alert, match_labels(alert), alert.acknowledged is not None, clock_at=began)
                self._rows.track(alert.id)
            return alert.state == "firing", alert.state == "firing"
        if alert.state == "pending":
            return False, False
        before, track.alert = track.alert, alert
        changed = spreads = alert.state != before.state
        if track.firing:
            changed |= self._acknowledged(track, now, woken=woken)
            changed |= bool(alert.flaps) != bool(before.flaps)
            if alert.severity != before.severity:
                track.labels = match_labels(alert)
                self._lower(track)
                changed = spreads = True
        if changed:
            self._rows.track(alert.id)
        return changed, spreads

    def _acknowledged(self, track: TrackedAlert, now: int, *, woken: bool) -> bool:
        acked = track.alert.acknowledged is not None
        if acked == track.acked:
            return False
        track.acked = acked
        if not acked:
            track.clock_at = now
            track.woken_at = now if woken else track.woken_at
        return True

    def _lower(self, track: TrackedAlert) -> None:
        """Store a severity that fell: it is not sent, but the next rise is."""
        for notifier, known in track.notified.items():
            if severity_rank(track.alert.severity) < severity_rank(known.severity):
                track.notified[notifier] = replace(known, severity=track.alert.severity)
                self._rows.notified(track.alert.id, notifier)

    def set_muted(self, track: TrackedAlert, reasons: tuple[MuteReason, ...], wait: Wait, now: int) -> None:
        """Store what mutes an alert now."""
        track.wait = wait
        if reasons != track.suppressed_by:
            track.suppressed_by = reasons
            track.held_by = reasons or track.held_by
            if not reasons and not track.notified:
                track.clock_at = now
        self._rows.track(track.alert.id)

    def end(self, track: TrackedAlert, routing: Routing, counts: Rates) -> list[str]:
        """An alert has ended: forget the notifiers that do not want to hear of ends; those that are no longer configured."""
        self.set_rates(counts)
        track.blocked.clear()
        gone = []
        for notifier in list(track.notified):
            policy = routing.notifiers.get(notifier)
            if policy is None or not policy.send_resolved:
                del track.notified[notifier]
                self._rows.notified(track.alert.id, notifier)
                gone += [notifier] if policy is None else []
        return gone

    def forget(self, track: TrackedAlert) -> None:
        """An alert whose end was sent, or that nobody heard of, is no longer tracked."""
        del self.tracked[track.alert.id]
        self._rows.track(track.alert.id)

    # --- groups ---------------------------------------------------------------------------------------------------------

    def place(self, track: TrackedAlert, destinations: dict[str, Destination]) -> set[GroupId]:
        """Move an alert to these groups; the groups that it joined or left."""
        alert_id, touched = track.alert.id, set()
        for notifier, old in track.destinations.items():
            group = self.groups.get((old.group, notifier))
            if group is not None and (notifier not in destinations or destinations[notifier].group != old.group):
                group.members.pop(alert_id, None)
                touched.add(group.id)
        for notifier, destination in destinations.items():
            touched.add(self._join(alert_id, track, notifier, destination))
        track.destinations = destinations
        return touched

    def _join(self, alert_id: str, track: TrackedAlert, notifier: str, destination: Destination) -> GroupId:
        group_id = (destination.group, notifier)
        group = self.groups.get(group_id)
        if group is None:
            labels = destination.route.group_labels(track.labels)
            group = self.groups[group_id] = Group(group_id, destination.route, labels)
        elif not destination.orphan or not group.members:
            group.route, group.labels = destination.route, destination.route.group_labels(track.labels)
        group.members[alert_id] = None
        return group_id

    def clear_due(self, group: Group) -> None:
        """Clear a group's due time, as it is being flushed."""
        group.due = None

    def apply(self, group: Group, decision: GroupDecision, now: int) -> None:
        """Store the decision about a group; an empty group whose pause is over is dropped."""
        if group.row() != decision.row:
            row = decision.row
            group.opened_at, group.last_sent_at, group.wait_until, group.sent = row.opened_at, row.last_sent_at, row.wait_until, row.sent
            self._rows.group(group.id)
        group.due = decision.due
        self.set_rates(decision.rates)
        self.set_refires(decision.refires)
        notifier = group.id[1]
        for alert_id in decision.blocked:
            self.tracked[alert_id].blocked.add(notifier)
            self._rows.track(alert_id)
        for alert_id, known in decision.notified.items():
            track = self.tracked[alert_id]
            self._rows.notified(alert_id, notifier)
            if known is None:
                self._sent_end(group, track)
                continue
            track.notified[notifier] = known
            if notifier in track.blocked:
                track.blocked.discard(notifier)
                self._rows.track(alert_id)
        if not group.members:
            group.due = group.last_sent_at + group.route.group_interval
            if group.due <= now:
                del self.groups[group.id]
                self._rows.group(group.id)

    def _sent_end(self, group: Group, track: TrackedAlert) -> None:
        notifier = group.id[1]
        del track.notified[notifier], track.destinations[notifier], group.members[track.alert.id]
        if not track.notified:
            self.forget(track)

    # --- the clock ------------------------------------------------------------------------------------------------------

    def rewind(self, now: int, before: int) -> None:
        """Correct stamps after the clock went back (from ``before``), and in the first round: none may lie ahead further than its length.

        A silence that had begun moves along; one that was still to begin keeps its times, for somebody named them.
        """
        for silence in [each for each in self.silences.values() if now < each.starts_at <= before]:
            moved = replace(silence, starts_at=silence.starts_at + now - before, ends_at=silence.ends_at + now - before)
            self.silences[silence.id] = moved
            self._rows.silence(silence.id)
        for alert_id, track in self.tracked.items():
            for notifier, known in track.notified.items():
                if known.at > now:
                    track.notified[notifier] = replace(known, at=now)
                    self._rows.notified(alert_id, notifier)
            if max(track.clock_at, track.woken_at) > now:
                track.clock_at, track.woken_at = min(track.clock_at, now), min(track.woken_at, now)
                self._rows.track(alert_id)
        for group_id, group in self.groups.items():
            if group.last_sent_at > now:
                group.last_sent_at = now
                self._rows.group(group_id)
        self.set_refires({key: replace(row, at=now) for key, row in self.refires.items() if row.at > now})
        self.set_rates(
            {
                key: replace(row, times=tuple(min(stamp, now) for stamp in row.times))
                for key, row in self.rates.items()
                if row.times and row.times[-1] > now
            }
        )
