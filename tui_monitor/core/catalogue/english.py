"""The texts of messages in English."""

from __future__ import annotations

from tui_monitor.core.catalogue.phrases import Phrases, RuleTexts

ENGLISH = Phrases(
    severities={
        "critical": "CRITICAL",
        "error": "ERROR",
        "warning": "WARNING",
        "info": "INFO",
    },
    units={
        "d": " d",
        "h": " h",
        "m": " min",
        "s": " s",
    },
    resolved="RESOLVED",
    after="{what} after {time}",
    healthy_again="{check} healthy again after {time}",
    still="STILL {severity} for {time}: {what}",
    overdue="OVERDUE {severity}, unanswered for {time}: {what}",
    was="{severity} (was {old}) {what}",
    flapping="flapping, {count} times in 10 min",
    flapping_title="FLAPPING {what}, {count} times in 10 min",
    alerts="{count} alerts",
    affected="({count} affected)",
    more="and {count} more",
    explains="Affected ({count}): {names}",
    depends="Depending on it ({count}): {names}",
    since="Since {at}",
    ago="{time} ago",
    was_about="Was: {what}",
    from_to="From {begin} to {end} ({time})",
    value="value {value}",
    last_value="last value {value}",
    limit="{value}, limit {limit}",
    host="host {host}",
    columns={"category": "Category", "service": "Service", "value": "Value and limit", "since": "Since", "host": "Host"},
    labels={name: name for name in ("check", "category", "service", "mount", "unit", "container")},
    what_to_do="What to do: {text}",
    changed="Raised: {old} → {new}",
    acknowledged="Acknowledged by {by}",
    ack_expired="The acknowledgement has expired",
    escalated="Escalated: nobody has acknowledged it for {time}",
    came_back="Fired {count} more times since the last message, within the route's pause",
    answer_within="Answer within {time} (by {at})",
    answer_now="Answer at once",
    overdue_since="Overdue since {at}: nobody has acknowledged it",
    late="Late notification: it was held back by {cause}",
    closed_by="closed by {by}",
    closed_unhealthy="the check is still unhealthy",
    closed_degraded="the check is still degraded",
    closed_true="the condition still holds",
    closed_no_data="its series is missing",
    action="Action {name}: {result}",
    action_runs="started, not ended yet",
    evidence="Evidence:",
    runbook="Runbook: {url}",
    look="Look: {link}",
    held_back="and {count} more came and went, held back by the rate limit",
    causes={
        "silence": "silence {name}",
        "maintenance": "maintenance {name}",
        "depends_on": "the failure of {name}",
        "inhibit": "alert {name}",
        "waiting": "the wait for {name}",
        "inactive": "its route's active times",
    },
    possible_repeat="(possible repeat)",
    unrecorded="not recorded, may repeat",
    late_after_end="was down {start}–{end}, delivered {now}",
    late_since="since {start}, delivered {now}",
    late_written="written {start}, delivered {now}",
    state_acknowledged="acknowledged by {by}",
    state_resolved="resolved {now}",
    button_acknowledge="Acknowledge",
    button_done="Acknowledged",
    button_over="This alert is already resolved",
    button_forbidden="You may not acknowledge here",
    button_unknown="Unknown button",
    button_failed="The command failed",
    button_other_host="This alert belongs to {host}, whose monitor did not receive the press. Use one bot per machine",
    topic_gone="topic {topic} is deleted or closed, so this went to the group",
    backlog="{firing} firing, {resolved} resolved",
    test_title="Test message from {host}",
    test_text="If you can read this, {name} works. Sent by {by} with tui-monitor notify test.",
    no_data_summary="No data for {name}",
    no_data_description="The rule has had no samples for {time}: check that their source still runs.",
    rules={
        "HighCPU": RuleTexts(
            "CPU at {{ $value | humanizePercentage }}",
            "Sort the process table by CPU to see who uses it; stop or slow that work, or give the machine more cores.",
        ),
        "HighMemory": RuleTexts(
            "Memory at {{ $value | humanizePercentage }}",
            "Sort the process table by memory; restart what leaks before the kernel ends a process of its own choice.",
        ),
        "DiskSpace": RuleTexts(
            "Disk {{ $labels.mount }} at {{ $value | humanizePercentage }}",
            "Find what is large (du -xh {{ $labels.mount }} | sort -h | tail), rotate logs, move data, or enlarge it.",
        ),
        "DiskInodes": RuleTexts(
            "Disk {{ $labels.mount }} has used {{ $value | humanizePercentage }} of its inodes (files)",
            "No file can be made without an inode, however much space is free. Find the directory with the most files"
            " (du --inodes -xS {{ $labels.mount }} | sort -n | tail) and remove old ones: sessions, caches, mail queues.",
        ),
        "DiskFullSoon": RuleTexts(
            "Disk {{ $labels.mount }} will be full in {{ $value | humanizeDuration }} at the pace of the last hour",
            "Find what is growing (du -xh {{ $labels.mount }} | sort -h | tail, twice) and stop it, or make room.",
        ),
        "CheckUnhealthy": RuleTexts(
            "{{ $labels.check }} is {{ if eq $value 2 }}unhealthy{{ else }}degraded{{ end }}{{ if $reason }}: {{ $reason }}{{ end }}",
            "The reason and the times of the phases say where it fails (Enter, then c for the check). Then look at the target itself.",
        ),
        "CertificateExpiry": RuleTexts(
            '{{ if match "^certificate of " $reason }}{{ $labels.check }}: {{ $reason }}{{ else }}The certificate of {{ $labels.check }} '
            "{{ if gt $value 0 }}ends in {{ $value | humanizeDuration }}{{ else }}has ended{{ end }}{{ end }}",
            "Renew the certificate and make sure that the server has loaded the new one.",
        ),
        "ContainerRestarting": RuleTexts(
            "Container {{ $labels.container }} has restarted {{ $value | humanize }} times in 10 minutes",
            "Read its last words (docker logs {{ $labels.container }}) and its exit code in the details of the check {{ $labels.check }}; "
            "undo its last change where it began with one.",
        ),
        "DomainExpiry": RuleTexts(
            "The domain of {{ $labels.check }} {{ if gt $value 0 }}ends in {{ $value | humanizeDuration }}{{ else }}has ended{{ end }}",
            "Renew it at the registrar (the check's details name it); see whether the automatic renewal and its payment still work.",
        ),
        "LogErrorBurst": RuleTexts(
            "{{ $value | humanize }} lines of {{ $labels.match }} in 5 minutes in the log {{ $labels.check }}",
            "Read the lines (tui-monitor logs {{ $labels.check }} --level error) and look for what changed just before.",
        ),
        "HighErrorRate": RuleTexts(
            "{{ $value | humanizePercentage }} of the requests to {{ $labels.check }} fail",
            "See which routes fail in the request table, then the application's log; undo the last change where it began with one.",
        ),
        "SlowRequests": RuleTexts(
            "The slowest requests to {{ $labels.check }} take {{ $value | humanizeDuration }} (p99 warning, p95 error)",
            "See which routes are slow in the request table, then what they wait for: the database, another service, CPU.",
        ),
        "UnitRestarting": RuleTexts(
            "systemd has started {{ $labels.unit }} again {{ $value | humanize }} times in 10 minutes",
            "Read why it ended (journalctl -u {{ $labels.unit }}); undo its last change where it began with one.",
        ),
        "ClockOffset": RuleTexts(
            "The clock of this machine is off by {{ $value | humanizeDuration }}, says {{ $labels.check }}",
            "Certificates, one-time passwords and stamps fail. See what sets the clock (timedatectl, chronyc tracking); "
            "where several time servers disagree, the server is wrong.",
        ),
        "ClockSkew": RuleTexts(
            "The clock is off by {{ $value | humanizeDuration }}",
            "See what sets the clock (timedatectl, chronyc tracking): stamps and schedules are wrong until then.",
        ),
        "SenderSilent": RuleTexts(
            "{{ $labels.sender }} has sent no alerts for {{ $value | humanizeDuration }}, and its alerts have not ended",
            "See whether it runs and reaches this monitor. Its alerts are held until it is back; resolve by hand what is over.",
        ),
        "ReportFailed": RuleTexts(
            "The report {{ $labels.report }} cannot be made{{ if $reason }}: {{ $reason }}{{ end }}",
            "It is tried again each hour while it may still be sent; tui-monitor report {{ $labels.report }} tries it now.",
        ),
        "MonitorTrouble": RuleTexts(
            "tui-monitor: {{ if $reason }}{{ $reason }}{{ else }}{{ $labels.reason }}{{ end }}",
            "What it cannot measure is unknown, not down. Free disk, descriptors or CPU, then see its log.",
        ),
    },
)
