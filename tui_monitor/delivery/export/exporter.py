"""The export: each target gets what follows its own durable position, so that one that is down delays no other and loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from tui_monitor.core.clock import Clock
from tui_monitor.core.tasks import isolated
from tui_monitor.core.troubles import Troubles
from tui_monitor.delivery.export.ecs import Exported, ExportOrigin, LineToExport, line_document
from tui_monitor.delivery.export.position import ExportPosition, next_of_state, parts, position_from
from tui_monitor.delivery.export.targets import BulkTarget, Target
from tui_monitor.delivery.steady import SteadyDelivery
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.repository import StateRepository

log = logging.getLogger(__name__)
NAME = "export"
EVERY_S = 2.0


class LinesToExport(Protocol):
    """The kept log lines (runtime/export_lines.py)."""

    def after(self, block: int) -> tuple[Sequence[LineToExport], int]:
        """Lines behind a block, some hundreds, and the block behind them. Called in a thread. Raises StorageFault."""
        ...


class Exporter:
    """All targets of one configuration."""

    def __init__(
        self,
        targets: Sequence[Target],
        origin: ExportOrigin,
        state: StateRepository,
        lines: LinesToExport,
        clock: Clock,
        troubles: Troubles,
    ) -> None:
        self.refused = 0
        """Documents that a target refused for ever."""
        self._targets, self._origin, self._state, self._lines = targets, origin, state, lines
        self._clock, self._troubles = clock, troubles

    async def run(self) -> None:
        """Export until cancelled."""
        self._troubles.retain(NAME, {target.name for target in self._targets})
        async with asyncio.TaskGroup() as group:
            for target in self._targets:
                group.create_task(isolated(self._run(target)), name=f"export {target.name}")

    async def _run(self, target: Target) -> None:
        try:
            while True:
                try:
                    await self.step(target)
                except StorageFault as fault:
                    log.warning("export: the state or the kept lines cannot be read: %s", fault)
                await self._clock.sleep(EVERY_S)
        finally:
            await target.close()

    async def step(self, target: Target) -> None:
        """Send all that is stored behind the target's position, for a new target all that is stored. Raises StorageFault."""
        key = f"{NAME}:{target.name}"
        position = position_from(await self._state.read(lambda state: state.cursors.get(key)))
        delivery = SteadyDelivery[Exported](NAME, self._clock, self._troubles, target.send, self._drop, target.name)
        while True:
            documents, after = await self._next(position)
            for part in parts(documents):
                await delivery.deliver(part)
                self._tell_refused(target)
            if after == position:
                return
            await self._store(key, after)
            position = after

    async def _next(self, position: ExportPosition) -> tuple[list[Exported], ExportPosition]:
        now = self._clock.wall_ms()
        documents, after = await self._state.read(lambda state: next_of_state(state, position, self._origin, now))
        lines, block = await asyncio.to_thread(self._lines.after, position.block)
        return [*documents, *(line_document(line, self._origin) for line in lines)], replace(after, block=block)

    def _drop(self, document: Exported, reason: str) -> None:
        self.refused += 1
        log.error("export: a document was refused: %s", reason)

    def _tell_refused(self, target: Target) -> None:
        if isinstance(target, BulkTarget) and (reasons := target.drain_refused()):
            self.refused += len(reasons)
            log.error("export: %d documents were refused, for example: %s", len(reasons), reasons[0])

    async def _store(self, key: str, position: ExportPosition) -> None:
        await self._state.transaction(lambda state: state.cursors.set(key, position.to_text()), durable=False)
