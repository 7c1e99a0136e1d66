"""Toasts about newly firing alerts: one per board, with a count."""

from __future__ import annotations

from typing import Literal

from tui_monitor.board.values import AlertView, Board
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.subjects import subject_of

AGAIN_MS = 600_000
"""A subject that fires again within this time gets no second toast."""


@frozen
class NewAlertNotice:
    """Text and severity of a toast about new alerts."""

    title: str
    text: str
    severity: Literal["warning", "error"]
    alerts: tuple[str, ...] = ()
    """Their ids."""


class NewAlerts:
    """Detector of new alerts: compares each board with the one before, unless that was another host's.

    ``lasting_ms`` is how long a toast stays; alerts within that time are added to its count.
    """

    def __init__(self, first: Board, lasting_ms: int) -> None:
        self._lasting_ms = lasting_ms
        self._known = _open_alerts(first)
        self._host = first.host
        self._recent: list[int] = []
        self._told: dict[tuple[str, str], int] = {}

    def notice(self, board: Board) -> NewAlertNotice | None:
        """Notice of alerts that started since the last board, except acknowledged or muted ones; None while boards are loading."""
        if board.loading:
            return None
        before, self._known = self._known if board.host == self._host else None, _open_alerts(board)
        self._host = board.host
        new = [] if before is None or self._known is None else [a for a in board.alerts if a.id in self._known - before]
        new = [alert for alert in new if not self._flaps(alert, board.at)]
        return self._notice(new, board.at) if new else None

    def _flaps(self, alert: AlertView, at: int) -> bool:
        """Whether the same subject fired within the last ten minutes: a toast for each time would be noise."""
        key = (alert.name, subject_of(alert.labels))
        self._told = {one: when for one, when in self._told.items() if when > at - AGAIN_MS}
        known = key in self._told
        self._told[key] = at
        return known

    def _notice(self, new: list[AlertView], at: int) -> NewAlertNotice:
        self._recent = [one for one in self._recent if one > at - self._lasting_ms] + [at] * len(new)
        more = len(self._recent) - 1
        text = clean(new[0].summary or new[0].name) + (f"  and {more} more" if more else "")
        is_grave = any(alert.severity in ("critical", "error") for alert in new)
        return NewAlertNotice(clean(new[0].name), text, "error" if is_grave else "warning", tuple(alert.id for alert in new))


def _open_alerts(board: Board) -> frozenset[str] | None:
    """Ids of firing alerts that are neither acknowledged nor muted; None before the first complete board."""
    if board.loading:
        return None
    return frozenset(a.id for a in board.alerts if a.state == "firing" and not a.acknowledged_by and not a.suppressed_by)
