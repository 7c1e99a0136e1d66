"""The command line's parser, and arguments that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from tui_monitor.cli.language import words
from tui_monitor.core.exit_codes import USAGE


class _TranslatedHelp(argparse.HelpFormatter):
    """The texts of `--help` in the locale's language."""

    def _expand_help(self, action: argparse.Action) -> str:
        return words().say(super()._expand_help(action))

    def _format_text(self, text: str) -> str:
        return super()._format_text(words().say(text))

    def _format_usage(self, usage: str | None, actions: Iterable[argparse.Action], groups: Iterable[Any], prefix: str | None) -> str:
        return super()._format_usage(usage, actions, groups, words().say("usage: ") if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        """A heading."""
        super().start_section(words().say(heading) if heading else heading)


class CommandParser(argparse.ArgumentParser):
    """Argument parser that suggests the nearest known word and exits with the usage code."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"formatter_class": _TranslatedHelp, **given})

    def error(self, message: str) -> NoReturn:
        """Exit with one sentence and a pointer to --help."""
        advice = ""
        if "invalid choice: '" in message:
            wrong = message.split("invalid choice: '")[1].split("'")[0]
            from tui_monitor.core.sanitize import near

            meant = near(wrong, self._known())
            advice = f"; did you mean {meant}?" if meant else ""
        say = words(sys.stderr).say
        self.exit(USAGE, f"tui-monitor: {say(message.split(' (choose from')[0] + advice)}\n{say(f'see {self.prog} --help')}\n")

    def _known(self) -> list[str]:
        """All words with fixed choices: commands, log levels."""
        return [str(name) for action in self._actions for name in action.choices or ()]


def count(text: str) -> int:
    """A positive number of rows."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of rows')
    return int(text)


def exit_status(text: str) -> int:
    """A program's exit status."""
    if not (text.isascii() and text.isdigit() and int(text) < 256):
        raise argparse.ArgumentTypeError(f'"{text}" is no exit status: 0 to 255')
    return int(text)


def common_options() -> CommandParser:
    """Options that every command accepts, before or after its name."""
    common = CommandParser(add_help=False)
    common.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration")
    common.add_argument("--state", metavar="DIR", default=argparse.SUPPRESS, help="the state directory")
    return common


def add_json(parser: argparse._ActionsContainer) -> None:
    """Add `--json`, output for scripts."""
    parser.add_argument("--json", action="store_true", help="for scripts")


def add_watch(parser: argparse._ActionsContainer) -> None:
    """Add `--watch`, which shows the answer anew until Ctrl+C."""
    parser.add_argument("--watch", action="store_true", help="show it anew every 2s, until Ctrl+C")


def add_actions(parser: argparse.ArgumentParser, metavar: str) -> Callable[[str, str], argparse.ArgumentParser]:
    """Add subcommands (stored in ``given.action``); returns a function that adds one subcommand with its help."""
    words, common = parser.add_subparsers(dest="action", metavar=metavar, required=True, parser_class=CommandParser), common_options()
    return lambda name, text: words.add_parser(name, help=text, parents=[common])
