"""A systemd check of 1,000 services at a real systemd (root): the list alone, and a whole probe; prints JSON.

    python bench/units.py [--units 1000] [--probes 10]

The services are jobs that have ended (RemainAfterExit), so that none of them costs anything meanwhile. ``held_ms``: for how long the event
loop stood still at most during a probe.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import figure, finish

from tests.support.peers.systemd import systemd
from tui_monitor.sources.systemd.bus import Bus, open_bus
from tui_monitor.sources.systemd.probe import SystemdProbe
from tui_monitor.sources.systemd.settings import SystemdCheck
from tui_monitor.sources.systemd.units import by_patterns, listed

UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/true\n"


async def longest_wait(until: asyncio.Event) -> float:
    """Milliseconds by which a wait of 1 ms was late at most."""
    late = 0.0
    while not until.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late = max(late, time.perf_counter() - began - 0.001)
    return late * 1000


async def measured(work: Callable[[], Awaitable[object]], times: int) -> tuple[float, float, float]:
    """Medians of CPU and wall time in ms, and the longest time that the loop was held."""
    cpu, wall, over = [], [], asyncio.Event()
    await work()
    watch = asyncio.create_task(longest_wait(over))
    for _ in range(times):
        await asyncio.sleep(0.01)
        began, spent = time.perf_counter(), time.process_time()
        await work()
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    over.set()
    return statistics.median(cpu), statistics.median(wall), await watch


async def bench(opened: Callable[[bool], Awaitable[Bus]], units: int, probes: int) -> None:
    settings = SystemdCheck(name="units", type="systemd", units=["u@*"], timeout=30.0)
    probe = SystemdProbe(settings, None, opened)

    async def list_only() -> None:
        bus = await opened(False)
        try:
            assert len(listed(await bus.ask(by_patterns(["u@*"])))) == units
        finally:
            bus.close()

    lists, whole = await measured(list_only, probes), await measured(probe.probe, probes)
    finish(
        {
            "listed": figure(lists[1], "ms", 30.0, units=units),
            "listed_cpu": figure(lists[0], "ms"),
            "probe": figure(whole[1], "ms"),
            "probe_cpu": figure(whole[0], "ms"),
            "held": figure(whole[2], "ms"),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--probes", type=int, default=10)
    options = parser.parse_args()
    with systemd() as peer:
        peer.write_unit("u@.service", UNIT)
        peer.systemctl("start", *(f"u@{number}" for number in range(options.units)))
        address = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={peer.bus}"}
        asyncio.run(bench(lambda user: open_bus(user, address), options.units, options.probes))


if __name__ == "__main__":
    main()
