"""The catalogue of the web page's texts; one value per language, so a missing phrase is a type error."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.frozen import frozen


@frozen
class PagePhrases:
    """Phrases of one language. Braces are filled in by `str.format`."""

    language: str
    """The value of the attribute ``lang``."""
    statuses: Mapping[str, str]
    """Words for healthy, degraded, unhealthy, unknown and "none" (not measured)."""

    # --- around every page ---
    overview: str
    history: str
    reports: str
    feed: str
    skip: str
    live: str
    live_now: str
    lost: str
    read_only: str
    acting_as: str
    sign_out: str
    made_by: str
    pages: str
    not_found: str
    sign_in: str
    sign_in_how: str
    forbidden: str
    not_now: str
    too_many: str
    wrong: str
    back_to_overview: str

    # --- the verdict ---
    one_down: str
    one_degraded: str
    several_down: str
    together: str
    """Joins the last of several names."""
    several_degraded: str
    several_alerts: str
    one_alert: str
    several_unknown: str
    one_unknown: str
    all_healthy: str
    all_healthy_detail: str
    no_checks: str
    no_checks_detail: str
    starting: str
    starting_detail: str
    nobody: str
    nobody_detail: str
    for_time: str
    since_at: str
    takes_down: str
    needs: str
    told: str
    told_nobody: str
    untold: str
    delivering: str
    nobody_acknowledged: str
    acknowledged_by: str
    more: str
    more_incidents: str

    # --- incidents and alerts ---
    incidents: str
    no_incidents: str
    muted: str
    acknowledged_count: str
    muted_by: str
    pending: str
    over: str
    was: str
    lasted: str
    firing: str
    acknowledge: str
    take_back: str
    resolve: str
    note: str
    note_hint: str
    act_hint: str
    value: str
    labels: str
    timeline: str
    deliveries: str
    deliveries_none: str
    what_to_do: str
    runbook: str
    evidence: str
    log_lines: str
    phases: str
    busiest: str
    process: str
    cpu: str
    memory: str
    trend: str
    rule: str
    no_data: str
    notifier: str
    state: str
    at: str
    error: str
    changes: Mapping[str, str]
    """Words for an alert's events (alerts.alert.Change)."""
    delivery_states: Mapping[str, str]
    """Words for sent, queued, retrying, failed, unknown ..."""

    # --- services ---
    services: str
    service: str
    now: str
    strip_legend: str
    strip_label: str
    strip_label_quiet: str
    spans: Mapping[str, str]
    """Names of 15m, 1h, 24h, 30d, in full."""
    days: str
    all_services: str
    days_label: str
    uptime: str
    incident_count: str
    one_incident: str
    down_time: str
    not_measured: str
    day_tip: str
    history_missing: str
    more_healthy: str

    # --- one check ---
    target: str
    kind: str
    reason: str
    checked: str
    latency: str
    latency_label: str
    window: str
    figures: str
    facts: str
    certificate: str
    certificate_left: str
    members: str
    depends: str
    failures: str

    # --- resources ---
    resources: str
    disk: str
    network: str
    requests: str
    load: str
    free_of: str
    rates: str
    request_figures: str
    last_hour: str

    # --- public status page ---
    status_title: str
    status_all_healthy: str
    status_some_degraded: str
    status_some_down: str
    status_unknown: str
    status_updated: str
