"""Programs that run for alerts: what an action is, which alerts it is due for, and how its result becomes part of the alert. Pure."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.evaluator import Evaluator


def is_due(alert: Alert, name: str, after_ms: int, now: int) -> bool:
    """Whether an action that this firing has not started yet is to run for the alert now.

    An alert that somebody has acknowledged, or that is muted (a silence, maintenance, a failed parent), starts nothing.
    """
    waiting = alert.state == "firing" and name not in alert.actions and alert.acknowledged is None and not alert.suppressed_by
    return waiting and now - alert.starts_at >= after_ms


def record(evaluator: Evaluator, alert_id: str, name: str, result: str, now: int) -> Transition | None:
    """The step of an alert that an action has begun (``result`` "") or ended; None where no such alert is live."""
    try:
        ladder, subject = evaluator.find(alert_id)
    except LookupError:
        return None
    subject.alert = with_result(ladder.current(subject), name, result)
    return step(subject.alert, name, result, now)


def with_result(alert: Alert, name: str, result: str) -> Alert:
    """The alert with an action's result; "" while it runs."""
    return replace(alert, actions={**alert.actions, name: result})


def step(alert: Alert, name: str, result: str, now: int) -> Transition:
    """The event of an action."""
    return Transition(now, "action", alert, by=name, note=result or "started")
