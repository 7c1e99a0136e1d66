"""remote_write of a history that grows by 300 samples a second, into a real VictoriaMetrics; prints JSON.

    python bench/remote_write.py [--series 300] [--seconds 40]

Another process writes the history as the monitor does (a sample of each series a second, a commit each 5 s); the CPU is that of the sender
alone: reading, encoding, compressing, sending, cursor.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import ROOT, compile_program, environment, figure, finish

sys.path.insert(0, str(ROOT))

from tests.support.peers.victoria_metrics import VictoriaMetrics, victoria_metrics
from tests.support.settings import made
from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import labels_of
from tui_monitor.delivery.remote_write.sender import RemoteWriteSender
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.state.database import SqliteRepository

COMMIT_EVERY = 5
SETTLE = 12.0


def write(path: Path, series: int, seconds: float) -> None:
    """Append samples for a while."""
    history = History(path)
    labels = [labels_of("bench_value", number=str(number), check=f"check-{number % 20}") for number in range(series)]
    for second in range(round(seconds)):
        at = round(time.time() * 1000)
        history.append(at, [(each, float(number * second % 97)) for number, each in enumerate(labels)])
        if second % COMMIT_EVERY == 0:
            history.commit(at)
        time.sleep(1 - time.time() % 1)
    history.close()


def cpu() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def send(directory: Path, engine: VictoriaMetrics, series: int, seconds: float) -> dict[str, Any]:
    """Send for a while."""
    state = await SqliteRepository.open(directory / "state.db")
    await asyncio.sleep(4)
    reading = HistoryConnection(directory / "history.db")
    settings = made(RemoteWriteSettings, {"url": f"{engine.url}/api/v1/write"})
    task = asyncio.create_task(RemoteWriteSender(settings, "bench", reading, state, SystemClock(), Troubles()).run())
    await asyncio.sleep(SETTLE)
    before = cpu()
    await asyncio.sleep(seconds)
    used = cpu() - before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    engine.flush()
    found = engine.get("/api/v1/query", query="sum(count_over_time(bench_value[5m]))", time=f"{time.time():.0f}")["result"]
    await state.close()
    await reading.close()
    return {"cpu": figure(100 * used / seconds, "% of a core", 1.0, series=series, arrived=int(found[0]["value"][1]))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        return write(options.write, options.series, options.seconds)
    compile_program()
    with tempfile.TemporaryDirectory(prefix="tui-monitor-bench-") as directory, victoria_metrics() as engine:
        argv = [sys.executable, __file__, "--write", f"{directory}/history.db", "--series", str(options.series)]
        writer = subprocess.Popen([*argv, "--seconds", str(options.seconds + SETTLE + 10)], env=environment())
        try:
            finish(asyncio.run(send(Path(directory), engine, options.series, options.seconds)))
        finally:
            writer.terminate()
            writer.wait()


if __name__ == "__main__":
    main()
