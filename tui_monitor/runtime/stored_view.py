"""The stored board and commands of a monitor on this machine for `tui-monitor stdio`: JSON as it is stored, in a process of 15 MiB."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import stamp
from tui_monitor.platform.state_directory import StateDirectory, StateUnusable, leader_lives
from tui_monitor.platform.wake_pipe import wake_leader
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board
from tui_monitor.storage.state import far_end

SILENT_MS = 15_000
"""Milliseconds after which a leader that writes nothing counts as hanging: it stores a board every 5 s."""
NO_STATE = "no monitor has run here; start one: tui-monitor --headless"


@frozen
class StoredView:
    """The view of one state directory. ``open_directory`` raises StateUnusable; it is called at each look, so a monitor may come later."""

    open_directory: Callable[[], StateDirectory]
    by: str
    now: Callable[[], int]

    def board(self) -> dict[str, Any] | str:
        """The stored board as JSON with the leader's state, or why there is none."""
        try:
            directory = self.open_directory()
            data = last_board(directory.history_db) if directory.state_db.exists() else None
            board = None if data is None else json.loads(data)
            leader = far_end.leader_row(directory.state_db) if board is not None else None
        except (StateUnusable, StorageFault) as error:
            return str(error)
        except (ValueError, RecursionError):
            return "the stored board cannot be read; it is written anew by a monitor that runs"
        return self._completed(board, directory, leader) if isinstance(board, dict) else NO_STATE

    def _completed(self, board: dict[str, Any], directory: StateDirectory, leader: far_end.PlainLeaderRow | None) -> dict[str, Any]:
        at = int(board.get("at") or 0)
        alive = leader_lives(directory, leader.pid if leader else None)
        trouble = [str(text) for text in board.get("trouble") or ()]
        if leader is None:
            board["leader"] = {"role": "viewer", "alive": False, "heartbeat": at}
        else:
            own = leader._asdict()
            board["leader"] = {"role": "viewer", "alive": alive, **own}
            silent_since = max(at, leader.since)
            if alive and self.now() - silent_since > SILENT_MS:
                since = stamp(silent_since, self.now(), None, seconds=True)
                trouble.insert(0, f"the daemon (pid {leader.pid}) is not responding since {since}, showing its last state")
        board["trouble"] = trouble
        board["read_only"] = directory.why_read_only
        return board

    def leave(self, verb: str, arguments: str) -> int | str:
        """Store a command for the leader: its id, or why it is refused."""
        try:
            directory = self.open_directory()
            if not directory.writable:
                return f"read-only: {directory.why_read_only}"
            ident = far_end.leave_command(directory.state_db, self.by, verb, arguments, self.now())
        except (StateUnusable, StorageFault) as error:
            return str(error)
        wake_leader(directory.path)
        return ident

    def led(self) -> bool:
        """Whether a leader runs now."""
        try:
            directory = self.open_directory()
            leader = far_end.leader_row(directory.state_db)
        except (StateUnusable, StorageFault):
            return False
        return leader_lives(directory, leader.pid if leader else None)

    def result(self, ident: int) -> tuple[bool, str] | None:
        """The leader's answer to a command, None before there is one."""
        try:
            return far_end.command_result(self.open_directory().state_db, ident)
        except (StateUnusable, StorageFault):
            return None
