"""What keeps an alert's new notifications back at this moment: silences, windows, failed parents, inhibition; and what it explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tui_monitor.alerts.inhibition import Inhibitors, ParentVerdict, Verdict
from tui_monitor.alerts.matchers import matches_all
from tui_monitor.alerts.planner_decide import rank
from tui_monitor.alerts.planner_state import Track
from tui_monitor.alerts.routing import Routing
from tui_monitor.alerts.silences import Silence, next_boundary
from tui_monitor.promql.storage import Matcher

_ERROR = rank("error")
_FAR = 1 << 60


class Mutes:
    """Knows for every firing track what mutes it.

    `refresh` after anything that may change many of them at once (a firing set, a silence, a schedule's boundary); `reasons` is
    cheap between those. Reasons are "silence:ID", "maintenance:NAME", "depends_on:CHECK", "inhibit:ID", "waiting:CHECK".
    """

    def __init__(self, routing: Routing, tracks: Mapping[str, Track], verdict: ParentVerdict | None) -> None:
        """``tracks`` is the planner's own mapping, read only."""
        self.routing = routing
        self.silences: dict[str, Silence] = {}
        self.affected: Counter[str] = Counter()
        self._tracks = tracks
        self._verdict = verdict
        self._by_check: dict[str, set[str]] = {}
        self._active: list[tuple[str, tuple[Matcher, ...]]] = []
        self._inhibitors = Inhibitors((), ())
        self._failing: frozenset[str] = frozenset()
        self._verdicts: dict[tuple[str, int], Verdict] = {}
        self.reconfigure(routing)

    def reconfigure(self, routing: Routing) -> None:
        """Another configuration; `refresh` must follow."""
        self.routing = routing
        self._parents = frozenset(parent for check in routing.dependencies.parents for parent in routing.dependencies.ancestors(check))

    @property
    def spreads(self) -> bool:
        """Whether one alert's begin or end may mute or free others."""
        return bool(self.routing.inhibit or self._parents)

    def begin_round(self) -> None:
        """Forget the verdicts of the last round."""
        self._verdicts.clear()

    def note(self, alert_id: str, labels: Mapping[str, str], firing: bool) -> None:
        """An alert fires or has ended."""
        check = labels.get("check", "")
        if check in self._parents or check in self._by_check:
            members = self._by_check.setdefault(check, set())
            (members.add if firing else members.discard)(alert_id)

    def parents_changed(self) -> bool:
        """Whether a parent has begun or ceased to explain its children since the last `refresh`."""
        return bool(self._parents) and self._failing_now() != self._failing

    def refresh(self, now: int) -> int | None:
        """Look at everything again; returns when time alone will change the picture next (UTC ms), None: never."""
        firing = [(alert_id, track.labels) for alert_id, track in self._tracks.items() if track.firing]
        self._by_check = {parent: set() for parent in self._parents}
        for alert_id, labels in firing:
            self.note(alert_id, labels, True)
        self._inhibitors = Inhibitors(self.routing.inhibit, firing)
        self._failing = self._failing_now()
        self._active = [(f"silence:{entry.id}", entry.matchers) for entry in self.silences.values() if entry.is_active(now)]
        self._active += [(f"maintenance:{w.name}", w.matchers) for w in self.routing.maintenance if w.schedule.is_active(now)]
        self._active.sort(key=lambda entry: entry[0])
        return next_boundary(now, self.silences.values(), self.routing.schedules())

    def reasons(self, alert_id: str, track: Track, now: int) -> tuple[str, ...]:
        """What mutes a firing alert now; also moves its wait for a parent's verdict along."""
        found = [name for name, matchers in self._active if matches_all(matchers, track.labels)]
        if self.spreads:
            found += self._explained(track, now)
            found += [f"inhibit:{source}" for source in self._inhibitors.of(alert_id, track.labels)]
        return tuple(found)

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
        check = labels.get("check", "")
        return self.routing.dependencies.descendants(check) if check in self._parents else ()

    def _causes(self, alert_id: str, labels: Mapping[str, str]) -> set[str]:
        causes = {f"inhibit:{alert_id}"}
        check = labels.get("check", "")
        if check in self._parents:
            causes |= {f"depends_on:{check}", f"waiting:{check}"}
        return causes

    def _explained(self, track: Track, now: int) -> list[str]:
        check = track.labels.get("check", "")
        dependencies = self.routing.dependencies
        if check not in dependencies.parents:
            return []
        ancestors = dependencies.ancestors(check)
        failing = [parent for parent in ancestors if parent in self._failing]
        if failing:
            return [f"depends_on:{root}" for root in dependencies.roots(failing)]
        if track.told:
            return []
        past = [name.partition(":")[2] for name in track.suppressed_by if name.startswith("depends_on:")]
        if past:
            track.wait_for, track.wait_until = f"settle:{past[0]}", now + _FAR
        elif not track.wait_for:
            track.wait_for, track.wait_until = "verdict", now + _FAR
        asked = (check,) if track.wait_for.startswith("settle") else ancestors
        patience = max((dependencies.patience_ms.get(name, 0) for name in asked), default=0)
        track.wait_until = min(track.wait_until, now + patience)
        if now >= track.wait_until:
            return []
        kind, _, parent = track.wait_for.partition(":")
        return [f"waiting:{parent}"] if kind == "settle" else self._undecided(ancestors, track.alert.active_at)

    def _undecided(self, ancestors: Iterable[str], since: int) -> list[str]:
        for parent in ancestors:
            if self._ask(parent, since) not in ("healthy", None):
                return [f"waiting:{parent}"]
        return []

    def _failing_now(self) -> frozenset[str]:
        return frozenset(parent for parent, ids in self._by_check.items() if ids and parent in self._parents and self._fails(parent, ids))

    def _fails(self, check: str, ids: Iterable[str]) -> bool:
        verdict = self._ask(check, 0)
        if verdict is None:
            return any(rank(self._tracks[key].alert.severity) >= _ERROR for key in ids if key in self._tracks)
        return verdict == "unhealthy"

    def _ask(self, check: str, since: int) -> Verdict | None:
        if self._verdict is None:
            return None
        key = (check, since)
        if key not in self._verdicts:
            self._verdicts[key] = self._verdict(check, since)
        return self._verdicts[key]
