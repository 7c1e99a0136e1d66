"""Read access of commands to the state directory: creates nothing, reads no configuration, refuses with one sentence."""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from tui_monitor.cli.options import Refused, print_error, state_path
from tui_monitor.core.frozen import frozen
from tui_monitor.platform.state_directory import StateDirectory, StateUnusable, open_directory
from tui_monitor.runtime.command_client import leader_runs
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import LeaderRow
from tui_monitor.storage.repository import State
from tui_monitor.storage.state.reader import StateReader

T = TypeVar("T")


class NoStateYet(Refused):
    """No monitor has run with this state directory."""


@frozen
class StateAccess:
    """An opened state directory: its last leader, and whether that process still leads."""

    directory: StateDirectory
    leader: LeaderRow | None
    alive: bool


def existing_state(given: Namespace) -> StateDirectory:
    """The state directory of a monitor that has run. Raises NoStateYet, and Refused where this user may not read it."""
    path = state_path(given)
    if not _is_directory(path) or not _is_there(path / "state.db"):
        raise NoStateYet(f"no monitor has run here: {path} holds no state")
    try:
        directory = open_directory(path)
    except StateUnusable as error:
        raise Refused(str(error)) from None
    if not os.access(directory.state_db, os.R_OK):
        raise Refused(f"{directory.state_db} may not be read by this user; join the group that owns it")
    return directory


def open_state(given: Namespace) -> StateAccess:
    """The state and whether a monitor runs. Raises NoStateYet and Refused."""
    directory = existing_state(given)
    row = read_state(directory, lambda state: state.processes.leader())
    return StateAccess(directory, row, leader_runs(directory, row))


def open_state_for_people(given: Namespace) -> StateAccess:
    """As `open_state`, with a warning on standard error where no monitor runs and the state is old."""
    access = open_state(given)
    if not access.alive:
        print_error("no monitor runs: this is the state that the last one stored")
    return access


def read_state(directory: StateDirectory, question: Callable[[State], T]) -> T:
    """Run one query on state.db. Raises Refused where it cannot be read."""
    try:
        with closing(StateReader(directory.state_db)) as state:
            return state.read(question)
    except StorageFault as error:
        raise Refused(f"the state in {directory.path} cannot be read: {error}") from None


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise Refused(f"{path} may not be read by this user: {error.strerror}") from None


def _is_there(path: Path) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Refused(f"{path.parent} may not be read by this user: {error.strerror}; join the group that owns it") from None
    return True
