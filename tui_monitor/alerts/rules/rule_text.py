"""The text of a rule, before it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from tui_monitor.config.faults import KeyPath
from tui_monitor.core.frozen import frozen

NoData = Literal["hold", "resolve", "alert"]
Source = Literal["config", "default", "file"]
DEFAULT_SEVERITY = "warning"


@frozen
class RuleText:
    """A rule before it is compiled, wherever it comes from."""

    alert: str
    expr: str
    source: Source
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    severity: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    resolve_when: str | None = None
    cooldown_s: float = 0.0
    flap_limit: int | None = None
    rate_limit: str | None = None
    no_data: NoData = "hold"
    no_data_for_s: float = 300.0
    no_data_severity: str = DEFAULT_SEVERITY
    every_s: float = 0.0
    """At most this often; 0: each tick."""
    place: str = ""
    """Where it stands, for messages: a file and group."""
    group: tuple[str, str] = ("", "")
    """The name of the file and of the group that it stands in; empty for rules of no file."""
    path: KeyPath = ()
    """Where it stands in the configuration; (): not there."""
