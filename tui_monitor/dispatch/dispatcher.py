"""From alerts and their transitions to messages: who is told what, when, together with what. Pure and synchronous, `now` comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.core.audit import Audit
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.dirty_rows import Rows
from tui_monitor.dispatch.groups import Flusher
from tui_monitor.dispatch.inhibition import ParentVerdict
from tui_monitor.dispatch.message_builder import Wording
from tui_monitor.dispatch.muting import Mutes
from tui_monitor.dispatch.recipients import Placing
from tui_monitor.dispatch.routing import NO_ROUTE, Routing
from tui_monitor.dispatch.silences import KEEP_EXPIRED_MS, Silence, expire, extend
from tui_monitor.dispatch.state import Group, GroupId, Place, Plan, Remembered, Track, match_labels, track_of

_SWEEP_MS = 30_000
_NOTHING = Plan()


class Planner:
    """Holds in memory who was told what, and decides each tick what to tell.

    Call `plan` each second and after each check result; save its rows and its messages in one transaction, then call
    `committed`. Rows that could not be saved come again in the next plan.
    """

    def __init__(
        self,
        routing: Routing,
        *,
        host: str,
        language: str = "en",
        link: str = "",
        parent_verdict: ParentVerdict | None = None,
        rate_limits: Mapping[str, str] | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        """``rate_limits``: rule key → "3/1h". ``zone``: of the times in texts, default the machine's own."""
        self._tracks: dict[str, Track] = {}
        self._groups: dict[GroupId, Group] = {}
        self._placing = Placing(routing)
        self._mutes = Mutes(routing, self._tracks, parent_verdict)
        self._rows = Rows()
        self._flusher = Flusher(self._tracks, self._groups, self._mutes, self._rows, Wording(host, language, link, zone))
        self._dirty: set[str] = set()
        self._waiting: set[str] = set()
        self._touched: set[GroupId] = set()
        self._recheck = True
        self._mutes_change_at: int | None = None
        self._sweep_at = 0
        self._last_now = -1
        self._audit: list[Audit] = []
        self._live: Mapping[str, Alert] = {}
        self.reconfigure(routing, rate_limits=rate_limits)

    def reconfigure(
        self,
        routing: Routing,
        *,
        host: str | None = None,
        language: str | None = None,
        link: str | None = None,
        rate_limits: Mapping[str, str] | None = None,
    ) -> None:
        """Take another configuration; what was told, silences and the rhythm of groups whose routes stay are kept."""
        self._routing = routing
        self._placing.reconfigure(routing)
        self._mutes.reconfigure(routing)
        self._flusher.reconfigure(routing, rate_limits, host, language, link)
        self._recheck_everything()

    def restore(self, remembered: Remembered, remind_from: int = 0) -> None:
        """Take up what `store.planner.load` read; before the first `plan`. No reminder goes out before ``remind_from`` (UTC ms)."""
        self._flusher.remind_from = remind_from
        self._mutes.silences = dict(remembered.silences)
        self._flusher.rates.update(remembered.rates)
        for alert_id, row in remembered.tracks.items():
            track = self._tracks[alert_id] = track_of(row)
            self._mutes.affected.update(track.suppressed_by)
        for (alert_id, notifier), told in remembered.told.items():
            if alert_id in self._tracks:
                self._tracks[alert_id].told[notifier] = told
        for group_id, kept in remembered.groups.items():
            route = self._routing.route_named(group_id[0]) or NO_ROUTE
            group = Group(group_id, route, {}, kept.opened_at, kept.last_sent_at, kept.wait_until, kept.sent)
            self._groups[group_id] = group
        self._recheck_everything()

    def _recheck_everything(self) -> None:
        self._recheck = True
        self._sweep_at = 0
        self._last_now = -1
        self._dirty.update(self._tracks)
        self._touched.update(self._groups)

    # --- silences -------------------------------------------------------------------------------------------------------

    @property
    def silences(self) -> tuple[Silence, ...]:
        """All silences, ended ones too."""
        return tuple(self._mutes.silences.values())

    def add_silence(self, silence: Silence, now_ms: int) -> None:
        """Take up a new silence; it holds from the next `plan` on."""
        self._set_silence(silence, Audit(now_ms, silence.by, "silenced", silence.id, silence.comment))

    def expire_silence(self, silence_id: str, now_ms: int, by: str = "") -> Silence:
        """End a silence now; KeyError where there is none of that id."""
        changed = expire(self._mutes.silences[silence_id], now_ms)
        self._set_silence(changed, Audit(now_ms, by, "unsilenced", silence_id))
        return changed

    def extend_silence(self, silence_id: str, ends_at: int, now_ms: int, by: str = "") -> Silence:
        """Give a silence another end; KeyError where there is none, ValueError where the end is before the begin."""
        changed = extend(self._mutes.silences[silence_id], ends_at)
        self._set_silence(changed, Audit(now_ms, by, "extended", silence_id))
        return changed

    def _set_silence(self, silence: Silence, audit: Audit) -> None:
        self._mutes.silences[silence.id] = silence
        self._rows.silence(silence.id)
        self._audit.append(audit)
        self._recheck = True

    # --- one round ------------------------------------------------------------------------------------------------------

    def plan(self, now_ms: int, live: Mapping[str, Alert], transitions: Sequence[Transition] = ()) -> Plan:
        """What is to be told now.

        ``live`` holds every pending and firing alert (ended ones do no harm): one that is missing has ended. Only the first
        round and one every 30 s look at all of it; in between transitions tell what changed.
        """
        self._live = live
        self._mutes.begin_round()
        if now_ms < self._last_now:
            self._flusher.remind_from = 0
        if now_ms < self._last_now or self._last_now < 0:
            self._rewind(now_ms)
        self._last_now = now_ms
        for transition in transitions:
            self._observe(transition.alert, now_ms, transition.change == "ack_expired")
        if now_ms >= self._sweep_at:
            self._sweep(now_ms)
        suppression = self._suppress(now_ms)
        self._dirty.update(self._placing.due(now_ms))
        for alert_id in self._dirty:
            if alert_id in self._tracks:
                self._place(alert_id, self._tracks[alert_id], now_ms)
        self._dirty.clear()
        self._touched.update(self._flusher.due(now_ms))
        messages = self._flusher.flush(self._touched, now_ms, live) if self._touched else ()
        self._touched.clear()
        audit, self._audit = tuple(self._audit), []
        if not (messages or suppression or audit or self._rows.changed):
            return _NOTHING
        return self._rows.plan(messages, suppression, audit, self._tracks, self._groups, self._flusher.rates, self._mutes.silences)

    def committed(self, plan: Plan) -> None:
        """The plan's rows are stored for good."""
        self._rows.committed(plan.generation)

    def store_again(self) -> None:
        """The store was begun anew: everything that is remembered is in the next plan."""
        for alert_id, track in self._tracks.items():
            self._rows.track(alert_id)
            for notifier in track.told:
                self._rows.told(alert_id, notifier)
        for group_id in self._groups:
            self._rows.group(group_id)
        for key in self._flusher.rates:
            self._rows.rate(key)
        for silence_id in self._mutes.silences:
            self._rows.silence(silence_id)

    def next_wake(self, now_ms: int) -> int | None:
        """When `plan` has something to do without a transition (UTC ms); None: not before the next sweep."""
        stamps = [stamp for stamp in (self._flusher.next_due, self._placing.next_due, self._mutes_change_at) if stamp is not None]
        if self._dirty or self._touched or self._waiting or self._recheck:
            stamps.append(now_ms)
        return max(now_ms, min(stamps)) if stamps else None

    # --- what changed ---------------------------------------------------------------------------------------------------

    def _observe(self, alert: Alert, now: int, woken: bool) -> None:
        """Take up an alert's new state."""
        track = self._tracks.get(alert.id)
        if track is None:
            if alert.state == "firing":
                track = Track(alert, match_labels(alert), alert.acknowledged is not None, clock_at=min(alert.starts_at or now, now))
                self._tracks[alert.id] = track
                self._changed(alert.id, spreads=True)
            return
        before, track.alert = track.alert, alert
        if alert.state == "pending":
            track.alert = before
            return
        if alert.state != before.state:
            self._changed(alert.id, spreads=True)
        if not track.firing:
            return
        acked = alert.acknowledged is not None
        if acked != track.acked:
            track.acked = acked
            if not acked:
                track.clock_at = now
                track.woken_at = now if woken else track.woken_at
            self._changed(alert.id)
        if alert.severity != before.severity:
            track.labels = match_labels(alert)
            self._lower(alert.id, track)
            self._changed(alert.id, spreads=True)
        if bool(alert.flaps) != bool(before.flaps):
            self._changed(alert.id)

    def _lower(self, alert_id: str, track: Track) -> None:
        """A severity that fell is not told, but remembered, so that the next rise is told."""
        for notifier, told in track.told.items():
            if severity_rank(track.alert.severity) < severity_rank(told.severity):
                track.told[notifier] = replace(told, severity=track.alert.severity)
                self._rows.told(alert_id, notifier)

    def _changed(self, alert_id: str, spreads: bool = False) -> None:
        self._dirty.add(alert_id)
        self._rows.track(alert_id)
        if spreads and not self._recheck:
            self._mutes.note(alert_id, self._tracks[alert_id])

    def _sweep(self, now: int) -> None:
        """Find what no transition told of: after a restart, or when one was lost."""
        self._sweep_at = now + _SWEEP_MS
        for alert_id, alert in self._live.items():
            track = self._tracks.get(alert_id)
            if track is None or (track.alert is not alert and track.firing):
                self._observe(alert, now, track is not None and track.acked and alert.acknowledged is None)
        for alert_id, track in list(self._tracks.items()):
            if track.firing and alert_id not in self._live:
                self._observe(replace(track.alert, state="resolved", ends_at=now), now, False)

        for silence_id in [key for key, silence in self._mutes.silences.items() if silence.ends_at < now - KEEP_EXPIRED_MS]:
            del self._mutes.silences[silence_id]
            self._rows.silence(silence_id)

    def _rewind(self, now: int) -> None:
        """The clock went back, or this is the first round: no stamp may lie ahead further than its own length."""
        for alert_id, track in self._tracks.items():
            for notifier, told in track.told.items():
                if told.at > now:
                    track.told[notifier] = replace(told, at=now)
                    self._rows.told(alert_id, notifier)
            if max(track.clock_at, track.woken_at) > now:
                track.clock_at, track.woken_at = min(track.clock_at, now), min(track.woken_at, now)
                self._rows.track(alert_id)
        for group_id, group in self._groups.items():
            if group.last_sent_at > now:
                group.last_sent_at = now
                self._rows.group(group_id)
        for key, row in self._flusher.rates.items():
            if row.times and row.times[-1] > now:
                self._flusher.rates[key] = replace(row, times=tuple(min(stamp, now) for stamp in row.times))
                self._rows.rate(key)
        self._recheck = True
        self._sweep_at = 0
        self._dirty.update(self._tracks)
        self._touched.update(self._groups)

    # --- what is muted --------------------------------------------------------------------------------------------------

    def _suppress(self, now: int) -> dict[str, tuple[str, ...]]:
        """Judge again what may be muted or free now; returns what changed."""
        boundary = self._mutes_change_at is not None and now >= self._mutes_change_at
        suspects = self._mutes.suspects()
        if self._recheck or boundary:
            self._recheck = False
            self._mutes_change_at = self._mutes.refresh(now)
            if boundary:
                self._dirty.update(self._tracks)
            self._mutes.suspects()
            candidates: set[str] = set(self._tracks)
        else:
            candidates = self._dirty | self._waiting | suspects
        changed: dict[str, tuple[str, ...]] = {}
        for alert_id in candidates:
            track = self._tracks.get(alert_id)
            if track is None:
                continue
            waited = track.wait_until
            reasons = self._mutes.reasons(alert_id, track, now) if track.firing else ()
            if any(name.startswith("waiting:") for name in reasons):
                self._waiting.add(alert_id)
            else:
                self._waiting.discard(alert_id)
            if reasons != track.suppressed_by:
                self._mutes.change(track, reasons)
                changed[alert_id] = reasons
                if not reasons and not track.told:
                    track.clock_at = now
                self._dirty.add(alert_id)
                self._rows.track(alert_id)
            elif waited != track.wait_until:
                self._rows.track(alert_id)
        return changed

    # --- where it goes --------------------------------------------------------------------------------------------------

    def _place(self, alert_id: str, track: Track, now: int) -> None:
        """Find the groups in which an alert is told, and leave those where it no longer is."""
        if not track.firing:
            self._end(alert_id, track, now)
        places = self._placing.wanted(alert_id, track, now) if track.firing else {}
        for notifier, told in track.told.items():
            if notifier not in places:
                places[notifier] = self._placing.orphan(told, track)
        for notifier, place in track.places.items():
            group = self._groups.get((place.group, notifier))
            if group is not None and (notifier not in places or places[notifier].group != place.group):
                group.members.pop(alert_id, None)
                self._touched.add(group.id)
        for notifier, place in places.items():
            self._join(alert_id, track, notifier, place)
        track.places = places
        if not track.firing and not track.told:
            del self._tracks[alert_id]
            self._waiting.discard(alert_id)
            self._mutes.change(track, ())
            self._rows.track(alert_id)

    def _join(self, alert_id: str, track: Track, notifier: str, place: Place) -> None:
        group_id = (place.group, notifier)
        group = self._groups.get(group_id)
        if group is None:
            group = self._groups[group_id] = Group(group_id, place.route, place.route.group_labels(track.labels))
        elif not place.orphan or not group.members:
            group.route, group.labels = place.route, place.route.group_labels(track.labels)
        group.members[alert_id] = None
        self._touched.add(group_id)

    def _end(self, alert_id: str, track: Track, now: int) -> None:
        """An alert has ended: forget those who do not want to hear of ends, count those who never heard of it."""
        self._flusher.count_unheard(track)
        for notifier in list(track.told):
            policy = self._routing.notifiers.get(notifier)
            if policy is None or not policy.send_resolved:
                del track.told[notifier]
                self._rows.told(alert_id, notifier)
                if policy is None:
                    self._audit.append(Audit(now, "", "untold", alert_id, f"{notifier} is no longer configured"))
