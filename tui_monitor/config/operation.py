"""The keys of actions, of what is hidden, and of the monitor's own log."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from tui_monitor.config.fields import Duration, FilePath, Name, RateLimitText, Regex, Size
from tui_monitor.config.notifier_fields import ProgramArguments
from tui_monitor.config.section import Section, key
from tui_monitor.platform.regex import RegexError, compile_regex

LogLevel = Literal["debug", "info", "warning", "error"]


class ActionSettings(Section):
    """A program that runs once for each firing of matching alerts; its result is in the alert's events and in the next message."""

    name: Name = key(doc="the action's name", example="restart-shop")
    match: list[str] = key(
        doc="label matchers of the alerts; all must fit", min_length=1, example=['alertname="CheckUnhealthy"', 'check="shop"']
    )
    argv: ProgramArguments = key(
        doc="program and arguments; no shell. The alert is JSON on standard input and in TUI_MONITOR_* variables",
        min_length=1,
        example=["/usr/local/bin/restart-shop"],
    )
    after: Duration = key(default=0.0, doc="how long the alert must have fired; one that is acknowledged or muted by then starts nothing")
    limit: RateLimitText = key(default="3/1h", doc="at most N runs in a window, over all alerts")
    timeout: Duration = key(default=30.0, doc="a longer run is stopped", gt=0)


class RedactSettings(Section):
    """What is hidden: in texts from outside before they are stored, shown or sent, and from readers of the HTTP interface."""

    patterns: list[Regex] = key(
        default=[],
        doc="regular expressions; what they match in log lines, answers, reasons and evidence becomes ***; with a group only the group",
        example=["password=(\\S+)", "sk-[A-Za-z0-9]{20,}"],
    )
    private: list[str] = key(
        default=[],
        doc="series and logs that the HTTP interface gives to scope admin only: a metric, matchers in braces, or one matcher",
        example=["wallet_balance", '{team="pay"}'],
    )

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A pattern that matches the empty text would hide everything."""
        for pattern in self.patterns:
            try:
                if compile_regex(pattern).is_in(""):
                    yield "patterns", f"{pattern!r} matches the empty text, so everywhere; say what it must contain"
            except RegexError:  # it has a fault of its own
                continue


class LogSettings(Section):
    """The monitor's own log of a daemon: JSON lines on standard error, and in files where they are named."""

    level: LogLevel = key(default="info", doc="from this level on; --log-level has precedence")
    file: FilePath | None = key(default=None, doc="a file that gets the same lines", example="/var/log/tui-monitor/monitor.log")
    error_file: FilePath | None = key(default=None, doc="a file that gets errors only", example="/var/log/tui-monitor/errors.log")
    max_size: Size = key(default=10 * 2**20, doc="a file that would get larger is renamed to NAME.1, NAME.1 to NAME.2, ...", ge=4096)
    keep: int = key(default=5, doc="how many renamed files are kept", ge=0, le=1000)
