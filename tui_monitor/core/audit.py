"""An entry of the audit log."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen

ABOUT_ALERTS = frozenset({"ack", "unack", "resolve", "untold"})
"""The verbs whose subject begins with an alert's id."""


@frozen
class Audit:
    """An entry of the audit log: time (UTC ms), author, verb, and the alert, silence, window or notifier that it is about."""

    at: int
    by: str
    verb: str
    subject: str
    note: str = ""

    @property
    def alert_id(self) -> str:
        """The id of the alert in ``subject``; "" where the subject is not an alert."""
        return self.subject.partition(" ")[0] if self.verb in ABOUT_ALERTS else ""
