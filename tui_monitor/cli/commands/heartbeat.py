"""`heartbeat NAME`: the report of a job's run, stored in the state for the running monitor or the next one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.codec import board_from_json
from tui_monitor.cli.arguments import exit_status
from tui_monitor.cli.options import Refused, suggestion, wall_ms
from tui_monitor.cli.output import print_line
from tui_monitor.cli.state_access import StateAccess, open_state
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.ping import MOST_TEXT, Ping, PingKind, kind_of_exit
from tui_monitor.core.sanitize import clean
from tui_monitor.platform.acting_user import acting_user
from tui_monitor.runtime.command_client import write_state
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board

MOST_ID = 200


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `heartbeat`."""
    parser.add_argument("name", metavar="NAME")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--start", action="store_true", help="the job has begun")
    how.add_argument("--fail", action="store_true", help="the job has failed")
    how.add_argument("--exit", type=exit_status, metavar="N", help="the job's exit status: 0 is well, any other has failed")
    parser.add_argument("--rid", default="", metavar="ID", help="which run, where several overlap: the same with --start and at the end")
    parser.add_argument("--message", default="", metavar="T", help="what the job has to say, kept as evidence")


def run(given: Namespace) -> int:
    """Exit code: 0 stored, 1 unknown name or no state, 64 for a wrong name or status.

    Prints nothing while a monitor runs, since cron mails all output.
    """
    access = open_state(given)
    _refuse_unknown(access, given.name)
    ping = Ping(
        given.name, _kind(given), wall_ms(), _text(given.rid)[:MOST_ID], given.exit, _text(given.message)[:MOST_TEXT], acting_user()
    )
    try:
        write_state(access.directory, lambda state: state.pings.add(ping))
    except CommandRefused as error:
        raise Refused(str(error)) from None
    if not access.alive:
        print_line("stored for the next monitor: none runs now")
    return 0


def _kind(given: Namespace) -> PingKind:
    if given.exit is not None:
        try:
            return kind_of_exit(given.exit)
        except ValueError as error:
            raise Refused(f"--exit: {error}", USAGE) from None
    return "start" if given.start else "fail" if given.fail else "success"


def _text(given: str) -> str:
    return clean(given, newlines=True)


def _refuse_unknown(access: StateAccess, name: str) -> None:
    """Raise Refused for a name that the running monitor does not know.

    Without a running monitor every name is accepted: the configuration may have changed since.
    """
    if not access.alive:
        if not name or name != clean(name) or len(name) > MOST_ID:
            raise Refused(f'"{clean(name)[:MOST_ID]}" is not the name of a check', USAGE)
        return
    try:
        stored = last_board(access.directory.history_db)
        checks = board_from_json(stored).checks if stored else ()
    except (StorageFault, ValueError, KeyError, TypeError):
        return
    kinds = {check.name: check.type for check in checks}
    if kinds and kinds.get(name) != "heartbeat":
        known = [each for each, kind in kinds.items() if kind == "heartbeat"]
        why = f"it is a check of type {kinds[name]}" if name in kinds else "no check has the name"
        raise Refused(f'"{clean(name)}" is not a heartbeat check: {why}{suggestion(name, known)}')
