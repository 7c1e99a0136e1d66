"""Temperatures, disks' health and GPUs of this machine, each at its own pace and where there is such hardware."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tui_monitor.core.clock import Clock
from tui_monitor.core.values import Inventory, Sample
from tui_monitor.platform.child_process import CannotStart, ProgramOutcome, run
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.system import gpu, sensors, smart
from tui_monitor.sources.system.own_thread import OwnThread

log = logging.getLogger(__name__)
EVERY = 10.0
SMART_EVERY = 1800.0
LOOK_AGAIN = 300.0
"""Seconds until hardware is looked for again where there is none, or where it cannot be read."""
TIME_LIMIT = 5.0
Found = tuple[tuple[Sample, ...], tuple[Inventory, ...]]
Take = Callable[[tuple[Sample, ...], tuple[Inventory, ...], float], None]


class Hardware:
    """Reads for ever and gives each reading to ``take`` with the seconds to the next.

    A machine without sensors, disks or GPUs costs one look at a directory each five minutes; nothing is loaded then. What cannot be read
    is told once in the log, with the remedy: it is never a fault of the machine.
    """

    def __init__(self, take: Take, clock: Clock, sys: Path = Path("/sys"), smartctl: str | None = None) -> None:
        self._take = take
        self._clock = clock
        self._sys = str(sys)
        self._smartctl = smartctl
        self._slots = asyncio.Semaphore(1)
        self._told: dict[str, str] = {}
        self._sensors = OwnThread("sensors", self._temperatures)
        self._gpus = OwnThread("gpu", lambda: gpu.read_gpus(self._sys))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again("sensors", self.read_sensors, EVERY))
            group.create_task(self._again("GPU", self.read_gpus, EVERY))
            group.create_task(self._again("SMART", self.read_disks, SMART_EVERY))

    async def _again(self, what: str, read: Callable[[], Awaitable[Found]], every: float) -> None:
        while True:
            try:
                samples, inventories = await read()
                trouble = ""
            except Exception as error:  # noqa: BLE001  the boundary: drivers and their libraries raise what they like
                samples, inventories, trouble = (), (), _words(error)
            self._tell(what, trouble)
            pause = every if samples and not trouble else max(every, LOOK_AGAIN)
            if samples or inventories:
                self._take(samples, inventories, pause)
            await self._clock.sleep(pause)

    async def read_sensors(self) -> Found:
        """Temperatures of chips; a driver that hangs costs its own thread."""
        return await self._sensors.result(TIME_LIMIT)

    def _temperatures(self) -> Found:
        samples = sensors.temperatures(self._sys)
        return samples, sensors.inventories(samples)

    async def read_gpus(self) -> Found:
        """GPUs that are awake. Raises GpuTrouble and TimeoutError."""
        return await self._gpus.result(TIME_LIMIT)

    async def read_disks(self) -> Found:
        """Health of disks, where smartmontools is installed. Raises CannotStart."""
        program = self._smartctl or shutil.which(smart.PROGRAM, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
        if program is None:
            return (), ()

        async def smartctl(arguments: Sequence[str]) -> ProgramOutcome:
            return await run((program, *arguments), time_limit=smart.TIME_LIMIT, slots=self._slots, max_output=smart.MOST_OUTPUT)

        reading = await smart.read_disks(smartctl)
        for device, fault in reading.faults.items():
            self._tell(f"SMART of {device}", fault)
        return reading.samples, reading.inventories

    def _tell(self, what: str, trouble: str) -> None:
        """Once, and again where it is another."""
        if trouble and trouble != self._told.get(what):
            log.warning("%s cannot be read: %s", what, trouble)
        self._told[what] = trouble


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer within {TIME_LIMIT:g}s"
    known = isinstance(error, CannotStart | gpu.GpuTrouble | OSError)
    return clean(str(error) if known and str(error) else f"{type(error).__name__}: {error}", 300)
