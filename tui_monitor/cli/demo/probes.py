"""The probes of the demo: each returns what `shop.found` says for the moment, and writes the lines that such a shop would log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui_monitor.cli.demo.shop import BY_NAME, found, orders_waiting
from tui_monitor.cli.demo.telemetry import CONTAINERS, containers
from tui_monitor.core.clock import Clock
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.api import CheckSettings, Probe
from tui_monitor.sources.docker.series import ContainerSeries
from tui_monitor.sources.kinds import build_probe
from tui_monitor.sources.net.slices import in_slices

ROUTES = (("GET", "/", 0.046), ("GET", "/search", 0.071), ("POST", "/cart", 0.041), ("POST", "/checkout", 0.058), ("GET", "/login", 0.062))


class DemoProbe:
    """A probe without a target. ``second``: the second of the demo."""

    def __init__(self, name: str, second: Callable[[], int], tell: Callable[[ProbeResult, int], None]) -> None:
        self.stage = ""
        self._name, self._second, self._tell = name, second, tell

    async def probe(self) -> ProbeResult:
        """What is found now."""
        second = self._second()
        result = found(self._name, second)
        if self._name == "checkout":
            result = replace(result, samples=(Sample(labels_of("orders", status="waiting"), orders_waiting(result.status, second)),))
        self._tell(result, second)
        return result

    async def close(self) -> None:
        """Nothing to close."""


class ContainerProbe:
    """A probe of the demo's containers."""

    def __init__(self, clock: Clock) -> None:
        self.stage = ""
        self._clock, self._series = clock, ContainerSeries()

    async def probe(self) -> ProbeResult:
        """All of them, with their series."""
        found = containers(self._clock.wall_ms())
        samples, inventories = await in_slices(self._series.samples(found)), self._series.inventories(found)
        facts = {"containers": f"{len(found)} running"}
        return ProbeResult(HealthStatus.HEALTHY, duration=0.004, samples=samples, facts=facts, inventories=inventories, containers=found)

    async def close(self) -> None:
        """Nothing to close."""


class Shop:
    """Builds the probes; ``begin`` (UTC ms) is second 0. Checks that read files, as logs do, get their real probe."""

    def __init__(self, clock: Clock, begin: int, log: Path, access_log: Path) -> None:
        self._clock, self._begin = clock, begin
        self._log, self._access_log = log, access_log

    def build(self, check: CheckSettings) -> Probe:
        """The probe of a configured check."""
        if check.name == CONTAINERS:
            return ContainerProbe(self._clock)
        if check.name not in BY_NAME:
            return build_probe(check)
        return DemoProbe(check.name, self._second, lambda result, second: self._write(check.name, result, second))

    def _second(self) -> int:
        return (self._clock.wall_ms() - self._begin) // 1000

    def _write(self, name: str, result: ProbeResult, second: int) -> None:
        if name == "db" and result.status is HealthStatus.UNHEALTHY:
            self._line("FATAL", "sorry, too many clients already")
        elif result.status is HealthStatus.UNHEALTHY:
            self._line("ERROR", f"{name}: request failed: {result.reason}")
        elif name == "api":
            self._line("INFO", f"{8 + second % 7} orders packed")
        if name == "shop":
            self._requests(second)

    def _line(self, level: str, text: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{rfc3339(self._clock.wall_ms())} {level} {text}\n")

    def _requests(self, second: int) -> None:
        """Some requests of the last two seconds, as a web server logs them; those that need a failing service fail."""
        chance = random.Random(second)
        with self._access_log.open("a") as file:
            for method, path, seconds in chance.choices(ROUTES, k=12):
                failed = path in ("/cart", "/checkout") and found(path[1:], second).status is HealthStatus.UNHEALTHY
                entry = {
                    "time": rfc3339(self._clock.wall_ms()), "method": method, "path": path, "status": 503 if failed else 200,
                    "duration": round(seconds * chance.uniform(0.6, 1.9), 4),
                }  # fmt: skip
                file.write(json.dumps(entry) + "\n")
