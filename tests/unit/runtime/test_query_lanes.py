"""The queue of other programs' queries: two run, some wait, the rest is refused at once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tests.support.stored_history import write_history
from tui_monitor.board.backend import CommandRefused
from tui_monitor.core.values import labels_of
from tui_monitor.runtime.query_lanes import AT_ONCE, WAITING, QueryLanes
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.interface import HistoryQueries


async def test_two_run_sixteen_wait_and_the_next_is_refused(tmp_path: Path) -> None:
    """A refusal comes while the others still run; afterwards there is room again, and the first connection was never used."""
    write_history(tmp_path / "history.db", {labels_of("up"): lambda at: 1.0}, 0, 60_000).close()
    reading = HistoryConnection(tmp_path / "history.db")
    lanes, go, running = QueryLanes(reading), threading.Event(), threading.Semaphore(0)
    threads: set[str] = set()

    def slow(reader: HistoryQueries) -> int:
        running.release()
        go.wait(60)
        threads.add(threading.current_thread().name)
        return len(reader.series())

    tasks = [asyncio.create_task(lanes.query(slow)) for _ in range(AT_ONCE + WAITING)]
    for _ in range(AT_ONCE):
        await asyncio.to_thread(running.acquire)
    with pytest.raises(CommandRefused, match="try again"):
        await lanes.query(slow)
    assert await reading.query(lambda reader: len(reader.series())) == 1, "the leader's own connection stays free"
    go.set()
    assert await asyncio.gather(*tasks) == [1] * (AT_ONCE + WAITING)
    assert await lanes.query(slow) == 1
    await reading.close()
    with pytest.raises(CommandRefused, match="cannot be read"):
        await lanes.query(slow)
