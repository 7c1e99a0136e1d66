"""A kind of check: is the number in a file large enough?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui_monitor.sources.api import CheckSettings, FilePath, HealthStatus, Kind, OwnTrouble, ProbeResult, Sample, key, labels_of


class LuckyCheck(CheckSettings):
    """A number in a file."""

    path: FilePath = key(doc="the file that holds the number", example="/var/lib/app/number")
    least: float = key(default=1.0, doc="unhealthy below this")


class LuckyProbe:
    """Reads the file anew for each probe."""

    def __init__(self, settings: LuckyCheck) -> None:
        self.stage = ""
        self._settings = settings

    async def probe(self) -> ProbeResult:
        """Healthy where the number is large enough; unknown where this monitor may not read the file."""
        try:
            number = float(await asyncio.to_thread(Path(self._settings.path).read_text))
        except PermissionError:
            raise OwnTrouble(f"{self._settings.path} cannot be read: give the monitor's user the right to") from None
        except (OSError, ValueError) as error:
            return ProbeResult(HealthStatus.UNHEALTHY, str(error))
        low = number < self._settings.least
        status = HealthStatus.UNHEALTHY if low else HealthStatus.HEALTHY
        reason = f"{number:g}, least {self._settings.least:g}" if low else ""
        return ProbeResult(status, reason, samples=(Sample(labels_of("lucky_number"), number),))

    async def close(self) -> None:
        """Nothing is kept between probes."""


def target(settings: LuckyCheck) -> tuple[str, bool]:
    """The file, on this machine."""
    return settings.path, True


KIND = Kind("lucky", settings=LuckyCheck, probe=LuckyProbe, target=target, example={"name": "number"})
