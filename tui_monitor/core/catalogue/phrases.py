"""The catalogue of notification texts in every language of the key ``language``.

One value per language with a field per phrase, so a missing phrase is a type error. Configured texts and texts of targets are
never translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tui_monitor.core.frozen import frozen


class RuleTexts(NamedTuple):
    """The annotations of a built-in rule, as templates."""

    summary: str
    description: str


@frozen
class Phrases:
    """Phrases of one language. Braces are filled in by `str.format`; the texts of rules are templates."""

    severities: Mapping[str, str]
    units: Mapping[str, str]
    """Unit suffixes of days, hours, minutes and seconds (d, h, m, s)."""

    # --- about alerts (dispatch.message_text) ---
    resolved: str
    after: str
    healthy_again: str
    still: str
    overdue: str
    was: str
    flapping: str
    flapping_title: str
    alerts: str
    affected: str
    more: str
    explains: str
    depends: str
    since: str
    ago: str
    was_about: str
    from_to: str
    value: str
    last_value: str
    limit: str
    host: str
    columns: Mapping[str, str]
    """The names in a mail's table: category, service, value, since, host."""
    labels: Mapping[str, str]
    """The words for labels that the monitor sets itself; others stand as they are."""
    what_to_do: str
    changed: str
    acknowledged: str
    ack_expired: str
    escalated: str
    answer_within: str
    answer_now: str
    overdue_since: str
    late: str
    came_back: str
    closed_by: str
    closed_unhealthy: str
    closed_degraded: str
    closed_true: str
    closed_no_data: str
    action: str
    action_runs: str
    evidence: str
    runbook: str
    look: str
    held_back: str
    causes: Mapping[str, str]
    """Mute reasons, by kind (core.mute_reason)."""

    # --- about the delivery (outbox and notifiers) ---
    possible_repeat: str
    unrecorded: str
    late_after_end: str
    late_since: str
    late_written: str
    state_acknowledged: str
    state_resolved: str
    button_acknowledge: str
    button_done: str
    button_over: str
    button_forbidden: str
    button_unknown: str
    button_failed: str
    button_other_host: str
    topic_gone: str
    backlog: str

    # --- whole messages and alerts ---
    test_title: str
    test_text: str
    no_data_summary: str
    no_data_description: str
    rules: Mapping[str, RuleTexts]
    """Texts by name of the built-in rule (alerts.rules.defaults)."""
