"""An entry of the audit log."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen

ABOUT_ALERTS = frozenset({"ack", "unack", "resolve", "untold"})
"""The verbs whose subject begins with an alert's id."""


@frozen
class Audit:
    """Who did what to which alert, silence, window or notifier, and when (UTC ms)."""

    at: int
    by: str
    verb: str
    subject: str
    note: str = ""

    @property
    def alert_id(self) -> str:
        """The id of the alert that it is about, "" where it is about something else."""
        return self.subject.partition(" ")[0] if self.verb in ABOUT_ALERTS else ""
