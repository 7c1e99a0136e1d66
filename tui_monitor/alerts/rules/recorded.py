"""Recorded series of the configuration: `[[rules]]` with `record` in place of `alert`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_monitor.config.faults import Fault
from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.rulefiles import FileRule

if TYPE_CHECKING:
    from tui_monitor.config.settings import Settings

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def recorded_rules(settings: Settings) -> tuple[list[FileRule], list[Fault]]:
    """The rules that record a series, in the shape of a rule file's, and every fault in them; only sound ones are in the list."""
    from tui_monitor.promql.engine import compile_expr

    rules: list[FileRule] = []
    faults: list[Fault] = []
    for index, rule in enumerate(settings.rules):
        if not rule.record:
            continue
        where, found = ("rules", index), len(faults)
        try:
            kind = compile_expr(rule.expr).kind
            if kind not in ("vector", "scalar"):
                faults.append(Fault((*where, "expr"), f'"{rule.expr}" gives no series of one moment; a vector or a number is wanted'))
        except PromqlError as error:
            faults.append(Fault((*where, "expr"), str(error), f"recorded series {rule.record}: expr"))
        for name in rule.labels:
            if not _LABEL.fullmatch(name) or name == METRIC_NAME:
                faults.append(Fault((*where, "labels"), f'"{name}" is not a label name; letters, digits and _ are possible'))
        if len(faults) == found:
            rules.append(FileRule("", rule.record, "record", rule.expr, 0.0, 0.0, rule.labels, {}, None, "", 0))
    return rules, faults
