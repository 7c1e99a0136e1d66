"""What keeps an alert's new notifications back at this moment: silences, windows, failed parents, inhibition; and what it explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.inhibition import Inhibitors, ParentVerdict, Verdict
from tui_monitor.dispatch.matchers import matches_all
from tui_monitor.dispatch.routing import Routing
from tui_monitor.dispatch.silences import Silence, next_boundary
from tui_monitor.dispatch.state import Track
from tui_monitor.promql.queryable import Matcher

_ERROR = severity_rank("error")
_FAR = 1 << 60


class Mutes:
    """Knows for every firing track what mutes it.

    `note` each alert that fires, changes its labels or ends; `refresh` after anything that may change many of them at once (a
    silence, a schedule's boundary, another configuration); `suspects` are those to ask `reasons` for besides what changed
    itself. Reasons are "silence:ID", "maintenance:NAME", "depends_on:CHECK", "inhibit:ID", "waiting:CHECK", "inactive"
    (outside the active times of its routes).
    """

    def __init__(self, routing: Routing, tracks: Mapping[str, Track], verdict: ParentVerdict | None) -> None:
        """``tracks`` is the planner's own mapping, read only."""
        self.silences: dict[str, Silence] = {}
        self.affected: Counter[str] = Counter()
        self._tracks = tracks
        self._verdict = verdict
        self._by_check: dict[str, set[str]] = {}
        self._active: list[tuple[str, tuple[Matcher, ...]]] = []
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

    def note(self, alert_id: str, track: Track) -> None:
        """An alert fires, has other labels, or has ended."""
        self._file(alert_id, track)
        if self._routing.inhibit:
            self._suspects |= self._inhibitors.add(alert_id, track.labels) if track.firing else self._inhibitors.remove(alert_id)

    def _file(self, alert_id: str, track: Track) -> None:
        check = track.labels.get("check", "")
        if check in self._related:
            members = self._by_check.setdefault(check, set())
            (members.add if track.firing else members.discard)(alert_id)

    def suspects(self) -> set[str]:
        """The alerts whose reasons may have changed because of others since the last time."""
        found, self._suspects = self._suspects, set()
        if self._descendants:
            failing = self._failing_now()
            for parent in failing ^ self._failing:
                for check in self._descendants[parent]:
                    found |= self._by_check.get(check, set())
            self._failing = failing
        return found

    def refresh(self, now: int) -> int | None:
        """Look at everything again; returns when time alone will change the picture next (UTC ms), None: never."""
        self._by_check = {}
        self._inhibitors = Inhibitors(self._routing.inhibit)
        for alert_id, track in self._tracks.items():
            if track.firing:
                self.note(alert_id, track)
        self._active = [(f"silence:{entry.id}", entry.matchers) for entry in self.silences.values() if entry.is_active(now)]
        self._active += [(f"maintenance:{w.name}", w.matchers) for w in self._routing.maintenance if w.schedule.is_active(now)]
        self._active.sort(key=lambda entry: entry[0])
        return next_boundary(now, self.silences.values(), self._routing.schedules())

    def reasons(self, alert_id: str, track: Track, now: int) -> tuple[str, ...]:
        """What mutes a firing alert now; also moves its wait for a parent's verdict along."""
        found = [name for name, matchers in self._active if matches_all(matchers, track.labels)]
        found += self._explained(track, now)
        if self._routing.inhibit:
            current = [name[8:] for name in track.suppressed_by if name.startswith("inhibit:")]
            found += [f"inhibit:{source}" for source in self._inhibitors.of(alert_id, current)]
        if self._timed and self._out_of_hours(track, now):
            found.append("inactive")
        return tuple(found)

    def _out_of_hours(self, track: Track, now: int) -> bool:
        """Whether every route that takes the alert is outside its active times."""
        routes = self._routing.routes_for(track.labels, track.alert.severity)
        return bool(routes) and all(route.active is not None and not route.active.is_active(now) for route in routes)

    def change(self, track: Track, reasons: tuple[str, ...]) -> None:
        """Set a track's reasons and keep the counts of what is explained by what."""
        self.affected.subtract(track.suppressed_by)
        self.affected.update(reasons)
        for name in track.suppressed_by:
            if self.affected[name] <= 0:
                del self.affected[name]
        track.suppressed_by = reasons
        if reasons:
            track.held_by = reasons

    def explained_by(self, alert_id: str, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The ids of the alerts that this one mutes."""
        causes = self._causes(alert_id, labels)
        if not any(cause in self.affected for cause in causes):
            return ()
        return tuple(key for key, track in self._tracks.items() if key != alert_id and causes & set(track.suppressed_by))

    def dependents(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The checks that depend on this alert's check."""
        return tuple(self._descendants.get(labels.get("check", ""), ()))

    def _causes(self, alert_id: str, labels: Mapping[str, str]) -> set[str]:
        causes = {f"inhibit:{alert_id}"}
        check = labels.get("check", "")
        if check in self._descendants:
            causes |= {f"depends_on:{check}", f"waiting:{check}"}
        return causes

    def _explained(self, track: Track, now: int) -> list[str]:
        check = track.labels.get("check", "")
        ancestors = self._ancestors.get(check)
        if not ancestors:
            return []
        failing = [parent for parent in ancestors if parent in self._failing]
        if failing:
            return [f"depends_on:{root}" for root in self._routing.dependencies.roots(failing)]
        if track.told:
            return []
        past = [name.partition(":")[2] for name in track.suppressed_by if name.startswith("depends_on:")]
        if past:
            track.wait_for, track.wait_until = f"settle:{past[0]}", now + _FAR
        elif not track.wait_for:
            track.wait_for, track.wait_until = "verdict", now + _FAR
        asked = (check,) if track.wait_for.startswith("settle") else ancestors
        patience = max((self._patience.get(name, 0) for name in asked), default=0)
        track.wait_until = min(track.wait_until, now + patience)
        if now >= track.wait_until:
            return []
        kind, _, parent = track.wait_for.partition(":")
        if kind == "settle":
            return [f"waiting:{parent}"]
        undecided = self._undecided(ancestors, track.alert.active_at)
        if not undecided:
            track.wait_until = now  # cleared once is cleared: a later doubt does not hold it back again
        return undecided

    def _undecided(self, ancestors: Iterable[str], since: int) -> list[str]:
        for parent in ancestors:
            if self._ask(parent, since) not in ("healthy", None):
                return [f"waiting:{parent}"]
        return []

    def _failing_now(self) -> frozenset[str]:
        return frozenset(
            parent for parent, ids in self._by_check.items() if ids and parent in self._descendants and self._fails(parent, ids)
        )

    def _fails(self, check: str, ids: Iterable[str]) -> bool:
        verdict = self._ask(check, 0)
        if verdict is None:
            return any(severity_rank(self._tracks[key].alert.severity) >= _ERROR for key in ids if key in self._tracks)
        return verdict == "unhealthy"

    def _ask(self, check: str, since: int) -> Verdict | None:
        if self._verdict is None:
            return None
        key = (check, since)
        if key not in self._verdicts:
            self._verdicts[key] = self._verdict(check, since)
        return self._verdicts[key]
