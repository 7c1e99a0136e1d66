"""The table of reports, in SQLite and in memory alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.storage.in_memory.repository import InMemoryRepository
from tui_monitor.storage.records import ReportOutcome
from tui_monitor.storage.repository import StateRepository
from tui_monitor.storage.state.database import SqliteRepository


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
async def test_an_outcome_is_written_once(kind: str, tmp_path: Path) -> None:
    """A second row for the same report, recipient and period is refused and changes nothing; the newest periods come first."""
    store: StateRepository = await SqliteRepository.open(tmp_path / "state.db") if kind == "sqlite" else InMemoryRepository()
    first = ReportOutcome("morning", "mail", "2026-03-01", "queued", 5)
    others = [
        ReportOutcome("morning", "mail", "", "known", 1), ReportOutcome("morning", "chat", "2026-03-01", "quiet", 6),
        ReportOutcome("morning", "mail", "2026-02-28", "queued", 4), ReportOutcome("evening", "mail", "2026-03-01", "queued", 7),
    ]  # fmt: skip
    assert await store.transaction(lambda state: [state.reports.add(row) for row in (first, *others)]) == [True] * 5
    assert not await store.transaction(lambda state: state.reports.add(first._replace(outcome="quiet", at=9)))
    found = await store.read(lambda state: state.reports.of("morning"))
    assert found[0].period == "" and found[-1].period == "2026-02-28" and first in found and len(found) == 4
    await store.close()
