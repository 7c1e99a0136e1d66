"""Make a real history.db from functions of time, for tests that look back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tui_monitor.core.values import Labels
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.writer import History

Curve = Callable[[int], float | None]
"""UTC ms → the value then; None: no sample."""


def write_history(path: Path, curves: Mapping[Labels, Curve], start: int, end: int, step_s: float = 60.0) -> HistoryReader:
    """Write every curve from start to end (UTC ms) through the real store; answers a reader of it (close it)."""
    history = History(path)
    for number, at in enumerate(range(start, end + 1, round(step_s * 1000))):
        samples = [(labels, value) for labels, curve in curves.items() if (value := curve(at)) is not None]
        history.append(at, samples)
        if number % 50 == 0:
            history.commit(at)
    history.commit(end)
    history.close()
    return HistoryReader(path)
