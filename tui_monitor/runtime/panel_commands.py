"""The commands that store a query as a panel and delete one."""

from __future__ import annotations

from tui_monitor.core.commands import CommandResult, DropPanel, SavePanel
from tui_monitor.core.sanitize import clean
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import Panel, TooManyPanels
from tui_monitor.storage.repository import StateRepository


class PanelCommands:
    """The handlers of panel commands; they write to state.db."""

    def __init__(self, repository: StateRepository) -> None:
        self._repository = repository

    async def save(self, command: SavePanel, by: str, now: int) -> CommandResult:
        """Store a query under a name; one of the same name is replaced."""
        name, expr = clean(command.name).strip(), command.expr.strip()
        if not name or not expr:
            return CommandResult(False, "a panel needs a name and a query")
        panel = Panel(name, expr, command.span, by, now)
        try:
            for _, part in expressions(expr):
                compile_expr(part)
            await self._repository.transaction(lambda state: state.panels.save(panel))
        except (PromqlError, TooManyPanels, StorageFault) as error:
            return CommandResult(False, str(error))
        return CommandResult(True, f'saved as panel "{name}"')

    async def drop(self, command: DropPanel) -> CommandResult:
        """Delete a panel."""
        name = clean(command.name)
        try:
            there = await self._repository.transaction(lambda state: state.panels.remove(command.name))
        except StorageFault as error:
            return CommandResult(False, str(error))
        return CommandResult(True, f'removed the panel "{name}"') if there else CommandResult(False, f'there is no panel "{name}"')
