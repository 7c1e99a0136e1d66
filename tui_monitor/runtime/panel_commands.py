"""The commands that keep a query as a panel and take one away."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tui_monitor.core.sanitize import clean
from tui_monitor.promql.chart_queries import expressions
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.storage.state import panels as rows

DEFAULT_SPAN_MS = 3_600_000
Transaction = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]


class PanelCommands:
    """`panel` {"name", "expr", "span" (ms)} and `unpanel` {"name"}; each answers with a sentence for people."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def keep(self, arguments: Mapping[str, Any], by: str, now: int) -> str:
        """Keep a query under a name; one of the same name is replaced."""
        name, expr = clean(str(arguments["name"])).strip(), str(arguments["expr"]).strip()
        if not name or not expr:
            return "refused: a panel needs a name and a query"
        panel = rows.Panel(name, expr, int(arguments.get("span") or DEFAULT_SPAN_MS), by, now)
        try:
            for _, part in expressions(expr):
                compile_expr(part)
            await self._transaction(lambda db: rows.put(db, panel))
        except (PromqlError, rows.TooManyPanels, sqlite3.Error) as error:
            return f"refused: {error}"
        return f'kept as panel "{name}": key 6 shows it'

    async def drop(self, arguments: Mapping[str, Any], _by: str, _now: int) -> str:
        """Take a panel away."""
        name = str(arguments["name"])
        try:
            there = await self._transaction(lambda db: rows.remove(db, name))
        except sqlite3.Error as error:
            return f"refused: {error}"
        return f'took panel "{clean(name)}" away' if there else f'refused: there is no panel "{clean(name)}"'
