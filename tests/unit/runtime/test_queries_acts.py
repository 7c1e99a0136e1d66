"""The audit log as the dashboard reads it, on a real file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tui_monitor.board.values import ActView
from tui_monitor.runtime.queries import Archive
from tui_monitor.storage.history.background import Reading
from tui_monitor.storage.state import audit as audit_rows
from tui_monitor.storage.state.database import StateStore


async def test_who_did_what_is_told_newest_first(tmp_path: Path) -> None:
    """The audit log of the store is what the dashboard's screen shows."""
    state = await StateStore.open(tmp_path / "state.db")
    for at, verb in ((1, "ack"), (2, "unack")):
        await state.transaction(partial(audit_rows.add, at_ms=at, by="kim", verb=verb, subject="abc123 Down", note="mine"))
    await state.close()
    reading = Reading(tmp_path / "history.db")
    archive = Archive(tmp_path / "state.db", reading)
    try:
        assert await archive.acts(9) == [ActView(at, "kim", verb, "abc123 Down", "mine") for at, verb in ((2, "unack"), (1, "ack"))]
        assert len(await archive.acts(1)) == 1
    finally:
        await archive.close()
        await reading.close()
