"""The builder of a group's Message: snapshots of its alerts and a text, both of this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from tui_monitor.alerts.alert import Alert
from tui_monitor.alerts.evidence import short_lines
from tui_monitor.core.catalogue.translation import translator
from tui_monitor.core.frozen import frozen
from tui_monitor.core.mute_reason import MuteReason
from tui_monitor.core.values import severity_rank
from tui_monitor.dispatch.message import AlertSnapshot, Kind, Message
from tui_monitor.dispatch.message_text import AlertText, compose
from tui_monitor.dispatch.needs_update import Reason
from tui_monitor.dispatch.origin import NO_ORIGIN, Origin

_LATE_MS = 60_000


@frozen
class Entry:
    """One alert of a message, and the reason for it. ``escalated_after`` in ms, 0: it is no escalation."""

    alert: Alert
    reason: Reason
    old_severity: str = ""
    held_by: tuple[MuteReason, ...] = ()
    woken: bool = False
    escalated_after: int = 0
    explained: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    came_back: int = 0
    """How often it fired again untold since the notifier's last message about it."""


class MessageBuilder:
    """The builder of messages. Notifiers with the same alerts share one text and the same snapshots."""

    def __init__(self, host: str, language: str, link: str, zone: tzinfo | None, origin: Origin = NO_ORIGIN) -> None:
        self._host = host
        self._language = language
        self._link = link
        self._zone = zone
        self._origin = origin
        self._snapshots: dict[tuple[str, bool, int], AlertSnapshot] = {}
        self._texts: dict[object, tuple[str, str]] = {}

    def reconfigure(self, host: str | None, language: str | None, link: str | None, origin: Origin | None) -> None:
        """Use another host, language, link or origin; None leaves a part as it is."""
        self._host = self._host if host is None else host
        self._language = self._language if language is None else language
        self._link = self._link if link is None else link
        self._origin = self._origin if origin is None else origin

    def begin_round(self) -> None:
        """Another moment: forget its texts."""
        self._snapshots.clear()
        self._texts.clear()

    def message(
        self,
        entries: Sequence[Entry],
        *,
        kind: Kind,
        notifier: str,
        key: str,
        thread: str,
        group_key: str,
        group_labels: Mapping[str, str],
        held_back: int,
        now: int,
        opens: bool = False,
    ) -> Message:
        """The message of one group to one notifier."""
        ordered = _ordered(entries)
        text_key = (
            kind,
            held_back,
            tuple((e.alert.id, e.reason, e.old_severity, e.woken, e.escalated_after, e.came_back) for e in ordered),
        )
        if text_key not in self._texts:
            stories = [_story(entry, now, self._language) for entry in ordered]
            self._texts[text_key] = compose(
                stories, kind=kind, now=now, host=self._host, language=self._language, link=self._link, held_back=held_back, zone=self._zone
            )
        title, text = self._texts[text_key]
        return Message(
            key=key,
            notifier=notifier,
            kind=kind,
            created_at=now,
            title=title,
            text=text,
            severity=_level(entries),
            host=self._host,
            group_key=group_key,
            group_labels=dict(group_labels),
            thread=thread,
            opens=opens,
            alerts=tuple(self._snapshot(entry) for entry in ordered),
            held_back=held_back,
            language=self._language,
            link=self._link,
            service=self._origin.service,
            environment=self._origin.environment,
            footer=self._origin.footer,
        )

    def _snapshot(self, entry: Entry) -> AlertSnapshot:
        alert = entry.alert
        ended = entry.reason == "resolved"
        key = (alert.id, ended, len(entry.explained))
        if key not in self._snapshots:
            self._snapshots[key] = AlertSnapshot(
                id=alert.id,
                fingerprint=alert.fingerprint,
                status="resolved" if ended else "firing",
                severity=alert.severity,
                labels=alert.labels,
                annotations=alert.annotations,
                value=alert.value,
                starts_at=alert.starts_at,
                ends_at=alert.ends_at if ended else None,
                acknowledged_by=alert.acknowledged.by if alert.acknowledged else "",
                evidence=() if ended else _evidence(alert, self._language),
                affected=len(entry.explained),
                threshold=alert.measure.threshold,
                unit=alert.measure.unit,
            )
        return self._snapshots[key]


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    """Gravest first, oldest first, by check; ends last, but before a new firing of the same alert: its newest state is read last."""
    firing = {entry.alert.fingerprint for entry in entries if entry.reason != "resolved"}

    def order(entry: Entry) -> tuple[int, int, int, str, str]:
        ended = entry.reason == "resolved"
        place = (0 if entry.alert.fingerprint in firing else 2) if ended else 1
        alert = entry.alert
        return place, -severity_rank(alert.severity), alert.starts_at // 1000, alert.labels.get("check", ""), alert.id

    return sorted(entries, key=order)


def _level(entries: Sequence[Entry]) -> str:
    """The gravest severity of what fires: an end makes no message graver. Where nothing fires, of what has ended."""
    firing = [entry.alert.severity for entry in entries if entry.reason != "resolved"]
    return max(firing or [entry.alert.severity for entry in entries], key=severity_rank)


def _evidence(alert: Alert, language: str) -> tuple[str, ...]:
    return short_lines(alert.evidence, told=alert.annotations.get("summary", ""), say=translator(language).say)


def _story(entry: Entry, now: int, language: str) -> AlertText:
    alert = entry.alert
    late = bool(entry.held_by) and entry.reason == "new" and not entry.escalated_after and now - alert.starts_at > _LATE_MS
    return AlertText(
        severity=alert.severity,
        reason=entry.reason,
        labels=alert.labels,
        annotations=alert.annotations,
        value=alert.value,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        old_severity=entry.old_severity,
        flaps=alert.flaps,
        acknowledged_by=alert.acknowledged.by if alert.acknowledged else "",
        resolved_by=alert.resolved_by,
        note=alert.note,
        held_by=entry.held_by if late else (),
        woken=entry.woken,
        escalated_after=entry.escalated_after,
        explained=entry.explained,
        dependents=entry.dependents,
        came_back=entry.came_back,
        due_at=None if alert.acknowledged else alert.due_at,
        evidence=() if entry.reason == "resolved" else _evidence(alert, language),
        actions=tuple(alert.actions.items()),
        measure=alert.measure,
        still_true=alert.still_true,
        no_data=alert.no_data,
    )
