"""Marks of the dispatcher's rows that differ from the stored ones: a mark stays until a commit has succeeded."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from tui_monitor.core.audit import Audit
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import Group, GroupId, GroupRow, NotifiedState, Plan, RateRow, Refires, TrackedAlert, TrackRow

Key = TypeVar("Key", bound=Hashable)


class DirtyRows:
    """Marks of changed rows, each with the round in which it last changed."""

    def __init__(self) -> None:
        self._generation = 0
        self._notified: dict[tuple[str, str], int] = {}
        self._tracks: dict[str, int] = {}
        self._groups: dict[GroupId, int] = {}
        self._rates: dict[tuple[str, str], int] = {}
        self._silences: dict[str, int] = {}
        self._refires: dict[tuple[str, str], int] = {}

    @property
    def changed(self) -> bool:
        """Whether anything waits to be stored."""
        return bool(self._notified or self._tracks or self._groups or self._rates or self._silences or self._refires)

    def notified(self, alert_id: str, notifier: str) -> None:
        """Mark a notifier's notified state of an alert."""
        self._notified[alert_id, notifier] = self._generation

    def track(self, alert_id: str) -> None:
        """Mark a tracked alert that has changed or is no longer tracked."""
        self._tracks[alert_id] = self._generation

    def group(self, group_id: GroupId) -> None:
        """Mark a group whose timing has changed or that was dropped."""
        self._groups[group_id] = self._generation

    def rate(self, key: tuple[str, str]) -> None:
        """Mark the count of a rule's notifications to a notifier."""
        self._rates[key] = self._generation

    def refire(self, key: tuple[str, str]) -> None:
        """Mark what a notifier was last told of a fingerprint."""
        self._refires[key] = self._generation

    def silence(self, silence_id: str) -> None:
        """Mark a silence that is new or has changed."""
        self._silences[silence_id] = self._generation

    def plan(
        self,
        messages: tuple[Message, ...],
        suppression: Mapping[str, tuple[str, ...]],
        audit: tuple[Audit, ...],
        tracks: Mapping[str, TrackedAlert],
        groups: Mapping[GroupId, Group],
        rates: Mapping[tuple[str, str], RateRow],
        silences: Mapping[str, Silence],
        refires: Refires,
    ) -> Plan:
        """The plan with every marked row; a round ends."""
        notified: dict[tuple[str, str], NotifiedState | None] = {}
        for alert_id, notifier in self._notified:
            track = tracks.get(alert_id)
            notified[alert_id, notifier] = track.notified.get(notifier) if track else None
        track_rows: dict[str, TrackRow | None] = {key: track.row() if (track := tracks.get(key)) else None for key in self._tracks}
        group_rows: dict[GroupId, GroupRow | None] = {key: group.row() if (group := groups.get(key)) else None for key in self._groups}
        generation = self._generation
        self._generation += 1
        return Plan(
            messages, notified, suppression, audit, track_rows, group_rows,
            {key: rates.get(key) for key in self._rates}, {key: silences.get(key) for key in self._silences}, generation,
            {key: refires.get(key) for key in self._refires},
        )  # fmt: skip

    def committed(self, generation: int) -> None:
        """Everything that the plan of this round held is stored."""
        self._notified = _after(self._notified, generation)
        self._tracks = _after(self._tracks, generation)
        self._groups = _after(self._groups, generation)
        self._rates = _after(self._rates, generation)
        self._silences = _after(self._silences, generation)
        self._refires = _after(self._refires, generation)


def _after(marks: dict[Key, int], generation: int) -> dict[Key, int]:
    return {key: marked for key, marked in marks.items() if marked > generation}
