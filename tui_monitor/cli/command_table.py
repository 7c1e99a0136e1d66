"""The table of commands: a new command is a module in `cli/commands/` with `add_arguments` and `run`, and a line here."""

from __future__ import annotations

from typing import NamedTuple


class CommandEntry(NamedTuple):
    """One command; its module in `cli/commands/` is imported only when the command is used.

    ``module``: "module", or "module:function" where the arguments are added by another function than `add_arguments`.
    """

    name: str
    module: str
    help: str
    verdict: bool = False
    """Whether exit codes 0 to 3 are verdicts; a failure then needs another code."""


COMMANDS = (
    CommandEntry("check", "check", "run checks once; exit 0 healthy, 1 degraded, 2 unhealthy, 3 unknown", verdict=True),
    CommandEntry("status", "state:add_status_arguments", "current state, from the daemon; exit codes as check", verdict=True),
    CommandEntry("alerts", "state:add_alerts_arguments", "the alerts that are pending or firing; --all: history too"),
    CommandEntry("ack", "actions:add_ack_arguments", "acknowledge alerts: their reminders stop"),
    CommandEntry("unack", "actions:add_unack_arguments", "withdraw an acknowledgement"),
    CommandEntry(
        "resolve", "actions:add_resolve_arguments", "resolve by hand; the alert stays resolved until its condition has been false once"
    ),
    CommandEntry("silence", "actions:add_silence_arguments", "mute matching alerts for a time"),
    CommandEntry("silences", "state:add_silences_arguments", "the silences that are or will be active"),
    CommandEntry("unsilence", "actions:add_unsilence_arguments", "end a silence now"),
    CommandEntry("extend", "actions:add_extend_arguments", "extend a silence"),
    CommandEntry("annotate", "actions:add_annotate_arguments", "mark this moment on every chart, for example a deploy"),
    CommandEntry("audit", "state:add_audit_arguments", "who did what"),
    CommandEntry("notify", "notify", "try notifiers, or send a message by hand"),
    CommandEntry("notifications", "state:add_notifications_arguments", "the outbox: queued, sent, retrying, failed and why"),
    CommandEntry("token", "token", "access tokens of the HTTP interface: add, list, revoke"),
    CommandEntry("web", "web", "print a link that signs a browser in"),
    CommandEntry("query", "query", "evaluate PromQL over the history, or over an OpenMetrics file"),
    CommandEntry("summary", "summary", "count, sum, minimum, average, maximum and last value of series over a time"),
    CommandEntry("report", "report", "a daily, weekly, performance, risk or health report, as text, HTML or JSON"),
    CommandEntry("rules", "rules:add_rules_arguments", "check rules, try them on history, explain them"),
    CommandEntry("explain", "rules:add_explain_arguments", "the same as rules explain"),
    CommandEntry("store", "store", "inspect and maintain the history"),
    CommandEntry("heartbeat", "heartbeat", "report the run of a job to a heartbeat check"),
    CommandEntry("logs", "logs", "search the lines that log checks keep and applications push"),
    CommandEntry("traces", "traces:add_traces_arguments", "the traces that applications have pushed"),
    CommandEntry("trace", "traces:add_trace_arguments", "one trace: its spans, and the log lines that name it"),
    CommandEntry("stdio", "stdio", "the far end of `--hosts`: speaks with another tui-monitor on standard input and output"),
    CommandEntry("config", "config", "write, check or show the configuration"),
    CommandEntry("demo", "demo", "the dashboard over a made-up shop, in which something fails every two minutes"),
    CommandEntry("completion", "completion", "print the completion script of a shell"),
)
