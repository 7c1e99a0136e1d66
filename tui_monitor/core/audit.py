"""An entry of the audit log."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class Audit:
    """One line for the audit log: who did what to which alert, silence or window."""

    at: int
    by: str
    verb: str
    subject: str
    note: str = ""
