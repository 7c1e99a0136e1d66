"""The history beside the loop, on a real file."""

from __future__ import annotations

import random
from pathlib import Path

from tests.support.settings import made
from tui_monitor.config.settings import StoreSettings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Batch, Sample, labels_of
from tui_monitor.storage.history.background import Recorder, retention_of
from tui_monitor.storage.history.tools import info, verify
from tui_monitor.storage.memory import SeriesMemory

T0 = 1_780_000_000_000
SERIES = [labels_of("noise", number=str(number)) for number in range(40)]


def test_the_configuration_bounds_the_file() -> None:
    """`store.max_size` is what the history keeps to, 1 GiB unless said otherwise; 0 is no limit."""
    assert retention_of(StoreSettings()).max_bytes == 2**30
    assert retention_of(made(StoreSettings, {"max_size": "64MiB"})).max_bytes == 64 * 2**20
    assert retention_of(made(StoreSettings, {"max_size": 0})).max_bytes is None


async def test_another_size_holds_at_once(tmp_path: Path) -> None:
    """A reload's `store.max_size` shrinks the file that is being written."""
    path = tmp_path / "history.db"
    recorder = Recorder(path, StoreSettings(), Troubles())
    await recorder.open(T0, SeriesMemory())
    rng = random.Random(1)

    async def run(first: int, last: int) -> None:
        for number in range(first, last):
            at = T0 + number * 60_000
            recorder.record([Batch(at, [Sample(labels, rng.random()) for labels in SERIES], 300_000)], at, number * 60.0, None)
            assert recorder._busy is not None
            await recorder._busy

    await run(0, 900)
    assert info(path)["used_bytes"] > 600_000
    await recorder.configure(made(StoreSettings, {"max_size": 500_000}))
    await run(900, 1500)
    await recorder.close([], T0 + 1500 * 60_000, None)
    assert path.stat().st_size <= 500_000
    assert verify(path) == []
