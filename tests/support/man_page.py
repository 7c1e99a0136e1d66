"""docs/tui-monitor.1, the manual page in roff (man macros): made from the command table and the parsers of the commands."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from tui_monitor.cli.command_table import COMMANDS
from tui_monitor.cli.main import parser
from tui_monitor.core.exit_codes import CONFIGURATION, OUTPUT, SOFTWARE, USAGE

DATE = "2026-11-30"
"""The day of the page, which mandoc wants; of the release, once there is one."""
EXITS = (
    ("0", "done; for check and status: healthy"),
    ("1, 2, 3", "check and status: degraded, unhealthy, unknown; other commands: 1, failed or refused"),
    (str(USAGE), "the command line is wrong, or there is no terminal"),
    (str(SOFTWARE), "check and status could not come to a verdict"),
    (str(OUTPUT), "the output cannot be written"),
    (str(CONFIGURATION), "the configuration or the state directory cannot be used"),
)
FILES = (
    ("~/.config/tui-monitor/config.toml, /etc/tui-monitor/config.toml", "the configuration; write one with tui-monitor config init"),
    ("~/.local/state/tui-monitor, /var/lib/tui-monitor", "alerts, outbox and history"),
)
VARIABLES = (
    ("TUI_MONITOR_CONFIG, TUI_MONITOR_STATE", "as --config and --state"),
    ("NO_COLOR", "no colours; shapes tell what colours would"),
    ("LANG, LC_ALL", "the language of the dashboard (ko, else English), unless the configuration names one"),
)
EXAMPLES = (
    ("tui-monitor demo", "a made-up shop with a failure every two minutes; needs no configuration"),
    ("tui-monitor status --oneline", "one line for tmux, prompts and motd"),
    ("tui-monitor ack 3f2a --note 'on it' --for 2h", "acknowledge an alert for two hours"),
    ("tui-monitor query 'topk(3, probe_duration_seconds)'", "the three slowest checks"),
)


def man_page() -> str:
    """The whole page, with a final newline."""
    top = parser()
    lines = [
        f'.TH TUI-MONITOR 1 "{DATE}" "tui-monitor" "User Commands"',
        ".SH NAME",
        "tui\\-monitor \\- monitor this server and the services it depends on",
    ]
    lines += [".SH SYNOPSIS", ".B tui\\-monitor", "[\\fIOPTION\\fR ...] [\\fICOMMAND\\fR [\\fIARGUMENT\\fR ...]]"]
    lines += [".SH DESCRIPTION", _text(DESCRIPTION), ".SH OPTIONS", *_options(top)]
    lines += [".SH COMMANDS", *_commands(top)]
    lines += [".SH EXIT STATUS", *_terms(EXITS), ".SH ENVIRONMENT", *_terms(VARIABLES), ".SH FILES", *_terms(FILES)]
    return "\n".join([*lines, ".SH EXAMPLES", *_terms(EXAMPLES)]) + "\n"


DESCRIPTION = (
    "Without a command: the dashboard, which leads where no daemon runs, and else shows the daemon's board. "
    "In it ? lists the keys, and q leaves without ending the daemon."
)


def _commands(top: argparse.ArgumentParser) -> Iterator[str]:
    choices = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction)).choices
    for entry in COMMANDS:
        command = choices[entry.name]
        nested = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]
        yield from (f".SS {_text(entry.name)}", _text(_sentence(entry.help)))
        if not nested:
            yield from _one(command)
        for action in nested:
            for one in action._choices_actions:
                yield from (".PP", f"\\fB{_text(f'{entry.name} {one.dest}')}\\fR: {_text(one.help or '')}")
                yield from _one(action.choices[one.dest])


def _one(command: argparse.ArgumentParser) -> Iterator[str]:
    words = [_shown(action) for action in command._actions if not action.option_strings]
    if words:
        yield from (".PP", " ".join(f"\\fI{_text(word)}\\fR" for word in words))
        yield from _terms([(_shown(action), action.help) for action in command._actions if not action.option_strings and action.help])
    yield from _options(command, common=False)


def _shown(action: argparse.Action) -> str:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return {"*": f"[{name} ...]", "+": f"{name} ...", "?": f"[{name}]"}.get(str(action.nargs), name)


def _options(one: argparse.ArgumentParser, *, common: bool = True) -> Iterator[str]:
    for action in one._actions:
        long = [word for word in action.option_strings if word.startswith("--")]
        if long and action.help != argparse.SUPPRESS and (common or long[0] not in ("--help", "--config", "--state")):
            value = "" if action.nargs == 0 else " " + (_shown(action) if action.choices is None else "|".join(map(str, action.choices)))
            yield from _terms([(", ".join(action.option_strings) + value, action.help or "")])


def _terms(pairs: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    for term, text in pairs:
        yield from (".TP", f"\\fB{_text(term)}\\fR", _text(_sentence(text)) if text else "\\&")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _text(text: str) -> str:
    """Text that roff prints as it stands; a line must not begin with a control character."""
    escaped = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%").replace("'", "\\(aq").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
