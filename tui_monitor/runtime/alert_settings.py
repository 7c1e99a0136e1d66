"""The settings of the alert engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.origin import NO_ORIGIN, Origin
from tui_monitor.dispatch.routing import Routing


@frozen
class AlertSettings:
    """The settings of the alert engine; ``checks``: name → labels, ``link``: how messages say to open the dashboard."""

    rules: Sequence[Rule]
    checks: Mapping[str, Mapping[str, str]]
    routing: Routing
    host: str
    language: str
    link: str
    origin: Origin = NO_ORIGIN

    @property
    def rate_limits(self) -> dict[str, str]:
        """Ladder key (what Alert.rule holds) → its limit of notifications."""
        return {rule.ladder: rule.rate_limit for rule in self.rules if rule.rate_limit}
