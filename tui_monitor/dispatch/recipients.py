"""The recipients of an alert: notifiers, through which route, and those that join when nobody acknowledges."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from tui_monitor.dispatch.routing import NO_ROUTE, Route, Routing
from tui_monitor.dispatch.state import Destination, NotifiedState, TrackedAlert


class RecipientResolver:
    """The resolver of an alert's destinations; it schedules the next step of an escalation."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._wakes: list[tuple[int, str]] = []
        self._known: set[tuple[int, str]] = set()

    def reconfigure(self, routing: Routing) -> None:
        """Another configuration; every alert is to be placed again."""
        self._routing = routing

    @property
    def next_due(self) -> int | None:
        """When the next step of an escalation may be due (UTC ms)."""
        return self._wakes[0][0] if self._wakes else None

    def due(self, now: int) -> Iterator[str]:
        """The alerts for which a step may be due."""
        while self._wakes and self._wakes[0][0] <= now:
            wake = heapq.heappop(self._wakes)
            self._known.discard(wake)
            yield wake[1]

    def orphan(self, told: NotifiedState, track: TrackedAlert) -> Destination:
        """A destination without a route: it was notified before and gets only the end."""
        return Destination(told.group, self._routing.route_of_group(told.group, track.labels) or NO_ROUTE, orphan=True)

    def wanted(self, alert_id: str, track: TrackedAlert, now: int) -> dict[str, Destination]:
        """The notifiers of a firing alert, each once: a route in its active times is preferred to one outside."""
        places: dict[str, Destination] = {}
        routes = self._routing.routes_for(track.labels, track.alert.severity, track.alert.rule)
        overdue = self._overdue(alert_id, track, now)
        for route in routes or ((Route("{}/overdue"),) if overdue else ()):
            closed = route.active is not None and not route.active.is_active(now)
            key = route.group_key(track.labels)
            for notifier, after in (*((name, 0) for name in route.notifiers), *self._escalated(alert_id, track, route, now), *overdue):
                policy = self._routing.notifiers.get(notifier)
                if policy is None or not policy.wants(track.alert.severity):
                    continue
                if notifier not in places or (places[notifier].closed and not closed):
                    places[notifier] = Destination(key, route, closed, escalated_after=after)
        return places

    def next_step(self, track: TrackedAlert, now: int) -> tuple[int, tuple[str, ...]] | None:
        """When the next step of an escalation is due (UTC ms), and its notifiers; None: there is none."""
        if track.acked or not track.firing:
            return None
        routes = {id(to.route): to.route for to in track.destinations.values()}.values()
        steps = [(track.clock_at + step.after_ms, tuple(step.notifiers)) for route in routes for step in route.escalate]
        return min((step for step in steps if step[0] > now), default=None)

    def _overdue(self, alert_id: str, track: TrackedAlert, now: int) -> list[tuple[str, int]]:
        """The notifiers that hear of an alert because nobody has acknowledged it in time; schedules that moment."""
        due = track.alert.due_at
        if due is None or track.acked or not self._routing.overdue:
            return []
        if due > now:
            self._wake(due, alert_id)
            return []
        return [(name, max(0, due - track.alert.starts_at)) for name in self._routing.overdue]

    def _wake(self, due: int, alert_id: str) -> None:
        if (due, alert_id) not in self._known:
            self._known.add((due, alert_id))
            heapq.heappush(self._wakes, (due, alert_id))

    def _escalated(self, alert_id: str, track: TrackedAlert, route: Route, now: int) -> list[tuple[str, int]]:
        """The notifiers of the escalation steps reached so far, with the time of each; schedules the next step."""
        found: list[tuple[str, int]] = []
        if track.acked:
            return found
        for step in route.escalate:
            due = track.clock_at + step.after_ms
            if due > now:
                self._wake(due, alert_id)
                break
            found += [(notifier, step.after_ms) for notifier in step.notifiers]
        return found
