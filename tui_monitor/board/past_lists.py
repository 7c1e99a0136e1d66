"""Lists as they were at a past moment: without what came later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tui_monitor.board.values import ActView, AlertView, NotificationView


def ended_by(at: int, alerts: Iterable[AlertView]) -> list[AlertView]:
    """The resolved alerts that had ended at a moment (UTC ms)."""
    return [alert for alert in alerts if alert.ends_at is not None and alert.ends_at <= at]


def messages_by(at: int, messages: Iterable[NotificationView]) -> list[NotificationView]:
    """The messages that were in the outbox at a moment (UTC ms): what was sent later, or failed at an unknown time, is queued."""
    return [_message_then(one, at) for one in messages if one.created_at <= at]


def acts_by(at: int, acts: Iterable[ActView]) -> list[ActView]:
    """The entries of the audit log up to a moment (UTC ms)."""
    return [one for one in acts if one.at <= at]


def _message_then(one: NotificationView, at: int) -> NotificationView:
    if one.sent_at is not None and one.sent_at <= at:
        return one
    return replace(one, state="queued", attempts=0, next_try=None, sent_at=None, error="")
