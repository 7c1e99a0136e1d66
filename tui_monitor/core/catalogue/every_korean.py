"""All texts of the program in Korean, by their English text."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.catalogue.cli_korean import CLI
from tui_monitor.core.catalogue.config_korean import CONFIGURATION
from tui_monitor.core.catalogue.kinds_korean import KINDS
from tui_monitor.core.catalogue.probe_korean import PROBES
from tui_monitor.core.catalogue.promql_korean import PROMQL
from tui_monitor.core.catalogue.reasons_korean import REASONS
from tui_monitor.core.catalogue.refusal_korean import REFUSALS
from tui_monitor.core.catalogue.remedies import REMEDIES
from tui_monitor.core.catalogue.screen_korean import SCREEN, UNITS

__all__ = ["TEXTS", "UNITS"]

_ADVICE = {one.english: one.korean for one in REMEDIES}
TEXTS: Mapping[str, str] = {**_ADVICE, **PROMQL, **KINDS, **PROBES, **CONFIGURATION, **REFUSALS, **CLI, **REASONS, **SCREEN}
"""Where two modules have the same text, the last is taken: what screens say is the shortest."""
