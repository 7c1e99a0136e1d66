"""Muting of new notifications: by silences, windows, failed parents and inhibition; and which alerts an alert explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tui_monitor.core.frozen import frozen
from tui_monitor.core.mute_reason import MuteReason
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.inhibition import Inhibitors, ParentVerdict, Verdict
from tui_monitor.dispatch.matchers import matches_all
from tui_monitor.dispatch.routing import Routing
from tui_monitor.dispatch.silences import Silence, next_boundary
from tui_monitor.dispatch.state import Tracked, TrackedAlert, Wait
from tui_monitor.promql.queryable import Matcher

_ERROR = severity_rank("error")
_FAR = 1 << 60
_HEALTH_RULE = "CheckUnhealthy"


@frozen
class MuteState:
    """The reasons that mute a firing alert now, and its wait for a verdict after this judgement."""

    reasons: tuple[MuteReason, ...] = ()
    wait: Wait = Wait()


class MuteReasons:
    """The judge of mute reasons; it only reads tracked alerts.

    `index` each alert that fires, changes its labels or ends; `refresh` after anything that may change many of them at once (a
    silence, a schedule's boundary, another configuration); `suspects` are those to `judge` besides those that changed themselves;
    `count` what came of it.
    """

    def __init__(self, routing: Routing, verdict: ParentVerdict | None) -> None:
        self._verdict = verdict
        self._muting: Counter[MuteReason] = Counter()
        self._by_check: dict[str, set[str]] = {}
        self._active: list[tuple[MuteReason, tuple[Matcher, ...]]] = []
        self._failing: frozenset[str] = frozenset()
        self._verdicts: dict[tuple[str, int], Verdict] = {}
        self._suspects: set[str] = set()
        self.reconfigure(routing)

    def reconfigure(self, routing: Routing) -> None:
        """Another configuration; `refresh` must follow."""
        self._routing = routing
        self._patience = routing.dependencies.patience_ms
        self._ancestors = {check: routing.dependencies.ancestors(check) for check in routing.dependencies.parents}
        self._descendants: dict[str, list[str]] = {}
        for check, ancestors in self._ancestors.items():
            for parent in ancestors:
                self._descendants.setdefault(parent, []).append(check)
        self._related = self._ancestors.keys() | self._descendants.keys()
        self._inhibitors = Inhibitors(routing.inhibit)
        self._timed = len(routing.schedules()) > len(routing.maintenance)

    def begin_round(self) -> None:
        """Forget the verdicts of the last round."""
        self._verdicts.clear()

    # --- which alerts to judge ------------------------------------------------------------------------------------------

    def index(self, alert_id: str, track: TrackedAlert) -> None:
        """Index an alert that fires, has other labels, or has ended."""
        check = track.labels.get("check", "")
        if check in self._related:
            members = self._by_check.setdefault(check, set())
            (members.add if track.firing else members.discard)(alert_id)
        if self._routing.inhibit:
            self._suspects |= self._inhibitors.add(alert_id, track.labels) if track.firing else self._inhibitors.remove(alert_id)

    def suspects(self, tracked: Tracked) -> set[str]:
        """The alerts whose reasons may have changed because of others since the last call."""
        found, self._suspects = self._suspects, set()
        if self._descendants:
            failing = self._failing_now(tracked)
            for parent in failing ^ self._failing:
                for check in self._descendants[parent]:
                    found |= self._by_check.get(check, set())
            self._failing = failing
        return found

    def refresh(self, now: int, tracked: Tracked, silences: Mapping[str, Silence]) -> int | None:
        """Rebuild everything; returns when time alone will change a reason next (UTC ms), None: never."""
        self._by_check = {}
        self._inhibitors = Inhibitors(self._routing.inhibit)
        for alert_id, track in tracked.items():
            if track.firing:
                self.index(alert_id, track)
        self._active = [(MuteReason("silence", entry.id), entry.matchers) for entry in silences.values() if entry.is_active(now)]
        windows = self._routing.maintenance
        self._active += [(MuteReason("maintenance", w.name), w.matchers) for w in windows if w.schedule.is_active(now)]
        self._active.sort(key=lambda entry: str(entry[0]))
        return next_boundary(now, silences.values(), self._routing.schedules())

    # --- one alert ------------------------------------------------------------------------------------------------------

    def judge(self, alert_id: str, track: TrackedAlert, now: int) -> MuteState:
        """The reasons that mute a firing alert now."""
        reasons = [reason for reason, matchers in self._active if matches_all(matchers, track.labels)]
        explained, wait = self._explained(track, now)
        reasons += explained
        if self._routing.inhibit:
            current = [reason.name for reason in track.suppressed_by if reason.kind == "inhibit"]
            reasons += [MuteReason("inhibit", source) for source in self._inhibitors.of(alert_id, current)]
        if self._timed and self._out_of_hours(track, now):
            reasons.append(MuteReason("inactive"))
        return MuteState(tuple(reasons), wait)

    def count(self, before: Iterable[MuteReason], after: Iterable[MuteReason]) -> None:
        """Count a change of an alert's reasons, so that it is known which reasons mute anything."""
        gone = tuple(before)
        self._muting.subtract(gone)
        self._muting.update(after)
        for reason in gone:
            if self._muting[reason] <= 0:
                del self._muting[reason]

    def _out_of_hours(self, track: TrackedAlert, now: int) -> bool:
        """Whether every route that takes the alert is outside its active times."""
        routes = self._routing.routes_for(track.labels, track.alert.severity, track.alert.rule)
        return bool(routes) and all(route.active is not None and not route.active.is_active(now) for route in routes)

    # --- what an alert explains -----------------------------------------------------------------------------------------

    def explained_by(self, alert_id: str, labels: Mapping[str, str], tracked: Tracked) -> tuple[str, ...]:
        """The ids of the alerts that this one mutes."""
        causes = self._causes(alert_id, labels)
        if not any(cause in self._muting for cause in causes):
            return ()
        return tuple(key for key, track in tracked.items() if key != alert_id and causes.intersection(track.suppressed_by))

    def dependents(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The checks that depend on this alert's check, where it is about the check's health and not one of its values."""
        check = labels.get("check", "")
        if labels.get("alertname") != _HEALTH_RULE and check not in self._failing:
            return ()
        return tuple(self._descendants.get(check, ()))

    def _causes(self, alert_id: str, labels: Mapping[str, str]) -> set[MuteReason]:
        check = labels.get("check", "")
        if check not in self._descendants:
            return {MuteReason("inhibit", alert_id)}
        return {MuteReason("inhibit", alert_id), MuteReason("depends_on", check), MuteReason("waiting", check)}

    # --- dependencies ---------------------------------------------------------------------------------------------------

    def _explained(self, track: TrackedAlert, now: int) -> tuple[list[MuteReason], Wait]:
        """The failed parents that explain an alert, or the one whose verdict it waits for; and its new wait."""
        check, wait = track.labels.get("check", ""), track.wait
        ancestors = self._ancestors.get(check)
        if not ancestors:
            return [], wait
        failing = [parent for parent in ancestors if parent in self._failing]
        if failing:
            return [MuteReason("depends_on", root) for root in self._routing.dependencies.roots(failing)], wait
        if track.notified:
            return [], wait
        past = [reason.name for reason in track.suppressed_by if reason.kind == "depends_on"]
        if past:
            wait = Wait("settle", past[0], now + _FAR)
        elif not wait.kind:
            wait = Wait("verdict", "", now + _FAR)
        asked = (check,) if wait.kind == "settle" else ancestors
        patience = max((self._patience.get(name, 0) for name in asked), default=0)
        wait = wait._replace(until=min(wait.until, now + patience))
        if now >= wait.until:
            return [], wait
        if wait.kind == "settle":
            return [MuteReason("waiting", wait.parent)], wait
        undecided = self._undecided(ancestors, track.alert.active_at)
        # cleared once is cleared: a later doubt does not hold it back again
        return undecided, wait if undecided else wait._replace(until=now)

    def _undecided(self, ancestors: Iterable[str], since: int) -> list[MuteReason]:
        for parent in ancestors:
            if self._parent_verdict(parent, since) not in ("healthy", None):
                return [MuteReason("waiting", parent)]
        return []

    def _failing_now(self, tracked: Tracked) -> frozenset[str]:
        return frozenset(
            parent for parent, ids in self._by_check.items() if ids and parent in self._descendants and self._fails(parent, ids, tracked)
        )

    def _fails(self, check: str, ids: Iterable[str], tracked: Tracked) -> bool:
        verdict = self._parent_verdict(check, 0)
        if verdict is None:
            return any(severity_rank(tracked[key].alert.severity) >= _ERROR for key in ids if key in tracked)
        return verdict == "unhealthy"

    def _parent_verdict(self, check: str, since: int) -> Verdict | None:
        if self._verdict is None:
            return None
        key = (check, since)
        if key not in self._verdicts:
            self._verdicts[key] = self._verdict(check, since)
        return self._verdicts[key]
