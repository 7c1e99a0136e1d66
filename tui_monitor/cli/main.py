"""Entry point of the command line: parses arguments and runs a command's module. Exit codes: core/exit_codes.py."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import sys
from collections.abc import Callable, Container, Sequence
from typing import Any, cast

from tui_monitor.platform.import_trimming import trim_imports

trim_imports("start")
from tui_monitor.cli.arguments import CommandParser, common_options  # noqa: E402
from tui_monitor.cli.command_table import COMMANDS, CommandEntry  # noqa: E402
from tui_monitor.core import version  # noqa: E402
from tui_monitor.core.exit_codes import CONFIGURATION, FAILED, INTERRUPTED, OK, OUTPUT, SOFTWARE, USAGE  # noqa: E402

THREAD_TURN = 0.0005
"""Seconds that a busy thread keeps the interpreter while another waits. With Python's 5 ms a heavy query in the reading thread delays
probes by 70 ms at p99, as each of their system calls waits for its turn; with this by about 20 (bench/serving.py, a busy machine)."""
COMPLETION_WORDS = ["completion", "words"]
"""What a shell's completion asks with; the words after it are unfinished, so argparse does not read them."""


def parser(words: Container[str] | None = None) -> argparse.ArgumentParser:
    """The argument parser; only modules of commands among ``words`` are imported (None: all), which saves start time."""
    common = common_options()
    top = CommandParser(prog="tui-monitor", parents=[common], description="Monitor this server and the services it depends on.")
    top.add_argument("--version", action="version", version=f"tui-monitor {version.VERSION}")
    top.add_argument("--headless", action="store_true", help="no screen: poll, judge and notify (for systemd)")
    top.add_argument(
        "--hosts", nargs="?", const="", metavar="NAME,...", help="the dashboard of other hosts over ssh: these, else those in [[hosts]]"
    )
    top.add_argument("--at", metavar="TIME", help="open the dashboard at a past moment: 03:10, yesterday 03:10, RFC 3339 or Unix seconds")
    top.add_argument("--screen", metavar="NAME", default="", help="begin with this screen of [[screens]]")
    top.add_argument("--colors", choices=["auto", "16", "256", "true"], default="auto", help="of the dashboard; auto asks the terminal")
    top.add_argument("--log-level", choices=["debug", "info", "warning", "error"], help="of --headless; default: [log] level")
    used = {entry.name for entry in COMMANDS if words is None or entry.name in words}

    def made(**given: Any) -> CommandParser:
        return CommandParser(**given) if given["prog"].split()[-1] in used else common  # 30 parsers take 4 ms

    commands = top.add_subparsers(dest="verb", metavar="COMMAND", parser_class=cast("type[CommandParser]", made))
    for entry in COMMANDS:
        added = commands.add_parser(entry.name, help=entry.help, description=entry.help, parents=[common])
        if entry.name in used:
            _function(entry, "add_arguments")(added)
    return top


def _function(entry: CommandEntry, name: str) -> Callable[[Any], Any]:
    module, _, other = entry.module.partition(":")
    found = importlib.import_module(f"tui_monitor.cli.commands.{module}")
    function: Callable[[Any], Any] = getattr(found, other if other and name == "add_arguments" else name)
    return function


def _shield(arguments: Sequence[str]) -> list[str]:
    """The arguments with a space before an expression that looks like an option (`query -up`); query's only short option is -h."""
    words = list(arguments)
    first = words.index("query") + 1 if "query" in words else len(words)
    for place in range(first, len(words)):
        if words[place].startswith("-") and not words[place].startswith("--") and words[place] not in ("-", "-h"):
            words[place] = f" {words[place]}"
    return words


def _end_with_0(*names: str) -> None:
    """Make the named signals exit with 0 until the program installs its own handlers, which do the same."""
    import signal

    with contextlib.suppress(ValueError):  # signal.signal works in the main thread only
        for name in names:
            signal.signal(getattr(signal, name), lambda *_: sys.exit(0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    gc.disable()  # until the command works: collections while modules are loaded take 15 ms and free nothing
    try:
        return _main(arguments)
    finally:
        gc.enable()


def _main(arguments: Sequence[str] | None) -> int:
    from tui_monitor.cli.standard_output import OutputFault, standard_streams

    with standard_streams():
        words = sys.argv[1:] if arguments is None else arguments
        if list(words[:2]) == COMPLETION_WORDS:
            return _complete(words[2:])
        try:
            known = parser(words)
        except Exception:  # noqa: BLE001  the boundary, as in `_answer`: a command's module may fail while it loads
            return _print_crash(words)
        try:
            given = known.parse_args(_shield(words))
        except SystemExit as end:  # covers --help and --version too, which print
            raise SystemExit(_printed(int(end.code or 0))) from None
        except OutputFault as fault:
            return _unwritten(fault, OK)
        if given.verb and (given.headless or given.at or given.hosts is not None or given.screen):
            option = "--headless" if given.headless else "--hosts" if given.hosts is not None else "--at" if given.at else "--screen"
            known.error(f"{option} does not go with the command {given.verb}")
        given.config = getattr(given, "config", None)
        given.state = getattr(given, "state", None)
        given.verdict = OK
        return _answer(given)


def _complete(words: Sequence[str]) -> int:
    from tui_monitor.cli.commands.completion import run_words

    return _printed(run_words(words, parser(words)))


def _answer(given: argparse.Namespace) -> int:
    """Run the chosen command and turn every outcome into an exit code."""
    from tui_monitor.cli.options import Refused, print_error
    from tui_monitor.cli.standard_output import OutputFault

    failed = _failure([given.verb])
    try:
        return _printed(_run(given))
    except Refused as refused:
        print_error(str(refused))
        return failed if refused.code == FAILED else refused.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, OutputFault) as fault:
        return _unwritten(fault, given.verdict)
    except Exception:  # noqa: BLE001  the boundary: a fault of ours must not read as a verdict (1 is "degraded")
        return _print_crash([given.verb])


def _failure(words: Container[str]) -> int:
    """Exit code of a failure, never 0 to 3 for commands whose codes are verdicts."""
    return SOFTWARE if any(entry.name in words and entry.verdict for entry in COMMANDS) else FAILED


def _print_crash(words: Container[str]) -> int:
    """Print the traceback of the exception being handled; returns the exit code."""
    import traceback

    traceback.print_exc()
    return _failure(words)


def _printed(code: int) -> int:
    """The exit code, after standard output is flushed."""
    from tui_monitor.cli.standard_output import OutputFault

    try:
        sys.stdout.flush()
    except (BrokenPipeError, OutputFault) as fault:
        return _unwritten(fault, code)
    return code


def _unwritten(fault: Exception, code: int) -> int:
    """Exit code after a failed write: a closed pipe is ignored (the reader has read enough), a full disk is reported."""
    from tui_monitor.cli.options import print_error
    from tui_monitor.cli.standard_output import abandon_output

    abandon_output()
    if isinstance(fault, BrokenPipeError):
        return code
    print_error(str(fault))
    return OUTPUT


def _named_file_exists(given: argparse.Namespace) -> None:
    """Raise Refused (78) for a --config that is not there: a viewer reads no file, and would show another one's monitor without a word."""
    import os

    from tui_monitor.cli.options import Refused

    writes_it = given.verb == "config" and given.action == "init"
    if given.config and not writes_it and not os.path.lexists(given.config):
        raise Refused(
            f"--config: there is no file {given.config}; tui-monitor config init --config {given.config} writes one", CONFIGURATION
        )


def _run(given: argparse.Namespace) -> int:
    _named_file_exists(given)
    if given.verb:
        entry = next(entry for entry in COMMANDS if entry.name == given.verb)
        run = _function(entry, "run")
        gc.enable()
        return int(run(given))
    sys.setswitchinterval(THREAD_TURN)
    if given.headless:
        _end_with_0("SIGTERM")
        from tui_monitor.daemon.headless import run_headless

        gc.enable()
        return run_headless(given)
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        from tui_monitor.cli.options import print_error

        print_error("not a terminal; use --headless to run as a service, or tui-monitor status")
        return USAGE
    _end_with_0("SIGTERM", "SIGHUP")
    from tui_monitor.cli.commands import dashboard

    return dashboard.run_dashboard(given) if given.hosts is None else dashboard.run_hosts(given)


if __name__ == "__main__":
    sys.exit(main())
