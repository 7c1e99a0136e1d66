"""Transitions that wait to be committed, merged where a later one replaces an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.alerts.alert import Transition

MOST_STEPS = 1000
"""After a commit that failed, so many of the newest steps are kept, and the last one of every alert."""
MOST_WAITING = 20_000
WAIT_MS = 1500
"""How long a transition that is not urgent may wait for others."""


class PendingTransitions:
    """The transitions not committed yet: written together after 1.5 s, or with the next urgent one.

    A pending alert that ends before that never touches the disk.
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
        """Whether it is time to commit: something is urgent or has waited long enough."""
        if self._since is None:
            return False
        return now_ms - self._since >= WAIT_MS or any(transition.urgent for transition in self._waiting)

    def take(self) -> list[Transition]:
        """All that waits, merged: the last `updated` of each alert, and nothing of alerts that came and went unseen."""
        waiting, self._waiting, self._since = self._waiting, [], None
        began = {transition.alert.id for transition in waiting if transition.change == "pending"}
        unseen = {transition.alert.id for transition in waiting if transition.change == "dropped"} & began
        last = {transition.alert.id: index for index, transition in enumerate(waiting)}
        return [
            transition
            for index, transition in enumerate(waiting)
            if transition.alert.id not in unseen and (transition.change != "updated" or last[transition.alert.id] == index)
        ]

    def put_back(self, transitions: Sequence[Transition], now_ms: int) -> None:
        """After a commit that failed: they wait again, before what came since. Of very many old steps go, but never an alert's last."""
        last = {transition.alert.id: index for index, transition in enumerate(transitions)}
        edge = len(transitions) - MOST_STEPS
        kept = [step for index, step in enumerate(transitions) if index >= edge or last[step.alert.id] == index]
        self._waiting[:0] = kept[-MOST_WAITING:]
        self._since = now_ms if self._waiting else None
