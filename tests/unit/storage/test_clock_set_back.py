"""The clock is set back: no stamp stays ahead, in the history, among silences, in memory's queue, for Alertmanager."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.outbox_tools import T0, message, resolved, snapshot
from tests.support.planner_world import World
from tui_monitor.core.values import labels_of
from tui_monitor.delivery.memory_queue import MemoryQueue
from tui_monitor.dispatch.silences import make_silence
from tui_monitor.notifiers.alertmanager import entries_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.writer import History

HOUR, UP = 3_600_000, labels_of("uptime_seconds")
BEGIN = 1_790_000_400_000 // HOUR * HOUR + 600_000


def recorded(path: Path, wrong_s: int, ahead_ms: int) -> list[tuple[int, float]]:
    """Ten minutes, ``wrong_s`` seconds with the clock ahead, ten minutes more: a value that counts the true seconds."""
    history = History(path)
    for second in range(1200 + wrong_s):
        true = BEGIN + second * 1000
        wrong = 600 <= second < 600 + wrong_s
        now = true + ahead_ms if wrong else true
        if second == 600 + wrong_s:
            history.clock_set_back(true, -ahead_ms)
        history.append(now, [(UP, float(second))])
        history.commit(now)
    history.close()
    reader = HistoryReader(path)
    (series,) = reader.select((Matcher("__name__", "=", "uptime_seconds"),), BEGIN - 1, BEGIN + HOUR)
    found = list(zip(series.times, series.values, strict=True))
    reader.close()
    return found


@pytest.mark.parametrize(("wrong_s", "ahead_ms"), [(60, 90_000), (20, 30_000), (300, 90_000), (60, 2 * HOUR), (100, 30_000)])
def test_the_history_has_one_time_line(tmp_path: Path, wrong_s: int, ahead_ms: int) -> None:
    """Values that only rise do so in the history too: no rate over it sees a reset, and nothing lies in the future."""
    found = recorded(tmp_path / "history.db", wrong_s, ahead_ms)
    values = [value for _, value in found]
    assert values == sorted(values) and values[-1] == 1199 + wrong_s
    assert len(found) >= 1200 and max(at for at, _ in found) == BEGIN + (1199 + wrong_s) * 1000


def test_a_silence_that_had_begun_moves_along() -> None:
    """One that was made with the wrong clock holds at once and not for longer; one that is planned keeps its times."""
    world = World()
    ahead = world.now + 90_000
    made = make_silence(["check=api"], ahead, ahead + 7_200_000, "kim")
    planned = make_silence(["check=db"], ahead + 3_600_000, ahead + 7_200_000, "kim")
    world.planner.add_silence(made, ahead)
    world.planner.add_silence(planned, ahead)
    world.planner.plan(ahead, {})
    world.planner.plan(world.now, {})
    moved, kept = world.planner.silences
    assert (moved.starts_at, moved.ends_at) == (world.now, world.now + 7_200_000) and kept == planned


def test_a_retry_in_memory_does_not_wait_for_the_wrong_time() -> None:
    """What was tried with a clock that was an hour ahead is due when the clock is right again, as it is in the table."""
    queue = MemoryQueue()
    queue.add(message(), T0)
    entry = queue.pop(T0 + HOUR)
    from dataclasses import replace

    queue.put_back(replace(entry, next_try=T0 + HOUR + 2000))
    assert queue.wait(T0 + HOUR) == 2.0
    assert queue.wait(T0) == 0.0


def test_alertmanager_is_never_told_an_end_that_lies_ahead() -> None:
    """It would hold the alert for active until the end that it was told while it fired; the begin is before the end, as it wants."""
    over = resolved("a1", starts_at=T0 + 90_000, ends_at=T0 + 95_000)
    fires = snapshot("a2", starts_at=T0 + 90_000)
    entry, firing = entries_of([over, fires], "", T0, 60.0)
    assert entry["startsAt"] < entry["endsAt"] == "2026-09-21T14:13:20.000Z"
    assert firing["startsAt"] == "2026-09-21T14:13:20.000Z" < firing["endsAt"]
