"""SQL on the connection of a store that is open, for what its interface does not show."""

from __future__ import annotations

from typing import Any

from tui_monitor.storage.state.database import SqliteRepository


async def raw_sql(store: SqliteRepository, text: str) -> list[Any]:
    """The rows of one statement, in the store's own thread."""
    return await store._submit(lambda: store._db.execute(text).fetchall())  # type: ignore[union-attr]
