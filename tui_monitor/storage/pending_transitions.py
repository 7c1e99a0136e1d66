"""Transitions that wait to be committed, merged where a later one replaces an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.alerts.alert import Transition

MOST_STEPS = 1000
"""Steps that are kept after a failed commit: the newest ones, and the last one of every alert."""
MOST_WAITING = 20_000
WAIT_MS = 1500
"""Milliseconds that a transition that is not urgent may wait for others."""


class PendingTransitions:
    """The transitions not committed yet; they are written together after 1.5 s, or with the next urgent one.

    A pending alert that ends before that causes no write.
    """

    def __init__(self) -> None:
        self._waiting: list[Transition] = []
        self._since: int | None = None

    def add(self, transitions: Iterable[Transition], now_ms: int) -> None:
        """Append transitions in order."""
        self._waiting.extend(transitions)
        if self._waiting and (self._since is None or now_ms < self._since):
            self._since = now_ms

    def due(self, now_ms: int) -> bool:
        """Whether to commit now: a transition is urgent or has waited long enough."""
        if self._since is None:
            return False
        return now_ms - self._since >= WAIT_MS or any(transition.urgent for transition in self._waiting)

    def drain(self) -> list[Transition]:
        """All waiting transitions, merged: the last `updated` of each alert, nothing of alerts that began and ended meanwhile."""
        waiting, self._waiting, self._since = self._waiting, [], None
        began = {transition.alert.id for transition in waiting if transition.change == "pending"}
        unseen = {transition.alert.id for transition in waiting if transition.change == "dropped"} & began
        last = {transition.alert.id: index for index, transition in enumerate(waiting)}
        return [
            transition
            for index, transition in enumerate(waiting)
            if transition.alert.id not in unseen and (transition.change != "updated" or last[transition.alert.id] == index)
        ]

    def requeue(self, transitions: Sequence[Transition], now_ms: int) -> None:
        """Queue transitions of a failed commit again, before newer ones; of very many the oldest are dropped, never an alert's last."""
        last = {transition.alert.id: index for index, transition in enumerate(transitions)}
        edge = len(transitions) - MOST_STEPS
        kept = [step for index, step in enumerate(transitions) if index >= edge or last[step.alert.id] == index]
        self._waiting[:0] = kept[-MOST_WAITING:]
        self._since = now_ms if self._waiting else None
