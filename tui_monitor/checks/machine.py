"""This machine as a source: its figures, the process table for people, and the hardware that is read seldom."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tui_monitor.checks.fence import admit_samples
from tui_monitor.checks.sample_sink import MINIMUM_LOOKBACK, SampleSink
from tui_monitor.checks.series_ends import InventoryEnds
from tui_monitor.config.settings import Settings, SystemSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.tasks import isolated
from tui_monitor.core.values import Inventory, Observation, Sample, labels_of
from tui_monitor.platform.redaction import NO_REDACTION, Redaction
from tui_monitor.sources.system.hardware import Hardware
from tui_monitor.sources.system.process_row import ProcessRow
from tui_monitor.sources.system.processes import TopProcesses
from tui_monitor.sources.system.reader import System
from tui_monitor.sources.system.readings import SystemReading

READ_WITHIN = 5.0
PROCESSES_EVERY = 30.0
"""Seconds between readings of the process table while no screen shows it; they are for evidence."""
PROCESSES_AGAIN = 5.0
"""Seconds from the first reading to the second: the first has no CPU times yet."""
PROCESSES_SHOWN = 2.0
"""Seconds between readings while a screen shows the table: 18 us a process, so 0.3 % of a core each second with 150 of them."""
_OF_THIS_MACHINE = {"check": ""}
"""Matches the series of this machine, which have no label ``check``."""
_SAMPLES_TOTAL = labels_of("tui_monitor_samples_total")


class Machine:
    """Reads in a thread of its own. ``reading`` and ``processes`` are the newest."""

    def __init__(
        self, settings: Settings, clock: Clock, sink: SampleSink, inventories: InventoryEnds, redaction: Redaction = NO_REDACTION
    ) -> None:
        """``redaction`` hides parts of command lines."""
        self.reading: SystemReading | None = None
        self.processes: tuple[ProcessRow, ...] = ()
        self.process_count = 0
        self._clock = clock
        self._sink = sink
        self._inventories = inventories
        self._redaction = redaction
        self._want_processes = False
        self._hardware: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="system")
        self._under_way: asyncio.Future[tuple[SystemReading, TopProcesses | None]] | None = None
        self._table = TopProcesses()
        self._last_reading = self._last_table = float("-inf")
        self._read_by: SystemSettings | None = None
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Read as these settings say."""
        if settings.system != self._read_by:
            self._read_by = settings.system
            self._system = System(settings.system.mounts, interval=settings.system.interval)
        self._settings, self._loop_lag = settings.system, settings.guard.loop_lag

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin or end to read the hardware."""
        if self._hardware is not None and not self._settings.hardware:
            self._end_hardware()
        elif self._hardware is None and self._settings.hardware:
            reader = Hardware(self._store_hardware, self._clock)
            self._hardware = group.create_task(isolated(reader.run()), name="hardware")

    def stop(self) -> None:
        """Read nothing more."""
        self._end_hardware()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _end_hardware(self) -> None:
        if self._hardware is not None:
            self._hardware.cancel()
            self._hardware = None

    def _store_hardware(self, samples: tuple[Sample, ...], inventories: tuple[Inventory, ...], pause: float) -> None:
        lookback = max(MINIMUM_LOOKBACK, int(2000 * pause + 5000))
        admitted, _ = admit_samples(samples)
        gone = self._inventories.ends("hardware", inventories, _OF_THIS_MACHINE)
        self._sink.store(Observation(self._clock.wall_ms(), admitted + gone), lookback)

    def watch_processes(self, *, wanted: bool) -> None:
        """Read the process table every two seconds while a screen shows it, else seldom, for evidence."""
        self._want_processes = wanted

    async def read(self) -> str:
        """Read this machine where a reading is due; returns the trouble of a reading that hangs, else ""."""
        began = self._clock.monotonic()
        if began - self._last_reading < self._settings.interval - 0.1:
            return ""
        if self._under_way is None or self._under_way.done():
            wall, mono = self._clock.wall_ms(), self._clock.monotonic()
            self._under_way = asyncio.get_running_loop().run_in_executor(self._thread, self._read, wall, mono)
        try:
            async with asyncio.timeout(READ_WITHIN):
                reading, table = await asyncio.shield(self._under_way)
        except TimeoutError:
            if self._clock.monotonic() - began > READ_WITHIN + self._loop_lag:
                return ""  # this process was stopped or too busy, which has a trouble of its own
            return "this machine's figures cannot be read: /proc does not answer"
        except Exception as error:  # noqa: BLE001  the boundary, as for a check: a failure (no descriptor left) stops no tick
            return f"this machine's figures cannot be read: {type(error).__name__}: {error}"
        self._last_reading = self._clock.monotonic()
        return self._store(reading, table)

    def _store(self, reading: SystemReading, table: TopProcesses | None) -> str:
        self.reading = reading
        if table is not None:
            self.process_count = table.count
        lookback = max(MINIMUM_LOOKBACK, int(2000 * self._settings.interval + 5000))
        samples, refused = admit_samples((*reading.samples, Sample(_SAMPLES_TOTAL, float(self._sink.stored))))
        self._sink.store(Observation(reading.at, samples + self._inventories.ends("", reading.inventories, _OF_THIS_MACHINE)), lookback)
        return f"some of this machine's figures cannot be used: {refused}" if refused else ""

    def _read(self, wall: int, mono: float) -> tuple[SystemReading, TopProcesses | None]:
        reading = self._system.read(wall, mono)
        if not (self._settings.processes and mono - self._last_table >= self._pause() - 0.1):
            return reading, None
        self._last_table = mono
        rows = self._table.read(mono)
        self.processes = tuple(replace(row, command=self._redaction(row.command)) for row in rows) if self._redaction.active else rows
        return reading, self._table

    def _pause(self) -> float:
        if any(row.cpu is None for row in self.processes):
            return 1.0 if self._want_processes else PROCESSES_AGAIN
        return PROCESSES_SHOWN if self._want_processes else PROCESSES_EVERY
