"""The keys of a command check."""

from __future__ import annotations

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import FilePath
from tui_monitor.config.section import key
from tui_monitor.sources.command.outputs import Format


class CommandCheck(CheckSettings):
    """A program whose exit code is the verdict: a Nagios plugin, or a script of one's own."""

    argv: list[str] = key(
        doc="the program and its arguments, one each; no shell",
        min_length=1,
        example=["/usr/lib/nagios/plugins/check_load", "-w", "5,4,3", "-c", "10,8,6"],
    )
    env: dict[str, str] = key(
        default={}, doc="added to an environment of PATH, HOME and LC_ALL=C; values are masked in the program's output", hide=True,
        example={"TOKEN": "${TOKEN}"},
    )  # fmt: skip
    directory: FilePath | None = key(default=None, doc="where it runs", shown="the monitor's own", example="/srv/shop")
    output: Format = key(
        default="nagios", doc="nagios, exit (only the code), json (an object of numbers) or prometheus (a page of metrics)"
    )


def metrics(check: CommandCheck) -> tuple[str, ...] | None:
    """Names of the check's own series; None for a page of metrics, which can have any."""
    return None if check.output == "prometheus" else ("command_exit_code", "command_value", "command_value_total")


def target(check: CommandCheck) -> tuple[str, bool]:
    """The program as the target. It counts as local: a network fault never explains its verdict."""
    return check.argv[0], True
