"""The audit log as the dashboard reads it, on a real file."""

from __future__ import annotations

from pathlib import Path

from tui_monitor.board.values import ActView
from tui_monitor.core.audit import Audit
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.records import UnitOfWork
from tui_monitor.storage.state.database import SqliteRepository


async def test_who_did_what_is_told_newest_first(tmp_path: Path) -> None:
    """The audit log of the store is what the dashboard's screen shows."""
    state = await SqliteRepository.open(tmp_path / "state.db")
    for at, verb in ((1, "ack"), (2, "unack")):
        await state.commit(UnitOfWork(at, audit=[Audit(at, "kim", verb, "abc123 Down", "mine")]))
    await state.close()
    reading = HistoryConnection(tmp_path / "history.db")
    archive = StoreQueries(tmp_path / "state.db", reading)
    try:
        assert await archive.acts(9) == [
            ActView(at, "kim", verb, "abc123 Down", "mine", "abc123") for at, verb in ((2, "unack"), (1, "ack"))
        ]
        assert len(await archive.acts(1)) == 1
    finally:
        await archive.close()
        await reading.close()
