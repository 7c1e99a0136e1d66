"""An alerting rule that a person has added by command, beside those of the configuration."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class AddedRule:
    """The rule: its condition as typed and the PromQL made of it; durations in seconds; who added it, and when (UTC ms)."""

    name: str
    condition: str
    expr: str
    for_s: float = 0.0
    severity: str = "warning"
    to: tuple[str, ...] = ()
    cooldown_s: float = 0.0
    by: str = ""
    at: int = 0
