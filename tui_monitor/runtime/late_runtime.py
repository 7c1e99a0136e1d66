"""The dashboard's backend, light at first: the stored board is painted before configuration, rules and drivers are loaded."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.board.values import (
    ActView,
    AlertDetail,
    AlertView,
    BacktestView,
    Board,
    BoardListener,
    Chart,
    LeaderView,
    NoiseRow,
    NotificationView,
    NotReady,
    PanelView,
    Resources,
    SilenceView,
    board_from_json,
)
from tui_monitor.core.commands import Command, CommandResult
from tui_monitor.core.values import HealthStatus
from tui_monitor.core.version import VERSION
from tui_monitor.platform.import_trimming import settle_memory
from tui_monitor.platform.state_directory import StateDirectory
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board

if TYPE_CHECKING:
    from tui_monitor.config.faults import Configuration
    from tui_monitor.runtime.runtime import Runtime


class LateRuntime:
    """Implements views.Backend by a Runtime that is made in `run`."""

    def __init__(self, directory: StateDirectory, config: Path | None) -> None:
        self._directory = directory
        self._config = config
        self._listeners: list[BoardListener] = []
        self._runtime: Runtime | None = None
        self._stopped = False

    async def run(self) -> None:
        """Lead or look on until `stop`. Raises config.ConfigurationError where this process should lead and cannot."""
        settle_memory()
        from tui_monitor.core.clock import SystemClock
        from tui_monitor.platform.acting_user import who
        from tui_monitor.runtime.runtime import Runtime

        runtime = Runtime(self._directory, self._load, SystemClock(), "dashboard", who())
        for listener in self._listeners:
            runtime.subscribe(listener)
        self._runtime = runtime
        if not self._stopped:
            await runtime.run()

    def _load(self) -> Configuration:
        from tui_monitor.config.child import load_in_child

        return load_in_child(self._config, os.environ)

    def stop(self) -> None:
        """End `run` soon."""
        self._stopped = True
        if self._runtime is not None:
            self._runtime.stop()

    def subscribe(self, on_board: BoardListener) -> None:
        """Call with every new board."""
        self._listeners.append(on_board)
        if self._runtime is not None:
            self._runtime.subscribe(on_board)

    def first_board(self) -> Board:
        """The last board that the store knows, or an empty one."""
        return stored_board(self._directory)

    @property
    def _ready(self) -> Runtime:
        if self._runtime is None:
            raise NotReady("not ready yet")
        return self._runtime

    async def command(self, command: Command) -> CommandResult:
        """Apply it, or store it for the leader."""
        return await self._ready.command(command)

    async def alert_detail(self, alert_id: str) -> AlertDetail:
        """All that is known of one alert."""
        return await self._ready.alert_detail(alert_id)

    async def alert_history(self, limit: int) -> Sequence[AlertView]:
        """Ended alerts, newest first."""
        return await self._ready.reads.alert_history(limit)

    async def notifications(self, limit: int) -> Sequence[NotificationView]:
        """The outbox, newest first."""
        return await self._ready.reads.notifications(limit)

    async def silences(self) -> Sequence[SilenceView]:
        """Silences that are or will be active."""
        return await self._ready.silences()

    async def acts(self, limit: int) -> Sequence[ActView]:
        """The audit log, newest first."""
        return await self._ready.reads.acts(limit)

    async def panels(self) -> Sequence[PanelView]:
        """The kept queries, by name."""
        return await self._ready.reads.panels()

    async def backtest(self, alert: str, since: str, changes: Sequence[str]) -> BacktestView:
        """What rules would have done, worked out in another process."""
        from tui_monitor.runtime.analysis_process import backtest

        return await backtest(self._directory, self._config, alert, since, changes)

    async def noise(self, since: str) -> Sequence[NoiseRow]:
        """What disturbed, worked out in another process."""
        from tui_monitor.runtime.analysis_process import noise

        return await noise(self._directory, self._config, since)

    async def chart(self, expr: str, start: int, end: int, points: int) -> Chart:
        """Evaluate PromQL over a range."""
        return await self._ready.chart(expr, start, end, points)

    async def names(self) -> Mapping[str, Sequence[str]]:
        """For completion."""
        return await self._ready.reads.names()

    async def board_at(self, at: int) -> Board:
        """A past moment."""
        return await self._ready.board_at(at)


def stored_board(directory: StateDirectory) -> Board:
    """The last board that the store knows, which says nothing of what this process will be; an empty one where there is none."""
    try:
        data = last_board(directory.history_db)
        if data is not None:
            board = board_from_json(data)
            return replace(board, leader=replace(board.leader, role="starting"))
    except (StorageFault, ValueError, KeyError, TypeError):
        pass  # a row that cannot be read is no reason not to start: the first tick replaces it
    nobody = LeaderView("viewer", alive=False)
    return Board(0, socket.gethostname(), VERSION, HealthStatus.UNKNOWN, (), Resources(), (), nobody, loading=True)
