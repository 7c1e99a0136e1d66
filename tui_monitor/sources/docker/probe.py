"""The probe of containers: one list for all, an inspection for each that may have changed, CPU and memory as far as the time allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.values import ContainerState, HealthStatus, ProbeResult, worst
from tui_monitor.sources.docker.engine import Engine, refusal
from tui_monitor.sources.docker.inspection import Inspection
from tui_monitor.sources.docker.inspector import Inspector
from tui_monitor.sources.docker.judge import Expectation, health_of, verdict
from tui_monitor.sources.docker.listing import Listed, NoList, Selection, reading
from tui_monitor.sources.docker.series import ContainerSeries
from tui_monitor.sources.docker.settings import DockerCheck
from tui_monitor.sources.docker.usage_reader import UsageReader
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.slices import Pause, in_slices

MAX_LIST = 16 << 20
"""Bytes: 2,000 containers with long labels have 6 MiB."""
_SHARE = 0.4
"""Of the time limit, for inspections and for CPU and memory each."""
_NAMED = 5
_GRAVITY = (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


class DockerProbe:
    """Asks one engine; containers are known by their names, so that one that is made anew goes on as the same series."""

    def __init__(self, settings: DockerCheck, *, clock: Clock | None = None) -> None:
        self.stage = ""
        self.containers: tuple[ContainerState, ...] = ()
        self._settings = settings
        self._engine = self._new_engine()
        self._selection = Selection(settings.containers)
        self._wanted = Expectation(settings.expect, bool(settings.containers))
        self._inspector = Inspector(self._new_engine, clock or SystemClock())
        self._usage = UsageReader(self._new_engine, clock or SystemClock())
        self._former: dict[str, HealthStatus] = {}
        self._series = ContainerSeries()

    def _new_engine(self) -> Engine:
        return Engine(self._settings.socket)

    async def probe(self) -> ProbeResult:
        """Measure once; raises OwnTrouble where the monitor itself could not."""
        self.containers = ()
        limit, phases, facts = self._settings.timeout * _SHARE, dict[str, float](), dict[str, str]()
        try:
            listed = await self._list(phases, facts)
        except Failure as failure:
            self.stage = ""
            return ProbeResult(HealthStatus.UNHEALTHY, failure.reason, phases=phases)
        chosen, faults = self._selection.choose(listed)
        self.stage = "inspecting the containers"
        facts |= await self._inspector.inspect(chosen, limit)
        if self._settings.stats:
            self.stage = "reading CPU and memory"
            facts |= await self._usage.read([one.id for one in chosen if one.state == "running"], limit)
        self.stage = ""
        self.containers = await self._judged(chosen)
        return await self._result(faults, phases, facts)

    async def close(self) -> None:
        """Give back the kept connection."""
        self._engine.close()

    async def _list(self, phases: dict[str, float], facts: dict[str, str]) -> list[Listed]:
        self.stage, began = "listing the containers", perf_counter()
        try:
            answer = await self._engine.get("/containers/json?all=1", MAX_LIST)
            if answer.status != 200:
                raise refusal(answer, "the containers")
            if answer.cut:
                raise Failure(f"the list of containers is larger than {MAX_LIST >> 20}MiB")
            listed, left_out = await in_slices(reading(answer.body))
        except NoList as error:
            raise Failure(str(error)) from None
        finally:
            phases["list"] = perf_counter() - began
        facts |= _engine_facts(answer)
        if left_out:
            facts["left out"] = f"{left_out:,} entries of the list cannot be used or are too many"
        return listed

    async def _judged(self, chosen: Sequence[Listed]) -> tuple[ContainerState, ...]:
        """The containers, the worst first."""
        found, pause = [], Pause()
        for one in chosen:
            found.append(self._container(one))
            await pause.when_due()
        self._former = {one.name: one.status for one in found}
        return tuple(sorted(found, key=lambda one: (_GRAVITY.index(one.status), one.name)))

    def _container(self, listed: Listed) -> ContainerState:
        details = self._inspector.details(listed.id)
        former = self._former.get(listed.name, HealthStatus.HEALTHY)
        status, reason = verdict(listed, details, self._inspector.restarted(listed.id), former, self._wanted)
        cpu, memory, limit = self._usage.last(listed.id)
        return ContainerState(
            name=listed.name,
            image=listed.image,
            state=listed.state,
            health=health_of(listed, details),
            since=_since(listed, details),
            restarts=details.restarts if details is not None else None,
            cpu=cpu,
            memory=memory,
            memory_limit=limit,
            status=status,
            reason=reason,
        )

    async def _result(self, faults: Sequence[str], phases: Mapping[str, float], facts: Mapping[str, str]) -> ProbeResult:
        found = self.containers
        ill = [f"{one.name}: {one.reason}" for one in found if one.status is not HealthStatus.HEALTHY]
        return ProbeResult(
            HealthStatus.UNHEALTHY if faults else worst(one.status for one in found),
            _few([*faults, *ill]),
            phases["list"],
            phases,
            await in_slices(self._series.samples(found)),
            {"containers": _count(found), **facts},
            inventories=self._series.inventories(found),
            containers=found,
        )


def _few(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED
    return "; ".join(texts[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _count(found: Sequence[ContainerState]) -> str:
    states = Counter(one.state for one in found).most_common(10)
    return f"{len(found)}" + (f": {', '.join(f'{number} {state}' for state, number in states)}" if states else "")


def _since(listed: Listed, details: Inspection | None) -> int:
    """When its state began (UTC ms), 0 where nobody says it."""
    if details is None:
        return 0
    return details.started if listed.state in ("running", "paused") else details.finished


def _engine_facts(answer: Answer) -> dict[str, str]:
    """The engine's name and version from its headers: "Docker/20.10.24 (linux), API 1.41", "Libpod/4.3.1 (linux), API 1.41"."""
    server, api = answer.header("server") or "", answer.header("api-version") or ""
    text = clean(f"{server}{api and f', API {api}'}", 100)
    return {"engine": text} if text else {}
