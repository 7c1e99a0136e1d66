"""The policy no_data = "alert": a second rule, which fires when the subjects of the first are missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tui_monitor.alerts.identity import NO_DATA
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.humanize import span_words
from tui_monitor.core.values import Labels

WATCH = "/no-data"
"""Ends the keys of such rules and ladders."""
MOST_MISSING = 1000
"""How many missing subjects of one rule are remembered."""


def watching(rule: Rule) -> Rule:
    """The rule that alerts when the subjects of this one are missing."""
    words = phrases(rule.language)
    name = " ".join(part for part in (rule.alert, rule.labels.get("category", "")) if part)
    return replace(
        rule,
        key=rule.key + WATCH,
        ladder=rule.ladder + WATCH,
        severity=rule.no_data_severity,
        severity_in_identity=False,
        for_s=rule.no_data_for_s,
        keep_firing_for_s=0.0,
        labels={**{key: text for key, text in rule.labels.items() if key != "severity"}, NO_DATA: "true"},
        annotations={
            "summary": words.no_data_summary.format(name=name),
            "description": words.no_data_description.format(time=span_words(rule.no_data_for_s, words.units)),
        },
        no_data="hold",
        resolve_when=None,
        cooldown_s=0.0,
        flap_limit=None,
        wide=False,
    )


def missing_of(known: dict[Labels, None], present: Collection[Labels]) -> list[Labels]:
    """The subjects that were present and are missing; ``known`` grows, in the order in which they were first seen.

    Labels that change for ever would leave missing subjects behind without end: beyond `MOST_MISSING` the first of them are forgotten.
    A rule that has never seen any is one subject without labels.
    """
    known.update(dict.fromkeys(present))
    missing = [sample for sample in known if sample not in present]
    for sample in missing[:-MOST_MISSING]:
        del known[sample]
    return sorted(missing[-MOST_MISSING:]) if known else [()]


class AllPresent:
    """The sample state of alerts about missing data: every subject that is not missing is present."""

    early = False

    def has_subject(self, rule: Rule, sample: Labels) -> bool:
        """Always."""
        return True

    def may_end(self, rule: Rule, sample: Labels) -> bool:
        """Always."""
        return True
