"""The dispatcher: makes messages of alerts and their transitions, grouped, muted and repeated by the routes. Pure, `now` comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.core.audit import Audit
from tui_monitor.dispatch.group_schedule import GroupSchedule
from tui_monitor.dispatch.groups import GroupFlusher
from tui_monitor.dispatch.inhibition import ParentVerdict
from tui_monitor.dispatch.memory import DispatchMemory
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.message_builder import MessageBuilder
from tui_monitor.dispatch.muting import MuteReasons, MuteState
from tui_monitor.dispatch.origin import NO_ORIGIN, Origin
from tui_monitor.dispatch.recipients import RecipientResolver
from tui_monitor.dispatch.routing import Routing
from tui_monitor.dispatch.silences import KEEP_EXPIRED_MS, Silence, expire, extend, outlived
from tui_monitor.dispatch.state import Group, GroupId, Plan, StoredDispatch, TrackedAlert

_SWEEP_MS = 30_000
_NOTHING = Plan()


class Dispatcher:
    """The dispatcher of one leader: decides each tick which messages to send.

    Its stages read the memory and return values; `DispatchMemory` applies them.

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
        origin: Origin = NO_ORIGIN,
    ) -> None:
        """``rate_limits``: rule key → "3/1h". ``zone``: of the times in texts, default the machine's own."""
        self._memory = DispatchMemory()
        self._recipients = RecipientResolver(routing)
        self._mutes = MuteReasons(routing, parent_verdict)
        self._flusher = GroupFlusher(self._mutes, MessageBuilder(host, language, link, zone, origin))
        self._schedule = GroupSchedule()
        self._dirty: set[str] = set()
        self._waiting: set[str] = set()
        self._touched: set[GroupId] = set()
        self._recheck = True
        self._mutes_change_at: int | None = None
        self._sweep_at = 0
        self._last_now = -1
        self._audit: list[Audit] = []
        self._language = language
        self.reconfigure(routing, rate_limits=rate_limits)

    def reconfigure(
        self,
        routing: Routing,
        *,
        host: str | None = None,
        language: str | None = None,
        link: str | None = None,
        rate_limits: Mapping[str, str] | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Use another configuration; notified states, silences and the rhythm of groups whose routes stay are kept."""
        self._language = language or self._language
        self._routing = routing
        self._recipients.reconfigure(routing)
        self._mutes.reconfigure(routing)
        self._flusher.reconfigure(routing, rate_limits, host, language, link, origin)
        self._recheck_everything()

    def restore(self, remembered: StoredDispatch, remind_from: int = 0) -> None:
        """Restore what the store holds; before the first `plan`. No reminder goes out before ``remind_from`` (UTC ms)."""
        self._flusher.remind_from(remind_from)
        self._memory.restore(remembered, self._routing)
        for track in self._memory.tracked.values():
            self._mutes.count((), track.suppressed_by)
        self._recheck_everything()

    def _recheck_everything(self) -> None:
        self._recheck = True
        self._sweep_at = 0
        self._last_now = -1
        self._dirty.update(self._memory.tracked)
        self._touched.update(self._memory.groups)

    @property
    def language(self) -> str:
        """The language of texts, "en" or "ko"."""
        return self._language

    def receivers(self, alert_id: str) -> tuple[str, ...]:
        """The notifiers to which an alert goes now, muted or not."""
        track = self._memory.tracked.get(alert_id)
        return () if track is None else tuple(name for name, to in track.destinations.items() if not to.orphan)

    def escalation(self, alert_id: str, now_ms: int) -> tuple[int, tuple[str, ...]] | None:
        """When the next notifiers hear of an alert unless somebody acknowledges it (UTC ms), and who they are; None: nobody further."""
        track = self._memory.tracked.get(alert_id)
        return None if track is None else self._recipients.next_step(track, now_ms)

    # --- silences -------------------------------------------------------------------------------------------------------

    @property
    def silences(self) -> tuple[Silence, ...]:
        """All silences, ended ones too."""
        return tuple(self._memory.silences.values())

    def add_silence(self, silence: Silence, now_ms: int) -> None:
        """Add a silence; it holds from the next `plan` on."""
        self._set_silence(silence, Audit(now_ms, silence.by, "silenced", _said(silence), silence.comment))

    def expire_silence(self, silence_id: str, now_ms: int, by: str = "") -> Silence:
        """End a silence now; KeyError where there is none of that id."""
        changed = expire(self._memory.silences[silence_id], now_ms)
        self._set_silence(changed, Audit(now_ms, by, "unsilenced", _said(changed)))
        return changed

    def extend_silence(self, silence_id: str, ends_at: int, now_ms: int, by: str = "") -> Silence:
        """Give a silence another end; KeyError where there is none, ValueError where the end is before the begin."""
        changed = extend(self._memory.silences[silence_id], ends_at)
        self._set_silence(changed, Audit(now_ms, by, "extended", _said(changed)))
        return changed

    def _set_silence(self, silence: Silence, audit: Audit) -> None:
        self._memory.set_silence(silence)
        self._audit.append(audit)
        self._recheck = True

    # --- one round ------------------------------------------------------------------------------------------------------

    def plan(self, now_ms: int, live: Mapping[str, Alert], transitions: Sequence[Transition] = ()) -> Plan:
        """Plan one round: the messages to send now.

        ``live`` holds every pending and firing alert (ended ones do no harm): one that is missing has ended. Only the first
        round and one every 30 s look at all of it; in between transitions say what changed.
        """
        self._mutes.begin_round()
        self._check_clock(now_ms)
        for transition in transitions:
            self._observe(transition.alert, now_ms, woken=transition.change == "ack_expired")
        swept = now_ms >= self._sweep_at
        if swept:
            self._sweep(now_ms, live)
        if swept or any(transition.alert.state == "resolved" for transition in transitions):
            for silence in outlived(self._memory.silences.values(), live.values(), now_ms):
                self.expire_silence(silence.id, now_ms)
        suppression = self._suppress(now_ms)
        self._place_dirty(now_ms)
        messages = self._flush(now_ms, live)
        audit, self._audit = tuple(self._audit), []
        if not (messages or suppression or audit or self._memory.changed):
            return _NOTHING
        return self._memory.plan(messages, suppression, audit)

    def committed(self, plan: Plan) -> None:
        """Confirm that the plan's rows are stored."""
        self._memory.committed(plan)

    def store_again(self) -> None:
        """Mark every row, as the store was begun anew: the next plan holds all of them."""
        self._memory.mark_all()

    def next_wake(self, now_ms: int) -> int | None:
        """When `plan` has something to do without a transition (UTC ms); None: not before the next sweep."""
        every = (self._schedule.next_due(self._memory.groups), self._recipients.next_due, self._mutes_change_at)
        stamps = [stamp for stamp in every if stamp is not None]
        if self._dirty or self._touched or self._waiting or self._recheck:
            stamps.append(now_ms)
        return max(now_ms, min(stamps)) if stamps else None

    # --- what changed ---------------------------------------------------------------------------------------------------

    def _check_clock(self, now: int) -> None:
        """After a step back of the clock, and in the first round, look at everything again."""
        if now < self._last_now:
            self._flusher.remind_from(0)
        if now < self._last_now or self._last_now < 0:
            self._memory.rewind(now, self._last_now)
            self._recheck_everything()
        self._last_now = now

    def _observe(self, alert: Alert, now: int, *, woken: bool) -> None:
        changed, spreads = self._memory.observe(alert, now, woken=woken)
        if changed:
            self._dirty.add(alert.id)
        if spreads and not self._recheck:
            self._mutes.index(alert.id, self._memory.tracked[alert.id])

    def _sweep(self, now: int, live: Mapping[str, Alert]) -> None:
        """Find changes that no transition reported: after a restart, or when one was lost."""
        self._sweep_at = now + _SWEEP_MS
        tracked = self._memory.tracked
        for alert_id, alert in live.items():
            track = tracked.get(alert_id)
            if track is None or (track.alert is not alert and track.firing):
                self._observe(alert, now, woken=track is not None and track.acked and alert.acknowledged is None)
        for alert_id, track in list(tracked.items()):
            if track.firing and alert_id not in live:
                self._observe(replace(track.alert, state="resolved", ends_at=now), now, woken=False)
        self._memory.drop_silences(now - KEEP_EXPIRED_MS)
        self._memory.drop_refires(now, self._routing.longest_refire)

    # --- what is muted --------------------------------------------------------------------------------------------------

    def _suppress(self, now: int) -> dict[str, tuple[str, ...]]:
        """Judge again the alerts whose muting may have changed; returns the changes, as alerts carry them."""
        changed: dict[str, tuple[str, ...]] = {}
        for alert_id in self._candidates(now):
            track = self._memory.tracked.get(alert_id)
            if track is None:
                continue
            state = self._mutes.judge(alert_id, track, now) if track.firing else MuteState((), track.wait)
            if any(reason.kind == "waiting" for reason in state.reasons):
                self._waiting.add(alert_id)
            else:
                self._waiting.discard(alert_id)
            before = track.suppressed_by
            if state.reasons == before and state.wait == track.wait:
                continue
            self._memory.set_muted(track, state.reasons, state.wait, now)
            if state.reasons != before:
                self._mutes.count(before, state.reasons)
                changed[alert_id] = tuple(map(str, state.reasons))
                self._dirty.add(alert_id)
        return changed

    def _candidates(self, now: int) -> set[str]:
        tracked = self._memory.tracked
        boundary = self._mutes_change_at is not None and now >= self._mutes_change_at
        suspects = self._mutes.suspects(tracked)
        if not (self._recheck or boundary):
            return self._dirty | self._waiting | suspects
        self._recheck = False
        self._mutes_change_at = self._mutes.refresh(now, tracked, self._memory.silences)
        if boundary:
            self._dirty.update(tracked)
        self._mutes.suspects(tracked)
        return set(tracked)

    # --- where it goes --------------------------------------------------------------------------------------------------

    def _place_dirty(self, now: int) -> None:
        self._dirty.update(self._recipients.due(now))
        for alert_id in self._dirty:
            if alert_id in self._memory.tracked:
                self._place(alert_id, self._memory.tracked[alert_id], now)
        self._dirty.clear()

    def _place(self, alert_id: str, track: TrackedAlert, now: int) -> None:
        """Move an alert into the groups in which it is sent, and out of the others."""
        if not track.firing:
            self._memory.set_refires(self._flusher.count_returns(track, self._memory.refires))
            gone = self._memory.end(track, self._routing, self._flusher.count_unheard(track, self._memory.rates))
            self._audit += [Audit(now, "", "untold", alert_id, f"{notifier} is no longer configured") for notifier in gone]
        destinations = self._recipients.wanted(alert_id, track, now) if track.firing else {}
        for notifier, known in track.notified.items():
            if notifier not in destinations:
                destinations[notifier] = self._recipients.orphan(known, track)
        self._touched |= self._memory.place(track, destinations)
        if not track.firing and not track.notified:
            self._waiting.discard(alert_id)
            self._mutes.count(track.suppressed_by, ())
            self._memory.forget(track)

    def _flush(self, now: int, live: Mapping[str, Alert]) -> tuple[Message, ...]:
        """Flush the groups that changed or are due; returns their messages, in the order of the groups' names."""
        groups = self._memory.groups
        for group in self._schedule.pop_due(now, groups):
            self._memory.clear_due(group)
            self._touched.add(group.id)
        if not self._touched:
            return ()
        self._flusher.begin_round()
        messages: list[Message] = []
        for group_id in sorted(self._touched):
            if group_id in groups and (message := self._flush_group(groups[group_id], now, live)) is not None:
                messages.append(message)
        self._touched.clear()
        return tuple(messages)

    def _flush_group(self, group: Group, now: int, live: Mapping[str, Alert]) -> Message | None:
        scheduled = group.due
        decision = self._flusher.decide(group, self._memory.tracked, self._memory.rates, self._memory.refires, now, live)
        self._memory.apply(group, decision, now)
        if group.due != scheduled and group.id in self._memory.groups:
            self._schedule.add(group)
        return decision.message


def _said(silence: Silence) -> str:
    """A silence in the audit log: its id and what it mutes, for ids say nothing months later."""
    return f"{silence.id} {' '.join(map(str, silence.matchers))}"
