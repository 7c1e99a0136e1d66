"""The stored board, painted at once by a starting dashboard and shown by a viewer that cannot follow."""

from __future__ import annotations

import socket
from dataclasses import replace

from tui_monitor.board.codec import board_from_json
from tui_monitor.board.values import Board, LeaderView, Resources
from tui_monitor.core.values import HealthStatus
from tui_monitor.core.version import VERSION
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board


def stored_board(directory: StateDirectory) -> Board:
    """The stored board with the role "starting"; an empty board that is loading where none can be read."""
    try:
        data = last_board(directory.history_db)
        if data is not None:
            board = board_from_json(data)
            return replace(board, leader=replace(board.leader, role="starting"))
    except (StorageFault, ValueError):
        pass  # an unreadable row must not prevent the start: the first tick replaces it
    no_leader = LeaderView("viewer", alive=False)
    return Board(0, socket.gethostname(), VERSION, HealthStatus.UNKNOWN, (), Resources(), (), no_leader, loading=True)
