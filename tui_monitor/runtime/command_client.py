"""Commands for another process: stored in state.db for the leader, whose result is read there; used by viewers and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tui_monitor.board.backend import CommandRefused
from tui_monitor.core.clock import Clock
from tui_monitor.core.command_codec import encode
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.platform.state_directory import StateDirectory, leader_lives
from tui_monitor.platform.wake_pipe import wake_leader
from tui_monitor.storage.faults import StorageFault, StoreTooNew, StoreTooOld
from tui_monitor.storage.records import LeaderRow
from tui_monitor.storage.repository import State
from tui_monitor.storage.state.reader import StateReader, write_once

T = TypeVar("T")

ANSWER_WITHIN = 3.0
LOOK_EVERY = 0.02
NO_LEADER = CommandResult(True, "stored for the next monitor: none runs now", pending=True)
UNANSWERED = CommandResult(True, "queued: the monitor is not responding", pending=True)


def leader_runs(directory: StateDirectory, row: LeaderRow | None) -> bool:
    """Whether a leader runs (`leader_lives`)."""
    return leader_lives(directory, None if row is None else row.pid)


def write_state(directory: StateDirectory, work: Callable[[State], T]) -> T:
    """The result of the function, after its writes to state.db are on the disk. Raises CommandRefused with a sentence for people."""
    if not directory.writable:
        raise CommandRefused(f"read-only: {directory.why_read_only}")
    if not directory.state_db.exists():
        raise CommandRefused("no monitor has run on this state directory yet")
    try:
        return write_once(directory.state_db, work)
    except (StoreTooNew, StoreTooOld) as error:
        raise CommandRefused(str(error)) from error
    except StorageFault as error:
        raise CommandRefused(f"the state cannot be written: {error}") from error


def leave_command(directory: StateDirectory, by: str, command: Command, now_ms: int) -> int:
    """Store a command for the leader; returns its id. Raises CommandRefused."""
    ident = write_state(directory, lambda state: state.commands.add(by, *encode(command), now_ms))
    wake_leader(directory.path)
    return ident


async def result_of(state: StateReader, ident: int, clock: Clock) -> CommandResult | None:
    """The leader's result of a command; None where it gave none within ANSWER_WITHIN seconds."""
    for _ in range(round(ANSWER_WITHIN / LOOK_EVERY)):
        await clock.sleep(LOOK_EVERY)
        try:
            result = state.read(lambda tables: tables.commands.result(ident))
        except (StorageFault, LookupError):
            return None
        if result is not None:
            return result
    return None
